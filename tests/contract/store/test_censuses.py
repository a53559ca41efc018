"""How far all records of an account are known, and the leads that are made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from connector.domain.ids import ConnectionId
from connector.errors import LostClaimError
from connector.ports import CensusState, NewRecord
from connector.store.store import DatabaseStore
from tests.builders import START, after
from tests.contract.store.scene import ACME, BOOK, CONNECTION, Scene, fact, judged, lead_of, ref

STATE = CensusState("lead", START, after(hours=1), after(hours=2), None, "750 2000", is_filled=False, read=7, total=9)
SWEPT = replace(STATE, object_type="contact", is_filled=True, until=after(hours=3), place="there", version=0)


def keep(store: DatabaseStore, *states: CensusState, connection: ConnectionId = CONNECTION.id) -> None:
    with store.transaction() as transaction:
        for state in states:
            transaction.censuses.save(connection, state)


def kept(store: DatabaseStore) -> Sequence[CensusState]:
    with store.reading() as transaction:
        return transaction.censuses.of(CONNECTION.id)


def look_again(store: DatabaseStore, since: datetime, object_type: str = "") -> None:
    with store.transaction() as transaction:
        transaction.censuses.look_again(CONNECTION.id, since, START, object_type)


def test_how_far_each_type_is_known_is_kept_for_each_connection(store: DatabaseStore) -> None:
    keep(store, STATE, SWEPT)
    keep(store, STATE, connection=ConnectionId("another"))

    assert kept(store) == [replace(SWEPT, version=1), replace(STATE, version=1)]


def test_what_is_kept_is_replaced_by_who_read_it(store: DatabaseStore) -> None:
    keep(store, STATE)
    (read,) = kept(store)

    keep(store, replace(read, place="750 4000", problem="no"))

    assert kept(store) == [replace(STATE, place="750 4000", problem="no", version=2)]


@pytest.mark.parametrize("version", [0, 1, 3])
def test_of_two_hands_the_slower_one_changes_nothing(store: DatabaseStore, version: int) -> None:
    keep(store, STATE)
    keep(store, kept(store)[0])

    with pytest.raises(LostClaimError):
        keep(store, replace(STATE, place="elsewhere", version=version))

    assert kept(store) == [replace(STATE, version=2)]


def test_who_looks_again_begins_at_the_earlier_moment_and_at_once(store: DatabaseStore) -> None:
    keep(store, STATE, SWEPT)

    look_again(store, after(minutes=-5))

    contacts, leads = kept(store)
    assert (contacts.complete_to, contacts.due_at, contacts.until, contacts.place) == (
        after(minutes=-5),
        START,
        None,
        "",
    )
    assert (leads.complete_to, leads.due_at, leads.place) == (after(minutes=-5), START, STATE.place)


def test_who_looks_again_forgets_no_earlier_moment_and_no_other_type(store: DatabaseStore) -> None:
    keep(store, STATE, SWEPT)

    look_again(store, after(hours=5), "contact")

    contacts, leads = kept(store)
    assert (contacts.complete_to, leads) == (SWEPT.complete_to, replace(STATE, version=1))


def test_a_sweep_under_way_does_not_undo_that_somebody_looks_again(store: DatabaseStore) -> None:
    keep(store, SWEPT)
    (read,) = kept(store)
    look_again(store, START)

    with pytest.raises(LostClaimError):
        keep(store, replace(read, complete_to=after(hours=3)))

    assert kept(store)[0].complete_to == START


# --- the leads ----------------------------------------------------------------------------------------------------


def new(record_id: str, as_of: datetime | None = START, *keys: str) -> NewRecord:
    facts = tuple(fact(f"{key}:{record_id}") for key in keys or ("baseline",))
    return NewRecord(ref(record_id), lead_of(record_id), facts, as_of)


def add(scene: Scene, *records: NewRecord) -> None:
    with scene.store.transaction() as transaction:
        transaction.leads.add_read(ACME, records, BOOK, START)


def test_leads_are_made_of_records_that_were_read_and_are_judged_at_once(scene: Scene) -> None:
    add(scene, new("51"), new("52", START, "baseline", "created"))

    mail: dict[str, list[str]] = {}
    with scene.store.claim_leads(START, 10) as claim:
        mail = {one.lead.id: [fact.key for fact in one.unread] for one in claim.leads}

    assert mail == {lead_of("51"): ["baseline:51"], lead_of("52"): ["baseline:52", "created:52"]}
    with scene.store.reading() as transaction:
        assert transaction.leads.unread(CONNECTION, after(days=1), 10) == []


def test_what_is_heard_of_such_a_lead_comes_after_what_was_read(scene: Scene) -> None:
    add(scene, new("51"))
    scene.mail(lead_of("51"), fact("clicked"))

    scene.judge(judged)

    summary = scene.store.read_models.lead(ACME, "51")
    assert summary is not None
    assert (summary.facts, summary.unread) == (2, 0)


def test_a_hint_of_what_was_read_costs_nothing_and_a_later_one_a_read(scene: Scene) -> None:
    add(scene, new("51"), new("52", None))
    with scene.store.transaction() as transaction:
        same = transaction.leads.read_since(ACME, {ref("51"): START}, START)
        later = transaction.leads.read_since(ACME, {ref("51"): after(minutes=1)}, START)
        unsettled = transaction.leads.read_since(ACME, {ref("52"): START}, START)

    assert (same, later, unsettled) == (0, 1, 1)


def test_nothing_is_made_where_somebody_heard_of_one_of_the_records_meanwhile(scene: Scene) -> None:
    scene.meet("52", read=False)

    with pytest.raises(LostClaimError):
        add(scene, new("51"), new("52"))

    assert scene.store.read_models.lead(ACME, "51") is None
