"""Whose turn it is: in proportion, evenly spread, and fair to those who were away."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta

import pytest

from connector.domain.calendar import SendWindow
from connector.domain.petition import Petition, PetitionKind
from connector.domain.sales.assigning import Assignment, Candidate, Waiting, assign, is_true
from connector.domain.sales.sales import Rep, Sales, Team
from connector.domain.sales.working import Absence, WorkingHours
from tests.builders import CRM, ROME, START, after

OFFICE = SendWindow(frozenset(range(5)), time(9), time(17))


def rep(name: str, weight: float = 1, window: SendWindow = OFFICE, *away: Absence) -> Rep:
    return Rep(name, {CRM: f"id of {name}"}, WorkingHours(ROME, window, away), weight)


def team(*reps: Rep, otherwise: str = "") -> Sales:
    return Sales((Team("inbound", reps, otherwise), Team("heads", (rep("maria"),))))


class Desk:
    """Assigns one lead after the other, by the latest assignment of each team."""

    def __init__(self, sales: Sales) -> None:
        self.sales = sales
        self.ledger: list[Assignment] = []

    def ask(self, at: datetime = START, **data: str | tuple[str, ...]) -> Assignment | Waiting:
        home = self.sales.team(str(data.get("team", "inbound")))
        may = tuple(each.name for each in home.reps) if home else ()
        petition = Petition("k", PetitionKind.ASSIGNMENT, "hot", at, at, {"team": "inbound", "may": may, **data})
        last = {one.team: one for one in self.ledger}
        verdict = assign(self.sales, petition, last, at)
        if isinstance(verdict, Assignment):
            self.ledger.append(verdict)
        return verdict

    def turns(self, amount: int, at: datetime = START, **data: str | tuple[str, ...]) -> list[str]:
        verdicts = [self.ask(at, **data) for _ in range(amount)]
        return [one.rep if isinstance(one, Assignment) else one.because for one in verdicts]


def test_reps_of_one_weight_take_turns_in_the_order_of_the_mapping() -> None:
    desk = Desk(team(rep("anna"), rep("ben"), rep("carl")))

    assert desk.turns(7) == ["anna", "ben", "carl", "anna", "ben", "carl", "anna"]


def test_turns_are_in_proportion_to_weights_and_evenly_spread() -> None:
    desk = Desk(team(rep("anna", 3), rep("ben", 1)))

    assert desk.turns(8) == ["anna", "anna", "ben", "anna", "anna", "anna", "ben", "anna"]


def test_weights_need_not_be_whole_numbers_and_a_round_ends_where_it_began() -> None:
    desk = Desk(team(rep("anna", 0.1), rep("ben", 0.3), rep("carl", 0.7)))

    assert Counter(desk.turns(110)) == {"anna": 10, "ben": 30, "carl": 70}
    assert desk.ledger[-1].tallies == {"anna": 0.0, "ben": 0.0, "carl": 0.0}
    assert desk.ledger[0].tallies == {"anna": 0.1, "ben": 0.3, "carl": -0.4}


def test_who_is_away_is_passed_over_and_not_flooded_on_return() -> None:
    holiday = Absence(date(2026, 9, 7), date(2026, 9, 8))
    desk = Desk(team(rep("anna"), rep("ben", 1, OFFICE, holiday)))

    assert desk.turns(20) == ["anna"] * 20
    assert Counter(desk.turns(20, after(days=2))) == {"anna": 10, "ben": 10}


def test_a_newcomer_begins_at_par() -> None:
    desk = Desk(team(rep("anna"), rep("ben")))
    desk.turns(101)
    desk.sales = team(rep("anna"), rep("ben"), rep("carl"))

    assert Counter(desk.turns(30)) == {"anna": 10, "ben": 10, "carl": 10}


@pytest.mark.parametrize(
    ("at", "until"),
    [
        pytest.param("2026-09-07 06:00", "2026-09-07 07:00", id="before the office opens"),
        pytest.param("2026-09-07 15:00", "2026-09-08 07:00", id="the moment it closes"),
        pytest.param("2026-09-11 20:00", "2026-09-14 07:00", id="on a Friday night"),
    ],
)
def test_a_lead_waits_until_the_first_one_is_at_work(at: str, until: str) -> None:
    desk = Desk(team(rep("anna")))

    verdict = desk.ask(datetime.fromisoformat(f"{at}+00:00"))

    assert verdict == Waiting(datetime.fromisoformat(f"{until}+00:00"), "nobody of inbound is at work")


def test_a_stated_rep_takes_what_nobody_else_can() -> None:
    desk = Desk(team(rep("anna"), otherwise="maria"))

    assert desk.turns(1, after(hours=12)) == ["maria"]
    assert desk.turns(1, after(hours=13)) == ["maria"]
    assert [(one.number, one.because) for one in desk.ledger] == [(1, "nobody else could"), (2, "nobody else could")]


def test_a_named_rep_is_given_the_lead_at_any_hour_and_nobodys_turn_changes() -> None:
    desk = Desk(team(rep("anna"), rep("ben")))

    assert desk.turns(3, after(hours=12), rep="ben") == ["ben"] * 3
    assert [one.because for one in desk.ledger] == ["named by the rules"] * 3
    assert desk.turns(2) == ["anna", "ben"]


def test_a_named_rep_who_is_away_is_replaced_by_the_next_in_turn() -> None:
    holiday = Absence(date(2026, 9, 1), date(2026, 9, 30))
    desk = Desk(team(rep("anna"), rep("ben", 1, OFFICE, holiday)))

    assert desk.turns(1, rep="ben") == ["anna"]
    assert desk.turns(1, keep="ben") == ["anna"]


def test_a_lead_keeps_its_own_rep() -> None:
    desk = Desk(team(rep("anna"), rep("ben")))

    assert desk.turns(2, keep="ben") == ["ben", "ben"]
    assert [one.because for one in desk.ledger] == ["the lead's own rep"] * 2


def test_only_those_who_take_such_leads_are_asked() -> None:
    desk = Desk(team(rep("anna"), rep("ben"), rep("carl")))

    assert desk.turns(3, may=("ben", "carl")) == ["ben", "carl", "ben"]


def test_a_lead_that_is_passed_on_goes_to_somebody_else() -> None:
    desk = Desk(team(rep("anna"), rep("ben"), rep("carl")))

    assert desk.turns(1, had=("anna",)) == ["ben"]
    assert desk.turns(1, had=("anna", "ben")) == ["carl"]


def test_when_everybody_had_it_only_the_last_is_passed_over() -> None:
    desk = Desk(team(rep("anna"), rep("ben")))

    assert desk.turns(1, had=("anna", "ben")) == ["anna"]


def test_a_rep_who_is_alone_gets_it_back() -> None:
    desk = Desk(team(rep("anna")))

    assert desk.turns(1, had=("anna",)) == ["anna"]


def test_an_assignment_says_why_it_was_nobody_else() -> None:
    holiday = Absence(date(2026, 9, 1), date(2026, 9, 30))
    night = SendWindow(opens=time(22), closes=time(6))
    desk = Desk(team(rep("anna"), rep("ben", 1, OFFICE, holiday), rep("carl", 1, night), rep("dora"), rep("eva")))

    given = desk.ask(had=("dora",), may=("anna", "ben", "carl", "dora"))

    assert isinstance(given, Assignment)
    assert {one.rep: one.excluded for one in given.candidates} == {
        "anna": "",
        "ben": "is away",
        "carl": "is not at work",
        "dora": "had it before",
        "eva": "does not take such leads",
    }


def test_a_lead_is_told_whom_it_was_given_to_and_why() -> None:
    desk = Desk(team(rep("anna"), rep("ben")))
    desk.ask()

    given = desk.ask()

    assert isinstance(given, Assignment)
    assert given.told == {
        "rep": "ben",
        "team": "inbound",
        "owner": "id of ben",
        "because": "the next in turn",
        "turn": 2.0,
    }


def test_of_a_rep_who_is_no_owner_in_the_crm_no_owner_is_told() -> None:
    given = Desk(team(Rep("anna", {}, WorkingHours(ROME, OFFICE)))).ask()

    assert isinstance(given, Assignment)
    assert (given.rep, given.told["owner"]) == ("anna", "")


def test_the_ledger_has_all_that_a_turn_was_decided_by() -> None:
    given = Desk(team(rep("anna", 2), rep("ben"))).ask()

    assert given == Assignment(
        "inbound",
        1,
        START,
        "hot",
        "anna",
        {CRM: "id of anna"},
        "the next in turn",
        (Candidate("anna", 2, 0.0), Candidate("ben", 1, 0.0)),
        {"anna": -1.0, "ben": 1.0},
    )


def test_a_lead_of_a_team_that_is_gone_is_looked_at_again_tomorrow() -> None:
    verdict = Desk(team(rep("anna"))).ask(team="outbound")

    assert verdict == Waiting(START + timedelta(days=1), "its team is no longer in the mapping")


def test_a_lead_that_nobody_takes_is_looked_at_again_tomorrow() -> None:
    verdict = Desk(team(rep("anna"))).ask(may=())

    assert verdict == Waiting(START + timedelta(days=1), "nobody of inbound takes it")


def test_every_assignment_can_be_computed_again_from_the_one_before() -> None:
    desk = Desk(team(rep("anna", 0.1), rep("ben", 0.3), rep("carl", 0.7)))
    desk.turns(50)
    desk.turns(1, rep="ben")
    desk.turns(50)

    assert all(is_true(one, before) for one, before in zip(desk.ledger, [None, *desk.ledger], strict=False))


@pytest.mark.parametrize("change", ["rep", "tallies", "number", "tally"])
def test_an_assignment_that_somebody_changed_is_found(change: str) -> None:
    from dataclasses import replace

    desk = Desk(team(rep("anna"), rep("ben")))
    desk.turns(3)
    before, true = desk.ledger[1:]
    first, *others = true.candidates
    changes = {
        "rep": {"rep": "ben"},
        "tallies": {"tallies": {**true.tallies, "anna": 5.0}},
        "number": {"number": 7},
        "tally": {"candidates": (replace(first, tally=9.0), *others)},
    }

    assert is_true(true, before)
    assert not is_true(replace(true, **changes[change]), before)  # type: ignore[arg-type]
