"""What a change event means: its bitmaps, its moment, its records, and what it does not tell."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.crms.salesforce.change_events import to_told
from connector.crms.salesforce.changes_inbox import ChangeEvents
from connector.crms.salesforce.outbound import OutboundMessages
from connector.errors import UnknownEndpointError
from connector.ports import EventKind, RawRequest
from tests.door import NOW
from tests.org_door import ANA, ORG, STAMP, message

BEN = "00Q5e000008ZkM4EAK"
CONTACT = "0035e00000QrStUAAV"
COMMITTED = 1_795_255_200_417
COMMITTED_AT = datetime(2026, 11, 21, 10, 0, 0, 417_000, tzinfo=UTC)
MODIFIED = 1_795_255_200_000


def change(
    change_type: str = "UPDATE", *ids: str, sobject: str = "Lead", commit: int = COMMITTED, **values: Any
) -> Any:
    header = {
        "entityName": sobject,
        "recordIds": list(ids or (ANA,)),
        "changeType": change_type,
        "commitTimestamp": commit,
        "commitUser": "0055e000007UsErAAK",
        "nulledFields": [],
        "diffFields": [],
        "changedFields": [],
    }
    return {"ChangeEventHeader": header, **values}


def as_body(*told: Any) -> bytes:
    return json.dumps({"orgId": ORG, "deliveryId": "d-1", "events": told}).encode()


def events_of(record: Any, *changed: str) -> Any:
    told, _ = to_told(record, changed)
    parsed = ChangeEvents().parse(as_body(*told))
    assert not parsed.unreadable
    return parsed.events


def test_a_change_is_the_very_event_that_an_outbound_message_tells() -> None:
    (by_message,) = OutboundMessages(lambda org, now: True).parse(message()).events

    (event,) = events_of(change(LastModifiedDate=MODIFIED), "LastModifiedDate")

    assert (event.key, event.at, event.kind) == (by_message.key, by_message.at, EventKind.HINTED)


def test_a_change_that_does_not_tell_when_it_was_made_bears_the_moment_of_its_commit() -> None:
    (event,) = events_of(change())

    assert event.at == COMMITTED_AT


def test_a_change_of_many_records_is_a_hint_at_each() -> None:
    told = events_of(change("UPDATE", ANA, BEN[:15]))

    assert [event.ref.record_id for event in told] == [ANA, BEN]


def test_a_change_without_any_moment_is_read_in_any_case() -> None:
    (event,) = events_of(change(commit=0))

    assert event.at.year == 9999


@pytest.mark.parametrize("kind", ["CREATE", "UPDATE", "DELETE", "GAP_CREATE", "GAP_UPDATE", "GAP_DELETE"])
def test_whatever_happened_the_record_is_read(kind: str) -> None:
    (event,) = events_of(change(kind))

    assert (event.kind, event.ref.record_id) == (EventKind.HINTED, ANA)


@pytest.mark.parametrize("kind", ["UNDELETE", "GAP_UNDELETE"])
def test_a_restored_record_is_told_of_and_read(kind: str) -> None:
    assert [event.kind for event in events_of(change(kind))] == [EventKind.RESTORED, EventKind.HINTED]


def test_a_gap_is_nobodys_doing() -> None:
    (gap,), (update,) = events_of(change("GAP_UPDATE")), events_of(change())

    assert (gap.by, update.by) == ("", "0055e000007UsErAAK")


def test_a_conversion_is_told_in_the_second_in_which_it_happened() -> None:
    (event,) = events_of(change(IsConverted=True, ConvertedContactId=CONTACT), "IsConverted", "ConvertedContactId")

    assert (event.kind, event.ref.record_id) == (EventKind.MERGED, CONTACT)
    assert [ref.record_id for ref in event.merged] == [ANA]
    assert event.at == datetime.fromisoformat(STAMP)


def test_a_lead_that_was_converted_long_ago_is_not_converted_again() -> None:
    (event,) = events_of(change(IsConverted=True, ConvertedContactId=CONTACT), "Description")

    assert event.kind is EventKind.HINTED


def test_an_overflow_tells_of_what_object_more_changed_and_since_when() -> None:
    told, missed = to_told(change("GAP_OVERFLOW", "000000000000000AAA"), ())

    assert (told, missed) == ((), {"lead": COMMITTED_AT - timedelta(minutes=15)})


def test_all_records_at_once_are_looked_up() -> None:
    told, missed = to_told(change("GAP_UPDATE", "00Q*", ANA), ())

    assert [one["id"] for one in told] == [ANA]
    assert set(missed) == {"lead"}


@pytest.mark.parametrize("sobject", ["Event", "Account", "Campaign"])
def test_objects_that_nobody_listens_to_are_passed_over(sobject: str) -> None:
    assert to_told(change("GAP_OVERFLOW", sobject=sobject), ()) == ((), {})


def test_nobody_can_post_change_events() -> None:
    body = as_body({"object": "Lead", "id": ANA, "change": "UPDATE"})

    with pytest.raises(UnknownEndpointError):
        ChangeEvents().verify(RawRequest("POST", "/webhooks/salesforce/changes", {}, body), NOW)
