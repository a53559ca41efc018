"""What orgs tell, in our words: from outbound messages and from signed events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connector.crms.salesforce.events_inbox import SignedEvents
from connector.crms.salesforce.hearing import UNKNOWN, to_moment
from connector.crms.salesforce.outbound import OutboundMessages
from connector.domain.fact import Fact, RecordName
from connector.domain.ids import CrmRef
from connector.engine.inward import intake
from connector.engine.inward.intake import IntakeResult
from connector.ports import CrmEvent, EventKind, NewDelivery
from tests.door import NOW
from tests.office import ACME, CONNECTION, Office, clicking_book, sqlite_url
from tests.org_door import ANA, ORG, OTHER_ORG, STAMP, batch, message, notification, told

EVE = "00Q5e000008ZkM4EAK"
ANA_NOW = "0035e00000QrStUAAV"
DEAL = "0065e00000AbCdEAAV"
US, THEM = "0055e000007UsErAAK", "0055e000007UsFrAAK"

OUTBOUND = OutboundMessages(lambda org, now: True)
EVENTS = SignedEvents(lambda org, now: ())


def ref(record_id: str = ANA, object_type: str = "lead", org: str = ORG) -> CrmRef:
    return CrmRef("salesforce", org, object_type, record_id)


def heard(body: bytes) -> list[CrmEvent]:
    """The events of an outbound message."""
    parsed = OUTBOUND.parse(body)
    assert not parsed.is_broken
    return list(parsed.events)


def said(*events: dict[str, Any], **more: str) -> list[CrmEvent]:
    """The events of a signed batch."""
    parsed = EVENTS.parse(batch(*events, **more))
    assert not parsed.is_broken
    return list(parsed.events)


# --- what is read of an outbound message --------------------------------------------------------------------


def test_a_notification_hints_at_its_record() -> None:
    (hint,) = heard(message(notification(SystemModstamp=STAMP, LastModifiedById=US)))

    assert (hint.kind, hint.ref, hint.type) == (EventKind.HINTED, ref(), "Lead.NOTIFICATION")
    assert hint.at == datetime(2026, 11, 21, 10, tzinfo=UTC)
    assert (hint.is_echo, hint.by) == (False, "")


def test_every_notification_of_a_message_hints() -> None:
    hints = heard(message(*(notification(f"00Q5e000008Z{number:03}") for number in range(100))))

    assert len({hint.ref for hint in hints}) == 100


def test_ids_are_kept_with_eighteen_characters() -> None:
    short = heard(message(notification(ANA[:15], SystemModstamp=STAMP), org=ORG[:15]))

    assert short[0].ref == ref()
    assert short[0].key == heard(message())[0].key


@pytest.mark.parametrize(
    ("record_id", "sobject", "object_type"),
    [
        (ANA, "Lead", "lead"),
        (ANA_NOW, "Contact", "contact"),
        (DEAL, "Opportunity", "opportunity"),
        ("00v5e000008ZkM3AAK", "CampaignMember", "campaign_member"),
        ("00T5e000008ZkM3EAK", "Task", "task"),
        (ANA, "Contact", "lead"),
        ("0015e000008ZkM3AAK", "Account", "account"),
        ("a015e000008ZkM3EAK", "acme__Visit__c", "acme__visit__c"),
    ],
)
def test_what_a_record_is_follows_from_its_id_and_else_from_its_object(
    record_id: str, sobject: str, object_type: str
) -> None:
    (hint,) = heard(message(notification(record_id, sobject)))

    assert hint.ref.object_type == object_type


def test_no_lead_lives_on_as_what_is_no_contact() -> None:
    user = "0055e000007UsErAAK"

    parsed = EVENTS.parse(batch(told("CONVERT", convertedContactId=user), told("MERGE", user, mergedIds=[ANA])))

    assert (list(parsed.events), len(parsed.unreadable)) == ([], 2)


def test_a_record_that_was_deleted_before_the_message_left_is_kept_aside_and_the_others_are_heard() -> None:
    parsed = OUTBOUND.parse(message(notification(""), notification(EVE)))

    assert [hint.ref.record_id for hint in parsed.events] == [EVE]
    assert ["it holds no record" in part.problem for part in parsed.unreadable] == [True]


def test_what_else_a_record_holds_is_not_kept_aside() -> None:
    (hint,) = heard(message(notification(Email="ana@example.com")))

    assert "ana@" not in hint.raw


@pytest.mark.parametrize("stamp", ["", "yesterday", "2026-11-21", "2026-11-21T10:00:00", "9999-99-99T00:00:00Z"])
def test_a_moment_that_cannot_be_read_is_after_all_others(stamp: str) -> None:
    assert to_moment(stamp) == UNKNOWN


def test_a_moment_is_one_whatever_its_zone() -> None:
    assert to_moment("2026-11-21T11:00:00.1239+01:00") == datetime(2026, 11, 21, 10, 0, 0, 123_000, tzinfo=UTC)
    assert to_moment("0001-01-01T00:00:00+14:00") == UNKNOWN


BROKEN = {
    "too many notifications": message(*(notification() for _ in range(101))),
    "nested too deeply": message(notification() + "<a>" * 20 + "</a>" * 20),
    "too many elements": message("<a/>" * 100_001),
    "an id without end": message(notification("0" * 1_000)),
    "XML in an id": message(notification().replace(ANA, "<b/>")),
    "no XML further on": message("x" * 100_000) + b"<",
    "a document type": message(prolog="<!DOCTYPE x>"),
    "a NUL": message("\0"),
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_read_is_told_with_its_text_and_hints_at_nothing(body: bytes) -> None:
    parsed = OUTBOUND.parse(body)

    assert (parsed.is_broken, list(parsed.events), len(parsed.unreadable)) == (True, [], 1)
    assert "\0" not in parsed.unreadable[0].raw


# --- what is read of signed events --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        ("CREATE", [EventKind.HINTED]),
        ("UPDATE", [EventKind.HINTED]),
        ("DELETE", [EventKind.DELETED]),
        ("UNDELETE", [EventKind.RESTORED, EventKind.HINTED]),
        ("GAP_UPDATE", [EventKind.OTHER]),
    ],
)
def test_a_change_is_what_salesforce_calls_it(change: str, kinds: list[EventKind]) -> None:
    events = said(told(change, lastModifiedById=THEM[:15]))

    assert [event.kind for event in events] == kinds
    assert {(event.ref, event.type, event.by) for event in events} == {(ref(), f"Lead.{change}", THEM)}
    assert len({event.key for event in events}) == len(kinds)


def test_a_merge_names_who_lives_on_and_who_does_not() -> None:
    (merge,) = said(told("MERGE", mergedIds=[EVE[:15], ANA, EVE]))

    assert (merge.kind, merge.ref, merge.merged) == (EventKind.MERGED, ref(), (ref(EVE),))


def test_a_record_that_was_deleted_by_a_merge_lives_on_in_its_master() -> None:
    (merge,) = said(told("DELETE", EVE, record={"MasterRecordId": ANA[:15], "Email": "eve@example.com"}))
    (deletion,) = said(told("DELETE", EVE, record={"MasterRecordId": None}))

    assert (merge.kind, merge.ref, merge.merged) == (EventKind.MERGED, ref(), (ref(EVE),))
    assert (deletion.kind, deletion.ref) == (EventKind.DELETED, ref(EVE))


def test_what_is_null_is_not_told() -> None:
    (hint,) = said(told(systemModstamp=None, lastModifiedById=None, mergedIds=None, record=None))

    assert (hint.kind, hint.at, hint.by) == (EventKind.HINTED, UNKNOWN, "")


def test_a_converted_lead_lives_on_as_its_contact() -> None:
    (merge,) = said(told("CONVERT", convertedContactId=ANA_NOW))

    assert (merge.kind, merge.ref, merge.merged) == (EventKind.MERGED, ref(ANA_NOW, "contact"), (ref(),))


def test_a_change_has_the_same_key_whichever_way_it_is_told() -> None:
    assert said(told())[0].key == said(told("CREATE"), delivery="another")[0].key == heard(message())[0].key


def test_other_moments_records_and_orgs_have_other_keys() -> None:
    later = told(systemModstamp="2026-11-21T10:00:01.000Z")

    keys = {said(one)[0].key for one in (told(), later, told(record_id=EVE), told("DELETE"))}

    assert len(keys | {said(told(), org=OTHER_ORG)[0].key}) == 5


def test_without_a_moment_each_delivery_is_another_happening() -> None:
    one, two = (said(told("DELETE", systemModstamp=""), delivery=name) for name in ("d-1", "d-2"))

    assert one[0].key != two[0].key
    assert one[0].at == UNKNOWN


UNREADABLE_EVENTS: dict[str, Any] = {
    "no object": {"id": ANA, "change": "UPDATE"},
    "no id": {"object": "Lead", "change": "UPDATE"},
    "an id that is none": told(record_id="1"),
    "a change that is no text": {**told(), "change": 1},
    "a merge without losers": told("MERGE"),
    "a merge with itself": told("MERGE", mergedIds=[ANA]),
    "a deletion by a merge with itself": told("DELETE", record={"MasterRecordId": ANA}),
    "a master that is no record": told("DELETE", record={"MasterRecordId": "1"}),
    "a merge of too many": told("MERGE", mergedIds=[EVE] * 101),
    "a conversion into nobody": told("CONVERT"),
    "a NUL": told("UP\0DATE"),
    "an object without end": {**told(), "object": "x" * 1_000},
    "no event": 7,
}


@pytest.mark.parametrize("event", UNREADABLE_EVENTS.values(), ids=UNREADABLE_EVENTS)
def test_an_event_that_cannot_be_read_is_told_and_the_others_are_heard(event: Any) -> None:
    parsed = EVENTS.parse(batch(told(), event, told(record_id=EVE)))

    assert [one.ref.record_id for one in parsed.events] == [ANA, EVE]
    assert (parsed.is_broken, len(parsed.unreadable)) == (False, 1)
    assert "\0" not in parsed.unreadable[0].raw


@pytest.mark.parametrize(
    "body", [b"", b"x", b"[]", b"[" * 9_000, batch(org=""), batch(*[told()] * 2_001), b'{"orgId": "\0"}']
)
def test_a_body_that_is_no_batch_is_told(body: bytes) -> None:
    parsed = EVENTS.parse(body)

    assert (parsed.is_broken, list(parsed.events), len(parsed.unreadable)) == (True, [], 1)


# --- what becomes of it -------------------------------------------------------------------------------------


class Orgs:
    """An office that is connected to an org, and whose deliveries come from it."""

    def __init__(self, folder: Path) -> None:
        self.office = Office(sqlite_url(folder), clicking_book("v1")).open()
        self.office.clock.moment = NOW
        self.endpoints = {endpoint.name: endpoint for endpoint in (OUTBOUND, EVENTS)}
        connection = replace(CONNECTION, id="c2", crm="salesforce", account=ORG, user=US)
        with self.office.store.transaction() as transaction:
            transaction.connections.save(connection, self.office.clock.now())
        self.connection = connection

    def take_in(self, endpoint: str, *bodies: bytes) -> IntakeResult:
        """These deliveries came in."""
        now = self.office.clock.now()
        self.office.store.keep(*(NewDelivery(f"salesforce/{endpoint}", now, body) for body in bodies))
        return intake.run_once(self.office.store, self.endpoints, self.office.shelf, now)

    def waiting(self) -> list[str]:
        """The records that wait to be read."""
        with self.office.store.reading() as transaction:
            unread = transaction.leads.unread(self.connection, self.office.clock.now(), 100)
        return sorted(one.ref.record_id for one in unread)

    def read(self, record_id: str, *, as_of: str = STAMP) -> None:
        """A worker read the record."""
        name, now = ref(record_id), self.office.clock.now()
        with self.office.store.transaction() as transaction:
            transaction.leads.set_read(ACME, {name: to_moment(as_of)}, now)

    def facts(self, name: CrmRef) -> list[Fact]:
        """What the record's lead holds."""
        lead = self.office.store.read_models.lead(ACME, str(name))
        assert lead is not None
        return list(self.office.store.read_models.facts(ACME, lead.id))


