"""docs/add-a-crm.md, followed to the letter: its CRM keeps the rules of every CRM, and a story is played with it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rolo import guide

_BOUND = 600


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository in which the guide was followed."""
    folder = tmp_path_factory.mktemp("guide")
    guide.follow(folder)
    return folder


def in_copy(copy: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("COLTIVA_", "PYTEST_"))}
    environ["PYTHONPATH"] = str(copy)
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=copy, env=environ, capture_output=True, text=True, timeout=_BOUND
    )


@pytest.mark.parametrize("tests", ["tests/contract/crm/test_rolo.py", "tests/rolo/story.py"])
def test_the_crm_of_the_guide_does_all_that_it_should(copy: Path, tests: str) -> None:
    ended = in_copy(copy, "pytest", "-q", "-p", "no:cacheprovider", tests)

    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_crm_of_the_guide_can_be_connected_and_its_schema_knows_it(copy: Path) -> None:
    asked = in_copy(copy, "connector", "connect", "rolo", "--help")
    schema = in_copy(copy, "connector.mapping.schema")

    assert asked.returncode == 0, asked.stderr
    assert "Connect a Rolo book" in asked.stdout
    assert "The fields of Rolo's cards" in schema.stdout


def test_the_guide_touches_one_folder_and_one_line_of_ours() -> None:
    ours = [path for path, _, _ in guide.files() if path.startswith("connector/")]

    assert {path for path in ours if not path.startswith("connector/crms/rolo/")} == {"connector/crms/__init__.py"}
