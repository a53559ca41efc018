"""What a lead remembers of the fields that follow from signals, while facts are folded.

A fold asks for such a field with every signal, and again whenever something of it lapses. So what counts is gone
through once; from then on only what comes and what lapses is added and taken out.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import add

from connector.domain.computed import Computed, Mention, Mentions, Reckoning
from connector.domain.fact import Value

#: A lead remembers so many values of a field; of more, the lightest are forgotten, of these the oldest first.
MOST_VALUES = 100
#: Within a span of time it remembers so many days, each for one value; of more, the oldest are forgotten.
MOST_DAYS = 300
#: Within less than this, hours instead of days.
_LONG = timedelta(days=30)
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

    def drop(self, index: int) -> None:
        """Take one out."""
        del self.weights[index], self.moments[index]
        self._weight = None

    def weigh(self) -> float:
        """The whole weight, added up in the order in which it was said, on which the last digits depend."""
        if self._weight is None:
            self._weight = reduce(add, self.weights, 0.0)
        return self._weight


class Memory:
    """What a lead remembers of one field, open for change. Ask it with the field's own definition only."""

    __slots__ = ("_is_open", "_kept", "_lapsed", "_said", "_stored")

    def __init__(self, stored: Mentions = ()) -> None:
        self._stored = stored
        self._is_open = False
        self._kept: list[Mention] = []
        #: So many of these, the first, do not count any more.
        self._lapsed = 0
        #: By value, where large and small letters are one: what counts of it. The one said last comes last.
        self._said: dict[Value, _Said] = {}

    @property
    def kept(self) -> Mentions:
        """What is stored of it: the one said last comes last."""
        return tuple(self._kept) if self._is_open else self._stored

    def take(self, computed: Computed, value: Value, weight: float, now: datetime) -> None:
        """Remember that one more signal has mentioned the value; `now` is not before any of the others."""
        self._stand_at(computed, now)
        if computed.how is _FIRST and self._kept:
            return
        if computed.how is _FIRST or computed.how is _LATEST:
            self._begin([Mention(value, weight, now)])
            return
        value = self._as_spelt_before(value)
        weight += self._take_out(value, _begins_at(computed, now))
        self._make_room(computed)
        self._add(Mention(value, weight, now))

    def value(self, computed: Computed, now: datetime) -> Value | None:
        """The field's value now; None where the lead has none. Counts and sums of nothing are zero."""
        self._stand_at(computed, now)
        said = self._said
        if computed.is_number:
            return float(sum(said[""].weights)) if said else 0.0
        return max(reversed(said.values()), key=_Said.weigh).value if said else None

    def changes_at(self, computed: Computed, value: Value | None, now: datetime) -> datetime | None:
        """The earliest moment after now at which time alone may change this value; None for never.

        What lapses of other values only leaves the heaviest further ahead.
        """
        if computed.within is None or value is None:
            return None
        self._stand_at(computed, now)
        said = self._said.get("" if computed.is_number else _folded(value))
        return computed.lapses_at(said.moments[0]) if said else None

    # --- what counts at a moment ----------------------------------------------------------------------------

    def _stand_at(self, computed: Computed, now: datetime) -> None:
        """Let go of what has lapsed by this moment. It may lie before the one asked for last, but seldom does."""
        after = computed.counts_after(now) or _EVER
        kept = self._kept
        if not self._is_open:
            self._begin(list(self._stored))
        elif self._lapsed and kept[self._lapsed - 1].at > after:
            self._begin(kept)
        kept = self._kept
        while self._lapsed < len(kept) and kept[self._lapsed].at <= after:
            self._lapse()

    def _begin(self, kept: list[Mention]) -> None:
        """Begin anew with these, all of which count."""
        self._is_open, self._kept, self._lapsed, self._said = True, [], 0, {}
        for one in kept:
            self._add(one)

    def _add(self, one: Mention) -> None:
        self._kept.append(one)
        key = _folded(one.value)
        said = self._said.pop(key, None) or _Said(one.value)
        said.take(one)
        self._said[key] = said

    def _lapse(self) -> None:
        """The first that counts does not count any more."""
        self._drop(self._kept[self._lapsed].value, 0)
        self._lapsed += 1

    def _drop(self, value: Value, index: int) -> None:
        key = _folded(value)
        said = self._said[key]
        said.drop(index)
        if not said.weights:
            del self._said[key]

    # --- what one more signal does --------------------------------------------------------------------------

    def _as_spelt_before(self, value: Value) -> Value:
        """The value as it is remembered already: what differs in large and small letters alone is the same."""
        key = _folded(value)
        said = self._said.get(key)
        if said is not None:
            return said.value if isinstance(value, str) else value
        return next((one.value for one in self._kept[: self._lapsed] if _folded(one.value) == key), value)

    def _take_out(self, value: Value, begins_at: datetime) -> float:
        """Take out what was said of the value since then, to which what is said now adds; its weight."""
        kept = self._kept
        if not self._lapsed and _folded(value) not in self._said:
            return 0.0
        for index in range(len(kept) - 1, -1, -1):
            one = kept[index]
            if one.at < begins_at:
                break
            if one.value == value:
                if index < self._lapsed:
                    self._lapsed -= 1
                else:
                    self._drop(value, -1)
                del kept[index]
                return one.weight
        return 0.0

    def _make_room(self, computed: Computed) -> None:
        """Forget what does not count any more, and so much more that there is room for one."""
        kept = self._kept
        if computed.within is None:
            if len(kept) >= MOST_VALUES:
                lightest = min(kept, key=lambda one: (one.weight, one.at))
                kept.remove(lightest)
                self._drop(lightest.value, 0)
            return
        while len(kept) - self._lapsed >= MOST_DAYS:
            self._lapse()
        del kept[: self._lapsed]
        self._lapsed = 0


def _folded(value: Value) -> Value:
    return value.casefold() if isinstance(value, str) else value


def _begins_at(computed: Computed, now: datetime) -> datetime:
    """Since when what was said of a value is one with what is said of it now: ever, this day or this hour."""
    if computed.within is None:
        return _EVER
    hour = 0 if computed.within >= _LONG else now.hour
    return now.replace(hour=hour, minute=0, second=0, microsecond=0)
