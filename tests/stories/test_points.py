"""What programs promise, told as stories that a marketer can read: one file for each promise, in `points/tests`."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.mapping.load import check_folder
from connector.scenario import Scenario, check, load_scenarios

FOLDER = Path(__file__).parent / "points"


def test_the_workspace_of_the_stories_is_without_a_mistake() -> None:
    assert check_folder(FOLDER).problems == ()


@pytest.mark.parametrize("scenario", load_scenarios(FOLDER), ids=str)
def test_the_promise_is_kept(scenario: Scenario) -> None:
    check(scenario)
