"""Each record is written for itself: typed as its field is, and refused with its own reason."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest

from connector.crms.salesforce.schema import Schema
from connector.crms.salesforce.writer import write_properties
from connector.errors import CrmUnavailableError, UnreadableReplyError
from connector.ports import RecordReply, ReplyState
from tests.clocks import HandClock
from tests.unit.hubspot.scripted import Script, scripted
from tests.unit.salesforce.org import client, described

ADA, BOB, CAT = "00Q5e000008ZkM1EAK", "00Q5e000008ZkM2EAK", "0035e000008ZkM3AAK"
HOT = {"coltiva__Score__c": "82"}


class Org:
    """An org as the writer sees it."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.clock = HandClock()
        self.client = client(script.url, self.clock)
        self.schema = Schema(self.client, self.clock)

    def write(self, changes: Mapping[str, Mapping[str, str]]) -> dict[str, RecordReply]:
        return write_properties(self.client, self.schema, changes)

    def sent(self, number: int) -> list[dict[str, object]]:
        body = json.loads(self.script.requests[number][3])
        assert body["allOrNone"] is False
        records: list[dict[str, object]] = body["records"]
        return records


@pytest.fixture
def org() -> Iterator[Org]:
    with scripted() as script:
        yield Org(script)


def saved(record_id: str) -> dict[str, object]:
    return {"id": record_id, "success": True, "errors": []}


def failed(code: str, message: str = "no") -> dict[str, object]:
    return {"success": False, "errors": [{"statusCode": code, "message": message, "fields": []}]}


def states(replies: Mapping[str, RecordReply]) -> dict[str, str]:
    return {record_id: reply.state.value for record_id, reply in replies.items()}


def test_leads_and_contacts_go_in_one_call_each_with_its_own_fields(org: Org) -> None:
    org.script.answer(200, described("Contact"))
    org.script.answer(200, described("Lead"))
    org.script.answer(200, [saved(CAT), saved(ADA)])

    replies = org.write({ADA: {**HOT, "Contact.Email": "x"}, CAT: {**HOT, "Contact.Email": ""}})

    assert replies == dict.fromkeys((ADA, CAT), RecordReply(ReplyState.DONE))
    assert org.sent(2) == [
        {"attributes": {"type": "Contact"}, "id": CAT, "coltiva__Score__c": 82, "Email": None},
        {"attributes": {"type": "Lead"}, "id": ADA, "coltiva__Score__c": 82},
    ]


def test_a_change_for_another_object_is_done_without_a_call(org: Org) -> None:
    assert states(org.write({ADA: {"Contact.Email": "x"}})) == {ADA: "done"}
    assert org.script.requests == []


def test_what_is_no_person_is_refused(org: Org) -> None:
    replies = org.write({"77": HOT, "0065e000008ZkM3EAK": HOT})

    assert states(replies) == {"77": "refused", "0065e000008ZkM3EAK": "refused"}


def test_one_bad_record_keeps_no_other_from_being_written(org: Org) -> None:
    org.script.answer(200, described("Lead"))
    org.script.answer(200, [failed("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Phone first"), saved(BOB)])

    replies = org.write({ADA: HOT, BOB: HOT})

    assert states(replies) == {ADA: "refused", BOB: "done"}
    assert "A validation rule of the org refused it: Phone first" in replies[ADA].words


def test_a_locked_row_comes_later(org: Org) -> None:
    org.script.answer(200, described("Lead"))
    org.script.answer(200, [failed("UNABLE_TO_LOCK_ROW")])

    assert states(org.write({ADA: HOT})) == {ADA: "later"}


def test_a_value_that_does_not_fit_is_refused_before_it_is_sent(org: Org) -> None:
    org.script.answer(200, described("Lead"))
    org.script.answer(200, [saved(BOB)])

    replies = org.write({ADA: {"coltiva__Score__c": "high"}, BOB: HOT})

    assert states(replies) == {ADA: "refused", BOB: "done"}
    assert replies[ADA].words == "Lead.coltiva__Score__c: 'high' is no number."


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ({"name": "Rank__c", "type": "double", "calculated": True}, "a formula"),
        ({"name": "Rank__c", "type": "double"}, "the integration user may not write it"),
        ({"name": "Other__c", "type": "double"}, "does not have this field"),
    ],
)
def test_a_field_that_is_not_ours_to_write_is_named(org: Org, field: dict[str, object], told: str) -> None:
    org.script.answer(200, described("Lead", field))

    replies = org.write({ADA: {"Lead.Rank__c": "1"}})

    assert states(replies) == {ADA: "refused"}
    assert replies[ADA].words.startswith("Lead.Rank__c: ")
    assert told in replies[ADA].words


