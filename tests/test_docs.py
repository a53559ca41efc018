"""What the papers say is what the project has."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.cli import codes
from connector.sandbox.faults import FAULTS
from connector.sandbox.hubspot.actions import ACTIONS
from connector.sandbox.salesforce.actions import ACTIONS as ORG_ACTIONS

ROOT = Path(__file__).parent.parent
DECISIONS = ROOT / "docs" / "decisions"
LOCKS = ("runtime.txt", "dev.txt")


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def requirements() -> Iterator[str]:
    """Everything pyproject.toml asks for directly, to run, to build or to test."""
    table = project()
    yield from table["project"]["dependencies"]
    for extra in table["project"]["optional-dependencies"].values():
        yield from extra
    for group in table["dependency-groups"].values():
        yield from group


def package(requirement: str) -> str:
    """The name at the head of a requirement, spelled as indexes compare it."""
    return re.split(r"[^\w.-]", requirement)[0].lower().replace(".", "-").replace("_", "-")


def pinned(lock: str) -> set[str]:
    text = (ROOT / "requirements" / lock).read_text("utf-8")
    return {package(line) for line in text.splitlines() if re.match(r"\w", line)}


def first_cells(page: Path) -> list[str]:
    """The first column of a page's tables, without heads and rules."""
    rows = [line.split("|")[1].strip() for line in page.read_text("utf-8").splitlines() if line[:1] == "|"]
    return [cell for cell in rows if not re.fullmatch(r"-+|package|number", cell)]


def test_every_dependency_has_its_reason_and_no_other_does() -> None:
    documented = [package(cell) for cell in first_cells(ROOT / "docs" / "dependencies.md")]

    assert sorted(documented) == sorted(set(map(package, requirements())))


@pytest.mark.parametrize("lock", LOCKS)
def test_every_runtime_dependency_is_pinned(lock: str) -> None:
    wanted = {package(requirement) for requirement in project()["project"]["dependencies"]}

    assert wanted <= pinned(lock)


def test_every_test_tool_is_pinned() -> None:
    wanted = {package(requirement) for requirement in project()["dependency-groups"]["dev"]}

    assert wanted | {"psycopg", "psycopg-binary"} <= pinned("dev.txt")


def test_running_and_testing_use_the_same_versions() -> None:
    running, testing = (pins(lock) for lock in LOCKS)

    assert running <= testing


def pins(lock: str) -> set[str]:
    text = (ROOT / "requirements" / lock).read_text("utf-8")
    return {line.split()[0] for line in text.splitlines() if "==" in line}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_server_and_hashes_every_file(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text("utf-8")

    assert "://" not in text
    assert not re.search(r"^\S+==\S+[^\\]*$", text, re.MULTILINE)


def test_every_decision_is_in_the_index() -> None:
    files = {path.name[:4] for path in DECISIONS.glob("[0-9]*.md")} - {"0000"}

    listed = {number[:4] for cell in first_cells(DECISIONS / "README.md") for number in re.findall(r"\d{4}", cell)}

    assert listed == files


@pytest.mark.parametrize("path", sorted(DECISIONS.glob("[0-9]*.md")), ids=lambda path: path.stem)
def test_every_decision_says_why_and_what_was_refused(path: Path) -> None:
    headings = re.findall(r"^## (\w+)", path.read_text("utf-8"), re.MULTILINE)

    assert headings == ["Context", "Decision", "Consequences", "Refused"]


def test_the_changelog_has_room_for_what_is_not_released() -> None:
    assert "\n## [Unreleased]\n" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def named_in(page: str, column: str) -> set[str]:
    """What stands in code type in the first column of the table with this head."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    rows = text.partition(f"\n| {column} |")[2].partition("\n\n")[0].splitlines()[2:]
    return {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}


def test_every_action_of_the_sandbox_is_told() -> None:
    assert named_in("rehearse.md", "action") == set(ACTIONS)


def test_every_action_of_the_simulated_org_is_told() -> None:
    assert named_in("rehearse.md", "action in the org") == set(ORG_ACTIONS)


def test_every_fault_of_the_sandbox_is_told() -> None:
    assert named_in("rehearse.md", "fault") == set(FAULTS)


def test_every_exit_code_is_told() -> None:
    rows = re.findall(r"^\| (\d) \|", (ROOT / "docs" / "operations.md").read_text("utf-8"), re.MULTILINE)

    assert rows == ["0", *map(str, (codes.FINDINGS, codes.USAGE_ERROR, codes.SETUP_ERROR))]
