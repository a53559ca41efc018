"""Jobs over many records, with the client's own low-level calls, which do not wait."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.bulk2 import Operation

from connector.sandbox.salesforce.people import People
from tests.contract.sandbox.salesforce.conftest import World


def rows_of(content: bytes | str) -> list[dict[str, str]]:
    text = content.decode() if isinstance(content, bytes) else content
    return list(csv.DictReader(io.StringIO(text, newline="")))


def jobs_of(sf: Salesforce) -> Any:
    return sf.bulk2.Lead._client


def read_all(world: World, query: str, *, page: int) -> list[list[dict[str, str]]]:
    """The pages of a query job."""
    body = {"operation": "query", "query": query}
    job = world.ask("POST", "jobs/query", json=body).json()["id"]
    pages, locator = [], ""
    while locator != "null":
        reply = world.ask("GET", f"jobs/query/{job}/results?maxRecords={page}&locator={locator}")
        assert reply.headers["Content-Type"] == "text/csv"
        pages.append(rows_of(reply.content))
        assert int(reply.headers["Sforce-NumberOfRecords"]) == len(pages[-1])
        locator = reply.headers["Sforce-Locator"]
    return pages


def ingest(world: World, content: str, operation: str, **more: str) -> dict[str, Any]:
    """A finished job, as it tells of itself."""
    body = {"object": "Lead", "operation": operation, "contentType": "CSV", "lineEnding": "LF", **more}
    job = world.ask("POST", "jobs/ingest", json=body).json()
    batches = f"/{job['contentUrl']}"
    assert world.ask("PUT", batches, data=content.encode(), headers={"Content-Type": "text/csv"}).status_code == 201
    assert world.ask("PATCH", f"jobs/ingest/{job['id']}", json={"state": "UploadComplete"}).status_code == 200
    told: dict[str, Any] = world.ask("GET", f"jobs/ingest/{job['id']}").json()
    return told


def test_a_query_is_read_page_by_page(world: World, people: People) -> None:
    made = [people.create_lead(f"p{number}@example.com", LastName='Quote " and\nline') for number in range(25)]

    pages = read_all(world, "SELECT Id, LastName, Owner.Name, Rating, DoNotCall, SystemModstamp FROM Lead", page=10)

    assert [len(page) for page in pages] == [10, 10, 5]
    assert [row["Id"] for page in pages for row in page] == made
    assert pages[0][0] == {
        "Id": made[0],
        "LastName": 'Quote " and\nline',
        "Owner.Name": "Ada Admin",
        "Rating": "",
        "DoNotCall": "false",
        "SystemModstamp": "2026-11-23T09:00:00.000Z",
    }


def test_the_client_runs_a_query_job(sf: Salesforce, people: People) -> None:
    people.create_lead("ada@example.com")
    client = jobs_of(sf)

    job = client.create_job(Operation.query, query="SELECT Email FROM Lead")
    done = client.get_job(job["id"], is_query=True)
    told = client.get_query_results(job["id"])

    assert (job["state"], done["state"], done["numberRecordsProcessed"]) == ("UploadComplete", "JobComplete", 1)
    assert (rows_of(told["records"]), told["locator"]) == ([{"Email": "ada@example.com"}], "")


def test_a_job_may_take_its_time(world: World, people: People) -> None:
    world.org.jobs.looks_until_done = 2
    job = world.ask("POST", "jobs/query", json={"operation": "query", "query": "SELECT Id FROM Lead"}).json()["id"]

    early = world.ask("GET", f"jobs/query/{job}/results")
    states = [world.ask("GET", f"jobs/query/{job}").json()["state"] for _ in range(2)]

    assert (early.status_code, early.json()[0]["errorCode"]) == (400, "INVALIDJOBSTATE")
    assert states == ["InProgress", "JobComplete"]


def test_a_bad_query_makes_no_job(world: World) -> None:
    reply = world.ask("POST", "jobs/query", json={"operation": "query", "query": "SELECT Shoe FROM Lead"})

    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, "INVALID_FIELD")


def test_an_upsert_says_what_became_of_every_row(world: World, people: People) -> None:
    known = people.create_lead(coltiva__Nurture_Id__c="n1", Rating="Hot", Phone="1")
    content = (
        "coltiva__Nurture_Id__c,LastName,Company,Rating,Phone,coltiva__Score__c,DoNotCall,Email\n"
        "n1,,,#N/A,,80,true,\n"
        "n2,New,Example Ltd,,,,,\n"
        "n3,Bad,Example Ltd,,,,,nobody\n"
    )

    job = ingest(world, content, "upsert", externalIdFieldName="coltiva__Nurture_Id__c")

    saved = rows_of(world.ask("GET", f"jobs/ingest/{job['id']}/successfulResults").content)
    failed = rows_of(world.ask("GET", f"jobs/ingest/{job['id']}/failedResults").content)
    assert (job["state"], job["numberRecordsProcessed"], job["numberRecordsFailed"]) == ("JobComplete", 3, 1)
    assert [(row["sf__Id"] == known, row["sf__Created"]) for row in saved] == [(True, "false"), (False, "true")]
    assert failed[0]["sf__Error"] == "INVALID_EMAIL_ADDRESS:Email: invalid email address: nobody:Email --"
    assert failed[0]["coltiva__Nurture_Id__c"] == "n3"
    row = people.read(known)
    assert (row.get("Rating"), row["Phone"], row["coltiva__Score__c"], row["DoNotCall"]) == (None, "1", 80.0, True)


def test_records_are_changed_and_deleted_by_their_ids(world: World, people: People) -> None:
    first, second = people.create_lead(), people.create_lead()

    ingest(world, f"Id,Rating\n{first},Hot\n", "update")
    job = ingest(world, f"Id\n{second}\n00Q5e0000099999\n", "delete")

    failed = rows_of(world.ask("GET", f"jobs/ingest/{job['id']}/failedResults").content)
    assert [row["Id"] for row in people.records("Lead", Rating="Hot")] == [first]
    assert people.read(second)["IsDeleted"] is True
    assert len(failed) == 1


def test_an_unknown_column_fails_the_job_and_saves_nothing(world: World, people: People) -> None:
    job = ingest(world, "LastName,Company,Shoe\nL,C,42\n", "insert")

    assert (job["state"], job["errorMessage"]) == ("Failed", "InvalidBatch : Field name not found : Shoe")
    assert people.records("Lead") == []


@pytest.mark.parametrize("state", ["JobComplete", "UploadComplete"])
def test_a_job_moves_only_as_jobs_move(world: World, state: str) -> None:
    job = ingest(world, "LastName,Company\nL,C\n", "insert")["id"]

    reply: requests.Response = world.ask("PATCH", f"jobs/ingest/{job}", json={"state": state})

    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, "INVALIDJOBSTATE")


def test_a_job_is_aborted_and_deleted(world: World) -> None:
    body = {"object": "Lead", "operation": "insert", "contentType": "CSV"}
    job = world.ask("POST", "jobs/ingest", json=body).json()["id"]

    aborted = world.ask("PATCH", f"jobs/ingest/{job}", json={"state": "Aborted"}).json()
    gone = world.ask("DELETE", f"jobs/ingest/{job}")

    assert (aborted["state"], gone.status_code) == ("Aborted", 204)
    assert world.ask("GET", f"jobs/ingest/{job}").status_code == 404
