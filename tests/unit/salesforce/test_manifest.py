from __future__ import annotations

from pathlib import Path

import pytest

import connector.crms.salesforce as folder
from connector.crms import REGISTRY
from connector.crms.salesforce.oauth import SCOPES
from connector.crms.salesforce.permissions import NEEDED
from connector.domain.outward.change import ChangeKind

FOLDER = Path(folder.__file__).parent
README = (FOLDER / "README.md").read_text("utf-8")
MANUAL = (Path(__file__).parents[3] / "docs" / "install-salesforce.md").read_text("utf-8")
MANIFEST = REGISTRY["salesforce"]


def test_every_scope_has_its_reason_in_the_readme_and_is_asked_for() -> None:
    documented = {scope for scope in SCOPES if f"| `{scope}` |" in README}

    assert documented == set(MANIFEST.scopes) == set(SCOPES)


def test_every_file_of_the_folder_is_explained() -> None:
    files = {path.name for path in FOLDER.glob("*.py")} - {"__init__.py"}

    assert {name for name in files if f"`{name}`" in README} == files


@pytest.mark.parametrize(
    ("page", "title"), [(README, "What the integration user needs"), (MANUAL, "6. What the integration user may do")]
)
def test_every_right_that_we_look_for_is_told_to_the_admin(page: str, title: str) -> None:
    section = page.partition(f"## {title}")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")]

    for sobject, (rights, _) in NEEDED.items():
        (row,) = [line for line in rows if sobject in line.split("|")[1].replace(",", " ").split()]
        assert all(right in row for right in rights)


def test_every_kind_of_change_has_its_batch_size() -> None:
    assert set(MANIFEST.batch_sizes) == set(ChangeKind)
