"""A delivery that was kept is never lost, and is taken in once."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from connector.errors import LostClaimError
from connector.ports import Delivery, DeliveryState, NewDelivery, Stray, StrayReason
from connector.store.deliveries import MAX_BYTES
from connector.store.store import DatabaseStore
from tests.builders import START, after
from tests.contract.store.conftest import Place


def keep(store: DatabaseStore, *bodies: bytes) -> None:
    for number, body in enumerate(bodies):
        store.keep(NewDelivery("hubspot", after(minutes=number), body))


def waiting(store: DatabaseStore, limit: int = 10) -> list[Delivery]:
    with store.claim_deliveries(limit) as claim:
        return list(claim.deliveries)


def settle(store: DatabaseStore, state: DeliveryState = DeliveryState.TAKEN_IN) -> list[int]:
    """Take in all that waits; which deliveries those were."""
    with store.claim_deliveries(10) as claim:
        ids = [delivery.id for delivery in claim.deliveries]
        with claim.transaction() as transaction:
            transaction.deliveries.settle(dict.fromkeys(ids, state))
    return ids


def test_a_kept_delivery_is_there_for_every_process_at_once_and_byte_by_byte(place: Place) -> None:
    body = bytes(range(256))

    keep(place.open(), body)

    (found,) = waiting(place.open())
    assert (found.endpoint, found.received_at, found.body) == ("hubspot", START, body)


def test_however_much_waits_a_claim_takes_no_more_bytes_than_it_may_hold(place: Place) -> None:
    store = place.open()
    half = b"x" * (MAX_BYTES // 2)
    keep(store, half, half, b"y")

    taken = [delivery.body for delivery in waiting(store)]

    assert taken == [half, half]


def test_a_delivery_larger_than_that_is_claimed_alone(place: Place) -> None:
    store = place.open()
    huge = b"x" * (MAX_BYTES + 1)
    keep(store, huge, b"y")

    taken = [delivery.body for delivery in waiting(store)]

    assert taken == [huge]


def test_deliveries_that_are_kept_together_are_each_there_in_their_order(place: Place) -> None:
    together = [NewDelivery("hubspot", after(minutes=number), b"%d" % number) for number in range(300)]

    place.open().keep(*together)

    found = waiting(place.open(), limit=1000)
    assert [(one.endpoint, one.received_at, one.body) for one in found] == [
        (one.endpoint, one.received_at, one.body) for one in together
    ]


def test_of_deliveries_that_are_kept_together_all_are_kept_or_none(store: DatabaseStore) -> None:
    sound, broken = NewDelivery("hubspot", START, b"sound"), NewDelivery(cast(str, None), START, b"broken")

    with pytest.raises(Exception, match=r"(?i)not.null"):
        store.keep(sound, broken, sound)
    store.keep(sound)

    assert [delivery.body for delivery in waiting(store)] == [b"sound"]


def test_the_oldest_deliveries_come_first(store: DatabaseStore) -> None:
    keep(store, b"first", b"second", b"third")

    assert [delivery.body for delivery in waiting(store, limit=2)] == [b"first", b"second"]


def test_a_delivery_that_was_taken_in_does_not_come_again(store: DatabaseStore) -> None:
    keep(store, b"one")

    settle(store)

    assert waiting(store) == []
    assert store.read_models.health(START).deliveries_waiting == 0


def test_a_delivery_whose_intake_fails_waits_for_the_next_try(store: DatabaseStore) -> None:
    keep(store, b"one")

    def fail_at_the_end() -> None:
        with store.claim_deliveries(10) as claim, claim.transaction() as transaction:
            transaction.deliveries.settle({claim.deliveries[0].id: DeliveryState.TAKEN_IN})
            transaction.counts.add({"intake.deliveries": 1})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_at_the_end()

    assert [delivery.body for delivery in waiting(store)] == [b"one"]
    with store.reading() as transaction:
        assert transaction.counts.all() == {}


def test_a_delivery_is_settled_once(store: DatabaseStore) -> None:
    keep(store, b"one")
    (id_,) = settle(store)

    with pytest.raises(LostClaimError), store.transaction() as transaction:
        transaction.deliveries.settle({id_: DeliveryState.UNREADABLE})


def test_what_became_no_fact_is_kept_aside_the_latest_first(store: DatabaseStore) -> None:
    strays = [
        Stray(1, StrayReason.UNREADABLE, "no JSON", "", "{", START),
        Stray(2, StrayReason.UNKNOWN_ACCOUNT, "contact.creation", "99", '{"objectId": 1}', after(hours=1)),
    ]

    with store.transaction() as transaction:
        transaction.deliveries.add_strays(strays)

    with store.reading() as transaction:
        found = transaction.deliveries.strays(10)
    assert [(stray.delivery_id, stray.reason, stray.raw) for stray in found] == [
        (2, StrayReason.UNKNOWN_ACCOUNT, '{"objectId": 1}'),
        (1, StrayReason.UNREADABLE, "{"),
    ]
    assert store.read_models.health(START).strays == {"unknown_account": 1, "unreadable": 1}


def test_a_record_of_a_feed_is_kept_aside_once_and_is_known_after_its_words_are_gone(store: DatabaseStore) -> None:
    one = Stray(0, StrayReason.UNREADABLE_RECORD, "meetings ab12", "99", '{"id": 1}', START)
    strays = [one, replace(one, what="meetings cd34"), replace(one, account="98")]

    for at in (after(hours=1), after(days=30)):
        with store.transaction() as transaction:
            transaction.deliveries.add_strays([*strays, *(replace(each, received_at=at) for each in strays)])
        with store.transaction() as transaction:
            transaction.deliveries.forget_before(after(days=20))

    with store.reading() as transaction:
        found = transaction.deliveries.strays(10)
    assert [(stray.what, stray.account, stray.raw) for stray in reversed(found)] == [
        ("meetings ab12", "99", ""),
        ("meetings cd34", "99", ""),
        ("meetings ab12", "98", ""),
    ]


def test_a_delivery_that_is_told_twice_is_kept_aside_twice(store: DatabaseStore) -> None:
    one = Stray(1, StrayReason.UNKNOWN_TYPE, "contact.creation", "99", "{}", START)

    with store.transaction() as transaction:
        transaction.deliveries.add_strays([one, one])

    assert store.read_models.health(START).strays == {"unknown_type": 2}


def test_after_the_retention_strays_quote_nothing_any_more(store: DatabaseStore) -> None:
    keep(store, b"{")
    settle(store, DeliveryState.UNREADABLE)
    with store.transaction() as transaction:
        old = Stray(1, StrayReason.UNREADABLE, "cut short", "", "{", START)
        young = Stray(2, StrayReason.UNKNOWN_ACCOUNT, "contact.creation", "9", "{}", after(days=2))
        transaction.deliveries.add_strays([old, young])

    with store.transaction() as transaction:
        transaction.deliveries.forget_before(after(days=1))

    with store.transaction() as transaction:
        assert [(each.what, each.raw) for each in transaction.deliveries.strays(10)] == [
            ("contact.creation", "{}"), ("cut short", ""),
        ]  # fmt: skip


def test_after_the_retention_all_is_dropped_that_does_not_wait(store: DatabaseStore) -> None:
    keep(store, b"old and taken in")
    settle(store)
    keep(store, b"old and unreadable")
    settle(store, DeliveryState.UNREADABLE)
    keep(store, b"old and waiting")
    store.keep(NewDelivery("hubspot", after(days=2), b"young"))

    with store.transaction() as transaction:
        dropped = transaction.deliveries.forget_before(after(days=1))

    assert dropped == 2
    assert [delivery.body for delivery in waiting(store)] == [b"old and waiting", b"young"]


def test_a_delivery_that_still_waits_is_not_forgotten(store: DatabaseStore) -> None:
    keep(store, b"taken in")
    taken_in = settle(store)
    keep(store, b"waiting")

    with store.transaction() as transaction:
        transaction.deliveries.forget([*taken_in, *(delivery.id for delivery in waiting(store))])
        dropped_later = transaction.deliveries.forget_before(after(days=1))

    assert [delivery.body for delivery in waiting(store)] == [b"waiting"]
    assert dropped_later == 0
