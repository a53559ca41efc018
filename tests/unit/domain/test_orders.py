"""What people order for one lead: an order is about the program that it names and no other, and says so."""

from __future__ import annotations

import pytest

from connector.domain.fact import CommandName as C
from connector.domain.fact import Fact, FactKind, Value
from connector.domain.history import HistoryKind as K
from tests.builders import Story, activity, after, definitions, phase, program, signal

LATER = activity("call", answered="clicked", days=90)


def story() -> Story:
    """A lead in two programs, with others that nobody enters by themselves."""
    programs = [program(name, phase("one", LATER), phase("two", activity("visit")), enrol="came") for name in "pq"]
    others = [program(name, phase("one", LATER), phase("two", LATER), enrol="never") for name in "rs"]
    return Story(definitions(programs=(*programs, *others))).receive(signal("came", after()))


def order(name: C, days: float, **data: Value) -> Fact:
    return Fact(f"{name}@{days}", after(days=days), FactKind.COMMAND, name, "cli", data)


def told(lived: Story, *kinds: K) -> list[tuple[K, str]]:
    return [(entry.kind, entry.subject) for entry in lived.told(*kinds)]


def entered(lived: Story) -> list[tuple[str, str, str]]:
    """Of those that were entered by hand: which, in which phase, and why."""
    lines = [(entry.subject, str(entry.detail["phase"]), str(entry.detail["by"])) for entry in lived.told(K.ENTERED)]
    return lines[2:]


@pytest.mark.parametrize("name", ["p", "q"])
def test_who_is_taken_out_of_one_program_stays_in_the_others(name: str) -> None:
    lived = story().receive(order(C.EXIT, 1, program=name))

    assert told(lived, K.EXITED) == [(K.EXITED, name)]
    assert lived.enrolment(name).reason == "by hand"


def test_one_program_of_a_lead_is_paused_and_let_go_on_by_itself() -> None:
    lived = story().receive(order(C.PAUSE, 1, program="p"), order(C.RESUME, 2, program="p"))

    assert told(lived, K.PAUSED, K.RESUMED) == [(K.PAUSED, "p"), (K.RESUMED, "p")]
    assert lived.told(K.PAUSED)[0].detail["by"] == "by hand"


def test_without_a_name_all_of_a_leads_programs_are_paused_and_let_go_on() -> None:
    lived = story().receive(order(C.PAUSE, 1), order(C.RESUME, 2))

    assert told(lived, K.PAUSED, K.RESUMED) == [(kind, name) for kind in (K.PAUSED, K.RESUMED) for name in "pq"]


@pytest.mark.parametrize(("phase_", "begins"), [("", "one"), ("two", "two"), ("unheard of", "one")])
def test_a_lead_that_is_moved_leaves_the_one_and_enters_the_other(phase_: str, begins: str) -> None:
    lived = story().receive(order(C.MOVE, 1, program="r", phase=phase_, **{"from": "p"}))

    assert told(lived, K.EXITED) == [(K.EXITED, "p")]
    assert lived.enrolment("p").reason == "moved to r by hand"
    assert entered(lived) == [("r", begins, "moved from p by hand")]


@pytest.mark.parametrize(
    ("data", "begins"), [({"keep": True}, "two"), ({}, "one"), ({"keep": True, "phase": "one"}, "one")]
)
def test_a_lead_that_is_moved_keeps_its_phase_where_that_is_ordered(data: dict[str, Value], begins: str) -> None:
    lived = story().receive(order(C.ENROL, 1, program="r", phase="two"))

    lived.receive(order(C.MOVE, 2, program="s", **{"from": "r"}, **data))

    assert lived.enrolment("r").reason == "moved to s by hand"
    assert lived.enrolment("s").phase == begins


def test_a_lead_that_is_moved_from_nowhere_enters_by_hand() -> None:
    lived = story().receive(order(C.MOVE, 1, program="r"))

    assert told(lived, K.EXITED) == []
    assert entered(lived) == [("r", "one", "by hand")]


@pytest.mark.parametrize("name", [C.ENROL, C.EXIT, C.MOVE])
def test_an_order_for_a_program_that_is_not_there_says_so(name: C) -> None:
    lived = story().receive(order(name, 1, program="unheard of"))

    (line,) = lived.told(K.NOT_ENTERED)
    assert (line.subject, line.detail) == ("unheard of", {"why": "there is no such program"})
    assert told(lived, K.EXITED) == []
