"""What is shipped works, and the schema for editors says the same as the checks."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from connector.domain.book import compile_book
from connector.mapping.load import check_folder, load_mapping
from connector.mapping.nodes import parse_yaml, to_plain
from connector.mapping.schema import to_text
from tests.mapping_files import BASE

ROOT = Path(__file__).parents[3]
MAPPINGS = ROOT / "mappings"
WORKSPACES = sorted(path.parent for path in MAPPINGS.glob("*/*.yaml"))
FILES = sorted(MAPPINGS.glob("*/*.yaml"))


@pytest.mark.parametrize("folder", sorted(set(WORKSPACES)), ids=lambda path: path.name)
def test_a_shipped_workspace_is_without_a_problem_and_compiles(folder: Path) -> None:
    assert check_folder(folder).problems == ()
    assert compile_book(load_mapping(folder)).programs


def test_the_demo_has_what_it_shows() -> None:
    played = load_mapping(MAPPINGS / "programs")

    assert {"new_contact", "known_contact", "lost_customer"} <= {program.name for program in played.programs}
    assert {score.name for score in played.scores} == {"fit", "engagement", "lead_score"}
    assert played.emails
    assert played.write_back
    assert played.notifications


def test_the_minimal_workspace_fits_on_a_page() -> None:
    assert len((MAPPINGS / "minimal" / "mapping.yaml").read_text("utf-8").splitlines()) < 25


@pytest.fixture(scope="module")
def schema() -> Any:
    return json.loads((MAPPINGS / "schema.json").read_text("utf-8"))


def test_the_schema_is_that_of_the_language() -> None:
    written = (MAPPINGS / "schema.json").read_text("utf-8")

    assert written == to_text(), "run: .venv/bin/python -m connector.mapping.schema > mappings/schema.json"


def test_the_schema_can_be_written_anew_from_the_command_line() -> None:
    command = [sys.executable, "-W", "error", "-m", "connector.mapping.schema"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout == to_text()


def test_the_schema_is_a_schema(schema: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)


def plain(text: str) -> Any:
    root, problems = parse_yaml("a.yaml", text)
    assert root is not None
    assert not problems
    return to_plain(root)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_shipped_file_obeys_the_schema(path: Path, schema: Any) -> None:
    jsonschema.validate(plain(path.read_text("utf-8")), schema)


def test_every_construct_of_the_small_workspace_obeys_the_schema(schema: Any) -> None:
    jsonschema.validate(plain(BASE), schema)


REFUSED = {
    "no format": "workspace: a",
    "another format": "format: 2",
    "an unknown section": "format: 1\nfeilds: {}",
    "an unknown key of a field": "format: 1\nfields: {a: {hubspt: x}}",
    "an unknown type": "format: 1\nfields: {a: {type: txt}}",
    "a bad name": "format: 1\nfields: {A B: {hubspot: x}}",
    "points as text": 'format: 1\nscores: {a: {rules: [{on: b, points: "5"}]}}',
    "an unknown comparison": "format: 1\nsegments: {a: {b: {atleast: 5}}}",
    "where without did": "format: 1\nsegments: {a: {b: 1, within: 7d}}",
    "any without a list": "format: 1\nsegments: {a: {any: {b: 1}}}",
    "a duration without unit": (
        "format: 1\nprograms: {a: {phases: {b: {activities: {c: {send: {note: x}, after: 7}}}}}}"
    ),
    "a phase without activities": "format: 1\nprograms: {a: {phases: {b: {activities: {}}}}}",
    "an odd milestone": (
        "format: 1\nprograms: {a: {milestones: gaol, phases: {b: {activities: {c: {send: {note: x}}}}}}}"
    ),
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_an_editor_is_told_of_a_mistake_by_the_schema(text: str, schema: Any) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(plain(text), schema)


def test_every_key_of_the_schema_is_in_the_manual(schema: Any) -> None:
    manual = (ROOT / "docs" / "mapping-language.md").read_text("utf-8")
    words = set(re.findall(r"[a-z_]+", manual))

    assert not set(keys(schema)) - words


def keys(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        properties = node.get("properties")
        if isinstance(properties, dict):
            yield from properties
        for value in node.values():
            yield from keys(value)
    elif isinstance(node, list):
        for item in node:
            yield from keys(item)
