"""Where very many records wait, Salesforce is given them by a job: none is lost, and each is settled for itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connector.domain.outward.change import ChangeKind, ChangeState
from connector.engine.outward import bulk
from connector.sandbox.faults import ApiFault, Fault
from connector.sandbox.salesforce.bulk_jobs import State
from tests.org_rehearsal import OrgRehearsal, rehearsed

MAPPING = """
format: 1
workspace: acme
timezone: Europe/Rome
fields:
  email:    {salesforce: [Lead.Email, Contact.Email], identity: true}
  industry: {salesforce: Lead.Industry}
scores:
  fit: {rules: [{when: {industry: Technology}, points: 20}, {when: {industry: Energy}, points: 30}]}
write_back:
  salesforce: {coltiva__Score__c: fit}
"""
SCORE = "coltiva__Score__c"
SECONDS = timedelta(seconds=5)
MANY = 60


class KilledError(Exception):
    """The process ends here."""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[OrgRehearsal]:
    """A job is worth it from twenty records on."""
    with rehearsed(tmp_path, MAPPING, settings={"COLTIVA_SALESFORCE_BULK_FROM": "20"}) as stage:
        yield stage


def add_leads(stage: OrgRehearsal) -> list[str]:
    people = stage.org.people
    return [people.create_lead(f"lead{number}@example.com", Industry="Technology") for number in range(MANY)]


def scores(stage: OrgRehearsal, leads: list[str]) -> set[object]:
    return {stage.held(lead).get(SCORE) for lead in leads}


def states(stage: OrgRehearsal) -> set[ChangeState]:
    with stage.services.store.reading() as transaction:
        found = transaction.outbox.list(stage.connection.workspace, list(ChangeState), 1_000)
    return {change.state for change in found if change.kind is ChangeKind.PROPERTIES}


def jobs(stage: OrgRehearsal) -> int:
    """How many jobs wait to be settled."""
    with stage.services.store.reading() as transaction:
        return len(transaction.bulk_jobs.of(stage.connection.id))


def test_many_are_written_by_a_job_and_every_one_is_settled(stage: OrgRehearsal) -> None:
    leads = add_leads(stage)

    stage.let_pass(SECONDS)
    stage.let_pass(SECONDS)

    assert stage.org.jobs.amount == 1
    assert scores(stage, leads) == {20}
    assert (states(stage), jobs(stage)) == ({ChangeState.DONE}, 0)


def test_few_are_written_as_ever(stage: OrgRehearsal) -> None:
    lead = stage.org.people.create_lead("mara@example.com", Industry="Technology")

    stage.let_pass(SECONDS)

    assert (stage.org.jobs.amount, stage.held(lead)[SCORE]) == (0, 20)


def test_what_changes_while_a_job_is_under_way_is_written_after_it(stage: OrgRehearsal) -> None:
    stage.org.jobs.looks_until_done = 3
    leads = add_leads(stage)
    stage.catch_up()
    stage.org.people.change(leads[0], Industry="Energy")
    stage.catch_up()
    during = stage.held(leads[0]).get(SCORE)

    for _ in range(20):
        stage.let_pass(SECONDS)
    stage.let_pass(timedelta(minutes=2))

    assert during != 30
    assert stage.held(leads[0])[SCORE] == 30
    assert scores(stage, leads[1:]) == {20}
    assert states(stage) == {ChangeState.DONE}


def test_what_the_org_refuses_is_a_dead_letter_and_the_others_are_written(stage: OrgRehearsal) -> None:
    leads = add_leads(stage)
    stage.platform.tick()
    stage.org.people.delete(leads[0])

    for _ in range(4):
        stage.let_pass(SECONDS)

    assert scores(stage, leads[1:]) == {20}
    assert jobs(stage) == 0


@pytest.mark.parametrize("step", ["close", "settle", "count"])
def test_who_is_killed_in_the_middle_of_settling_leaves_it_to_the_next(
    stage: OrgRehearsal, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    leads = add_leads(stage)
    stage.org.jobs.looks_until_done = 1
    stage.catch_up()
    stage.platform.advance(SECONDS)
    with monkeypatch.context() as patched:
        patched.setattr(bulk, step, _die)
        with pytest.raises(KilledError):
            stage.catch_up()
    stage.platform.advance(timedelta(minutes=2))

    for _ in range(6):
        stage.let_pass(timedelta(seconds=30))

    assert scores(stage, leads) == {20}
    assert (states(stage), jobs(stage)) == ({ChangeState.DONE}, 0)


def _die(*_: object, **__: object) -> object:
    raise KilledError


@pytest.mark.parametrize("path", ["*/jobs/ingest", "*/batches", "*/jobs/ingest/*", "*/successfulResults"])
@pytest.mark.parametrize("fault", [ApiFault.DROPPED_BEFORE, ApiFault.DROPPED_AFTER])
def test_a_lost_call_loses_nobody(stage: OrgRehearsal, path: str, fault: ApiFault) -> None:
    stage.platform.faults.add(Fault(fault, times=1, path=path))
    leads = add_leads(stage)

    for _ in range(8):
        stage.let_pass(timedelta(seconds=30))

    assert scores(stage, leads) == {20}
    assert (states(stage), jobs(stage)) == ({ChangeState.DONE}, 0)


def test_with_three_of_ten_calls_failing_everybody_is_written(stage: OrgRehearsal) -> None:
    for fault in (ApiFault.STATUS, ApiFault.DROPPED_BEFORE, ApiFault.DROPPED_AFTER):
        stage.platform.faults.add(Fault(fault, 0.1, None, path="*/services/data/*", status=503))
    leads = add_leads(stage)

    for _ in range(30):
        stage.let_pass(timedelta(minutes=2))
    stage.platform.faults.clear()
    stage.let_pass(timedelta(hours=2))

    assert scores(stage, leads) == {20}
    assert (states(stage), jobs(stage)) == ({ChangeState.DONE}, 0)


@pytest.mark.parametrize(
    ("path", "method"),
    [("*/jobs/ingest", "POST"), ("*/jobs/ingest/*", "GET"), ("*Results", "GET"), ("*/batches", None)],
)
@pytest.mark.parametrize("status", [400, 500])
def test_jobs_that_never_work_hold_up_nothing_else(
    stage: OrgRehearsal, path: str, method: str | None, status: int
) -> None:
    stage.platform.faults.add(Fault(ApiFault.STATUS, path=path, method=method, status=status))
    leads = add_leads(stage)
    stage.catch_up()
    later = stage.org.people.create_lead("later@example.com", Industry="Energy")

    for _ in range(60):
        stage.let_pass(SECONDS)

    assert stage.held(later).get(SCORE) == 30
    assert scores(stage, leads) == {20}


def test_a_job_that_an_administrator_aborted_is_written_without_one(stage: OrgRehearsal) -> None:
    stage.org.jobs.looks_until_done = 100
    leads = add_leads(stage)
    stage.catch_up()
    for job in stage.org.jobs._jobs.values():
        job.state = State.ABORTED
    stage.org.jobs.looks_until_done = 0

    for _ in range(4):
        stage.let_pass(SECONDS)
    stage.let_pass(timedelta(minutes=5))

    assert (scores(stage, leads), jobs(stage)) == ({20}, 0)
