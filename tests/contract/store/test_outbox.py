"""The outbox holds what is wanted and not yet so; every act leaves once."""

from __future__ import annotations

import pytest

from connector.domain.lead import Standing
from connector.domain.outward.change import ChangeKind, ChangeState
from connector.errors import LostClaimError
from connector.ports import Settled
from tests.builders import START, after
from tests.contract.store.scene import ACME, CONNECTION, Judge, Scene, judged, lead_of, note, task, wants

LEAD = lead_of("51")
MEMBER, NO_MEMBER = {"member": "true"}, {"member": "false"}


@pytest.fixture
def scene(scene: Scene) -> Scene:
    """One lead that was read."""
    return scene.meet("51")


def wanting(properties: dict[str, str] | None = None, *lists: str) -> Judge:
    return lambda stored: judged(stored, desired=wants(properties, *lists))


def states(scene: Scene) -> dict[str, ChangeState]:
    """By list title or act key; properties under their kind."""
    return {change.key.removeprefix(f"{LEAD}|") or change.kind: change.state for change in scene.changes(LEAD)}


# --- desired state ------------------------------------------------------------------------------------------


def test_wished_properties_are_one_change_for_the_record(scene: Scene) -> None:
    scene.decide(LEAD, wanting({"score": "5", "grade": "B"}))

    (change,) = scene.due()

    assert (change.kind, change.record_id, change.lead_id) == (ChangeKind.PROPERTIES, "51", LEAD)
    assert change.to_write == {"score": "5", "grade": "B"}


def test_later_wishes_replace_earlier_ones_until_they_leave(scene: Scene) -> None:
    scene.decide(LEAD, wanting({"score": "5"}))
    scene.decide(LEAD, wanting({"score": "6"}))

    (change,) = scene.due()

    assert change.to_write == {"score": "6"}


def test_what_the_crm_holds_already_is_not_written_again(scene: Scene) -> None:
    scene.decide(LEAD, wanting({"score": "5", "grade": "B"}))
    scene.dispatch()

    scene.decide(LEAD, wanting({"score": "6", "grade": "B"}))

    (change,) = scene.due()
    assert change.to_write == {"score": "6"}


def test_a_wish_that_returns_to_what_the_crm_holds_is_done_without_a_call(scene: Scene) -> None:
    scene.decide(LEAD, wanting({"score": "5"}))
    scene.dispatch()

    scene.decide(LEAD, wanting({"score": "6"}))
    scene.decide(LEAD, wanting({"score": "5"}))

    assert scene.due() == []
    assert scene.change(LEAD).state is ChangeState.DONE


def test_the_same_wish_again_changes_nothing(scene: Scene) -> None:
    scene.decide(LEAD, wanting({"score": "5"}, "Hot"))
    scene.dispatch()
    before = scene.changes(LEAD)

    scene.decide(LEAD, wanting({"score": "5"}, "Hot"))

    assert scene.changes(LEAD) == before


def test_a_wish_that_comes_during_the_call_is_written_after_it(scene: Scene) -> None:
    scene.decide(LEAD, wanting({"score": "5", "grade": "B"}))
    (under_way,) = scene.due()
    scene.attempt(under_way)

    scene.decide(LEAD, wanting({"score": "6", "grade": "B"}))
    scene.settle(under_way)

    (change,) = scene.due()
    assert change.to_write == {"score": "6"}


def test_a_wish_that_the_call_under_way_happens_to_fulfil_is_done(scene: Scene) -> None:
    scene.decide(LEAD, wanting({"score": "5", "grade": "B"}))
    (under_way,) = scene.due()
    scene.attempt(under_way)

    scene.decide(LEAD, wanting({"score": "5"}))
    scene.settle(under_way)

    assert scene.change(LEAD).state is ChangeState.DONE


def test_after_a_call_whose_answer_was_lost_the_old_value_counts_as_unknown(scene: Scene) -> None:
    scene.decide(LEAD, wanting({"score": "5"}))
    scene.dispatch()
    scene.decide(LEAD, wanting({"score": "6"}))
    scene.attempt(*scene.due())

    scene.decide(LEAD, wanting({"score": "5"}))

    (change,) = scene.due()
    assert change.to_write == {"score": "5"}


