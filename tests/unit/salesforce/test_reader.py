"""What is read of an org: with whom a record lives on, since when it is so, and nothing that the user may not see."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from connector.crms.salesforce.reader import Reader
from connector.crms.salesforce.schema import Schema
from connector.errors import UnreadableReplyError
from connector.ports import CrmRecord
from tests.clocks import HandClock
from tests.unit.hubspot.scripted import Script, scripted
from tests.unit.salesforce.org import client, described

ADA, BOB, CAT = "00Q5e000008ZkM1EAK", "00Q5e000008ZkM2EAK", "0035e000008ZkM3AAK"
READ_AT = "2026-11-21T10:00:00.000+0000"
AS_OF = datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.fixture
def script() -> Iterator[Script]:
    with scripted() as script:
        yield script


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def reader(script: Script, clock: HandClock) -> Reader:
    one = client(script.url, clock)
    return Reader(one, Schema(one, clock))


def row(record_id: str, **values: object) -> dict[str, object]:
    return {"attributes": {"type": "Lead"}, "Id": record_id, "SystemModstamp": READ_AT, "IsDeleted": False, **values}


def page(*rows: dict[str, object]) -> dict[str, object]:
    return {"totalSize": len(rows), "done": True, "records": list(rows)}


def soql(script: Script, number: int) -> str:
    return parse_qs(urlsplit(script.requests[number][1]).query)["q"][0]


def test_leads_and_contacts_are_read_with_their_own_properties(script: Script, reader: Reader) -> None:
    asked = ["Lead.Email", "Contact.Email", "coltiva__Score__c"]
    script.answer(200, described("Lead"))
    script.answer(200, [row(ADA, Email="ada@example.com", coltiva__Score__c=82.0)])
    script.answer(200, described("Contact"))
    script.answer(200, [row(CAT, Email=None, coltiva__Score__c=None)])

    records = reader.fetch_records([ADA[:15], CAT, "77", "0015e000008ZkM3EAK"], asked)

    assert records == {
        ADA[:15]: CrmRecord(ADA, {"Lead.Email": "ada@example.com", "coltiva__Score__c": "82"}, read_as_of=AS_OF),
        CAT: CrmRecord(CAT, {"Contact.Email": "", "coltiva__Score__c": ""}, read_as_of=AS_OF),
    }
    assert json.loads(script.requests[1][3])["ids"] == [ADA]
    assert "ConvertedContactId" not in json.loads(script.requests[3][3])["fields"]


def test_what_is_missing_is_looked_for_in_the_bin(script: Script, reader: Reader) -> None:
    script.answer(200, described("Lead"))
    script.answer(200, [None, None])
    script.answer(200, page(row(ADA, IsDeleted=True, MasterRecordId=BOB, Email="ada@example.com")))

    records = reader.fetch_records([ADA, CAT.replace("003", "00Q")], ["Lead.Email"])

    assert "/queryAll?" in script.requests[2][1]
    assert records == {
        ADA: CrmRecord(ADA, {"Lead.Email": "ada@example.com"}, archived=True, read_as_of=AS_OF, became=BOB)
    }


def test_a_converted_lead_lives_on_as_its_contact(script: Script, reader: Reader) -> None:
    script.answer(200, described("Lead"))
    script.answer(200, [row(ADA, IsConverted=True, ConvertedContactId=CAT), row(BOB, IsConverted=False)])

    records = reader.fetch_records([ADA, BOB], [])

    assert (records[ADA].became, records[BOB].became) == (CAT, "")


def test_a_field_out_of_sight_is_left_out_and_spoils_nothing(script: Script, reader: Reader) -> None:
    script.answer(200, described("Lead"))
    script.answer(200, [row(ADA, Email="ada@example.com")])

    records = reader.fetch_records([ADA], ["Lead.Email", "Lead.Salary__c"])

    assert records[ADA].properties == {"Lead.Email": "ada@example.com"}
    assert "Salary__c" not in json.loads(script.requests[1][3])["fields"]


def test_a_field_that_goes_out_of_sight_is_noticed(script: Script, reader: Reader, clock: HandClock) -> None:
    refusal = [{"errorCode": "INVALID_FIELD", "message": "No such column 'Salary__c' on entity 'Lead'"}]
    script.answer(200, described("Lead", {"name": "Salary__c", "type": "double"}))
    script.answer(200, [row(ADA, Salary__c=1)])
    script.answer(400, refusal)
    script.answer(200, described("Lead"))
    script.answer(200, [row(ADA, Email="ada@example.com")])
    wanted = ["Lead.Email", "Lead.Salary__c"]
    reader.fetch_records([ADA], wanted)
    clock.advance(timedelta(minutes=1))

    records = reader.fetch_records([ADA], wanted)

    assert records[ADA].properties == {"Lead.Email": "ada@example.com"}


def test_a_refusal_that_stays_is_an_answer_that_we_cannot_read(script: Script, reader: Reader) -> None:
    refusal = [{"errorCode": "INVALID_FIELD", "message": "?"}]
    script.answer(200, described("Lead"))
    script.answer(400, refusal)
    script.answer(400, refusal)

    with pytest.raises(UnreadableReplyError):
        reader.fetch_records([ADA], ["Lead.Email"])


def test_an_object_out_of_sight_does_not_look_like_deleted_records(script: Script, reader: Reader) -> None:
    script.answer(404, [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}])

    with pytest.raises(UnreadableReplyError, match="may not see the object Lead"):
        reader.fetch_records([ADA], ["Lead.Email"])


@pytest.mark.parametrize("odd", [{"SystemModstamp": None}, {"SystemModstamp": "yesterday"}, {"Id": 7}])
def test_a_record_that_makes_no_sense_is_not_believed(script: Script, reader: Reader, odd: dict[str, object]) -> None:
    script.answer(200, described("Lead"))
    script.answer(200, [row(ADA) | odd])

    with pytest.raises(UnreadableReplyError):
        reader.fetch_records([ADA], [])


def test_people_are_found_by_address_contacts_first(script: Script, reader: Reader) -> None:
    script.answer(200, page({"Id": CAT, "Email": "Cat@Example.com"}))
    script.answer(200, page({"Id": ADA, "Email": "ada@example.com"}, {"Id": BOB, "Email": "ADA@example.com"}))

    found = reader.find_people(["ada@example.com", "cat@example.com", "o'hara@example.com"])

    assert found == {"ada@example.com": ADA, "cat@example.com": CAT}
    assert "FROM Contact WHERE Email IN ('ada@example.com','cat@example.com','o\\'hara@example.com')" in soql(script, 0)
    assert "FROM Lead WHERE Email IN ('ada@example.com','o\\'hara@example.com') AND IsConverted = false" in soql(
        script, 1
    )
