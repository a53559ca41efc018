"""`coltiva test` and `coltiva programs`, on folders of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from connector.cli import app
from tests.unit.scenario.stories import HEAD, MAPPING

RIGHT = f"{HEAD}scenarios:\n  all is well:\n    steps: [{{at: day 1 10:00, did: came, expect: {{sent: first}}}}]\n"
WRONG = f"{HEAD}scenarios:\n  all is not well:\n    steps: [{{at: day 1 10:00, did: came, expect: {{sent: call}}}}]\n"
MISTAKEN = f"{HEAD}scenarios:\n  a slip:\n    steps: [{{at: day 1 10:00, did: cam}}]\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "small.yaml").write_text(MAPPING, "utf-8")
    (tmp_path / "tests" / "deeper").mkdir(parents=True)
    (tmp_path / "tests" / "a.yaml").write_text(RIGHT, "utf-8")
    return tmp_path


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="coltiva")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result


def test_scenarios_that_go_as_expected_end_with_0(folder: Path) -> None:
    result = run("test", folder)

    assert result.exit_code == 0
    assert result.output == f"{folder}/tests/a.yaml: 1 scenario, as expected\n"


def test_one_that_does_not_ends_with_1_and_is_told(folder: Path) -> None:
    (folder / "tests" / "deeper" / "b.yaml").write_text(WRONG, "utf-8")

    result = run("test", folder)

    assert result.exit_code == 1
    assert "✗ all is not well" in result.output
    assert "- call  did not happen" in result.output
    assert "b.yaml: 1 scenario, 1 of 1 not as expected" in result.output


def test_only_what_is_asked_for_is_played(folder: Path) -> None:
    (folder / "tests" / "b.yaml").write_text(WRONG, "utf-8")

    assert run("test", folder, "-k", "IS WELL").exit_code == 0
    assert run("test", folder, "-k", "b.yaml").exit_code == 1


def test_words_that_no_scenario_has_are_not_understood(folder: Path) -> None:
    result = run("test", folder, "-k", "nothing")

    assert result.exit_code == 2
    assert "None of 1 scenarios has 'nothing' in its title or file." in result.output


def test_a_workspace_without_scenarios_is_told_where_they_belong(folder: Path) -> None:
    (folder / "tests" / "a.yaml").unlink()

    result = run("test", folder)

    assert result.exit_code == 2
    assert f"no scenarios in {folder}/tests" in result.output


@pytest.mark.parametrize(("options", "ok"), [((), True), (("-k", "not well"), False)])
def test_programs_read_results_as_json(folder: Path, options: tuple[str, ...], ok: bool) -> None:
    (folder / "tests" / "b.yaml").write_text(WRONG if not ok else RIGHT, "utf-8")

    said: Any = json.loads(run("test", folder, "--json", *options).stdout)

    assert said["ok"] is ok
    assert said["scenarios"][-1]["differences"] == (
        []
        if ok
        else [
            {
                "lead": "the lead",
                "at": "2026-09-07T08:00:00.000+00:00",
                "line": 6,
                "what": "sent",
                "expected": ["call"],
                "happened": ["welcome.hello.first"],
            }
        ]
    )


def test_a_mistake_in_a_scenario_ends_with_1_and_its_line(folder: Path) -> None:
    (folder / "tests" / "b.yaml").write_text(MISTAKEN, "utf-8")

    told, as_json = run("test", folder), run("test", folder, "--json")

    assert (told.exit_code, as_json.exit_code) == (1, 1)
    assert 'b.yaml:6:36: unknown signal "cam"; did you mean "came"?' in told.output
    assert 'unknown signal "cam"' in json.loads(as_json.stdout)["problems"][0]


def test_a_mapping_that_is_not_right_is_told_first(folder: Path) -> None:
    (folder / "more.yaml").write_text("format: 1\nsegments: {a: {industri: b}}\n", "utf-8")

    result = run("test", folder)

    assert result.exit_code == 1
    assert f"the mapping in {folder} is not right" in result.output
    assert 'did you mean "industry"?' in result.output


def test_a_scenario_file_that_is_no_text_is_told(folder: Path) -> None:
    (folder / "tests" / "b.yaml").write_bytes(b"\xff\xfe\x00")

    result = run("test", folder)

    assert result.exit_code == 1
    assert "b.yaml: the file is not text in UTF-8" in result.output


# --- programs -----------------------------------------------------------------------------------------------


def test_a_program_is_a_table_in_sentences(folder: Path) -> None:
    lines = run("programs", "show", "welcome", "--mappings", folder).output.splitlines()

    said = [" ".join(line.split()) for line in lines]
    assert said[0] == "welcome"
    assert {"enters came", "goal answered", "exit opted_out is true", "again never"} <= set(said)
    assert "sends mon-fri 09:00-18:00, not on holidays" in said
    assert "hello first at once list first clicked within 7d" in said
    assert "second after 2d list second clicked within 7d" in said
    assert "all answered or some answered after 1d → call" in said
    assert "none answered at once → exit" in said
    assert "call call at once a task for sales clicked within 7d" in said


FORKS = """\
format: 1
programs:
  detour:
    enrol: came
    phases:
      ask:
        activities:
          question:
            send: {task: Ask}
            answered: clicked
            within: 7d
            on_answer: [{when: {industry: software}, next: last}, {after: 2d, next: completed}]
            no_answer: last
      last: {activities: {bye: {send: {note: Bye}}}}
"""


def test_where_an_answer_leads_stands_on_lines_of_its_own(folder: Path) -> None:
    (folder / "detour.yaml").write_text(FORKS, "utf-8")

    lines = run("programs", "show", "detour", "--mappings", folder).output.splitlines()

    said = [" ".join(line.split()) for line in lines]
    assert "ask question at once a task for sales clicked within 7d" in said
    assert "answered, if industry is software at once → last" in said
    assert "answered, else after 2d → completed" in said
    assert "no answer at once → last" in said


def test_a_program_is_a_flow_chart_for_pages(folder: Path) -> None:
    result = run("programs", "show", "--mermaid", "--mappings", folder)

    assert result.output.startswith("flowchart TD\n")


def test_programs_read_programs_as_json(folder: Path) -> None:
    said = json.loads(run("programs", "show", "--json", "--mappings", folder).stdout)

    assert said["welcome"]["program"]["phases"][0]["ways"][0]["leads_to"] == "call"
    assert said["welcome"]["mermaid"].startswith("flowchart TD")


def test_an_unknown_program_is_told_with_those_there_are(folder: Path) -> None:
    result = run("programs", "show", "wellcome", "--mappings", folder)

    assert result.exit_code == 2
    assert "There is no program wellcome. Known: welcome, care." in result.output
