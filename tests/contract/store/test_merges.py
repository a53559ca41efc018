"""Records that turn out to be one person become one lead, with everything that was known and done."""

from __future__ import annotations

import pytest

from connector.domain.lead import Standing, blank
from connector.domain.outward.change import ChangeState
from connector.domain.programs.enrolment import Enrolment
from connector.errors import InvariantError, LostClaimError
from tests.builders import START, after
from tests.contract.store.scene import ACME, BOOK, CONNECTION, Scene, fact, judged, lead_of, ref, task, told, wants

A, B, C = lead_of("1"), lead_of("2"), lead_of("3")


@pytest.fixture
def scene(scene: Scene) -> Scene:
    """Two leads that were read."""
    return scene.meet("1", "2")


def merge(scene: Scene, into: str = "1", survivor: str = "1", refs: str = "12") -> None:
    with scene.store.transaction() as transaction:
        remaining = transaction.leads.merge(ACME, ref(survivor), [ref(one) for one in refs], START)
    assert remaining == lead_of(into)


def waiting(scene: Scene) -> list[str]:
    with scene.store.reading() as transaction:
        return [one.ref.record_id for one in transaction.leads.unread(CONNECTION, START, 10)]


def test_the_survivor_has_the_facts_of_both_and_is_folded_anew(scene: Scene) -> None:
    scene.mail(A, fact("a"), fact("both"))
    scene.mail(B, fact("both"), fact("b"))
    scene.judge(lambda stored: judged(stored, desired=wants({"score": "5"}), history=[told()]))

    merge(scene)

    (stored,) = scene.judge()
    assert stored.lead == blank(A, BOOK)
    assert sorted(one.key for one in stored.unread) == ["a", "b", "both"]
    assert scene.store.read_models.lead(ACME, B) is None
    assert scene.store.read_models.history(ACME, A) == []


def test_every_record_leads_to_the_survivor_from_then_on(scene: Scene) -> None:
    merge(scene, refs="124")

    with scene.store.reading() as transaction:
        found = transaction.leads.find(ACME, [ref(one) for one in "124"])

    assert found == {ref("1"): A, ref("2"): A, ref("4"): A}


def test_only_the_surviving_record_is_written_to(scene: Scene) -> None:
    scene.mail(B, fact("b"))
    scene.judge(lambda stored: judged(stored, desired=wants({"score": "5"}, "Hot"), acts=[task("call")]))

    merge(scene)
    scene.judge(lambda stored: judged(stored, desired=wants({"score": "7"}), acts=[task("call")]))

    due = scene.due()
    assert {change.record_id for change in due} == {"1"}
    assert [change.wanted for change in due] == [{}, {"score": "7"}]


def test_a_surviving_record_with_a_new_id_takes_over(scene: Scene) -> None:
    scene.mail(A, fact("a"))
    scene.judge(lambda stored: judged(stored, desired=wants({"score": "5"}), acts=[task("call", after(hours=1))]))
    scene.dispatch()

    merge(scene, into="9", survivor="9", refs="129")
    scene.meet("9")
    scene.judge(lambda stored: judged(stored, desired=wants({"score": "5"}), acts=[task("call", after(hours=1))]))

    due = scene.due(after(hours=1))
    assert [(change.record_id, dict(change.to_write)) for change in due] == [("9", {}), ("9", {"score": "5"})]


def test_what_was_still_to_be_written_to_a_record_that_is_gone_is_dropped(scene: Scene) -> None:
    scene.mail(A, fact("a"))
    scene.judge(lambda stored: judged(stored, desired=wants({"score": "5"}, "Hot")))

    merge(scene, into="9", survivor="9", refs="129")

    assert scene.changes(lead_of("9")) == []


def test_an_act_that_left_for_either_does_not_leave_again(scene: Scene) -> None:
    scene.mail(B, fact("b"))
    scene.judge(lambda stored: judged(stored, acts=[task("call")]))
    scene.dispatch()
    scene.mail(A, fact("a"))
    scene.judge(lambda stored: judged(stored, acts=[task("call")]))

    merge(scene)
    scene.judge(lambda stored: judged(stored, acts=[task("call")]))

    assert scene.due() == []
    assert scene.change(A).state is ChangeState.DONE


def test_an_act_in_doubt_is_looked_for_under_the_name_it_was_sent_by(scene: Scene) -> None:
    scene.mail(B, fact("b"))
    scene.judge(lambda stored: judged(stored, acts=[task("call")]))
    scene.attempt(*scene.due())

    merge(scene)

    (in_doubt,) = scene.due()
    assert (in_doubt.key, in_doubt.lead_id, in_doubt.record_id) == (f"{B}|call", A, "1")


def test_an_act_that_the_merged_lead_does_not_want_is_withdrawn(scene: Scene) -> None:
    scene.mail(A, fact("a"))
    scene.judge(lambda stored: judged(stored, acts=[task("call")]))

    merge(scene)
    scene.judge()

    assert scene.change(A).state is ChangeState.WITHDRAWN


