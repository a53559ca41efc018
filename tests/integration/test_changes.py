"""What an org tells on its event bus is kept: all of it, once, in order, whatever breaks meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("grpc", reason="the extra salesforce-cdc is not installed")
pytest.importorskip("fastavro", reason="the extra salesforce-cdc is not installed")

from connector.ports import ConnectionState, EventKind
from connector.protos import pubsub_api_pb2 as wire
from connector.sandbox.salesforce.fields import Field
from tests.listening import START, Hall
from tests.listening import hall as new_hall

if TYPE_CHECKING:
    from connector.ports import CrmEvent

EVERY_TYPE = {"lead", "contact", "opportunity", "opportunity_contact_role", "campaign_member", "task"}


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    yield from new_hall(tmp_path)


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Hall]:
    """An org whose bus gives signs of life ten times a second."""
    yield from new_hall(tmp_path, keep_alive=0.1)


def ids(events: list[CrmEvent]) -> list[str]:
    return [event.ref.record_id for event in events]


def leads(hall: Hall, number: int, *, begin: int = 0) -> list[str]:
    return [hall.org.people.create_lead(f"lead{begin + each}@example.com") for each in range(number)]


def test_changes_are_kept_in_order(hall: Hall) -> None:
    hall.begin()

    made = leads(hall, 250)

    heard = hall.until_heard(250)
    assert ids(heard) == made
    assert {event.kind for event in heard} == {EventKind.HINTED}


def test_no_more_is_under_way_than_may_be(hall: Hall) -> None:
    hall.server.batch = 7
    hall.begin()

    leads(hall, 150)

    hall.until_heard(150)
    assert hall.server.most_pending <= 100


def test_what_changed_while_nobody_listened_is_heard_afterwards(hall: Hall) -> None:
    hall.begin()
    first = leads(hall, 3)
    hall.until_heard(3)
    hall.leave()

    later = leads(hall, 120, begin=3)
    hall.begin()

    assert ids(hall.until_heard(123)) == first + later
    assert hall.server.begun[-1].replay_preset == wire.CUSTOM


def test_a_stream_that_breaks_loses_nothing_and_keeps_nothing_twice(hall: Hall) -> None:
    hall.server.batch = 5
    hall.begin()

    made = leads(hall, 20)
    for round_ in range(1, 5):
        hall.until_heard(20 * round_ - 10)
        hall.server.cut()
        made += leads(hall, 20, begin=20 * round_)

    assert ids(hall.until_heard(100)) == made


def test_a_sign_of_life_moves_the_place_on(quick: Hall) -> None:
    quick.begin()
    quick.until(lambda: bool(quick.state().place))
    before = quick.state().place

    quick.until(lambda: quick.state().place != before)

    assert quick.heard() == []


def test_who_listens_for_the_first_time_is_to_look_up_what_was_before(hall: Hall) -> None:
    hall.begin()

    assert hall.server.begun[0].replay_preset == wire.LATEST
    assert hall.missed() == EVERY_TYPE


def test_a_place_that_is_too_old_begins_at_the_earliest_and_has_the_rest_looked_up(hall: Hall) -> None:
    hall.begin()
    leads(hall, 1)
    hall.until_heard(1)
    hall.leave()
    hall.catch_up()
    leads(hall, 2, begin=1)
    hall.org.clock.advance(timedelta(hours=73))
    kept = leads(hall, 2, begin=3)

    hall.begin()

    assert ids(hall.until_heard(3))[1:] == kept
    assert hall.server.begun[-1].replay_preset == wire.EARLIEST
    assert hall.missed() == EVERY_TYPE


def test_a_gap_has_its_records_read_again(hall: Hall) -> None:
    (lead,) = leads(hall, 1)
    hall.begin()
    hall.catch_up()

    hall.bus.gap("UPDATE", "Lead", lead)

    (event,) = hall.until_heard(1)
    assert (event.kind, event.ref.record_id, event.by) == (EventKind.HINTED, lead, "")
    assert hall.missed() == set()


def test_an_overflow_has_the_object_looked_up(hall: Hall) -> None:
    hall.begin()
    hall.catch_up()

    hall.bus.overflow("Contact")

    hall.until(lambda: bool(hall.missed()))
    assert hall.missed_since() == {"contact": START - timedelta(minutes=15)}
    assert hall.heard() == []


def test_what_cannot_be_read_stops_nothing_and_is_looked_up(hall: Hall) -> None:
    hall.begin()
    hall.catch_up()

    hall.bus.scramble("Lead")
    made = leads(hall, 1)

    assert ids(hall.until_heard(1)) == made
    assert hall.missed_since() == dict.fromkeys(EVERY_TYPE, START - timedelta(hours=72))


def test_a_token_that_ran_out_is_renewed_once_and_nothing_is_lost(hall: Hall) -> None:
    hall.begin()
    made = leads(hall, 3)
    hall.until_heard(3)
    kept_before = hall.connection.token

    hall.platform.tokens.expire_sessions(hall.org.id)
    hall.server.cut()
    made += leads(hall, 3, begin=3)

    assert ids(hall.until_heard(6)) == made
    with hall.store.reading() as transaction:
        connection = transaction.connections.by_id(hall.connection.id)
    assert connection is not None
    assert connection.token != kept_before
    assert connection.state is ConnectionState.ACTIVE


def test_a_token_that_runs_out_before_a_schema_is_asked_for_loses_nothing(hall: Hall) -> None:
    hall.begin()
    hall.platform.tokens.expire_sessions(hall.org.id)

    made = leads(hall, 3)

    assert ids(hall.until_heard(3)) == made


def test_an_org_that_lets_us_in_no_more_pauses_the_connection(hall: Hall) -> None:
    hall.begin()
    hall.until(lambda: hall.state().channel != "")

    hall.platform.tokens.end_all(hall.org.id)
    hall.server.cut()

    def is_paused() -> bool:
        with hall.store.reading() as transaction:
            connection = transaction.connections.by_id(hall.connection.id)
        return connection is not None and connection.state is ConnectionState.PAUSED

    hall.until(is_paused)
    hall.until(lambda: hall.server.subscribers == 0)


def test_only_one_process_listens_and_another_takes_over(hall: Hall) -> None:
    hall.begin()
    hall.listen("p2")
    made = leads(hall, 5)
    hall.until_heard(5)
    assert len(hall.server.begun) == 1

    hall.leave_one()
    made += leads(hall, 5, begin=5)

    assert ids(hall.until_heard(10)) == made
    assert len(hall.server.begun) == 2


def test_other_objects_on_the_channel_are_passed_over(hall: Hall) -> None:
    hall.begin()

    hall.org.people.create("Campaign", Name="Fair")
    (lead,) = leads(hall, 1)

    assert ids(hall.until_heard(1)) == [lead]


def test_a_channel_of_our_own_tells_what_is_on_it(hall: Hall) -> None:
    hall.bus.channels["/data/coltiva__Nurture__chn"] = frozenset({"Contact"})
    hall.channel = "/data/coltiva__Nurture__chn"
    hall.begin()

    leads(hall, 1)
    contact = hall.org.people.create_contact("ana@example.com")

    assert ids(hall.until_heard(1)) == [contact]


def test_another_channel_does_not_go_on_at_the_old_place(hall: Hall) -> None:
    hall.begin()
    leads(hall, 1)
    hall.until_heard(1)
    hall.leave()

    hall.channel = "/data/LeadChangeEvent"
    hall.begin()

    assert hall.server.begun[-1].replay_preset == wire.LATEST


def test_a_refused_channel_is_tried_again_later_and_stops_nothing(hall: Hall) -> None:
    hall.channel = "/data/Nothing__chn"
    hall.listen()
    hall.until(lambda: bool(hall.missed()))

    hall.leave()

    assert hall.heard() == []


def test_deletions_merges_and_conversions_are_heard(hall: Hall) -> None:
    gone, winner, loser, converted = leads(hall, 4)
    hall.begin()

    hall.org.people.delete(gone)
    hall.org.people.undelete(gone)
    hall.org.people.merge(winner, loser)
    became = hall.org.people.convert(converted)

    heard = hall.until_heard(7)
    told = [(event.kind, event.ref.record_id) for event in heard]
    assert told == [
        (EventKind.HINTED, gone),
        (EventKind.RESTORED, gone),
        (EventKind.HINTED, gone),
        (EventKind.HINTED, loser),
        (EventKind.HINTED, winner),
        (EventKind.HINTED, became.contact_id),
        (EventKind.MERGED, became.contact_id),
    ]
    assert [ref.record_id for ref in heard[-1].merged] == [converted]


def test_who_changed_it_is_heard(hall: Hall) -> None:
    hall.begin()

    ours = hall.org.people.create_lead("a@example.com", user=hall.org.integration_user)
    theirs = hall.org.people.create_lead("b@example.com")

    heard = {event.ref.record_id: event.by for event in hall.until_heard(2)}
    assert heard == {ours: hall.org.integration_user, theirs: hall.org.admin}


def test_a_change_of_the_schema_is_followed(hall: Hall) -> None:
    hall.begin()
    (lead,) = leads(hall, 1)
    hall.until_heard(1)

    hall.org.clock.advance(timedelta(minutes=1))
    hall.org.add_fields("Lead", Field("Colour__c"))
    hall.org.people.change(lead, Colour__c="green")

    (_, event) = hall.until_heard(2)
    assert '"Colour__c"' in event.raw