def test_a_postponed_change_waits_for_its_time_and_counts_its_attempts(scene: Scene) -> None:
    scene.decide(LEAD, wanting({"score": "5"}))
    (change,) = scene.due()
    scene.attempt(change)

    scene.settle(change, ChangeState.PENDING, due_at=after(hours=1), words="too many requests")

    assert scene.due(after(minutes=59)) == []
    (again,) = scene.due(after(hours=1))
    assert (again.attempts, again.words) == (1, "too many requests")


def test_a_new_wish_does_not_hurry_a_postponed_change(scene: Scene) -> None:
    scene.decide(LEAD, wanting({"score": "5"}))
    (change,) = scene.due()
    scene.settle(change, ChangeState.PENDING, due_at=after(hours=1))

    scene.decide(LEAD, wanting({"score": "6"}))

    assert scene.due(after(minutes=59)) == []
    assert [one.to_write for one in scene.due(after(hours=1))] == [{"score": "6"}]


def test_a_refused_change_keeps_the_crms_words_and_waits_for_another_wish(scene: Scene) -> None:
    scene.decide(LEAD, wanting({"score": "5"}))
    (change,) = scene.due()
    scene.settle(change, ChangeState.REFUSED, words="no such property")

    scene.decide(LEAD, wanting({"score": "5"}))
    assert scene.change(LEAD).words == "no such property"
    assert scene.due() == []

    scene.decide(LEAD, wanting({"score": "6"}))
    assert [(one.attempts, one.to_write) for one in scene.due()] == [(0, {"score": "6"})]


# --- lists --------------------------------------------------------------------------------------------------


def test_a_record_is_put_on_a_list_no_sooner_than_it_belongs_there(scene: Scene) -> None:
    desired = wants({}, "Hot", since=after(days=1))
    scene.decide(LEAD, lambda stored: judged(stored, desired=desired))

    assert scene.due(after(hours=23)) == []
    assert [(one.key, one.wanted) for one in scene.due(after(days=1))] == [("Hot", MEMBER)]


def test_a_record_is_taken_off_a_list_that_it_left(scene: Scene) -> None:
    scene.decide(LEAD, wanting({}, "Hot", "Warm"))
    scene.dispatch()

    scene.decide(LEAD, wanting({}, "Warm"))

    assert [(one.key, one.wanted) for one in scene.due()] == [("Hot", NO_MEMBER)]


def test_a_list_that_was_left_before_the_record_was_put_on_it_is_not_written_at_all(scene: Scene) -> None:
    scene.decide(LEAD, wanting({}, "Hot"))

    scene.decide(LEAD, wanting())

    assert scene.due() == []
    assert states(scene) == {"Hot": ChangeState.WITHDRAWN}


def test_a_list_that_is_left_during_the_call_is_left_after_it(scene: Scene) -> None:
    scene.decide(LEAD, wanting({}, "Hot"))
    (under_way,) = scene.due()
    scene.attempt(under_way)

    scene.decide(LEAD, wanting())
    scene.settle(under_way)

    assert [(one.key, one.wanted) for one in scene.due()] == [("Hot", NO_MEMBER)]


def test_a_list_is_joined_again(scene: Scene) -> None:
    scene.decide(LEAD, wanting({}, "Hot"))
    scene.decide(LEAD, wanting())

    scene.decide(LEAD, wanting({}, "Hot"))

    assert [(one.key, one.wanted) for one in scene.due()] == [("Hot", MEMBER)]


# --- acts ---------------------------------------------------------------------------------------------------


def test_an_act_is_made_once_however_often_it_is_decided(scene: Scene) -> None:
    scene.decide(LEAD, lambda stored: judged(stored, acts=[task("call")]))
    scene.dispatch()

    scene.decide(LEAD, lambda stored: judged(stored, acts=[task("call", subject="Call again")], refolded=True))

    assert scene.due() == []
    assert states(scene) == {"call": ChangeState.DONE}


def test_an_act_arrives_as_it_was_decided_under_a_key_of_its_own(scene: Scene) -> None:
    scene.decide(LEAD, lambda stored: judged(stored, acts=[task("call"), note("noted")]))

    found = {change.key: (change.kind, change.act) for change in scene.due()}

    assert found == {
        f"{LEAD}|call": (ChangeKind.TASK, task("call")),
        f"{LEAD}|noted": (ChangeKind.NOTE, note("noted")),
    }


def test_an_act_leaves_no_sooner_than_it_is_due(scene: Scene) -> None:
    scene.decide(LEAD, lambda stored: judged(stored, acts=[task("call", due_at=after(hours=1))]))

    assert scene.due(after(minutes=59)) == []
    assert len(scene.due(after(hours=1))) == 1


