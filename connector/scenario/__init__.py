"""Scenario tests: stories of leads that a mapping must tell as expected, played with a clock of their own.

Pure apart from reading files: no store, no network, no clock. A line or two of pytest run them:

    import pytest
    from connector.scenario import check, load_scenarios

    @pytest.mark.parametrize("scenario", load_scenarios("mappings/acme"), ids=str)
    def test_nurturing(scenario):
        check(scenario)
"""

from __future__ import annotations

from connector.scenario.reading import load_scenarios
from connector.scenario.run import Result, check, run, run_folder
from connector.scenario.scenario import Scenario

__all__ = ["Result", "Scenario", "check", "load_scenarios", "run", "run_folder"]
