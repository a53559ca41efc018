"""The ledger of assignments and what sales has in hand, on both databases."""

from __future__ import annotations

from dataclasses import replace
from threading import Barrier

import pytest

from connector.domain.ids import LeadId
from connector.domain.sales.assigning import Assignment, Candidate
from connector.domain.sales.handover import HandOver, HandOverState
from connector.errors import LostClaimError
from connector.ports import Given, SavedLead, Store, StoredLead
from tests.builders import START, after
from tests.contract.store.conftest import Place
from tests.contract.store.scene import ACME, Scene, judged, lead_of, ref
from tests.contract.store.test_two_workers import at_once

A, B = lead_of("1"), lead_of("2")
HOT = HandOver("hot", 1, START, "its condition holds")


@pytest.fixture
def scene(scene: Scene) -> Scene:
    """Two leads that were read."""
    return scene.meet("1", "2")


def given(number: int, rep: str = "anna", lead_id: LeadId = A, *, team: str = "inbound", hours: float = 0) -> Given:
    candidates = (Candidate("anna", 1, 0.5), Candidate("ben", 2, -0.5, "is away"))
    at, owners = after(hours=hours), {"hubspot": "101"}
    return Given(lead_id, Assignment(team, number, at, "hot", rep, owners, "the next in turn", candidates, {rep: 1.0}))


def add(scene: Scene, *entries: Given) -> None:
    with scene.store.transaction() as transaction:
        transaction.assignments.add(ACME, entries)


def hands_over(scene: Scene, lead_id: LeadId, *hand_overs: HandOver) -> None:
    def judge(stored: StoredLead) -> SavedLead:
        saved = judged(stored, email=f"{lead_id}@example.com")
        return replace(saved, lead=replace(saved.lead, hand_overs=hand_overs))

    scene.decide(lead_id, judge)


def test_the_last_assignment_of_each_team_comes_back_as_it_was_kept(scene: Scene) -> None:
    add(scene, given(1), given(2, "ben"), given(1, team="heads"))

    with scene.store.reading() as transaction:
        latest = transaction.assignments.latest(ACME, ["inbound", "heads", "nobody"])

    assert latest == {"inbound": given(2, "ben").assignment, "heads": given(1, team="heads").assignment}


def test_the_next_turn_is_given_once(scene: Scene) -> None:
    add(scene, given(1))

    with pytest.raises(LostClaimError):
        add(scene, given(1, "ben"))


def test_of_two_who_give_the_same_turn_at_once_one_does(place: Place, scene: Scene) -> None:
    def give(store: Store, barrier: Barrier) -> bool:
        barrier.wait()
        try:
            with store.transaction() as transaction:
                transaction.assignments.add(ACME, [given(1)])
        except LostClaimError:
            return False
        return True

    assert sorted(at_once(place, give, give)) == [False, True]  # type: ignore[type-var]


def test_the_ledger_is_read_in_pages_by_team_and_number(scene: Scene) -> None:
    add(scene, *(given(number) for number in range(1, 12)), given(1, team="heads"))

    with scene.store.reading() as transaction:
        first = transaction.assignments.after(ACME, ("", 0), 2)
        then = transaction.assignments.after(ACME, ("inbound", 9), 10)

    assert [(one.assignment.team, one.assignment.number) for one in first] == [("heads", 1), ("inbound", 1)]
    assert [one.assignment.number for one in then] == [10, 11]


def test_loads_are_counted_since_a_moment_and_the_latest_come_first(scene: Scene) -> None:
    add(scene, given(1, hours=-50), given(2, hours=1), given(3, "ben", B, hours=2))

    with scene.store.reading() as transaction:
        assert transaction.assignments.loads(ACME, START) == {"anna": 1, "ben": 1}
        assert [one.assignment.number for one in transaction.assignments.recent(ACME, 2)] == [3, 2]
        assert [one.assignment.number for one in transaction.assignments.of_lead(ACME, A)] == [1, 2]


def test_the_latest_name_the_lead_by_its_address(scene: Scene) -> None:
    hands_over(scene, A, HOT)
    add(scene, given(1), given(2, lead_id=lead_of("9")))

    with scene.store.reading() as transaction:
        found = transaction.assignments.recent(ACME, 2)

    assert [(one.lead_id, one.email) for one in found] == [(lead_of("9"), ""), (A, f"{A}@example.com".lower())]


def test_what_waits_for_a_rep_comes_first_and_what_ended_is_left_out(scene: Scene) -> None:
    scene.meet("3", "4")
    assigned = replace(HOT, state=HandOverState.ASSIGNED, rep="anna", due_at=after(hours=2))
    hands_over(scene, A, replace(HOT, state=HandOverState.REJECTED, ended_at=START), replace(assigned, number=2))
    hands_over(scene, B, HOT)
    hands_over(scene, lead_of("3"), replace(assigned, due_at=after(hours=1), level=1))
    hands_over(scene, lead_of("4"), replace(assigned, state=HandOverState.CLOSED))

    with scene.store.reading() as transaction:
        found = transaction.assignments.in_hand(ACME, 10)

    assert [(one.lead_id, one.state, one.level) for one in found] == [
        (B, HandOverState.WAITING, 0),
        (lead_of("3"), HandOverState.ASSIGNED, 1),
        (A, HandOverState.ASSIGNED, 0),
    ]


def test_a_hand_over_that_never_was_leaves_the_list(scene: Scene) -> None:
    hands_over(scene, A, HOT)
    hands_over(scene, A)

    with scene.store.reading() as transaction:
        assert transaction.assignments.in_hand(ACME, 10) == []


def test_a_merged_lead_takes_its_assignments_along(scene: Scene) -> None:
    add(scene, given(1, lead_id=B))
    hands_over(scene, B, HOT)

    with scene.store.transaction() as transaction:
        transaction.leads.merge(ACME, ref("1"), [ref("2")], START)

    with scene.store.reading() as transaction:
        assert [one.assignment.number for one in transaction.assignments.of_lead(ACME, A)] == [1]
        assert transaction.assignments.in_hand(ACME, 10) == []


def test_of_an_erased_lead_the_turn_stays_without_the_lead(scene: Scene) -> None:
    add(scene, given(1))
    hands_over(scene, A, HOT)

    with scene.store.transaction() as transaction:
        transaction.leads.erase(ACME, ref("1"), START)

    with scene.store.reading() as transaction:
        assert [one.lead_id for one in transaction.assignments.recent(ACME, 9)] == [""]
        assert transaction.assignments.in_hand(ACME, 10) == []