def test_an_act_whose_call_began_is_in_doubt_until_it_is_settled(scene: Scene) -> None:
    scene.decide(LEAD, lambda stored: judged(stored, acts=[task("call")]))

    scene.attempt(*scene.due())

    (in_doubt,) = scene.due()
    assert in_doubt.state is ChangeState.ATTEMPTED


def test_an_act_that_a_late_fact_makes_unwanted_is_withdrawn_before_it_leaves(scene: Scene) -> None:
    scene.decide(LEAD, lambda stored: judged(stored, acts=[task("call"), task("meet")]))

    scene.decide(LEAD, lambda stored: judged(stored, acts=[task("meet")], refolded=True))

    assert states(scene) == {"call": ChangeState.WITHDRAWN, "meet": ChangeState.PENDING}


def test_a_dead_letter_that_a_late_fact_makes_unwanted_is_withdrawn(scene: Scene) -> None:
    scene.decide(LEAD, lambda stored: judged(stored, acts=[task("call")]))
    scene.settle(scene.due()[0], ChangeState.REFUSED, words="no such owner")

    scene.decide(LEAD, lambda stored: judged(stored, refolded=True))

    assert states(scene) == {"call": ChangeState.WITHDRAWN}


def test_an_act_in_doubt_or_done_is_not_withdrawn(scene: Scene) -> None:
    scene.decide(LEAD, lambda stored: judged(stored, acts=[task("doubtful")]))
    scene.attempt(*scene.due())
    scene.decide(LEAD, lambda stored: judged(stored, acts=[task("done")]))
    scene.settle(scene.due()[1])

    scene.decide(LEAD, lambda stored: judged(stored, refolded=True))

    assert states(scene) == {"doubtful": ChangeState.ATTEMPTED, "done": ChangeState.DONE}


def test_a_withdrawn_act_that_is_wanted_again_is_made(scene: Scene) -> None:
    scene.decide(LEAD, lambda stored: judged(stored, acts=[task("call")]))
    scene.decide(LEAD, lambda stored: judged(stored, refolded=True))

    scene.decide(LEAD, lambda stored: judged(stored, acts=[task("call", subject="Call soon")], refolded=True))

    assert [change.act for change in scene.due()] == [task("call", subject="Call soon")]


def test_an_act_that_has_not_left_says_what_is_known_last(scene: Scene) -> None:
    scene.decide(LEAD, lambda stored: judged(stored, acts=[task("call")]))

    scene.decide(LEAD, lambda stored: judged(stored, acts=[task("call", subject="Call soon")], refolded=True))

    assert [change.act for change in scene.due()] == [task("call", subject="Call soon")]


def test_an_act_that_was_withdrawn_just_before_its_call_does_not_leave(scene: Scene) -> None:
    scene.decide(LEAD, lambda stored: judged(stored, acts=[task("call"), task("meet")]))
    read_before = scene.due()
    scene.decide(LEAD, lambda stored: judged(stored, acts=[task("meet")], refolded=True))

    with pytest.raises(LostClaimError):
        scene.attempt(*read_before)

    assert states(scene) == {"call": ChangeState.WITHDRAWN, "meet": ChangeState.PENDING}


def test_acts_that_are_not_folded_anew_withdraw_nothing(scene: Scene) -> None:
    scene.decide(LEAD, lambda stored: judged(stored, acts=[task("call")]))

    scene.decide(LEAD, lambda stored: judged(stored, acts=[task("meet")]))

    assert states(scene) == {"call": ChangeState.PENDING, "meet": ChangeState.PENDING}


# --- order, listing, second chances -------------------------------------------------------------------------


def test_what_is_due_leaves_lane_by_lane_and_within_a_lane_by_time(scene: Scene) -> None:
    acts = [note("noted"), task("later", due_at=after(minutes=2)), task("sooner", due_at=after(minutes=1))]
    scene.decide(LEAD, lambda stored: judged(stored, desired=wants({"score": "5"}, "Hot"), acts=acts))

    found = [change.key.removeprefix(f"{LEAD}|") or change.kind for change in scene.due(after(hours=1))]

    assert found == ["sooner", "later", "properties", "Hot", "noted"]