@pytest.fixture
def orgs(tmp_path: Path) -> Iterator[Orgs]:
    orgs = Orgs(tmp_path)
    yield orgs
    orgs.office.close()


def test_what_is_told_in_two_ways_and_twice_is_read_once(orgs: Orgs) -> None:
    first = orgs.take_in("outbound", message(), message())
    assert orgs.waiting() == [ANA]
    orgs.read(ANA)

    again = [orgs.take_in("events", batch(), batch()), orgs.take_in("outbound", message())]

    assert (first.leads, first.hints, first.facts) == (1, 2, 0)
    assert [(one.hints, one.rereads, one.facts, one.strays) for one in again] == [(2, 0, 0, 0), (1, 0, 0, 0)]
    assert orgs.waiting() == []


def test_a_message_without_a_moment_is_always_read(orgs: Orgs) -> None:
    orgs.take_in("outbound", message())
    orgs.read(ANA)

    result = orgs.take_in("outbound", message(notification()))

    assert (result.rereads, orgs.waiting()) == (1, [ANA])


def test_a_deletion_that_is_told_again_is_one_fact(orgs: Orgs) -> None:
    body = batch(told("DELETE"))

    first, replayed = (orgs.take_in("events", body) for _ in range(2))

    assert (first.facts, replayed.facts, replayed.duplicates) == (1, 0, 1)
    assert [fact.name for fact in orgs.facts(ref())] == [RecordName.ARCHIVED]


