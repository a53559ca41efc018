"""A program with a brake: when more leads would enter in an hour than it says, the others wait for a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connector.domain.conditions.condition import Op
from connector.domain.definitions import Definitions
from connector.domain.fact import CommandName
from connector.domain.history import HistoryKind
from connector.domain.override import OverrideEntry, OverrideKind
from connector.domain.petition import PetitionKind
from connector.domain.programs.program import Brake, Program
from connector.engine.judging import admissions, overrides
from connector.engine.judging.apply import apply_book
from connector.engine.judging.orders import give
from connector.engine.telling import replay
from connector.engine.telling.standing import list_standing
from connector.ports import StoredBook
from tests.builders import activity, definitions, field_is, phase, program
from tests.office import ACME, Office, changed, clicked, sqlite_url

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
THREE = Brake(3, HOUR)


def welcome(brake: Brake | None = THREE, **more: object) -> Program:
    return program("welcome", phase("one", activity("call")), enrol="clicked", brake=brake, **more)


def mapping(version: str = "v1", **more: object) -> Definitions:
    return definitions(version, programs=(welcome(**more),))  # type: ignore[arg-type]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    open_door = mapping("v2", brake=None)
    office = Office(sqlite_url(tmp_path), mapping(suppress=field_is("industry", "banking", Op.EQ)), open_door).open()
    yield office
    office.close()


def come(office: Office, *numbers: int) -> None:
    """These click, each a second after the one before."""
    for number in numbers:
        office.clock.moment += timedelta(seconds=1)
        office.crm.records[str(number)] = {}
        office.receive(clicked(record_id=str(number), at=office.clock.now())).work()


def inside(office: Office) -> list[int]:
    """Who entered."""
    found = office.store.read_models.leads(ACME, 1000)
    return sorted(int(one.refs[0].record_id) for one in found if one.lead.enrolments)


def waiting(office: Office) -> int:
    with office.store.reading() as transaction:
        return transaction.petitions.parked(ACME, PetitionKind.ADMISSION).get("welcome", 0)


def why_not(office: Office, number: int) -> list[str]:
    history = office.store.read_models.history(ACME, office.lead(str(number)).id)
    return [str(entry.detail["why"]) for entry in history if entry.kind is HistoryKind.NOT_ENTERED]


def test_as_many_enter_as_the_brake_lets_in_and_the_others_wait_in_their_order(office: Office) -> None:
    come(office, 1, 2, 3, 4, 5)

    assert (inside(office), waiting(office)) == ([1, 2, 3], 2)


def test_who_comes_slowly_enough_never_waits(office: Office) -> None:
    for number in range(1, 7):
        come(office, number)
        office.let_pass(HOUR / 2)

    assert (inside(office), waiting(office)) == ([1, 2, 3, 4, 5, 6], 0)


def test_while_somebody_waits_for_a_person_whoever_comes_later_waits_behind(office: Office) -> None:
    come(office, 1, 2, 3, 4)
    office.let_pass(2 * HOUR)

    come(office, 5)

    assert (inside(office), waiting(office)) == ([1, 2, 3], 2)


def test_when_a_person_admits_them_all_enter_at_that_moment_and_the_brake_is_free_again(office: Office) -> None:
    come(office, 1, 2, 3, 4, 5)
    office.let_pass(2 * HOUR)

    admitted = admissions.admit(office.store, ACME, "welcome", "ada", office.clock.now())
    office.work()
    come(office, 6)

    assert (admitted, inside(office), waiting(office)) == (2, [1, 2, 3, 4, 5, 6], 0)
    assert office.lead("5").lead.enrolments[0].entered_at == office.clock.now() - timedelta(seconds=1)


def test_when_a_person_refuses_them_they_stay_outside_and_may_be_enrolled_again(office: Office) -> None:
    come(office, 1, 2, 3, 4)
    office.let_pass(2 * HOUR)

    refused = admissions.refuse(office.store, ACME, "welcome", "ada", office.clock.now())
    office.work()
    outside = inside(office)
    office.let_pass(HOUR)
    come(office, 4)

    assert (refused, outside, why_not(office, 4)) == (1, [1, 2, 3], ["a person refused it"])
    assert inside(office) == [1, 2, 3, 4]


def test_nobody_is_admitted_or_refused_twice(office: Office) -> None:
    come(office, 1, 2, 3, 4)

    first, second = (admissions.admit(office.store, ACME, "welcome", "ada", office.clock.now()) for _ in range(2))

    assert (first, second) == (1, 0)


def test_who_does_not_qualify_any_more_does_not_enter_though_admitted(office: Office) -> None:
    come(office, 1, 2, 3, 4)
    office.receive(changed("industry", "banking", "4", at=office.clock.now() + MINUTE)).let_pass(HOUR)

    admissions.admit(office.store, ACME, "welcome", "ada", office.clock.now())
    office.work()

    assert (inside(office), why_not(office, 4)) == ([1, 2, 3], ["it is suppressed"])


def test_whom_a_person_enrols_by_hand_the_brake_does_not_stop(office: Office) -> None:
    come(office, 1, 2, 3, 4)

    give(office.store, ACME, office.lead("4").id, CommandName.ENROL, office.clock.now(), {"program": "welcome"})
    office.work()

    assert inside(office) == [1, 2, 3, 4]


def test_without_a_brake_those_who_waited_enter_at_once(office: Office) -> None:
    come(office, 1, 2, 3, 4, 5)
    office.clock.moment += MINUTE

    apply_book(office.store, office.compile_book, ACME, StoredBook("v2", {}, office.clock.now()))
    office.let_pass(MINUTE)

    assert (inside(office), waiting(office)) == ([1, 2, 3, 4, 5], 0)


def test_who_asks_before_the_program_is_paused_gets_a_place_when_it_goes_on(tmp_path: Path) -> None:
    settling = definitions(programs=(welcome(),), settle=timedelta(minutes=10))
    office = Office(sqlite_url(tmp_path), settling).open()
    come(office, 1)
    office.clock.moment += MINUTE
    overrides.pause(office.store, ACME, OverrideEntry(office.clock.now(), "ada", OverrideKind.PAUSED, "welcome"))
    office.let_pass(HOUR)
    while_paused = inside(office)

    overrides.resume(office.store, ACME, OverrideEntry(office.clock.now(), "ada", OverrideKind.RESUMED, "welcome"))
    office.let_pass(2 * MINUTE)

    assert (while_paused, inside(office)) == ([], [1])
    office.close()


def test_people_see_how_many_wait(office: Office) -> None:
    come(office, 1, 2, 3, 4, 5)

    (standing,) = list_standing(office.store, office.shelf, ACME)

    assert (standing.open + standing.ended, standing.waiting) == (3, 2)


def test_a_replay_admits_whom_the_workspace_admitted(office: Office) -> None:
    come(office, 1, 2, 3, 4, 5)
    admissions.admit(office.store, ACME, "welcome", "ada", office.clock.now())
    office.work()

    assert replay.verify(office.store, office.shelf, ACME) == replay.ReplayResult(5, 0, ())
