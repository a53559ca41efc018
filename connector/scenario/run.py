"""Scenarios run, each with its result."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from connector.scenario.play import play
from connector.scenario.reading import load_scenarios
from connector.scenario.scenario import Scenario
from connector.scenario.telling import tell_failure
from connector.scenario.verdict import Difference, differences_of


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one scenario."""

    scenario: Scenario
    differences: tuple[Difference, ...]
    #: For people; empty where all went as expected.
    text: str

    @property
    def is_right(self) -> bool:
        """Whether all went as expected."""
        return not self.differences


def run(scenario: Scenario) -> Result:
    """Play the scenario and compare. Running it again gives the same."""
    played = play(scenario)
    differences = tuple(differences_of(played))
    return Result(scenario, differences, tell_failure(played, differences) if differences else "")


def check(scenario: Scenario) -> None:
    """Run the scenario; raises AssertionError, with what was expected and what happened, where it is not right."""
    result = run(scenario)
    if not result.is_right:
        raise AssertionError(f"\n{result.text}")


def run_folder(folder: str | Path) -> list[Result]:
    """The results of all scenarios of a workspace. Raises MappingError where mapping or scenarios cannot be read."""
    return [run(scenario) for scenario in load_scenarios(folder)]
