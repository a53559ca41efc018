"""What a lead remembers of a field is gone through once; then what comes and what lapses is all that costs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.domain.conditions.condition import SignalTest
from connector.domain.field import Field, FieldType
from connector.domain.traits.computed import Computed, Mention, Reckoning
from connector.domain.traits.memory import Memory, _Said
from tests.builders import after

WEEK = timedelta(days=7)
VISITS = Computed(Field("visits", FieldType.NUMBER), Reckoning.COUNT, SignalTest("read"), within=WEEK)
INTEREST = Computed(Field("interest"), Reckoning.MOST, SignalTest("read"), "topic", within=WEEK)


def test_a_signal_counts_to_the_very_millisecond_at_which_it_is_so_long_ago() -> None:
    memory = Memory((Mention("", 2.0, after()), Mention("", 1.0, after(hours=1))))

    figures = [memory.value(VISITS, moment) for moment in (after(7), after(7, ms=1), after(7, hours=1, ms=1))]

    assert figures == [3.0, 1.0, 0.0]


def test_what_was_asked_for_later_does_not_count_against_what_is_asked_for_of_an_earlier_moment() -> None:
    memory = Memory((Mention("a", 1.0, after()),))

    assert memory.value(INTEREST, after(7, ms=1)) is None
    assert memory.changes_at(INTEREST, "a", after(7)) == after(7, ms=1)
    assert memory.value(INTEREST, after(7)) == "a"


def test_what_nobody_asks_for_is_kept_as_it_was_stored() -> None:
    stored = (Mention("a", 1.0, after()),)

    assert Memory(stored).kept is stored


def test_what_has_lapsed_is_kept_until_something_more_is_said() -> None:
    memory = Memory((Mention("a", 1.0, after()),))

    memory.value(INTEREST, after(8))
    assert [one.value for one in memory.kept] == ["a"]

    memory.take(INTEREST, "b", 1.0, after(8))
    assert [one.value for one in memory.kept] == ["b"]


@pytest.mark.parametrize("computed", [VISITS, INTEREST], ids=lambda each: each.name)
def test_a_signal_costs_what_comes_and_what_lapses_however_much_is_remembered(
    computed: Computed, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed: list[str] = []
    for name in ("take", "drop"):
        do = getattr(_Said, name)
        monkeypatch.setattr(_Said, name, lambda self, one, do=do, name=name: (changed.append(name), do(self, one))[1])
    memory = Memory()

    for hour in range(1_000):  # 168 of which count
        memory.take(computed, f"topic {hour % 40}" if computed is INTEREST else "", 1.0, after(hours=hour))
        value = memory.value(computed, after(hours=hour))
        assert memory.changes_at(computed, value, after(hours=hour))

    assert (changed.count("take"), changed.count("drop")) == (1_000, 1_000 - 168 - 1)
