"""Many properties at once, by Bulk API 2.0, against the simulated org over real HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.crms.salesforce.client import SalesforceClient
from connector.crms.salesforce.ingest import Ingest, to_csv
from connector.crms.salesforce.schema import Schema
from connector.errors import RetryableCrmError
from connector.ports import BulkWriter, ReplyState
from connector.sandbox.faults import ApiFault, Fault
from tests.contract.crm.rules import states
from tests.contract.crm.test_salesforce import BAND, SCORE, SalesforceStage, stage

__all__ = ["stage"]


def bulk(stage: SalesforceStage) -> BulkWriter:
    client = stage.crm._client
    return Ingest(client, Schema(client, stage.clock), 10)


def test_a_job_writes_many_records_in_a_few_calls(stage: SalesforceStage) -> None:
    writer = bulk(stage)
    leads = [stage.org.people.create_lead(f"lead{number}@example.com") for number in range(450)]
    job = writer.open("lead")
    calls = stage.calls()

    left = writer.fill(job, {lead: {SCORE: str(number)} for number, lead in enumerate(leads)})
    look = writer.look(job)

    assert (left, look.is_over) == ({}, True)
    assert states(look.replies) == dict.fromkeys(leads, ReplyState.DONE)
    assert [stage.held(lead)[SCORE] for lead in leads] == list(range(450))
    assert stage.calls() - calls <= 7


def test_each_record_has_its_own_result(stage: SalesforceStage) -> None:
    writer, people = bulk(stage), stage.org.people
    good, wrong, gone, bad = (people.create_lead(f"lead{number}@example.com") for number in range(4))
    converted = people.convert(gone).contact_id
    job = writer.open("lead")
    changes = {good: {SCORE: "5"}, wrong: {BAND: "Lukewarm"}, gone: {SCORE: "5"}, bad: {SCORE: "five"}}

    at_once = writer.fill(job, changes)
    replies = writer.look(job).replies

    assert states(at_once) == {bad: ReplyState.REFUSED}
    assert states(replies) == {good: ReplyState.DONE, wrong: ReplyState.REFUSED, gone: ReplyState.REFUSED}
    assert "Lukewarm" in replies[wrong].words
    assert replies[gone].remote_id == converted


def test_what_is_cleared_is_cleared_and_what_is_not_named_stays(stage: SalesforceStage) -> None:
    writer, people = bulk(stage), stage.org.people
    one = people.create_lead("one@example.com", City="Rome", **{SCORE: 5})
    other = people.create_lead("other@example.com", City='He said "no", twice\nover', **{SCORE: 5})
    job = writer.open("lead")

    writer.fill(job, {one: {SCORE: ""}, other: {"Lead.City": 'A "new", city\nhere'}})

    assert states(writer.look(job).replies) == {one: ReplyState.DONE, other: ReplyState.DONE}
    assert (stage.held(one).get(SCORE), stage.held(one)["City"]) == (None, "Rome")
    assert (stage.held(other)[SCORE], stage.held(other)["City"]) == (5, 'A "new", city\nhere')


@pytest.mark.parametrize("city", ["#N/A", "\rOslo", "Os\rlo"])
def test_a_value_that_a_file_cannot_hold_is_left_to_another_way(stage: SalesforceStage, city: str) -> None:
    writer = bulk(stage)
    ada = stage.org.people.create_lead("ada@example.com", City="Rome")

    replies = writer.fill(writer.open("lead"), {ada: {"Lead.City": city}})

    assert (replies[ada].state, replies[ada].is_untouched) == (ReplyState.LATER, True)
    assert stage.held(ada)["City"] == "Rome"


def test_a_job_that_is_under_way_is_looked_at_again(stage: SalesforceStage) -> None:
    writer = bulk(stage)
    ada = stage.org.people.create_lead("ada@example.com")
    stage.org.jobs.looks_until_done = 1
    job = writer.open("lead")
    writer.fill(job, {ada: {SCORE: "5"}})

    first, second = writer.look(job), writer.look(job)

    assert (first.is_over, first.rest > timedelta()) == (False, True)
    assert states(second.replies) == {ada: ReplyState.DONE}


@pytest.mark.parametrize("path", ["*/batches", "*/jobs/ingest/750*"])
def test_a_job_that_was_not_filled_as_a_whole_is_given_up(stage: SalesforceStage, path: str) -> None:
    writer = bulk(stage)
    ada = stage.org.people.create_lead("ada@example.com")
    job = writer.open("lead")
    stage.platform.faults.add(Fault(ApiFault.DROPPED_BEFORE, times=1, path=path))
    with pytest.raises(RetryableCrmError):
        writer.fill(job, {ada: {SCORE: "5"}})

    look = writer.look(job)

    assert (look.is_over, look.replies) == (True, {})
    assert SCORE not in stage.held(ada) or stage.held(ada)[SCORE] is None


def test_a_job_whose_begin_was_not_heard_of_is_looked_after_all_the_same(stage: SalesforceStage) -> None:
    writer = bulk(stage)
    ada = stage.org.people.create_lead("ada@example.com")
    job = writer.open("lead")
    stage.platform.faults.add(Fault(ApiFault.DROPPED_AFTER, times=1, path=f"*/jobs/ingest/{job}"))
    with pytest.raises(RetryableCrmError):
        writer.fill(job, {ada: {SCORE: "5"}})

    assert states(writer.look(job).replies) == {ada: ReplyState.DONE}


def test_a_job_that_the_org_knows_no_more_is_over(stage: SalesforceStage) -> None:
    look = bulk(stage).look("750000000000000AAA")

    assert (look.is_over, look.replies) == (True, {})


def test_every_kind_of_value_has_its_cell() -> None:
    bodies = [
        {"attributes": {}, "id": "1", "A": 1.5, "B": True, "C": None},
        {"attributes": {}, "id": "2", "D": 'x,"y"\nz'},
    ]

    assert to_csv(bodies).decode() == 'Id,A,B,C,D\n1,1.5,true,#N/A,\n2,,,,"x,""y""\nz"\n'


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "-2", "a\nb", '"', '""', ",", "#n/a", "\\N", "'", 'a,b\nc,"d"'])
def test_whatever_a_value_looks_like_it_arrives_as_it_is(stage: SalesforceStage, text: str) -> None:
    writer, people = bulk(stage), stage.org.people
    ada, next_one = people.create_lead("ada@example.com"), people.create_lead("next@example.com")
    job = writer.open("lead")

    writer.fill(job, {ada: {"Lead.City": text}, next_one: {"Lead.City": "Oslo"}})

    assert states(writer.look(job).replies) == {ada: ReplyState.DONE, next_one: ReplyState.DONE}
    assert (stage.held(ada)["City"], stage.held(next_one)["City"]) == (text, "Oslo")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00",
        b"\xff\xfe",
        b"<html>a proxy</html>",
        b'"sf__Id\nx',
        b"sf__Id,sf__Error\n00Q",
        b"sf__Id,sf__Error\nnonsense,=cmd()|x\n",
        b"sf__Id,sf__Error\n" + b"a" * 2_000_000,
        b'sf__Id,sf__Error\n"a"b,c\n',
    ],
)
def test_results_that_say_nothing_end_the_job_and_settle_nobody(
    stage: SalesforceStage, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    """What waits for results that never can be read would wait for ever."""
    writer, lead = bulk(stage), stage.org.people.create_lead("ada@example.com")
    job = writer.open("lead")
    writer.fill(job, {lead: {SCORE: "5"}})
    get = SalesforceClient.get
    monkeypatch.setattr(
        SalesforceClient, "get", lambda *asked: content if asked[1].endswith("Results") else get(*asked)
    )

    look = writer.look(job)

    assert (look.is_over, lead in look.replies) == (True, False)
