"""A lead is in one hand at a time, and what is decided of it is saved as a whole or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.domain.programs.enrolment import OPEN_STATES, Enrolment, EnrolmentState
from connector.errors import LostClaimError
from connector.ports import ProgramCount
from tests.builders import START, after
from tests.contract.store.scene import ACME, Scene, fact, judged, lead_of, task, told, wants

LEAD = lead_of("51")


@pytest.fixture
def scene(scene: Scene) -> Scene:
    """One lead that was read."""
    return scene.meet("51")


def mail_of(scene: Scene) -> list[str]:
    return [one.key for stored in scene.judge() for one in stored.unread]


def test_copies_of_a_fact_are_dropped_within_a_batch_and_ever_after(scene: Scene) -> None:
    assert scene.mail(LEAD, fact("a"), fact("a"), fact("b")) == 2
    assert scene.mail(LEAD, fact("b"), fact("c")) == 1

    assert mail_of(scene) == ["a", "b", "c"]


def test_the_same_key_at_another_moment_or_for_another_lead_is_another_fact(scene: Scene) -> None:
    scene.meet("52")

    assert scene.mail(LEAD, fact("a"), fact("a", after(ms=1))) == 2
    assert scene.mail(lead_of("52"), fact("a")) == 1


def test_copies_alone_wake_nobody(scene: Scene) -> None:
    scene.mail(LEAD, fact("a"))
    scene.judge()

    scene.mail(LEAD, fact("a"))

    assert scene.store.next_wake_at() is None


def test_mail_is_read_once(scene: Scene) -> None:
    scene.mail(LEAD, fact("a"))
    scene.judge()
    scene.mail(LEAD, fact("b"))

    assert mail_of(scene) == ["b"]
    assert mail_of(scene) == []


def test_a_saved_lead_comes_back_as_it_was_saved(scene: Scene) -> None:
    scene.mail(LEAD, fact("a"))
    running = Enrolment("welcome", 1, START, "first", START, send_at=after(days=1))
    scene.judge(lambda stored: judged(stored, desired=wants({"score": "5"}, "Hot"), enrolments=[running]))

    scene.mail(LEAD, fact("b"))

    (stored,) = scene.judge()
    assert stored.lead.desired == wants({"score": "5"}, "Hot")
    assert stored.lead.enrolments == (running,)
    assert stored.lead.position == (1, START, 2, "folded")


def test_a_lead_wakes_at_its_alarm_and_not_before(scene: Scene) -> None:
    scene.mail(LEAD, fact("a"))
    scene.judge(lambda stored: judged(stored, wake_at=after(days=1)))

    assert scene.store.next_wake_at() == after(days=1)
    assert scene.judge(now=after(days=1, ms=-1)) == []
    assert [stored.lead.id for stored in scene.judge(now=after(days=1))] == [LEAD]


def test_mail_wakes_a_lead_before_its_alarm_and_never_puts_the_alarm_off(scene: Scene) -> None:
    scene.mail(LEAD, fact("a"))
    scene.judge(lambda stored: judged(stored, wake_at=after(days=1)))

    scene.mail(LEAD, fact("b"), now=after(hours=1))
    scene.mail(LEAD, fact("c"), now=after(hours=2))

    assert scene.store.next_wake_at() == after(hours=1)


def test_the_longest_due_leads_are_claimed_first(scene: Scene) -> None:
    scene.meet("52", "53")
    for hour, record_id in enumerate(("52", "51", "53")):
        scene.mail(lead_of(record_id), fact("a"), now=after(hours=hour))

    with scene.store.claim_leads(after(days=1), 2) as claim:
        claimed = [stored.lead.id for stored in claim.leads]

    assert claimed == [lead_of("52"), lead_of("51")]


def test_what_is_not_saved_is_due_again(scene: Scene) -> None:
    scene.mail(LEAD, fact("a"))

    with scene.store.claim_leads(START, 10):
        pass

    assert mail_of(scene) == ["a"]


def test_a_save_under_an_old_version_writes_nothing_at_all(scene: Scene) -> None:
    scene.meet("52").mail(LEAD, fact("a"))
    scene.mail(lead_of("52"), fact("a"))

    with scene.store.claim_leads(START, 10) as claim:
        stale = [replace(stored, version=stored.version + (stored.lead.id == LEAD)) for stored in claim.leads]
        saved = [judged(one, desired=wants({"score": "5"}), acts=[task()], history=[told()]) for one in stale]
        with pytest.raises(LostClaimError):
            claim.save(saved, {})

    for lead_id in (LEAD, lead_of("52")):
        assert scene.changes(lead_id) == []
        assert scene.store.read_models.history(ACME, lead_id) == []
    assert len(scene.judge()) == 2


def test_a_parked_lead_stays_as_it_is_until_its_time_with_its_mail_unread(scene: Scene) -> None:
    scene.mail(LEAD, fact("a"))

    with scene.store.claim_leads(START, 10) as claim:
        claim.save([], {LEAD: after(minutes=15)})

    assert scene.judge() == []
    assert [one.key for stored in scene.judge(now=after(minutes=15)) for one in stored.unread] == ["a"]


def test_all_facts_come_in_the_order_in_which_they_happened(scene: Scene) -> None:
    scene.mail(LEAD, fact("late", after(hours=2)), fact("early", after(hours=1)))
    scene.judge()
    scene.mail(LEAD, fact("earliest"))

    with scene.store.claim_leads(START, 10) as claim:
        found = claim.all_facts([LEAD])

    assert [one.key for one in found[LEAD]] == ["earliest", "early", "late"]


def test_the_timeline_grows_save_by_save(scene: Scene) -> None:
    for subject in ("first", "second"):
        scene.decide(LEAD, lambda stored, subject=subject: judged(stored, history=[told(subject)]))  # type: ignore[misc]

    timeline = scene.store.read_models.history(ACME, LEAD)

    assert timeline == [told("first"), told("second")]


def test_the_timeline_of_a_lead_that_is_folded_anew_replaces_the_old_one(scene: Scene) -> None:
    scene.decide(LEAD, lambda stored: judged(stored, history=[told("wrong")]))
    scene.decide(LEAD, lambda stored: judged(stored, history=[told("also wrong")]))

    scene.decide(LEAD, lambda stored: judged(stored, history=[told("right"), told("too")], refolded=True))

    assert scene.store.read_models.history(ACME, LEAD) == [told("right"), told("too")]


def test_reports_follow_the_enrolments(scene: Scene) -> None:
    running = Enrolment("welcome", 1, START, "first", START)
    second = replace(running, phase="second")
    won = replace(second, state=EnrolmentState.WON, ended_at=after(days=1))

    funnels = []
    for enrolments in ([running], [second], [won, replace(running, number=2)], []):
        scene.decide(LEAD, lambda stored, given=enrolments: judged(stored, enrolments=given))  # type: ignore[misc]
        funnels.append(scene.store.read_models.funnel(ACME))

    assert funnels == [
        [ProgramCount("welcome", "first", "running", 1)],
        [ProgramCount("welcome", "second", "running", 1)],
        [ProgramCount("welcome", "first", "running", 1), ProgramCount("welcome", "second", "won", 1)],
        [],
    ]


@pytest.mark.parametrize("state", EnrolmentState)
def test_an_enrolment_is_kept_in_every_state_that_it_can_have(scene: Scene, state: EnrolmentState) -> None:
    ended_at = None if state in OPEN_STATES else after(days=1)
    enrolment = Enrolment("welcome", 1, START, "first", START, state=state, ended_at=ended_at)

    scene.decide(LEAD, lambda stored: judged(stored, enrolments=[enrolment]))

    assert scene.store.read_models.funnel(ACME) == [ProgramCount("welcome", "first", state, 1)]
