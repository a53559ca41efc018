"""The nine shipped programs: each is told by scenarios in every way through, and drawn on its page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from connector.cli import app
from connector.domain.history import HistoryEntry, HistoryKind
from connector.domain.programs.program import Program
from connector.mapping.load import check_folder, load_mapping
from connector.scenario import load_scenarios
from connector.scenario.play import play

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "mappings" / "programs"
PAGE = (ROOT / "docs" / "programs.md").read_text("utf-8")
PROGRAMS = {program.name: program for program in load_mapping(FOLDER).programs}
NINE = {
    "new_contact",
    "known_contact",
    "lost_customer",
    "welcome",
    "onboarding",
    "abandoned_cart",
    "birthday",
    "loyal_customer",
    "survey",
}


def test_the_nine_programs_are_there_each_with_its_file_and_its_scenarios() -> None:
    assert set(PROGRAMS) == {*NINE, "anniversary"}
    assert {path.stem for path in FOLDER.glob("*.yaml")} == {*NINE, "workspace", "known", "messages", "sales"}
    assert {path.stem for path in (FOLDER / "tests").glob("*.yaml")} == {*NINE, "sales"}


def test_they_are_without_a_mistake_or_a_warning() -> None:
    assert check_folder(FOLDER).problems == ()


@pytest.fixture(scope="module")
def told() -> list[HistoryEntry]:
    """All that happens in all scenarios."""
    lives = (life for scenario in load_scenarios(FOLDER) for life in play(scenario).lives.values())
    return [entry for life in lives for entry in life.history]


def activities_of(program: Program) -> Iterator[tuple[str, str]]:
    for phase in program.phases:
        for activity in phase.activities:
            if activity.send is not None:
                yield phase.name, activity.name


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_everything_a_program_sends_is_sent_in_some_scenario(program: Program, told: list[HistoryEntry]) -> None:
    sent = {
        (entry.detail["phase"], entry.detail["activity"])
        for entry in told
        if entry.kind is HistoryKind.SENT and entry.subject == program.name
    }

    assert set(activities_of(program)) == sent


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_every_question_is_answered_in_one_scenario_and_in_vain_in_another(
    program: Program, told: list[HistoryEntry]
) -> None:
    asked = {
        (phase.name, activity.name)
        for phase in program.phases
        for activity in phase.activities
        if activity.answered and activity.send is not None
    }

    for kind in (HistoryKind.ANSWERED, HistoryKind.UNANSWERED):
        found = {
            (entry.detail["phase"], entry.detail["activity"])
            for entry in told
            if entry.kind is kind and entry.subject == program.name
        }
        assert asked - found == set(), kind


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_every_end_of_a_program_is_told(program: Program, told: list[HistoryEntry]) -> None:
    ends = {entry.kind for entry in told if entry.subject == program.name}

    assert HistoryKind.EXITED in ends
    assert (HistoryKind.WON in ends) == bool(program.goal)


DRAWN = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
TITLES = {
    "new_contact": "New contact",
    "known_contact": "Known contact, not converted",
    "lost_customer": "Lost customer",
    "welcome": "Welcome",
    "onboarding": "Onboarding over a trial of thirty days",
    "abandoned_cart": "Abandoned cart",
    "birthday": "Birthday",
    "anniversary": "Anniversary",
    "loyal_customer": "Loyal customer",
    "survey": "Survey",
}


def test_the_page_has_a_section_for_each() -> None:
    assert set(DRAWN) == set(TITLES.values())
    assert set(TITLES) == set(PROGRAMS)


@pytest.mark.parametrize("name", TITLES)
def test_the_picture_on_the_page_is_that_of_the_command(name: str) -> None:
    result = CliRunner().invoke(app, ["programs", "show", name, "--mermaid", "--mappings", str(FOLDER)])

    assert result.exit_code == 0
    assert f"```mermaid\n{result.stdout}```" in DRAWN[TITLES[name]]
