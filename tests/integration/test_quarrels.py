"""People see over which fields CRMs quarrel, end that, and part who was wrongly taken for one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from connector.cli import app
from connector.domain.definitions import WriteBack
from connector.domain.field import Field, FieldRole
from tests.builders import CRM, after, definitions
from tests.office import ACME, SECRET_KEY, Office, changed, contact, sqlite_url
from tests.two_crms import BothOffice, both_book, hint, ref

EMAIL = Field("email", properties={CRM: ("email",)}, role=FieldRole.IDENTITY)
CITY = Field("city", properties={CRM: ("city",)})
CARRIED = WriteBack("salesforce", "Lead.City", ("field", "city"))


def run(*words: str) -> Any:
    return CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLTIVA_DATABASE_URL", sqlite_url(tmp_path))
    monkeypatch.setenv("COLTIVA_SECRET_KEY", SECRET_KEY)


@pytest.fixture
def quarrel(tmp_path: Path) -> Iterator[Office]:
    """Two values of a field that take turns, minute by minute."""
    office = Office(sqlite_url(tmp_path), definitions("v1", fields=(EMAIL, CITY), write_back=(CARRIED,))).open()
    office.crm.records["51"] = {"email": "ada@example.com", "city": "Rome"}
    words = (changed("city", "Milan" if number % 2 else "Rome", at=after(minutes=number)) for number in range(1, 10))
    office.clock.moment = after(minutes=20)
    office.receive(*words).work()
    yield office
    office.close()


def test_status_counts_what_is_frozen_and_says_what_to_do(quarrel: Office) -> None:
    told = " ".join(run("status").output.split())

    assert quarrel.lead().lead.frozen_until.keys() == {"city"}
    assert "nothing is written for a day of city of 1 lead" in told
    assert "coltiva thaw WHO FIELD" in told


def test_a_person_ends_it(quarrel: Office) -> None:
    assert run("thaw", "ada@example.com", "city").output == "Written to CRMs again: city.\n"
    quarrel.clock.moment += timedelta(days=36500)
    quarrel.work()

    assert quarrel.lead().lead.frozen_until == {}
    assert quarrel.store.read_models.health(quarrel.clock.now()).frozen == {}
    assert run("thaw", "ada@example.com").output == "Nothing of ada@example.com is frozen.\n"


def test_a_record_is_parted_and_let_join_again(tmp_path: Path) -> None:
    office = BothOffice(tmp_path, both_book())
    office.holds("51").holds("00Q1").receive(hint("00Q1"), changed("industry", "x")).work()
    assert office.summary("51").id == office.summary("00Q1").id

    told = run("apart", "00Q1").output
    office.clock.moment += timedelta(days=36500)
    office.work()

    parted = office.summary("00Q1").id
    assert parted != office.summary("51").id
    assert f"{ref('00Q1')} is {parted} from here on" in " ".join(told.split())
    assert "may be joined again" in run("apart", "00Q1", "--undo").output
    assert "was not kept apart" in " ".join(run("apart", str(contact("51")), "--undo").output.split())
    assert run("apart", "nobody").exit_code != 0
    assert office.store.read_models.lead(ACME, str(ref("51"))) is not None
    office.close()
