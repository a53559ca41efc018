"""The way of a split that is answered more becomes that of everybody who comes later, and people see why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connector.domain.conditions.condition import SignalTest
from connector.domain.definitions import Definitions
from connector.domain.fact import CommandName
from connector.domain.override import OverrideEntry, OverrideKind
from connector.domain.programs.contest import Contest, Merit
from connector.domain.programs.enrolment import Enrolment
from connector.domain.programs.program import Activity, Case, Fork, Program, Trigger
from connector.engine.judging import overrides
from connector.engine.judging.contests import Contests
from connector.engine.judging.orders import give
from connector.engine.telling.results import list_results
from tests.builders import activity, definitions, phase, program
from tests.office import ACME, Office, changed, clicked, sqlite_url

DAY = timedelta(days=1)
CONTEST = Contest(at_least=5, after=DAY, sure=0.8)
WAYS = ("short", "long")
PEOPLE = [str(number) for number in range(120)]


def parting(contest: Contest | None = CONTEST, holdout: float = 0.0) -> Program:
    """Each lead is told one thing or the other at once; a field that changes is the answer, another one the goal."""
    answered = (Trigger(SignalTest("changed:industry")),)
    fork = Fork(tuple(Case(name, weight=1) for name in WAYS), by_chance=True, contest=contest)
    told = [
        Activity(f"{case}_one", activity(case).send, answered=answered, within=30 * DAY, path=(("subject", case),))
        for case in WAYS
    ]
    goal = (Trigger(SignalTest("changed:employees")),)
    return program(
        "p", phase("one", Activity("subject", None, fork=fork), *told), enrol="clicked", goal=goal, holdout=holdout
    )


def mapping(**more: object) -> Definitions:
    return definitions(programs=(parting(**more),))  # type: ignore[arg-type]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = opened(tmp_path, mapping())
    yield office
    office.close()


def opened(folder: Path, *versions: Definitions) -> Office:
    """An office of whose contacts all came in and parted."""
    office = Office(sqlite_url(folder), *versions).open()
    for id_ in PEOPLE:
        office.crm.records[id_] = {}
        office.receive(clicked(record_id=id_))
    return office.work()


def enrolment(office: Office, id_: str) -> Enrolment:
    return office.lead(id_).lead.enrolments[-1]


def answer_if(office: Office, case: str) -> None:
    """All who went this way answer, an hour later."""
    office.clock.moment += timedelta(hours=1)
    for id_ in PEOPLE:
        if enrolment(office, id_).chosen.get("subject") == case:
            office.receive(changed("industry", "banking", id_, at=office.clock.now()))
    office.work()


def decide(office: Office, days: int = 2) -> int:
    office.clock.moment += days * DAY
    return Contests(office.store, office.shelf).run_once(office.clock.now())


def newcomer_goes(office: Office, id_: str) -> str:
    office.crm.records[id_] = {}
    office.receive(clicked(record_id=id_, at=office.clock.now())).work()
    return enrolment(office, id_).chosen["subject"]


@pytest.mark.parametrize("better", WAYS)
def test_who_comes_after_the_decision_goes_the_way_that_was_answered_more(office: Office, better: str) -> None:
    answer_if(office, better)

    decided = decide(office)

    assert decided == 1
    assert {newcomer_goes(office, str(number)) for number in range(500, 506)} == {better}


def test_what_the_figures_said_decides_nothing_once_a_person_has_decided_otherwise(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_if(office, "short")
    by_rule = overrides.decide

    def too_late(*given: object, **more: object) -> bool:
        """A person is faster, by a moment."""
        by_hand = OverrideEntry(office.clock.now(), "ada", OverrideKind.DECIDED, "p", "one", "subject", "long")
        return by_rule(office.store, ACME, by_hand) and by_rule(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(overrides, "decide", too_late)

    assert decide(office) == 0
    assert newcomer_goes(office, "500") == "long"


def test_who_parted_before_the_decision_stays_on_the_way(office: Office) -> None:
    before = [enrolment(office, id_).chosen for id_ in PEOPLE]
    answer_if(office, "short")

    decide(office)
    office.work()

    assert [enrolment(office, id_).chosen for id_ in PEOPLE] == before


def test_a_decision_is_made_once_and_kept_with_its_figures(office: Office) -> None:
    answer_if(office, "short")

    assert (decide(office), decide(office)) == (1, 0)

    with office.store.reading() as transaction:
        (line,) = transaction.overrides.all(ACME)
    assert (line.by, line.kind, line.program, line.fork, line.case) == (
        "winner",
        OverrideKind.DECIDED,
        "p",
        "subject",
        "short",
    )
    assert line.figures["long"].endswith("answered, 0.0 %")
    assert line.figures["short"].endswith("answered, 100.0 %")


def test_nothing_is_decided_as_long_as_both_ways_do_the_same(office: Office) -> None:
    assert decide(office, days=20) == 0


def test_the_figures_are_looked_at_every_few_minutes_only(office: Office) -> None:
    contests = Contests(office.store, office.shelf)
    contests.run_once(office.clock.now())
    answer_if(office, "short")
    office.clock.moment += 2 * DAY
    contests.run_once(office.clock.now() - timedelta(days=3))

    assert contests.run_once(office.clock.now() - timedelta(days=3) + timedelta(minutes=4)) == 0


def test_after_a_person_lets_chance_decide_again_no_rule_does(office: Office) -> None:
    answer_if(office, "short")
    decide(office)

    overrides.reopen(office.store, ACME, by_hand(office, OverrideKind.REOPENED))

    assert decide(office) == 0
    assert verdict(office) == "open: a person let chance decide again"
    assert {newcomer_goes(office, str(number)) for number in range(500, 530)} == set(WAYS)


def test_a_person_may_decide_where_no_rule_does(tmp_path: Path) -> None:
    office = opened(tmp_path, mapping(contest=None))

    overrides.decide(office.store, ACME, by_hand(office, OverrideKind.DECIDED, "long"))

    assert {newcomer_goes(office, str(number)) for number in range(500, 506)} == {"long"}
    assert verdict(office).startswith("decided: long since 2026-09-07 10:00 CEST, by ada: taste")
    office.close()


def by_hand(office: Office, kind: OverrideKind, case: str = "") -> OverrideEntry:
    return OverrideEntry(office.clock.now(), "ada", kind, "p", "one", "subject", case, "taste")


# --- what people see ------------------------------------------------------------------------------------------


def verdict(office: Office) -> str:
    return list_results(office.store, office.shelf, ACME, "", office.clock.now())[0].verdict


def test_the_results_count_who_entered_answered_and_reached_the_goal_on_each_way(office: Office) -> None:
    answer_if(office, "short")
    office.receive(changed("numemployees", "7", PEOPLE[0], at=office.clock.now())).work()

    (found,) = list_results(office.store, office.shelf, ACME, "p", office.clock.now())

    by_case = {way.case: way for way in found.ways}
    chosen = [enrolment(office, id_).parted["one.subject"].case for id_ in PEOPLE]
    assert {case: way.entered for case, way in by_case.items()} == {case: chosen.count(case) for case in WAYS}
    assert by_case["short"].answered == by_case["short"].entered
    assert (by_case["long"].answered, by_case["long"].answered_rate) == (0, 0.0)
    assert sum(way.won for way in found.ways) == 1
    assert found.verdict.startswith("open: not before")


def test_the_results_compare_who_was_nurtured_with_who_was_held_out(tmp_path: Path) -> None:
    office = opened(tmp_path, mapping(holdout=50.0))
    office.clock.moment += timedelta(hours=1)
    for id_ in PEOPLE:
        office.receive(changed("numemployees", "7", id_, at=office.clock.now()))
    office.work()

    found = list_results(office.store, office.shelf, ACME, "p", office.clock.now())[-1]

    held_out = sum(enrolment(office, id_).visit == 0 for id_ in PEOPLE)
    assert [(way.case, way.entered, way.won) for way in found.ways] == [
        ("nurtured", len(PEOPLE) - held_out, len(PEOPLE) - held_out),
        ("held_out", held_out, held_out),
    ]
    office.close()


def test_a_lead_that_is_folded_anew_is_counted_once(office: Office) -> None:
    office.clock.moment += DAY
    office.receive(changed("firstname", "Ada", PEOPLE[0], at=office.clock.now() - DAY / 2))
    give(office.store, ACME, office.lead(PEOPLE[0]).id, CommandName.EXIT, office.clock.now(), {"program": "p"})
    office.work()
    office.receive(changed("firstname", "Eva", PEOPLE[0], at=office.clock.now() - DAY / 3)).work()

    (found,) = list_results(office.store, office.shelf, ACME, "p", office.clock.now())

    assert sum(way.entered for way in found.ways) == len(PEOPLE)


def test_answers_to_one_activity_count_where_the_mapping_names_it(tmp_path: Path) -> None:
    office = opened(tmp_path, mapping(contest=Contest(of="long_one", by=Merit.ANSWERED)))
    answer_if(office, "short")

    (found,) = list_results(office.store, office.shelf, ACME, "p", office.clock.now())

    assert [way.answered for way in found.ways] == [0, 0]
    office.close()
