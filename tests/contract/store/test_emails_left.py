"""The outbox knows when emails left, for the frequency cap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import pytest

from connector.domain.ids import LeadId, WorkspaceId
from connector.domain.outward.change import Act, ChangeKind, ChangeState, Email
from connector.ports import Settled
from tests.builders import START, after
from tests.contract.store.scene import ACME, Scene, judged, lead_of, ref, task

LEAD, OTHER = lead_of("51"), lead_of("52")


@pytest.fixture
def scene(scene: Scene) -> Scene:
    """Two leads that were read."""
    return scene.meet("51", "52")


def email(key: str) -> Act:
    return Act(key, ChangeKind.EMAIL, START, email=Email(key, 1))


def emailed(scene: Scene, key: str, at: datetime, lead_id: LeadId = LEAD) -> None:
    """An email was decided, and left."""
    close(scene, key, ChangeState.DONE, at, lead_id)


def close(scene: Scene, key: str, state: ChangeState, at: datetime, lead_id: LeadId = LEAD) -> None:
    scene.decide(lead_id, lambda stored: judged(stored, acts=[email(key)]))
    (change,) = scene.due()
    with scene.store.transaction() as transaction:
        transaction.outbox.mark_attempted([change], at)
        transaction.outbox.settle([Settled(change, state, at)], at)


def left(
    scene: Scene, *lead_ids: LeadId, since: datetime = START, workspace: WorkspaceId = ACME
) -> Mapping[LeadId, Sequence[datetime]]:
    with scene.store.reading() as transaction:
        return dict(transaction.outbox.emails_left(workspace, lead_ids or (LEAD,), since, after(days=9)))


def test_the_moments_at_which_emails_left_are_told_oldest_first(scene: Scene) -> None:
    emailed(scene, "a", after(days=2))
    emailed(scene, "b", after(days=1))
    emailed(scene, "c", after(days=3), OTHER)

    assert left(scene, LEAD, OTHER) == {LEAD: [after(days=1), after(days=2)], OTHER: [after(days=3)]}
    assert left(scene, OTHER) == {OTHER: [after(days=3)]}


def test_what_left_earlier_is_not_told(scene: Scene) -> None:
    emailed(scene, "a", after(days=1))
    emailed(scene, "b", after(days=2))

    assert left(scene, since=after(days=1)) == {LEAD: [after(days=2)]}


def test_an_email_of_which_nobody_knows_whether_it_left_leaves_now(scene: Scene) -> None:
    scene.decide(LEAD, lambda stored: judged(stored, acts=[email("a")]))
    scene.attempt(*scene.due())

    assert left(scene) == {LEAD: [after(days=9)]}


@pytest.mark.parametrize("state", [ChangeState.REFUSED, ChangeState.WITHDRAWN])
def test_what_did_not_leave_is_not_told(scene: Scene, state: ChangeState) -> None:
    close(scene, "a", state, after(days=1))

    assert left(scene) == {}


def test_what_waits_and_what_is_no_email_is_not_told(scene: Scene) -> None:
    scene.decide(LEAD, lambda stored: judged(stored, acts=[task("call")]))
    scene.dispatch(after(days=1))
    scene.decide(LEAD, lambda stored: judged(stored, acts=[email("a")]))

    assert left(scene) == {}


def test_what_left_to_another_workspaces_lead_is_not_told(scene: Scene) -> None:
    emailed(scene, "a", after(days=1))

    assert left(scene, workspace=WorkspaceId("umbrella")) == {}


def test_what_left_to_a_record_that_was_merged_counts_for_the_lead_it_lives_on_in(scene: Scene) -> None:
    emailed(scene, "a", after(days=1))
    emailed(scene, "b", after(days=2), OTHER)

    with scene.store.transaction() as transaction:
        transaction.leads.merge(ACME, ref("51"), [ref("51"), ref("52")], after(days=3))

    assert left(scene) == {LEAD: [after(days=1), after(days=2)]}


def test_a_postponed_change_says_why_it_waits_and_keeps_its_words_where_nothing_is_said(scene: Scene) -> None:
    scene.decide(LEAD, lambda stored: judged(stored, acts=[email("a")]))
    change = scene.change(LEAD)

    with scene.store.transaction() as transaction:
        transaction.outbox.postpone([change.id], after(days=1), "put off")
        transaction.outbox.postpone([change.id], after(days=2))

    postponed = scene.change(LEAD)
    assert (postponed.due_at, postponed.words, postponed.attempts) == (after(days=2), "put off", 0)
