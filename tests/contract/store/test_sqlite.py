"""What only SQLite promises."""

from __future__ import annotations

from collections.abc import Callable
from inspect import unwrap

import pytest

from connector.errors import StoreUnavailableError
from connector.store import sqlite
from connector.store.store import DatabaseStore
from tests.builders import START
from tests.contract.store.conftest import Place
from tests.contract.store.scene import ACME, Scene, fact, lead_of


def pragma(store: DatabaseStore, name: str) -> object:
    with store._database.reading() as session:
        return session.connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()


@pytest.mark.parametrize(("name", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("busy_timeout", 30_000)])
def test_a_commit_survives_a_loss_of_power_and_waits_its_turn(
    sqlite_place: Place, monkeypatch: pytest.MonkeyPatch, name: str, value: object
) -> None:
    monkeypatch.setattr(sqlite, "_set_up", unwrap(sqlite._set_up))  # not as quick as in other tests

    assert pragma(sqlite_place.open(), name) == value


def test_reading_sees_one_moment_and_keeps_no_writer_waiting(sqlite_place: Place) -> None:
    scene = Scene(sqlite_place.open()).connected().meet("51")

    with scene.store.reading() as transaction:
        before = transaction.counts.all()
        with sqlite_place.open().transaction() as other:
            other.counts.add({"facts": 1})
        after = transaction.counts.all()

    assert before == after == {}


def test_a_file_that_cannot_be_opened_is_unavailable(sqlite_place: Place) -> None:
    store = sqlite_place.open()
    sqlite_place.file.unlink()
    sqlite_place.file.mkdir()

    with pytest.raises(StoreUnavailableError):
        store.next_wake_at()


def test_a_database_that_is_closed_can_be_opened_again_by_the_same_store(sqlite_place: Place) -> None:
    scene = Scene(sqlite_place.open()).connected().meet("51")

    scene.store.close()

    assert scene.mail(lead_of("51"), fact()) == 1
    assert len(scene.store.read_models.facts(ACME, lead_of("51"))) == 1


@pytest.mark.parametrize(
    "write",
    [
        lambda transaction: transaction.counts.add({"facts": 1}),
        lambda transaction: transaction.leads.read_again(ACME, [], START),
    ],
)
def test_nothing_can_be_changed_while_reading(place: Place, write: Callable[[object], None]) -> None:
    store = place.open()

    with store.reading() as transaction, pytest.raises(Exception, match=r"read.?only"):
        write(transaction)


def test_what_was_claimed_does_not_wait_for_the_disk_and_what_others_see_does(sqlite_place: Place) -> None:
    database = sqlite_place.open()._database

    with database.claiming() as hold, hold.writing() as session:
        of_claim = session.connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
    with database.writing() as session:  # on the same connection
        of_others = session.connection.exec_driver_sql("PRAGMA synchronous").scalar_one()

    assert (of_claim, of_others) == (1, 2)
