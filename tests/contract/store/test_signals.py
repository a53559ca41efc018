"""Keys, named batches, people who are sought, feeds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from connector.domain.ids import ConnectionId, LeadId, WorkspaceId
from connector.ports import ApiKey, BatchName, Feed, FeedState, NewDelivery, NewFact, Sought
from connector.store.store import DatabaseStore
from tests.builders import START, after
from tests.contract.store.scene import ACME, CONNECTION, fact

KEY = ApiKey("4f1a09c27d3e", ACME, "website", "hash", START)
BATCH = NewDelivery("api:acme", START, b"{}")
STATE = FeedState(Feed("email_events", "CLICK"), START, START, None, "", START)


def sought(email: str, key: str = "k", *, minutes: float = 0, is_told: bool = True) -> Sought:
    received = NewFact(LeadId(""), fact(key, topic="energy"), after(minutes=minutes), 7)
    return Sought(ACME, CONNECTION.id, email, received, is_told)


def due(store: DatabaseStore, *, minutes: float = 0, limit: int = 100) -> list[Sought]:
    with store.reading() as transaction:
        return list(transaction.seekers.due(CONNECTION.id, after(minutes=minutes), limit))


def test_a_key_is_found_by_its_id_until_and_after_it_is_revoked(store: DatabaseStore) -> None:
    with store.transaction() as transaction:
        transaction.api_keys.add(KEY)
    with store.transaction() as transaction:
        found = transaction.api_keys.find(KEY.id)
        revoked = [transaction.api_keys.revoke(KEY.id, after(days=1)) for _ in range(2)]
        nobody = transaction.api_keys.revoke("nobody", START)

    with store.reading() as transaction:
        assert found == KEY
        assert (revoked, nobody) == ([True, False], False)
        assert transaction.api_keys.all() == [replace(KEY, revoked_at=after(days=1))]
        assert transaction.api_keys.find("nobody") is None


def test_a_named_batch_is_kept_once_and_its_name_means_nothing_else(store: DatabaseStore) -> None:
    names = [BatchName(ACME, "b1", "f"), BatchName(ACME, "b1", "f"), BatchName(ACME, "b1", "other")]
    names.append(BatchName(WorkspaceId("beta"), "b1", "other"))

    answers = []
    for name in names:
        with store.transaction() as transaction:
            answers.append(transaction.deliveries.keep_once(BATCH, name))

    assert answers == [True, True, False, True]
    with store.claim_deliveries(10) as claim:
        assert len(claim.deliveries) == 2


def test_a_batch_whose_delivery_was_forgotten_may_use_its_name_again(store: DatabaseStore) -> None:
    with store.transaction() as transaction:
        transaction.deliveries.keep_once(BATCH, BatchName(ACME, "b1", "f"))
        transaction.deliveries.forget_before(after(days=31))

    with store.transaction() as transaction:
        assert transaction.deliveries.keep_once(BATCH, BatchName(ACME, "b1", "another"))


def test_people_are_sought_once_when_their_time_comes(store: DatabaseStore) -> None:
    ada, bob = sought("ada@example.com"), sought("bob@example.com", minutes=5, is_told=False)
    with store.transaction() as transaction:
        transaction.seekers.add([ada, bob])
        transaction.seekers.add([ada])

    assert due(store) == [ada]
    assert due(store, minutes=5) == [ada, bob]
    assert due(store, minutes=5, limit=1) == [ada]


def test_people_are_sought_again_later_or_no_more(store: DatabaseStore) -> None:
    ada, again = sought("ada@example.com"), sought("ada@example.com", "k2")
    with store.transaction() as transaction:
        transaction.seekers.add([ada, again])
        transaction.seekers.postpone([ada], START + timedelta(minutes=5))
        transaction.seekers.settle([again])

    assert due(store) == []
    assert due(store, minutes=5) == [ada]


def test_how_far_a_feed_was_read_is_kept_for_each_connection(store: DatabaseStore) -> None:
    under_way = replace(STATE, until=after(minutes=5), place='{"after":"250"}', problem="no scope")
    with store.transaction() as transaction:
        transaction.feeds.save(CONNECTION.id, STATE)
        transaction.feeds.save(CONNECTION.id, under_way)
        transaction.feeds.save(CONNECTION.id, replace(STATE, feed=Feed("meetings")))
        transaction.feeds.save(ConnectionId("another"), STATE)

    with store.reading() as transaction:
        assert transaction.feeds.of(CONNECTION.id) == [under_way, replace(STATE, feed=Feed("meetings"))]
