"""Every example in the page on testing does what the page says."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from connector.domain.book import compile_book
from connector.mapping.charts import chart
from connector.mapping.load import names_in, parse_mapping
from connector.mapping.sketches import sketch
from connector.scenario import Scenario, check, load_scenarios, run, run_folder
from connector.scenario.deal_models import GivenDealEntry, MeasuredEntry
from connector.scenario.models import ExpectEntry, NeverEntry, ScenarioEntry, ScenarioFile, StepEntry
from connector.scenario.reading import read_scenarios

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "testing.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)(?: (\w+))?\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
MAPPING, *MORE = [text for _, mark, text in BLOCKS if mark == "mapping"]
RIGHT = [text for _, mark, text in BLOCKS if mark == "scenarios"]
((FAILING, TOLD),) = [(text, told) for (_, mark, text), (_, _, told) in pairwise(BLOCKS) if mark == "failing"]
((WRONG, COMPLAINT),) = [(text, told) for (_, mark, text), (_, _, told) in pairwise(BLOCKS) if mark == "wrong"]
FILES = {"mapping.yaml": MAPPING, **{f"more{number}.yaml": text for number, text in enumerate(MORE)}}
BOOK, NAMES = compile_book(parse_mapping(FILES)), names_in(FILES)


def scenarios_in(text: str) -> list[Scenario]:
    report, scenarios = read_scenarios({"tests/welcome.yaml": text}, BOOK, NAMES)
    assert [str(problem) for problem in report.problems] == []
    return scenarios


@pytest.mark.parametrize(
    "scenario", [scenario for text in RIGHT for scenario in scenarios_in(text)], ids=lambda scenario: scenario.title
)
def test_a_scenario_of_the_page_goes_as_it_says(scenario: Scenario) -> None:
    check(scenario)


def test_a_failure_reads_as_on_the_page() -> None:
    (scenario,) = scenarios_in(FAILING)

    assert run(scenario).text + "\n" == TOLD


def test_a_flow_chart_is_the_one_on_the_page() -> None:
    (drawn,) = [text for kind, _, text in BLOCKS if kind == "mermaid"]

    assert [chart(sketch(program)) for program in BOOK.definitions.programs] == [drawn]


def test_a_mistake_reads_as_on_the_page() -> None:
    report, _ = read_scenarios({"here": WRONG}, BOOK, NAMES)

    assert [str(problem).removeprefix("here:") for problem in report.problems] == COMPLAINT.splitlines()


def test_the_lines_for_pytest_run_every_scenario_as_a_test_of_its_own(tmp_path: Path) -> None:
    (lines,) = [text for kind, _, text in BLOCKS if kind == "python"]
    (tmp_path / "test_nurturing.py").write_text(lines, "utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    assert f"{len(load_scenarios(ROOT / 'mappings' / 'acme'))} passed" in done.stdout, done.stdout


@pytest.mark.parametrize(
    "model", [ScenarioFile, ScenarioEntry, StepEntry, ExpectEntry, NeverEntry, GivenDealEntry, MeasuredEntry]
)
def test_every_key_is_on_the_page(model: type[ScenarioFile]) -> None:
    words = set(re.findall(r"`(\w+)`", PAGE))

    assert not set(model.known_keys()) - words


def test_a_whole_folder_is_run_at_once() -> None:
    results = run_folder(ROOT / "mappings" / "acme")

    assert [result.text for result in results if not result.is_right] == []
    assert len(results) == len(load_scenarios(ROOT / "mappings" / "acme")) > 10


SHIPPED = [
    scenario for folder in sorted((ROOT / "mappings").glob("*/tests")) for scenario in load_scenarios(folder.parent)
]


@pytest.mark.parametrize("scenario", SHIPPED, ids=lambda scenario: f"{Path(scenario.file).stem}: {scenario.title}")
def test_a_shipped_scenario_goes_as_it_says(scenario: Scenario) -> None:
    check(scenario)
