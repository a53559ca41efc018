"""What leads ask of the workspace is filed once, ruled on once, and in turn."""

from __future__ import annotations

from dataclasses import replace
from threading import Barrier

import pytest

from connector.domain.ids import LeadId
from connector.domain.lead import Standing
from connector.domain.petition import Deferral, Parking, Petition, PetitionKind, PetitionState, Ruling, Verdict
from connector.errors import LostClaimError
from connector.ports import FiledPetition, Judged, Store
from tests.builders import START, after
from tests.contract.store.conftest import Place
from tests.contract.store.scene import ACME, Scene, fact, judged, lead_of, petition, ref
from tests.contract.store.test_two_workers import at_once

A, B = lead_of("1"), lead_of("2")
ALL = tuple(PetitionState)


@pytest.fixture
def scene(scene: Scene) -> Scene:
    """Two leads that were read."""
    return scene.meet("1", "2")


def ask(scene: Scene, lead_id: LeadId, *petitions: Petition, standing: Standing = Standing.ACTIVE) -> None:
    """The lead is judged, and asks for these and for nothing else."""
    scene.decide(lead_id, lambda stored: judged(stored, petitions=petitions, standing=standing))


def filed(scene: Scene) -> list[FiledPetition]:
    with scene.store.reading() as transaction:
        return list(transaction.petitions.list(ACME, PetitionKind.ASSIGNMENT, ALL, 100))


def states(scene: Scene) -> list[tuple[LeadId, str, PetitionState]]:
    return [(one.lead_id, one.petition.key, one.state) for one in filed(scene)]


def due(scene: Scene, hours: float = 0, limit: int = 100) -> list[FiledPetition]:
    with scene.store.reading() as transaction:
        return list(transaction.petitions.due(ACME, after(hours=hours), limit))


def settle(scene: Scene, one: FiledPetition, verdict: Verdict) -> None:
    with scene.store.transaction() as transaction:
        transaction.petitions.settle([Judged(one, verdict)], START)


def test_what_a_lead_asks_for_is_due_at_its_moment(scene: Scene) -> None:
    ask(scene, A, petition(due_at=after(hours=1), field="x"))

    assert due(scene) == []
    (one,) = due(scene, hours=1)
    assert (one.lead_id, one.petition) == (A, petition(due_at=after(hours=1), field="x"))
    assert scene.store.next_wake_at() == after(hours=1)


def test_a_workspace_waits_once_a_petition_is_due(scene: Scene) -> None:
    ask(scene, A, petition(due_at=after(hours=1)))
    ask(scene, B, petition(due_at=after(hours=1)))

    with scene.store.reading() as transaction:
        waiting = [transaction.petitions.waiting(after(hours=hours)) for hours in (0, 1)]

    assert waiting == [[], [ACME]]


def test_the_longest_due_come_first_and_then_those_that_came_in_first(scene: Scene) -> None:
    ask(scene, A, petition("late", after(hours=2)), petition("first"))
    ask(scene, B, petition("second"), petition("third"))

    assert [one.petition.key for one in due(scene, hours=2)] == ["first", "second", "third", "late"]
    assert [one.petition.key for one in due(scene, hours=2, limit=2)] == ["first", "second"]


def test_asking_for_the_same_again_changes_nothing(scene: Scene) -> None:
    ask(scene, A, petition())
    settle(scene, due(scene)[0], Deferral(after(hours=8), "nobody works"))
    ask(scene, A, petition())

    assert [(one.due_at, one.because) for one in filed(scene)] == [(after(hours=8), "nobody works")]


def test_what_is_not_asked_for_any_more_is_withdrawn_and_comes_back_when_it_is(scene: Scene) -> None:
    ask(scene, A, petition())
    ask(scene, A)

    assert states(scene) == [(A, "sales:hot:1", PetitionState.WITHDRAWN)]
    assert due(scene) == []

    ask(scene, A, petition(due_at=after(hours=1)))

    assert [one.petition.key for one in due(scene, hours=1)] == ["sales:hot:1"]


def test_a_late_fact_that_moves_a_petition_moves_when_it_is_due(scene: Scene) -> None:
    ask(scene, A, petition(due_at=after(hours=3)))
    ask(scene, A, petition(due_at=after(hours=1)))

    assert [one.due_at for one in filed(scene)] == [after(hours=1)]


