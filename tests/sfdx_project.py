"""The package for Salesforce orgs, as an sfdx project in the repository."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ROOT = Path(__file__).parent.parent
PROJECT = ROOT / "connector" / "crms" / "salesforce" / "package"
SOURCE = PROJECT / "force-app"
DEV_HUB = PROJECT / "dev-hub"
DEFAULT = SOURCE / "main" / "default"
METADATA = "{http://soap.sforce.com/2006/04/metadata}"


def settings() -> dict[str, Any]:
    """What stands in sfdx-project.json."""
    found: dict[str, Any] = json.loads((PROJECT / "sfdx-project.json").read_text("utf-8"))
    return found


def files(*folders: Path) -> list[Path]:
    """Every file of the folders; of the whole project, if none is named."""
    return sorted(path for folder in folders or (PROJECT,) for path in folder.rglob("*") if path.is_file())


def components(kind: str) -> Iterator[tuple[str, ElementTree.Element]]:
    """Name and root of every component whose file has this suffix."""
    for path in files(SOURCE, DEV_HUB):
        if path.name.endswith(f".{kind}-meta.xml"):
            yield path.name.removesuffix(f".{kind}-meta.xml"), ElementTree.parse(path).getroot()


def component(kind: str, name: str) -> ElementTree.Element:
    """The root of one component."""
    return dict(components(kind))[name]


def texts(element: ElementTree.Element, path: str) -> list[str]:
    """The texts of all elements at a path, which is written without the namespace."""
    qualified = "/".join(f"{METADATA}{step}" for step in path.split("/"))
    return [found.text or "" for found in element.findall(qualified)]
