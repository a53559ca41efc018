"""How far streams were heard, and what was missed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.domain.ids import ConnectionId
from connector.ports import NewDelivery, StreamState
from connector.store.store import DatabaseStore
from tests.builders import START, after
from tests.contract.store.scene import CONNECTION

STATE = StreamState(CONNECTION.id, "/data/ChangeEvents", b"\x00\x01\xff", START)
OTHER = ConnectionId("another")


def missed(store: DatabaseStore, connection: ConnectionId = CONNECTION.id) -> dict[str, object]:
    with store.reading() as transaction:
        return dict(transaction.streams.missed(connection))


def test_a_place_is_kept_until_the_next_one(store: DatabaseStore) -> None:
    later = replace(STATE, place=b"\x00\x02", heard_at=after(minutes=1))
    with store.reading() as transaction:
        assert transaction.streams.of(CONNECTION.id) is None

    for state in (STATE, later):
        with store.transaction() as transaction:
            transaction.streams.save(state)

    with store.reading() as transaction:
        assert transaction.streams.of(CONNECTION.id) == later
        assert transaction.streams.of(OTHER) is None


def test_what_was_missed_first_stays_until_it_is_known(store: DatabaseStore) -> None:
    for minutes in (5, 3, 4):
        with store.transaction() as transaction:
            transaction.streams.miss(CONNECTION.id, {"lead": after(minutes=minutes), "contact": after(minutes=9)})

    with store.transaction() as transaction:
        transaction.streams.catch_up(CONNECTION.id, {"lead": after(minutes=4), "contact": after(minutes=9)})

    assert missed(store) == {"lead": after(minutes=3)}
    assert missed(store, OTHER) == {}


def test_a_delivery_and_its_place_are_kept_together_or_not_at_all(store: DatabaseStore) -> None:
    def keep(body: bytes, *, fails: bool) -> None:
        with store.transaction() as transaction:
            transaction.deliveries.keep(NewDelivery("salesforce/changes", START, body))
            transaction.streams.save(STATE)
            if fails:
                raise RuntimeError("the power fails")

    with pytest.raises(RuntimeError, match="power"):
        keep(b"{}", fails=True)
    with store.reading() as transaction:
        assert transaction.streams.of(CONNECTION.id) is None

    keep(b"[]", fails=False)

    with store.claim_deliveries(10) as claim:
        assert [one.body for one in claim.deliveries] == [b"[]"]
    with store.reading() as transaction:
        assert transaction.streams.of(CONNECTION.id) == STATE