def test_what_was_ruled_stays_ruled_whatever_the_lead_asks_for(scene: Scene) -> None:
    ask(scene, A, petition())
    settle(scene, due(scene)[0], Ruling({"rep": "anna"}))
    ask(scene, A)
    ask(scene, A, petition(due_at=after(hours=1)))

    assert states(scene) == [(A, "sales:hot:1", PetitionState.RULED)]
    assert due(scene, hours=9) == []


def test_a_petition_is_ruled_on_once(scene: Scene) -> None:
    ask(scene, A, petition())
    one = due(scene)[0]
    settle(scene, one, Ruling({"rep": "anna"}))

    with pytest.raises(LostClaimError):
        settle(scene, one, Ruling({"rep": "ben"}))


def test_a_petition_that_was_withdrawn_meanwhile_is_not_ruled_on(scene: Scene) -> None:
    ask(scene, A, petition())
    one = due(scene)[0]
    ask(scene, A)

    with pytest.raises(LostClaimError):
        settle(scene, one, Ruling({}))


def test_a_parked_petition_waits_for_a_person_and_is_not_hurried_by_late_facts(scene: Scene) -> None:
    ask(scene, A, petition())
    settle(scene, due(scene)[0], Parking("too many this hour"))
    ask(scene, A, petition(due_at=after(hours=-1)))

    assert due(scene, hours=100) == []
    assert [(one.state, one.because) for one in filed(scene)] == [(PetitionState.PARKED, "too many this hour")]


def test_a_parked_petition_that_is_not_asked_for_any_more_is_withdrawn(scene: Scene) -> None:
    ask(scene, A, petition())
    settle(scene, due(scene)[0], Parking("too many this hour"))
    ask(scene, A)

    assert states(scene) == [(A, "sales:hot:1", PetitionState.WITHDRAWN)]


def test_for_a_lead_that_is_deleted_in_the_crm_nothing_is_asked_until_it_is_restored(scene: Scene) -> None:
    ask(scene, A, petition())
    ask(scene, A, petition(), standing=Standing.ARCHIVED)

    assert due(scene) == []

    ask(scene, A, petition())

    assert [one.lead_id for one in due(scene)] == [A]


def merge(scene: Scene) -> None:
    with scene.store.transaction() as transaction:
        transaction.leads.merge(ACME, ref("1"), [ref("1"), ref("2")], START)


def test_a_merged_lead_asks_for_what_it_asks_for_now(scene: Scene) -> None:
    ask(scene, A, petition("a"), petition("both"))
    ask(scene, B, petition("b"), petition("both"))

    merge(scene)
    scene.judge(lambda stored: judged(stored, petitions=[petition("both"), petition("b")], refolded=True))

    assert sorted(states(scene)) == [
        (A, "a", PetitionState.WITHDRAWN),
        (A, "b", PetitionState.OPEN),
        (A, "both", PetitionState.OPEN),
    ]


def test_of_a_petition_that_both_had_filed_the_ruling_stays(scene: Scene) -> None:
    ask(scene, A, petition())
    ask(scene, B, petition())
    settle(scene, due(scene)[1], Ruling({"rep": "anna"}))

    merge(scene)
    scene.judge(lambda stored: judged(stored, petitions=[petition()], refolded=True))

    assert states(scene) == [(A, "sales:hot:1", PetitionState.RULED)]


def test_of_two_who_rule_at_once_each_petition_is_ruled_on_by_one(place: Place, scene: Scene) -> None:
    scene.meet(*(str(number) for number in range(20)))
    for number in range(20):
        ask(scene, lead_of(str(number)), petition())

    def rule(store: Store, barrier: Barrier) -> int:
        barrier.wait()
        with store.transaction() as transaction:
            assert transaction.leases.take("rulings:acme", str(id(store)), after(minutes=1), START)
            found = transaction.petitions.due(ACME, START, 15)
            transaction.petitions.settle([Judged(one, Ruling({})) for one in found], START)
            transaction.leases.release("rulings:acme", str(id(store)))
        return len(found)

    ruled = at_once(place, rule, rule)

    assert sorted(ruled) == [5, 15]  # type: ignore[type-var]


def test_a_lead_is_never_saved_with_another_hands_petitions(scene: Scene) -> None:
    scene.mail(A, fact())

    with scene.store.claim_leads(START, 10) as claim:
        stale = [replace(stored, version=stored.version + 1) for stored in claim.leads]
        with pytest.raises(LostClaimError):
            claim.save([judged(one, petitions=[petition()]) for one in stale], {})

    assert filed(scene) == []
