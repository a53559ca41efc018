"""What a record that comes and goes leaves behind is put right, though nobody tells of it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.domain.lead import Standing
from connector.domain.outward.change import ChangeKind, ChangeState
from connector.ports import CrmEvent, EventKind, RecordReply, ReplyState
from tests.builders import after
from tests.office import clicked, event
from tests.two_crms import BothOffice, hint, ref

LEAD, PERSON = "00Q1", "0031"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[BothOffice]:
    office = BothOffice(tmp_path)
    yield office
    office.close()


def org_event(kind: EventKind, record_id: str, minutes: int, **more: object) -> CrmEvent:
    """What the org's own code signs."""
    return event(kind, record_id, at=after(minutes=minutes), **more)._replace(ref=ref(record_id))


def test_a_record_whose_restoration_nobody_told_is_back_when_it_is_read(office: BothOffice) -> None:
    office.holds(LEAD).receive(hint(LEAD)).work()
    office.receive(org_event(EventKind.DELETED, LEAD, 10)).work()
    assert office.summary(LEAD).lead.standing is Standing.ARCHIVED

    office.holds(LEAD, since=20).receive(hint(LEAD, 20)).work()  # the census' word that it changed

    assert office.summary(LEAD).lead.standing is Standing.ACTIVE


def test_what_was_refused_while_a_record_was_deleted_is_written_when_it_is_back(office: BothOffice) -> None:
    office.holds(LEAD).holds("51")
    office.org.replies[LEAD] = RecordReply(ReplyState.REFUSED, "entity is deleted")
    office.receive(hint(LEAD), clicked()).work()
    assert [one.kind for one in office.outbox(ChangeState.REFUSED)] == [ChangeKind.PROPERTIES]
    office.receive(org_event(EventKind.DELETED, LEAD, 10)).work()
    office.org.replies.clear()

    office.receive(org_event(EventKind.RESTORED, LEAD, 20)).work()

    assert office.outbox(ChangeState.REFUSED) == []
    assert office.org.records[LEAD]["coltiva_clicks"] == "10"


def test_a_signed_merge_into_a_record_that_is_not_there_is_not_believed(office: BothOffice) -> None:
    office.holds(LEAD).receive(hint(LEAD)).work()
    merge = org_event(EventKind.MERGED, "0039", 10, merged=(ref(LEAD),))._replace(has_value=False)

    office.receive(merge).work()

    summary = office.summary(LEAD)
    assert (summary.lead.standing, [one.record_id for one in summary.refs]) == (Standing.ACTIVE, [LEAD])


def test_a_signed_conversion_is_followed_when_reading_tells_it(office: BothOffice) -> None:
    office.holds(LEAD).receive(hint(LEAD)).work()
    office.holds(PERSON, since=10).holds(LEAD, since=10)
    office.org.became[LEAD] = PERSON
    merge = org_event(EventKind.MERGED, PERSON, 10, merged=(ref(LEAD),))._replace(has_value=False)

    office.receive(merge).work()

    assert office.summary(LEAD).id == office.summary(PERSON).id


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_an_address_is_one_however_its_accents_are_made(office: BothOffice, form: str) -> None:
    address = "josé@example.com"
    office.holds("51", unicodedata.normalize("NFC", address)).holds(LEAD, unicodedata.normalize("NFD", address))

    office.receive(clicked(), hint(LEAD)).work()

    assert office.summary("51").id == office.summary(LEAD).id
    found = office.store.read_models.lead(office.summary("51").workspace, unicodedata.normalize(form, address))
    assert found is not None
    assert found.id == office.summary("51").id
