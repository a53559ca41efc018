"""What a lead remembers of the fields that follow from signals, while facts are folded.

A fold asks for such a field with every signal, and again whenever something of it lapses. So what counts is gone
through once; from then on only what comes and what lapses is added and taken out.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import add

from connector.domain.fact import Value
from connector.domain.traits.computed import NEVER, Computed, Mention, Mentions, Reckoning

#: A lead remembers so many values of a field; of more, the lightest are forgotten, of these the oldest first.
MOST_VALUES = 100
#: Within a span of time it remembers so many days, each for one value; of more, the oldest are forgotten.
MOST_DAYS = 300
#: Within less than this, hours instead of days.
_LONG = timedelta(days=30)
_DAY = timedelta(days=1)
_EVER = datetime.min.replace(tzinfo=UTC)
_FIRST, _LATEST = Reckoning.FIRST, Reckoning.LATEST


class _Said:
    """All that counts of what was said of one value, oldest first."""

    __slots__ = ("_weight", "moments", "value", "weights")

    def __init__(self, value: Value) -> None:
        self.value = value
        self.weights: list[float] = []
        self.moments: list[datetime] = []
        #: None where that is to be added up anew.
        self._weight: float | None = 0.0

    def take(self, one: Mention) -> None:
        """Add what was said last."""
        self.value = one.value
        self.weights.append(one.weight)
        self.moments.append(one.at)
        if self._weight is not None:
            self._weight += one.weight

    def drop(self, index: int) -> float:
        """Take one out; its weight."""
        self._weight = None
        del self.moments[index]
        return self.weights.pop(index)

    def weigh(self) -> float:
        """The whole weight, added up in the order in which it was said, on which the last digits depend."""
        if self._weight is None:
            self._weight = reduce(add, self.weights, 0.0)
        return self._weight


class Memory:
    """What a lead remembers of one field, open for change. Ask it with the field's own definition only."""

    __slots__ = ("_from", "_heaviest", "_is_open", "_kept", "_lapsed", "_said", "_stored", "_until")

    def __init__(self, stored: Mentions = ()) -> None:
        self._stored = stored
        self._is_open = False
        self._kept: list[Mention] = []
        #: So many of these, the first, do not count any more.
        self._lapsed = 0
        #: By value, where large and small letters are one: what counts of it. The one said last comes last.
        self._said: dict[Value, _Said] = {}
        #: Of what counts; None where that is to be found out anew.
        self._heaviest: _Said | None = None
        #: From when until when just this counts.
        self._from = self._until = _EVER

    @property
    def kept(self) -> Mentions:
        """What is stored of it: the one said last comes last."""
        return tuple(self._kept) if self._is_open else self._stored

    def take(self, computed: Computed, value: Value, weight: float, now: datetime) -> None:
        """Remember that one more signal has mentioned the value; `now` is not before any of the others."""
        if not self._from <= now < self._until:
            self._stand_at(computed, now)
        if computed.how is _FIRST and self._kept:
            return
        key = _folded(value)
        if computed.how is _FIRST or computed.how is _LATEST:
            self._begin(())
            self._add(key, Mention(value, weight, now))
        else:
            new = self._join(computed, key, value, weight, now)
            self._make_room(computed)
            self._add(key, new)
        self._set_bounds(computed)

    def value(self, computed: Computed, now: datetime) -> Value | None:
        """The field's value now; None where the lead has none. Counts and sums of nothing are zero."""
        if not self._from <= now < self._until:
            self._stand_at(computed, now)
        said = self._said
        if computed.is_number:
            return float(sum(said[""].weights)) if said else 0.0
        if self._heaviest is None and said:
            self._heaviest = max(reversed(said.values()), key=_Said.weigh)
        return self._heaviest.value if self._heaviest else None

    def changes_at(self, computed: Computed, value: Value | None, now: datetime) -> datetime | None:
        """The earliest moment after now at which time alone may change this value; None for never.

        What lapses of other values only leaves the heaviest further ahead.
        """
        if computed.within is None or value is None:
            return None
        if not self._from <= now < self._until:
            self._stand_at(computed, now)
        said = self._said.get("" if computed.is_number else _folded(value))
        return computed.lapses_at(said.moments[0]) if said else None

    # --- what counts at a moment ----------------------------------------------------------------------------

    def _stand_at(self, computed: Computed, now: datetime) -> None:
        """Let go of what has lapsed by this moment. It may lie before the one asked for last, but seldom does."""
        if not self._is_open or now < self._from:
            self._begin(self._kept if self._is_open else self._stored)
        kept = self._kept
        while self._lapsed < len(kept) and computed.lapses_at(kept[self._lapsed].at) <= now:
            self._lapse()
        self._set_bounds(computed)

    def _set_bounds(self, computed: Computed) -> None:
        kept, lapsed = self._kept, self._lapsed
        self._from = computed.lapses_at(kept[lapsed - 1].at) if lapsed else _EVER
        self._until = computed.lapses_at(kept[lapsed].at) if lapsed < len(kept) else NEVER

    def _begin(self, kept: Iterable[Mention]) -> None:
        """Begin anew with these, all of which count."""
        self._is_open, self._kept, self._lapsed, self._said, self._heaviest = True, [], 0, {}, None
        for one in kept:
            self._add(_folded(one.value), one)

    def _add(self, key: Value, one: Mention) -> None:
        self._kept.append(one)
        said = self._said.pop(key, None) or _Said(one.value)
        said.take(one)
        self._said[key] = said
        if self._heaviest is not None and said.weigh() >= self._heaviest.weigh():
            self._heaviest = said  # of equals the one said last

    def _lapse(self) -> None:
        """The first that counts does not count any more."""
        self._leave(self._kept[self._lapsed])
        self._lapsed += 1

    def _leave(self, one: Mention) -> None:
        """The first of its value does not count any more."""
        key = _folded(one.value)
        said = self._said[key]
        said.drop(0)
        if said is self._heaviest:
            self._heaviest = None
        if not said.weights:
            del self._said[key]

    # --- what one more signal does --------------------------------------------------------------------------

    def _join(self, computed: Computed, key: Value, value: Value, weight: float, now: datetime) -> Mention:
        """What is said now with what it adds to, and spelt as before: large and small letters are one."""
        said = self._said.get(key)
        if said is None:
            return self._join_lapsed(computed, Mention(value, weight, now))
        if isinstance(value, str):
            value = said.value
        if _is_one(computed, said.moments[-1], now):
            weight += self._take_out(said)
        return Mention(value, weight, now)

    def _take_out(self, said: _Said) -> float:
        """Take out what was said of a value last; its weight."""
        kept, value = self._kept, said.value
        index = len(kept) - 1
        while kept[index].value != value:
            index -= 1
        del kept[index]
        return said.drop(-1)

    def _join_lapsed(self, computed: Computed, new: Mention) -> Mention:
        """The same, where nothing that was said of the value counts: an hour may be longer than what counts."""
        key = _folded(new.value)
        said = [one for one in self._kept[: self._lapsed] if _folded(one.value) == key]
        if not said:
            return new
        value, weight, before = said[-1]
        together = weight + new.weight if _is_one(computed, before, new.at) else new.weight
        return Mention(value if isinstance(value, str) else new.value, together, new.at)

    def _make_room(self, computed: Computed) -> None:
        """Forget what does not count any more, and so much more that there is room for one."""
        kept = self._kept
        if computed.within is None and len(kept) >= MOST_VALUES:
            lightest = min(kept, key=lambda one: (one.weight, one.at))
            kept.remove(lightest)
            self._leave(lightest)
        while len(kept) - self._lapsed >= MOST_DAYS:
            self._lapse()
        del kept[: self._lapsed]
        self._lapsed = 0


def _folded(value: Value) -> Value:
    return value.casefold() if isinstance(value, str) else value


def _is_one(computed: Computed, before: datetime, now: datetime) -> bool:
    """Whether what is said of a value now adds to what was said of it before: always, or on one day or in one hour."""
    if computed.within is None:
        return True
    is_day = before.day == now.day and now - before < _DAY
    return is_day and (before.hour == now.hour or computed.within >= _LONG)