def test_what_an_admin_mended_is_noticed(org: Org) -> None:
    field = {"name": "Rank__c", "type": "double"}
    org.script.answer(200, described("Lead", field))
    org.script.answer(200, described("Lead", {**field, "updateable": True}))
    org.script.answer(200, [saved(ADA)])
    org.write({ADA: {"Lead.Rank__c": "1"}})
    org.clock.advance(timedelta(minutes=1))

    assert states(org.write({ADA: {"Lead.Rank__c": "1"}})) == {ADA: "done"}


def test_a_converted_lead_is_refused_with_the_contact_it_became(org: Org) -> None:
    org.script.answer(200, described("Lead"))
    org.script.answer(200, [failed("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead"), saved(BOB)])
    org.script.answer(200, {"done": True, "records": [{"Id": ADA, "MasterRecordId": None, "ConvertedContactId": CAT}]})

    replies = org.write({ADA: HOT, BOB: HOT})

    assert states(replies) == {ADA: "refused", BOB: "done"}
    assert f"It was converted and lives on as the contact {CAT}." in replies[ADA].words
    assert "cannot reference converted lead" in replies[ADA].words


def test_a_record_that_is_gone_for_good_is_refused_as_it_is(org: Org) -> None:
    org.script.answer(200, described("Lead"))
    org.script.answer(200, [failed("ENTITY_IS_DELETED", "entity is deleted")])
    org.script.answer(200, {"done": True, "records": [{"Id": ADA, "MasterRecordId": None, "ConvertedContactId": None}]})

    replies = org.write({ADA: HOT})

    assert replies[ADA].words == "The record is in the recycle bin: entity is deleted (ENTITY_IS_DELETED)"


def test_a_batch_that_is_refused_whole_is_written_in_halves(org: Org) -> None:
    refusal = [{"errorCode": "JSON_PARSER_ERROR", "message": "odd"}]
    org.script.answer(200, described("Lead"))
    org.script.answer(400, refusal)
    org.script.answer(400, refusal)
    org.script.answer(200, [saved(BOB)])

    assert states(org.write({ADA: HOT, BOB: HOT})) == {ADA: "refused", BOB: "done"}


@pytest.mark.parametrize(("status", "code"), [(400, "STORAGE_LIMIT_EXCEEDED"), (403, "FUNCTIONALITY_NOT_ENABLED")])
def test_a_refusal_that_means_everybody_costs_one_call(org: Org, status: int, code: str) -> None:
    org.script.answer(200, described("Lead"))
    org.script.answer(status, [{"errorCode": code, "message": "all of it"}])

    replies = org.write({ADA: HOT, BOB: HOT})

    assert states(replies) == {ADA: "refused", BOB: "refused"}
    assert "all of it" in replies[BOB].words


def test_what_was_reached_is_told_when_the_org_goes_away(org: Org) -> None:
    refusal = [{"errorCode": "JSON_PARSER_ERROR", "message": "odd"}]
    org.script.answer(200, described("Lead"))
    org.script.answer(400, refusal)
    org.script.answer(200, [saved(ADA)])
    org.script.answer(503, b"")

    assert states(org.write({ADA: HOT, BOB: HOT})) == {ADA: "done", BOB: "later"}


def test_an_org_that_is_away_from_the_start_is_told_as_such(org: Org) -> None:
    org.script.answer(200, described("Lead"))
    org.script.answer(503, b"")

    with pytest.raises(CrmUnavailableError):
        org.write({ADA: HOT})


def test_an_answer_that_leaves_records_out_is_not_believed(org: Org) -> None:
    org.script.answer(200, described("Lead"))
    org.script.answer(200, [saved(ADA)])

    with pytest.raises(UnreadableReplyError):
        org.write({ADA: HOT, BOB: HOT})


def test_more_than_two_hundred_records_go_in_several_calls(org: Org) -> None:
    ids = [f"00Q5e00000{number:05}" for number in range(250)]
    org.script.answer(200, described("Lead"))
    org.script.answer(200, [saved("00Q5e0000000000")] * 50)
    org.script.answer(200, [saved("00Q5e0000000000")] * 200)

    replies = org.write(dict.fromkeys(ids, HOT))

    assert set(states(replies).values()) == {"done"}
    assert [len(org.sent(number)) for number in (1, 2)] == [50, 200]
