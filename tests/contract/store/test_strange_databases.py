"""A database that is not what it should be is told in words, and tells nothing of people."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from connector.errors import SetupError, StoreUnavailableError
from connector.ports import NewDelivery
from connector.store.store import DatabaseStore
from tests.builders import START
from tests.contract.store.conftest import Place
from tests.contract.store.scene import ACME, Scene, fact, judged, lead_of, told


def test_a_database_of_a_newer_version_is_left_as_it_is(place: Place) -> None:
    store = place.open()
    with store._database.writing() as session:
        session.connection.execute(text("UPDATE alembic_version SET version_num = 'v9999'"))

    assert not store.is_current()
    with pytest.raises(SetupError, match="newer"):
        store.migrate()


def test_a_file_that_is_no_database_is_unavailable(sqlite_place: Place) -> None:
    sqlite_place.file.write_bytes(b"this is not a database" * 100)
    store = sqlite_place.open()

    with pytest.raises(StoreUnavailableError, match="not a database"):
        store.is_current()
    with pytest.raises(StoreUnavailableError, match="not a database"):
        store.keep(NewDelivery("hubspot", START, b"[]"))


def limit(store: DatabaseStore, pragma: str) -> Callable[[], None]:
    """Let every connection of the engine begin with this pragma; the answer ends that."""
    engine = store._database.engine

    def begin(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(pragma).close()

    event.listen(engine, "connect", begin)
    engine.dispose()

    def end() -> None:
        event.remove(engine, "connect", begin)
        engine.dispose()

    return end


def test_a_full_disk_is_told_with_its_remedy_and_loses_nothing(sqlite_place: Place) -> None:
    store = sqlite_place.open()
    scene = Scene(store).connected().meet("1")
    scene.mail(lead_of("1"), fact(text="x" * 10_000))
    long = [told("x" * 1_000) for _ in range(50)]
    end = limit(store, "PRAGMA max_page_count = 1")

    with pytest.raises(StoreUnavailableError, match=r"disk is full\. Free space"):
        scene.judge(lambda stored: judged(stored, history=long))
    end()

    (stored,) = scene.judge(lambda stored: judged(stored, history=long))
    assert len(stored.unread) == 1
    assert scene.store.read_models.history(ACME, lead_of("1")) == long


def test_a_file_that_cannot_be_written_is_told_with_its_remedy(sqlite_place: Place) -> None:
    store = sqlite_place.open()

    with (
        pytest.raises(StoreUnavailableError, match=r"readonly database\. Check owner and rights"),
        store.reading() as transaction,
    ):
        transaction.counts.add({"something": 1})


def test_nothing_is_kept_in_a_file_that_was_taken_away_or_replaced(sqlite_place: Place, tmp_path: Path) -> None:
    store, delivery = sqlite_place.open(), NewDelivery("hubspot", START, b"[]")
    backup = tmp_path / "backup.sqlite"
    backup.write_bytes(sqlite_place.file.read_bytes())
    store.keep(delivery)

    for left_behind in sqlite_place.file.parent.glob(f"{sqlite_place.file.name}*"):
        left_behind.unlink()
    with pytest.raises(StoreUnavailableError, match="deleted or replaced"):
        store.keep(delivery)
    backup.rename(sqlite_place.file)
    store.keep(delivery)

    with sqlite_place.open().claim_deliveries(10) as claim:
        assert len(claim.deliveries) == 1


def test_an_error_of_the_database_does_not_repeat_what_was_to_be_kept(place: Place) -> None:
    statement = "INSERT INTO no_such_table VALUES (:name)"

    with pytest.raises(DBAPIError) as caught, place.open()._database.writing() as session:
        session.connection.execute(text(statement), {"name": "Ada Lovelace"})

    assert "Ada" not in str(caught.value)
