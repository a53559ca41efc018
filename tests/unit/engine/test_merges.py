"""A person whose records were merged is nurtured on, in whatever order HubSpot tells it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.domain.lead import Standing
from connector.engine.telling.replay import to_bytes
from connector.ports import CrmEvent, EventKind
from tests.builders import after
from tests.office import Office, changed, clicked, clicking_book, contact, event, sqlite_url

LOSER, SURVIVOR = "51", "60"
MERGED_AT = 10


def merge() -> CrmEvent:
    return event(EventKind.MERGED, SURVIVOR, at=after(minutes=MERGED_AT), merged=(contact(LOSER),))


def deletion(minutes: int, record_id: str = LOSER) -> CrmEvent:
    return event(EventKind.DELETED, record_id, at=after(minutes=minutes))


def told(folder: Path, events: Sequence[CrmEvent], *, judged_between: bool = True) -> bytes:
    """What became of the survivor's lead: its state, and what it did."""
    office = Office(sqlite_url(folder), clicking_book("v1")).open()
    office.crm.records[SURVIVOR] = {"industry": "retail"}
    office.clock.moment = after(hours=1)
    for one in events:
        office.receive(one)
        if judged_between:
            office.take_in()
            office.advance()
    office.work()
    lead = office.lead(SURVIVOR).lead
    assert lead.standing is Standing.ACTIVE
    assert office.lead(LOSER).id == lead.id
    office.close()
    return to_bytes(lead)


@pytest.mark.parametrize("deleted_at", [MERGED_AT - 1, MERGED_AT, MERGED_AT + 1, MERGED_AT + 45])
def test_the_deletion_of_a_merged_record_archives_nobody_in_any_order_and_at_any_time(
    tmp_path_factory: pytest.TempPathFactory, deleted_at: int
) -> None:
    events = (merge(), deletion(deleted_at), clicked(record_id=LOSER, at=after(minutes=5)))

    ends = {
        told(tmp_path_factory.mktemp("order"), order, judged_between=judged_between)
        for order in permutations(events)
        for judged_between in (True, False)
    }

    assert len(ends) == 1


@settings(max_examples=10)  # each is two databases
@given(
    order=st.permutations(
        [
            merge(),
            merge(),
            deletion(MERGED_AT + 2),
            deletion(MERGED_AT + 2),
            clicked(record_id=LOSER, at=after(minutes=5)),
            clicked("other", record_id=SURVIVOR, at=after(minutes=20)),
            changed("industry", "COMPUTER_SOFTWARE", LOSER, at=after(minutes=12)),
        ]
    )
)
def test_whatever_comes_twice_and_in_whatever_order_the_merged_person_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, order: list[CrmEvent]
) -> None:
    in_order = told(tmp_path_factory.mktemp("order"), sorted(order, key=lambda one: one.at))

    assert told(tmp_path_factory.mktemp("order"), order) == in_order


def test_a_record_that_was_not_found_before_its_merge_was_told_archives_nobody(office: Office) -> None:
    office.crm.records[SURVIVOR] = {}
    office.clock.moment = after(hours=1)
    office.receive(clicked(record_id=LOSER)).work()
    assert office.lead(LOSER).lead.standing is Standing.ARCHIVED

    office.receive(merge()).work()

    assert office.lead(SURVIVOR).lead.standing is Standing.ACTIVE


def test_a_survivor_that_is_deleted_after_the_merge_is_gone(office: Office) -> None:
    office.crm.records[SURVIVOR] = {}
    office.clock.moment = after(hours=1)

    office.receive(deletion(30, SURVIVOR)).work().receive(merge()).work()

    assert office.lead(SURVIVOR).lead.standing is Standing.ARCHIVED


def test_deletions_of_a_chain_of_merges_archive_nobody(office: Office) -> None:
    office.crm.records["3"] = {}
    office.clock.moment = after(hours=1)
    chain = [
        deletion(50, "1"),
        deletion(50, "2"),
        event(EventKind.MERGED, "2", at=after(minutes=1), merged=(contact("1"),)),
        event(EventKind.MERGED, "3", at=after(minutes=2), merged=(contact("2"),)),
    ]

    for one in chain:
        office.receive(one).work()

    assert office.lead("1").lead.standing is Standing.ACTIVE
    assert office.lead("1").id == office.lead("3").id
