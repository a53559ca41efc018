"""Accounts are found by what their events name; their tokens are nobody's to read."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import create_engine, text

from connector.domain.ids import ConnectionId, WorkspaceId
from connector.errors import SettingsError
from connector.ports import Connection, ConnectionState
from connector.store.store import DatabaseStore, open_store
from tests.builders import START
from tests.contract.store.conftest import Place
from tests.contract.store.scene import ACCOUNT, CONNECTION, CRM, SECRET_KEY

OTHER_KEY = "b3RoZXIga2V5IG9mIHRoaXJ0eS10d28gYnl0ZXMhIS4="
SECRET = replace(CONNECTION, token="pat-eu1-very-secret")


def save(store: DatabaseStore, *connections: Connection) -> None:
    with store.transaction() as transaction:
        for connection in connections:
            transaction.connections.save(connection, START)


def load(store: DatabaseStore) -> list[Connection]:
    with store.reading() as transaction:
        return list(transaction.connections.all())


def test_a_connection_comes_back_with_its_token(store: DatabaseStore) -> None:
    save(store, SECRET)

    assert load(store) == [SECRET]


def test_the_token_is_neither_in_the_database_nor_in_any_text_of_ours(place: Place, store: DatabaseStore) -> None:
    save(store, SECRET)

    engine = create_engine(place.url)
    with engine.connect() as connection:
        ((sealed,),) = connection.execute(text("SELECT token FROM connections")).all()
    engine.dispose()
    assert b"very-secret" not in bytes(sealed)
    assert "very-secret" not in repr(load(store))
    if place.is_sqlite:
        store.close()
        assert b"very-secret" not in place.file.read_bytes()


def test_a_token_stays_readable_while_its_old_key_is_listed(place: Place, store: DatabaseStore) -> None:
    save(store, SECRET)
    rotated = open_store(place.url, f"{OTHER_KEY},{SECRET_KEY}")
    place.stores.append(rotated)

    assert load(rotated) == [SECRET]
    save(rotated, *load(rotated))
    sealed_anew = open_store(place.url, OTHER_KEY)
    place.stores.append(sealed_anew)
    assert load(sealed_anew) == [SECRET]


def test_a_missing_key_is_said_without_showing_anything(place: Place, store: DatabaseStore) -> None:
    save(store, SECRET)
    replaced = open_store(place.url, OTHER_KEY)
    place.stores.append(replaced)

    with pytest.raises(SettingsError, match="lacks the key") as caught:
        load(replaced)

    assert caught.value.__cause__ is None


def test_a_key_that_is_none_is_refused_at_once(place: Place) -> None:
    with pytest.raises(SettingsError, match="32-byte keys"):
        open_store(place.url, "too short")


def test_connections_are_found_by_the_account_that_an_event_names(store: DatabaseStore) -> None:
    other = Connection(ConnectionId("c2"), WorkspaceId("beta"), CRM, "99", "t")
    save(store, SECRET, other)

    with store.reading() as transaction:
        found = transaction.connections.by_account(CRM, ["99", ACCOUNT, "unknown"])
        elsewhere = transaction.connections.by_account("salesforce", ["99"])

    assert found == {ACCOUNT: SECRET, "99": other}
    assert elsewhere == {}


def test_a_paused_connection_tells_why_until_its_credentials_are_saved_anew(store: DatabaseStore) -> None:
    save(store, SECRET)

    with store.transaction() as transaction:
        transaction.connections.pause(SECRET.id, "the token was revoked")
    (paused,) = load(store)
    save(store, SECRET)

    assert (paused.state, paused.paused_because) == (ConnectionState.PAUSED, "the token was revoked")
    assert load(store) == [SECRET]


def test_a_connection_is_found_by_its_id(store: DatabaseStore) -> None:
    save(store, SECRET)

    with store.reading() as transaction:
        found = transaction.connections.by_id(SECRET.id)
        missing = transaction.connections.by_id(ConnectionId("gone"))

    assert (found, missing) == (SECRET, None)


def test_a_token_is_replaced_only_by_who_knows_the_one_that_is_kept(store: DatabaseStore) -> None:
    save(store, SECRET)

    with store.transaction() as transaction:
        first = transaction.connections.replace_token(SECRET.id, old=SECRET.token, new="second", now=START)
        late = transaction.connections.replace_token(SECRET.id, old=SECRET.token, new="third", now=START)
        gone = transaction.connections.replace_token(ConnectionId("gone"), old="", new="third", now=START)

    assert (first, late, gone) == (True, False, False)
    assert load(store) == [replace(SECRET, token="second")]


def test_whether_an_account_is_known_is_told_without_opening_its_token(place: Place, store: DatabaseStore) -> None:
    save(store, SECRET)
    replaced = open_store(place.url, OTHER_KEY)
    place.stores.append(replaced)

    with replaced.reading() as transaction:
        known = transaction.connections.is_known(CRM, ACCOUNT)
        unknown = [transaction.connections.is_known(*names) for names in (("salesforce", ACCOUNT), (CRM, "99"))]

    assert (known, unknown) == (True, [False, False])


def test_a_connection_comes_back_with_the_user_that_we_are_over_there(store: DatabaseStore) -> None:
    save(store, replace(SECRET, user="0055e000007UsErAAK"))

    assert [one.user for one in load(store)] == ["0055e000007UsErAAK"]