def test_the_next_due_moment_is_that_of_the_earliest_open_change(scene: Scene) -> None:
    scene.decide(
        LEAD, lambda stored: judged(stored, acts=[task("call", after(hours=2)), note("noted", after(hours=1))])
    )

    def next_due() -> object:
        with scene.store.reading() as transaction:
            return transaction.outbox.next_due_at(CONNECTION.id)

    assert next_due() == after(hours=1)
    scene.dispatch(after(hours=1))
    assert next_due() == after(hours=2)
    scene.dispatch(after(hours=2))
    assert next_due() is None


def test_dead_letters_are_listed_and_get_another_chance(scene: Scene) -> None:
    scene.decide(LEAD, lambda stored: judged(stored, desired=wants({"score": "5"}), acts=[task("call")]))
    refused, done = scene.due()
    scene.attempt(refused)
    scene.settle(refused, ChangeState.REFUSED, words="no such owner")
    scene.settle(done)

    with scene.store.transaction() as transaction:
        (dead,) = transaction.outbox.list(ACME, [ChangeState.REFUSED], 10)
        retried = transaction.outbox.retry([dead.id, done.id], after(hours=1))

    assert (dead.id, dead.words) == (refused.id, "no such owner")
    assert retried == 1
    assert [change.id for change in scene.due(after(hours=1))] == [refused.id]


def test_the_outbox_is_listed_by_workspace_or_whole_the_latest_first(scene: Scene) -> None:
    scene.decide(LEAD, lambda stored: judged(stored, desired=wants({"score": "5"}), acts=[task("call")]))
    ids = sorted((change.id for change in scene.changes(LEAD)), reverse=True)

    with scene.store.reading() as transaction:
        everywhere = transaction.outbox.list(None, list(ChangeState), 10)
        elsewhere = transaction.outbox.list("other", list(ChangeState), 10)  # type: ignore[arg-type]

    assert [change.id for change in everywhere] == ids
    assert elsewhere == []


def test_settling_twice_leaves_a_change_as_it_is(scene: Scene) -> None:
    scene.decide(LEAD, lambda stored: judged(stored, desired=wants({"score": "5"}), acts=[task("call")]))
    due = scene.due()

    for _ in range(2):
        with scene.store.transaction() as transaction:
            transaction.outbox.settle([Settled(change, ChangeState.DONE, START) for change in due], START)

    assert set(states(scene).values()) == {ChangeState.DONE}


# --- leads that rest ----------------------------------------------------------------------------------------


def test_nothing_is_written_to_an_archived_lead_until_it_is_restored(scene: Scene) -> None:
    scene.decide(LEAD, lambda stored: judged(stored, desired=wants({"score": "5"}, "Hot"), acts=[task("call")]))

    scene.decide(LEAD, lambda stored: judged(stored, desired={}, standing=Standing.ARCHIVED))
    assert scene.due() == []

    scene.decide(LEAD, wanting({"score": "6"}))
    assert [(change.kind, change.wanted) for change in scene.due()] == [
        (ChangeKind.TASK, {}),
        (ChangeKind.PROPERTIES, {"score": "6"}),
    ]


def test_a_lead_of_whom_only_acts_are_wanted_rests_too(scene: Scene) -> None:
    scene.decide(LEAD, lambda stored: judged(stored, acts=[task("call")]))

    scene.decide(LEAD, lambda stored: judged(stored, standing=Standing.ARCHIVED))

    assert scene.due() == []


def test_an_act_that_is_decided_with_the_archiving_waits_for_the_restoring(scene: Scene) -> None:
    scene.decide(LEAD, lambda stored: judged(stored, acts=[task("call")], standing=Standing.ARCHIVED))
    assert scene.due() == []

    scene.decide(LEAD, judged)

    assert len(scene.due()) == 1


@pytest.mark.parametrize("meanwhile", [{"score": "5"}, {}], ids=["others are", "nothing is"])
def test_what_is_not_wanted_for_a_while_is_written_again_when_it_is(scene: Scene, meanwhile: dict[str, str]) -> None:
    scene.decide(LEAD, lambda stored: judged(stored, desired=wants({"score": "5", "owner": "101"})))
    scene.dispatch()
    scene.decide(LEAD, lambda stored: judged(stored, desired=wants(meanwhile)))
    assert scene.due() == []

    scene.decide(LEAD, lambda stored: judged(stored, desired=wants({"score": "5", "owner": "101"})))

    (change,) = scene.due()
    assert change.to_write["owner"] == "101"
