"""Bulk jobs: which changes are in them, and as what they were sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pytest

from connector.domain.outward.change import ChangeState
from connector.ports import BulkJob, OutboxChange, Settled
from tests.builders import START, after
from tests.contract.store.scene import ACME, CONNECTION, Scene, judged, lead_of, ref, wants

NUMBERS = ("51", "52", "53")
BEGUN = after(minutes=1)


@pytest.fixture
def scene(scene: Scene) -> Scene:
    """Three leads that want a score."""
    scene.meet(*NUMBERS)
    for number in NUMBERS:
        want(scene, number, "5")
    return scene


def want(scene: Scene, number: str, score: str) -> None:
    scene.decide(lead_of(number), lambda stored: judged(stored, desired=wants({"score": score})))


def begin(scene: Scene, changes: Sequence[OutboxChange], at: datetime = BEGUN) -> BulkJob:
    with scene.store.transaction() as transaction:
        transaction.outbox.mark_attempted(changes, at)
        transaction.bulk_jobs.begin(CONNECTION.id, "750a", changes, at)
        return transaction.bulk_jobs.of(CONNECTION.id)[-1]


def inside(scene: Scene, job: BulkJob) -> list[str]:
    with scene.store.reading() as transaction:
        return sorted(change.record_id for change in transaction.bulk_jobs.changes(job.id, 10))


def end(scene: Scene, job: BulkJob) -> Sequence[int]:
    with scene.store.transaction() as transaction:
        return transaction.bulk_jobs.end(job.id)


def test_what_is_in_a_job_is_known_until_it_is_released(scene: Scene) -> None:
    due = scene.due()
    job = begin(scene, due[:2])

    with scene.store.transaction() as transaction:
        held = transaction.bulk_jobs.held([change.id for change in due])
        transaction.bulk_jobs.release(job.id, [due[0].id])

    assert held == {due[0].id, due[1].id}
    assert inside(scene, job) == [due[1].record_id]


def test_a_job_rests_until_it_is_looked_at(scene: Scene) -> None:
    job = begin(scene, scene.due())

    with scene.store.transaction() as transaction:
        transaction.bulk_jobs.rest(job.id, after(hours=1))

    with scene.store.reading() as transaction:
        (known,) = transaction.bulk_jobs.of(CONNECTION.id)
    assert (known.remote_id, known.look_at) == ("750a", after(hours=1))


def test_what_wants_something_else_by_now_is_told_when_the_job_ends(scene: Scene) -> None:
    due = scene.due()
    job = begin(scene, due)
    want(scene, due[0].record_id, "6")

    still = inside(scene, job)

    assert still == sorted(change.record_id for change in due[1:])
    assert set(end(scene, job)) == {change.id for change in due}
    with scene.store.reading() as transaction:
        assert transaction.bulk_jobs.of(CONNECTION.id) == []


def test_what_is_settled_is_settled_once(scene: Scene) -> None:
    due = scene.due()
    job = begin(scene, due)
    with scene.store.transaction() as transaction:
        transaction.outbox.settle([Settled(due[0], ChangeState.DONE, BEGUN)], BEGUN)

    assert inside(scene, job) == sorted(change.record_id for change in due[1:])


def test_an_erased_person_is_in_no_job(scene: Scene) -> None:
    due = scene.due()
    job = begin(scene, due)

    with scene.store.transaction() as transaction:
        transaction.leads.erase(ACME, ref(due[0].record_id), after(days=1))

    assert {*end(scene, job)} == {change.id for change in due[1:]}


@pytest.mark.parametrize(("amount", "waits"), [(3, True), (4, False)])
def test_whether_enough_waits_is_told(scene: Scene, amount: int, waits: bool) -> None:
    with scene.store.reading() as transaction:
        found = transaction.outbox.has_writes_due(CONNECTION.id, START, amount)
        some = transaction.outbox.writes_due(CONNECTION.id, START, 2)

    assert (found, len(some)) == (waits, 2)
