"""The states of an enrolment and every way between them."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from connector.domain.programs.enrolment import (
    OPEN_STATES,
    TRANSITIONS,
    Enrolment,
    EnrolmentState,
    Move,
    Sent,
    Step,
    to_state,
)
from connector.errors import InvariantError
from tests.builders import EXIT, START, after

# Rows: where it stands; columns: what happens; a dash: cannot happen.
DIAGRAM = """
            settle   move     complete   win   exit
running     moving   -        -          won   exited
moving      -        running  completed  won   exited
held_out    -        -        -          won   exited
completed   -        -        -          -     -
won         -        -        -          -     -
exited      -        -        -          -     -
"""


def rows() -> dict[tuple[EnrolmentState, Step], str]:
    head, *lines = DIAGRAM.strip().splitlines()
    steps = [Step(word) for word in head.split()]
    table = {}
    for line in lines:
        state, *cells = line.split()
        table |= {(EnrolmentState(state), step): cell for step, cell in zip(steps, cells, strict=True)}
    return table


@pytest.mark.parametrize(("state", "step"), list(product(EnrolmentState, Step)))
def test_an_enrolment_moves_as_the_diagram_says_and_no_other_way(state: EnrolmentState, step: Step) -> None:
    expected = rows()[state, step]

    if expected == "-":
        with pytest.raises(InvariantError, match=f"{state} cannot {step}"):
            to_state(state, step)
    else:
        assert to_state(state, step) == expected


def test_what_has_ended_stays_ended_and_what_is_open_can_end() -> None:
    leads_on = {state for state, _ in TRANSITIONS}

    assert leads_on == OPEN_STATES
    assert all((state, Step.EXIT) in TRANSITIONS and (state, Step.WIN) in TRANSITIONS for state in OPEN_STATES)


def an_enrolment(**more: object) -> Enrolment:
    return Enrolment("p", 1, START, "one", START, **more)  # type: ignore[arg-type]


def test_a_running_enrolment_is_due_when_the_next_activity_leaves_or_an_answer_is_overdue() -> None:
    waiting = Sent("a", START, after(days=7))

    assert an_enrolment(send_at=after(days=3), sent=(waiting,)).due_at == after(days=3)
    assert an_enrolment(send_at=after(days=9), sent=(waiting,)).due_at == after(days=7)
    assert an_enrolment(sent=(Sent("b", START, after(days=5)), waiting)).due_at == after(days=5)


def test_an_answer_that_came_or_lapsed_or_was_not_expected_is_not_waited_for() -> None:
    answered = Sent("a", START, after(days=7), answered_at=after(days=1))
    lapsed = Sent("b", START, after(days=7), lapsed=True)
    unasked = Sent("c", START)

    assert not any(sent.is_waiting for sent in (answered, lapsed, unasked))
    assert an_enrolment(sent=(answered, lapsed, unasked)).due_at is None


def test_a_moving_enrolment_is_due_when_it_goes_on_and_an_ended_one_never() -> None:
    move = Move(EXIT, START + timedelta(days=2))

    assert an_enrolment(state=EnrolmentState.MOVING, move=move).due_at == after(days=2)
    assert an_enrolment(state=EnrolmentState.MOVING).due_at is None
    assert an_enrolment(state=EnrolmentState.WON, send_at=after(days=1)).due_at is None
