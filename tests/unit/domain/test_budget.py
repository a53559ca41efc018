from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from connector.domain.outward.budget import Budget, allowed_at, calls_left, correct, spend

START = datetime(2026, 11, 22, 10, tzinfo=UTC)
WINDOW = timedelta(seconds=10)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def spent(*moments: float, max_calls: int = 3) -> Budget:
    budget = Budget(max_calls, WINDOW)
    for moment in moments:
        budget = spend(budget, at(moment))
    return budget


def test_a_fresh_budget_may_be_spent_at_once() -> None:
    fresh = Budget(3, WINDOW)

    assert calls_left(fresh, START) == 3
    assert allowed_at(fresh, START) == START


def test_when_all_is_spent_the_next_call_waits_for_the_oldest_to_leave_the_window() -> None:
    budget = spent(0, 4, 5)

    assert calls_left(budget, at(6)) == 0
    assert allowed_at(budget, at(6)) == at(10)
    assert calls_left(budget, at(10)) == 1


def test_calls_of_others_count_for_a_whole_window_after_we_heard_of_them() -> None:
    budget = correct(spent(0), at(1), max_calls=3, remaining=0, window=WINDOW)

    assert calls_left(budget, at(2)) == 0
    assert allowed_at(budget, at(2)) == at(10)
    assert calls_left(budget, at(10)) == 1
    assert calls_left(budget, at(11)) == 3


def test_a_crm_that_has_counted_less_than_we_does_not_give_back_our_calls() -> None:
    budget = correct(spent(0, 1), at(1), max_calls=3, remaining=3, window=WINDOW)

    assert calls_left(budget, at(1)) == 1


def test_a_limit_that_shrinks_below_what_is_spent_waits_for_enough_to_leave() -> None:
    budget = correct(spent(0, 1, 2, max_calls=5), at(2), max_calls=2, remaining=0, window=WINDOW)

    assert allowed_at(budget, at(3)) == at(11)


def test_a_limit_of_nothing_still_lets_one_call_ask_again() -> None:
    budget = correct(spent(0), at(0), max_calls=0, remaining=0, window=WINDOW)

    assert allowed_at(budget, at(1)) == at(10)


pauses = st.lists(st.floats(0, 30), max_size=60)


@given(st.integers(1, 8), pauses)
def test_who_waits_as_told_never_exceeds_the_limit(max_calls: int, waits: list[float]) -> None:
    now, budget, made = START, Budget(max_calls, WINDOW), list[datetime]()

    for wait in waits:
        now = allowed_at(budget, now + timedelta(milliseconds=round(wait * 100)))
        budget = spend(budget, now)
        made.append(now)

    for moment in made:
        assert sum(moment - WINDOW < other <= moment for other in made) <= max_calls


@given(st.integers(1, 8), pauses, st.integers(0, 8), st.integers(0, 8))
def test_the_next_call_is_allowed_when_told_and_not_a_millisecond_sooner(
    max_calls: int, waits: list[float], said: int, remaining: int
) -> None:
    now, budget = START, Budget(max_calls, WINDOW)
    for wait in waits:
        now += timedelta(milliseconds=round(wait * 100))
        budget = spend(budget, now)
    if said:
        budget = correct(budget, now, max_calls=said, remaining=min(said, remaining), window=WINDOW)

    moment = allowed_at(budget, now)

    assert moment >= now
    assert calls_left(budget, moment) >= 1
    assert moment == now or calls_left(budget, moment - timedelta(milliseconds=1)) == 0
