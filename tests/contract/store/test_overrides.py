"""What programs that stand still had not sent is held, let go later or withdrawn; versions know what is set on top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from connector.domain.outward.change import Act, ChangeState, Desired
from connector.domain.override import OverrideEntry, OverrideKind, Overrides, Way
from connector.domain.programs.enrolment import Enrolment, EnrolmentState
from connector.ports import StoredBook
from connector.store.store import DatabaseStore
from tests.builders import START, after
from tests.contract.store.scene import ACME, CRM, Judge, Scene, judged, lead_of, task

LEAD = lead_of("51")
RUNNING = Enrolment("welcome", 1, START, "first", START)
STILL = replace(RUNNING, paused_at=START)
STEP, MILESTONE = task("welcome:1:1:call"), task("welcome:1:milestone:entered")
OTHERS = task("welcome:11:1:call"), task("other:1:1:call")


@pytest.fixture
def scene(scene: Scene) -> Scene:
    """One lead that was read."""
    return scene.meet("51")


def standing(
    *enrolments: Enrolment, acts: Sequence[Act] = (), paused: tuple[str, ...] = (), refolded: bool = False, day: int = 0
) -> Judge:
    """The lead in these programs, of which those stand still for everybody; what goes on leaves after that day."""

    def judge(stored: object) -> object:
        saved = judged(stored, enrolments=enrolments, acts=acts, refolded=refolded)  # type: ignore[arg-type]
        resumed = {"welcome:1": after(days=day)} if day else {}
        return replace(saved, lead=replace(saved.lead, paused=paused), resumed=resumed)

    return judge  # type: ignore[return-value]


def due(scene: Scene, day: int = 0) -> set[str]:
    return {change.key.partition("|")[2] or change.key for change in scene.due(after(days=day))}


def test_only_the_steps_of_the_enrolment_that_stands_still_are_held(scene: Scene) -> None:
    scene.decide(LEAD, standing(RUNNING, acts=[STEP, MILESTONE, *OTHERS]))

    scene.decide(LEAD, standing(STILL))

    assert due(scene) == {MILESTONE.key, *(act.key for act in OTHERS)}


def test_what_was_held_leaves_when_the_enrolment_goes_on_and_no_sooner_than_its_window_opens(scene: Scene) -> None:
    scene.decide(LEAD, standing(RUNNING, acts=[STEP]))
    scene.decide(LEAD, standing(STILL))

    scene.decide(LEAD, standing(RUNNING, day=2))

    assert (due(scene, day=1), due(scene, day=2)) == (set(), {STEP.key})


def test_the_last_step_of_an_enrolment_that_is_through_is_held_when_its_program_stands_still(scene: Scene) -> None:
    through = replace(RUNNING, state=EnrolmentState.COMPLETED, ended_at=START)
    scene.decide(LEAD, standing(through, acts=[STEP]))

    scene.decide(LEAD, standing(through, paused=("welcome",)))
    while_paused = due(scene)
    scene.decide(LEAD, standing(through))

    assert (while_paused, due(scene)) == (set(), {STEP.key})


@pytest.mark.parametrize("refolded", [False, True])
def test_what_had_not_left_when_an_enrolment_ended_that_stood_still_never_leaves(scene: Scene, refolded: bool) -> None:
    scene.decide(LEAD, standing(RUNNING, acts=[STEP]))
    scene.decide(LEAD, standing(STILL))

    ended = replace(STILL, state=EnrolmentState.WON, ended_at=START)
    scene.decide(LEAD, standing(ended, acts=[STEP] if refolded else (), refolded=refolded))

    assert scene.change(LEAD).state is ChangeState.WITHDRAWN


def test_what_is_decided_anew_of_an_enrolment_that_stands_still_is_held_at_once(scene: Scene) -> None:
    scene.decide(LEAD, standing(STILL, acts=[STEP], refolded=True))

    assert due(scene) == set()


def test_a_list_of_programs_that_stand_still_keeps_whom_it_has_and_takes_nobody(scene: Scene) -> None:
    def wanting(*waiting: str) -> Judge:
        desired = {CRM: Desired({}, {"Mail": START, "News": START}, waiting)}
        return lambda stored: judged(stored, desired=desired)

    def mail_only(stored: object) -> object:
        return judged(stored, desired={CRM: Desired({}, {"Mail": START})})  # type: ignore[arg-type]

    scene.decide(LEAD, mail_only)  # type: ignore[arg-type]
    scene.dispatch()

    scene.decide(LEAD, wanting("Mail", "News"))
    while_still = due(scene)
    scene.decide(LEAD, wanting())

    assert (while_still, due(scene)) == (set(), {"News"})


def test_a_change_that_is_put_off_is_due_later_and_no_attempt_is_counted(scene: Scene) -> None:
    scene.decide(LEAD, standing(RUNNING, acts=[STEP]))
    (change,) = scene.due()

    with scene.store.transaction() as transaction:
        transaction.outbox.postpone([change.id], START + timedelta(seconds=2))

    assert due(scene) == set()
    assert [(one.key, one.attempts) for one in scene.due(after(minutes=1))] == [(change.key, 0)]


# --- versions and the ledger ----------------------------------------------------------------------------------


def test_a_version_is_kept_with_what_is_set_on_top_of_its_files(store: DatabaseStore) -> None:
    overrides = Overrides(("p",), is_all_paused=True, winners=(Way("p", "one", "subject", "big"),))
    stored = StoredBook("v1+1f", {"mapping.yaml": ""}, START, overrides)

    with store.transaction() as transaction:
        transaction.books.add(ACME, stored)

    with store.reading() as transaction:
        assert transaction.books.latest(ACME) == stored


def test_the_ledger_is_read_as_it_was_written_line_after_line(store: DatabaseStore) -> None:
    first = OverrideEntry(START, "ada", OverrideKind.PAUSED, "p", because="a typo")
    second = OverrideEntry(
        after(days=1), "winner", OverrideKind.DECIDED, "p", "one", "subject", "big", figures={"a": "1"}
    )

    for entries in ([first], [], [second, first]):
        with store.transaction() as transaction:
            transaction.overrides.add(ACME, entries)

    with store.reading() as transaction:
        assert transaction.overrides.all(ACME) == [first, second, first]