def test_a_replay_after_everything_was_read_changes_nothing(orgs: Orgs) -> None:
    body = batch(told(), told("DELETE", EVE), told("UNDELETE", EVE))
    orgs.take_in("events", body)
    for record_id in (ANA, EVE):
        orgs.read(record_id)

    replayed = orgs.take_in("events", body)

    assert (replayed.facts, replayed.rereads, replayed.leads, replayed.merges) == (0, 0, 0, 0)
    assert orgs.waiting() == []


def test_a_converted_lead_goes_on_as_the_contact_with_its_history(orgs: Orgs) -> None:
    orgs.take_in("events", batch(told("DELETE", ANA), told("UNDELETE", ANA)))
    orgs.take_in("outbound", message(notification(ANA_NOW, "Contact")))

    result = orgs.take_in("events", batch(told("CONVERT", convertedContactId=ANA_NOW)))

    survivor = ref(ANA_NOW, "contact")
    assert result.merges == 1
    assert orgs.facts(survivor) == orgs.facts(ref())
    assert orgs.waiting() == [ANA_NOW]


def test_a_lead_that_is_said_to_go_on_as_a_contact_nobody_knows_is_read_first(orgs: Orgs) -> None:
    orgs.take_in("events", batch(told("DELETE", ANA), told("UNDELETE", ANA)))
    orgs.read(ANA)

    later = told("CONVERT", convertedContactId=ANA_NOW, systemModstamp="2026-11-21T10:05:00.000Z")
    result = orgs.take_in("events", batch(later))

    assert (result.merges, result.rereads, orgs.waiting()) == (0, 1, [ANA])


def test_the_writes_of_our_own_user_come_back_as_echoes_and_nothing_else(orgs: Orgs) -> None:
    ours = orgs.take_in("events", batch(told(lastModifiedById=US)))
    theirs = orgs.take_in("events", batch(told(lastModifiedById=THEM)))

    assert (ours.echoes, ours.hints, ours.leads) == (1, 0, 0)
    assert (theirs.echoes, theirs.hints, theirs.leads) == (0, 1, 1)


def test_other_objects_and_other_orgs_are_kept_aside(orgs: Orgs) -> None:
    orgs.take_in("outbound", message(notification("0015e000008ZkM3AAK", "Account")), message(org=OTHER_ORG))
    orgs.take_in("events", batch(told("GAP_UPDATE")))

    assert orgs.office.strays() == [
        ("other_object", "Account.NOTIFICATION"),
        ("unknown_account", "Lead.NOTIFICATION"),
        ("unknown_type", "Lead.GAP_UPDATE"),
    ]


def test_a_hostile_body_that_was_kept_stops_no_other(orgs: Orgs) -> None:
    result = orgs.take_in("outbound", *BROKEN.values(), message())

    assert (result.unreadable, result.hints, result.leads) == (len(BROKEN), 1, 1)
