"""The mapping compared with a portal, over real HTTP, by the commands that people use."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from connector.cli import app
from connector.crms.hubspot.portal import HubSpotPortal
from connector.domain.field import FieldType
from connector.ports import CatalogReader
from connector.sandbox.hubspot.properties import Option, Property
from tests.clocks import HandClock
from tests.rehearsal import MAPPINGS, Rehearsal, rehearsed

NO_COLOUR = {"NO_COLOR": "1"}


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """The portal of the demo, with a property of each kind that needs care."""
    with rehearsed(tmp_path_factory.mktemp("rehearsal")) as found:
        options = tuple(Option(word, word.capitalize()) for word in ("events", "reports"))
        for definition in (
            Property("topics", "Topics", "enumeration", "checkbox", options=options, hubspot_defined=False),
            Property("is_partner", "Partner", "enumeration", "booleancheckbox", hubspot_defined=False),
            Property("net_worth", "Worth", "number", "calculation_equation", calculated=True, hubspot_defined=False),
        ):
            found.portal.contacts.catalog.create(definition)
        yield found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped mapping, to make mistakes in."""
    return shutil.copytree(MAPPINGS, tmp_path / "acme")


@pytest.fixture
def run(rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in {**rehearsal.environ, **NO_COLOUR}.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(app, list(arguments), prog_name="coltiva")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        return result

    return run


def add(folder: Path, text: str) -> None:
    (folder / "zz.yaml").write_text(f"format: 1\n{text}", "utf-8")


def test_the_portal_tells_what_it_has_in_our_words(rehearsal: Rehearsal) -> None:
    reader: CatalogReader = HubSpotPortal(rehearsal.token, HandClock(), rehearsal.environ["COLTIVA_HUBSPOT_BASE_URL"])

    catalog = reader.fetch_catalog()

    found = catalog.properties
    assert (catalog.crm, catalog.label) == ("hubspot", "HubSpot")
    assert found["email"].type is FieldType.TEXT
    assert found["lifecyclestage"].options[:2] == ("subscriber", "lead")
    assert (found["topics"].type, found["topics"].options) == (FieldType.CHOICES, ("events", "reports"))
    assert found["is_partner"].type is FieldType.BOOLEAN
    assert found["renewal_date"].type is FieldType.DATE
    assert found["hubspot_owner_id"].options == ()
    assert found["coltiva_score"].is_writable
    assert not found["hs_email_optout"].is_writable
    assert found["hs_email_optout"].is_told
    assert not found["net_worth"].is_writable
    assert not found["recent_conversion_date"].is_told


def test_the_shipped_mapping_fits_the_portal_of_the_demo(run: Any) -> None:
    result = run("check", str(MAPPINGS), "--connection", "hubspot")

    assert "all is well" in result.output
    assert result.exit_code == 0


def test_what_the_portal_lacks_is_told_with_its_line_and_a_caret(run: Any, folder: Path) -> None:
    add(folder, "fields:\n  topics: {hubspot: topcs, type: choices}\n")

    result = run("check", str(folder), "--connection", "hubspot")

    assert result.exit_code == 1
    assert 'zz.yaml:3:21: HubSpot has no property "topcs"; did you mean "topics"?' in result.output
    assert "    3 |   topics: {hubspot: topcs, type: choices}\n      |                     ^^^^^" in result.output


def test_without_a_connection_the_portal_is_not_asked(run: Any, rehearsal: Rehearsal, folder: Path) -> None:
    add(folder, "fields:\n  topics: {hubspot: topcs, type: choices}\n")
    before = rehearsal.sandbox.calls.total()

    result = run("check", str(folder))

    assert result.exit_code == 0
    assert rehearsal.sandbox.calls.total() == before


def test_what_is_compared_is_read_in_one_call_and_nothing_is_written(run: Any, rehearsal: Rehearsal) -> None:
    before, written = rehearsal.sandbox.calls.total(), rehearsal.sandbox.calls.written()

    run("check", str(MAPPINGS), "--connection", "hubspot")

    assert rehearsal.sandbox.calls.total() == before + 1
    assert rehearsal.sandbox.calls.written() == written


def test_differences_are_told_to_programs_too(run: Any, folder: Path) -> None:
    add(folder, "fields:\n  stage: {hubspot: lifecyclestage, values: {custmer: client}}\n")

    result = run("check", str(folder), "--connection", "hubspot", "--json")

    (problem,) = json.loads(result.stdout)["problems"]
    assert (problem["file"], problem["line"], problem["severity"]) == ("zz.yaml", 3, "warning")
    assert problem["hint"] == 'did you mean "customer"?'


def test_connecting_tells_what_the_mapping_expects_otherwise(
    run: Any, rehearsal: Rehearsal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(folder, "signals:\n  converted: {hubspot: {when_changed: recent_conversion_date}}\n")
    monkeypatch.setenv("COLTIVA_MAPPINGS", str(folder))
    monkeypatch.setenv("HUBSPOT_TOKEN", rehearsal.token)

    result = run("connect", "hubspot")

    assert result.exit_code == 0
    assert "is connected to workspace acme" in result.output
    assert 'zz.yaml:3:39: warning: HubSpot calculates "recent_conversion_date"' in result.output


def test_a_connection_that_is_not_there_is_answered_with_those_that_are(run: Any, rehearsal: Rehearsal) -> None:
    result = run("check", str(MAPPINGS), "--connection", "salesforce")

    assert result.exit_code == 3
    assert f"Known: hubspot:{rehearsal.portal.id}." in result.output


def test_a_portal_that_does_not_answer_is_named(
    run: Any, rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLTIVA_HUBSPOT_BASE_URL", "http://127.0.0.1:1")

    result = run("check", str(MAPPINGS), "--connection", "hubspot")

    assert result.exit_code == 3
    assert f"The properties of hubspot:{rehearsal.portal.id} could not be read." in result.output


def test_stages_and_pipelines_that_the_portal_does_not_have_are_told(folder: Path, run: Any) -> None:
    add(
        folder,
        "deals: {hubspot: {won: {stage: closewon}, pipelines: [default, renewals]}}\n"
        "fields: {bought: {deals: {count: won}}}\n",
    )

    result = run("check", str(folder), "--connection", "hubspot")

    assert result.exit_code == 1
    assert 'no pipeline in HubSpot has a stage "closewon"; did you mean "closedwon"?' in result.output
    assert 'HubSpot has no pipeline "renewals"' in result.output