def test_the_enrolments_of_both_are_counted_anew(scene: Scene) -> None:
    scene.mail(A, fact("a"))
    scene.mail(B, fact("b"))
    running = Enrolment("welcome", 1, START, "first", START)
    scene.judge(lambda stored: judged(stored, enrolments=[running]))

    merge(scene)
    assert scene.store.read_models.funnel(ACME) == []

    scene.judge(lambda stored: judged(stored, enrolments=[running]))
    assert [count.enrolments for count in scene.store.read_models.funnel(ACME)] == [1]


def test_a_merge_into_an_archived_lead_is_written_once_the_fold_says_that_it_lives(scene: Scene) -> None:
    scene.mail(A, fact("a"))
    scene.judge(lambda stored: judged(stored, acts=[task("call")]))
    scene.decide(A, lambda stored: judged(stored, standing=Standing.ARCHIVED))

    merge(scene)
    scene.judge(lambda stored: judged(stored, acts=[task("call")]))

    assert len(scene.due()) == 1


def test_a_second_run_changes_nothing(scene: Scene) -> None:
    scene.mail(A, fact("a"))
    merge(scene)
    scene.judge(lambda stored: judged(stored, history=[told()]))

    merge(scene)

    assert scene.judge() == []
    assert scene.store.read_models.history(ACME, A) == [told()]


def test_three_become_one_in_two_steps(scene: Scene) -> None:
    scene.meet("3")
    for lead_id, key in ((A, "a"), (B, "b"), (C, "c")):
        scene.mail(lead_id, fact(key))

    merge(scene, into="1", survivor="1", refs="12")
    merge(scene, into="3", survivor="3", refs="13")

    (stored,) = scene.judge()
    assert (stored.lead.id, sorted(one.key for one in stored.unread)) == (C, ["a", "b", "c"])


def test_of_merges_that_come_in_another_order_the_last_survivor_is_written_to(scene: Scene) -> None:
    scene.meet("3")
    scene.mail(C, fact("c"))

    merge(scene, into="3", survivor="3", refs="31")
    merge(scene, into="3", survivor="1", refs="12")
    scene.judge(lambda stored: judged(stored, desired=wants({"score": "7"})))

    assert [change.record_id for change in scene.due()] == ["3"]


def test_a_lead_that_is_merged_while_it_is_judged_is_judged_again(scene: Scene) -> None:
    scene.mail(A, fact("a"))
    with scene.store.claim_leads(START, 10) as claim:
        claimed = list(claim.leads)
    merge(scene)

    with scene.store.claim_leads(START, 10) as claim, pytest.raises(LostClaimError):
        claim.save([judged(stored) for stored in claimed], {})

    assert [stored.lead.id for stored in scene.judge()] == [A]


def test_a_survivor_of_whom_nothing_is_known_is_made_and_waits_to_be_read(scene: Scene) -> None:
    scene.mail(A, fact("a"))

    merge(scene, into="3", survivor="3", refs="123")

    assert waiting(scene) == ["3"]
    assert scene.judge() == []
    scene.meet("3")
    (stored,) = scene.judge()
    assert (stored.lead, len(stored.unread)) == (blank(C, BOOK), 1)


def test_a_merge_of_records_of_which_none_is_known_is_a_defect(scene: Scene) -> None:
    with pytest.raises(InvariantError):
        merge(scene, into="7", survivor="7", refs="78")


def test_what_is_heard_of_a_record_that_is_gone_has_the_survivor_of_its_survivors_read(scene: Scene) -> None:
    scene.meet("3")
    merge(scene, into="2", survivor="2", refs="12")
    merge(scene, into="3", survivor="3", refs="23")

    with scene.store.transaction() as transaction:
        transaction.leads.read_again(ACME, [ref("1")], START)

    assert waiting(scene) == ["3"]


def test_a_record_that_goes_is_not_read_any_more(scene: Scene) -> None:
    with scene.store.transaction() as transaction:
        transaction.leads.read_again(ACME, [ref("1"), ref("2")], START)

    merge(scene)

    assert waiting(scene) == ["1"]


def test_a_record_that_came_back_is_read_and_keeps_its_lead(scene: Scene) -> None:
    merge(scene)

    with scene.store.transaction() as transaction:
        transaction.leads.live_again(ACME, [ref("1"), ref("2")], START)

        assert transaction.leads.merged_away(ACME, [ref("1"), ref("2")]) == frozenset()
        assert set(transaction.leads.find(ACME, [ref("1"), ref("2")]).values()) == {lead_of("1")}
    assert "2" in waiting(scene)


def test_merges_that_lead_in_a_circle_come_to_an_end(scene: Scene) -> None:
    merge(scene, into="1", survivor="1", refs="12")
    merge(scene, into="1", survivor="2", refs="12")

    with scene.store.reading() as transaction:
        assert transaction.leads.merged_away(ACME, [ref("1"), ref("2")]) == {ref("2")}
