from __future__ import annotations

from pathlib import Path

import connector.crms.hubspot as folder
from connector.crms import REGISTRY
from connector.crms.hubspot.inbox import HubSpotEndpoint
from connector.domain.outward.change import ChangeKind
from connector.sandbox.hubspot.apps import DEFAULT_SCOPES

FOLDER = Path(folder.__file__).parent
README = (FOLDER / "README.md").read_text("utf-8")
MANIFEST = REGISTRY["hubspot"]


def test_every_scope_has_its_reason_in_the_readme_and_no_other_does() -> None:
    documented = {line.split("`")[1] for line in README.splitlines() if line.startswith(("| `crm.", "| `oauth"))}

    assert documented == set(MANIFEST.scopes)


def test_every_file_of_the_folder_is_explained() -> None:
    files = {path.name for path in FOLDER.glob("*.py")} - {"__init__.py"}

    assert {name for name in files if f"`{name}`" in README} == files


def test_we_ask_for_no_scope_that_the_sandbox_does_not_know() -> None:
    assert set(MANIFEST.scopes) <= set(DEFAULT_SCOPES)


def test_every_kind_of_change_has_its_batch_size() -> None:
    assert set(MANIFEST.batch_sizes) == set(ChangeKind)


def test_the_door_is_named_as_the_crm_and_knows_what_leads_are_made_of() -> None:
    endpoint = HubSpotEndpoint("secret", "https://app.example.com", "1")

    assert (endpoint.name, endpoint.lead_types) == (MANIFEST.name, MANIFEST.lead_types)
