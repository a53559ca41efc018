"""Whether a scenario went as expected; where not, what was expected and what happened instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.scenario.events import KINDS, Event, fits
from connector.scenario.moments import is_about
from connector.scenario.play import Glance, Play
from connector.scenario.scenario import Happenings, State, Wanted

#: What was wanted beside what happened; None where the other side has nothing.
Pair = tuple[Wanted | None, Event | None]


@dataclass(frozen=True, slots=True)
class Difference:
    """One expectation that was not met."""

    lead: str
    line: int
    at: datetime
    #: The word under which it was asked: `sent`, `scores`.
    kind: str
    #: What was asked, for people: `sent`, `lead_score`.
    what: str
    #: For people, one line each.
    expected: tuple[str, ...]
    happened: tuple[str, ...]
    #: Of what happens: both sides in one, in order; empty for states.
    pairs: tuple[Pair, ...] = ()
    is_open: bool = False


def differences_of(played: Play) -> list[Difference]:
    """Every expectation that was not met, in the order of the steps; then what happened and never should have."""
    return [*_unmet(played), *_forbidden(played)]


def _unmet(played: Play) -> Iterator[Difference]:
    asked_until: dict[tuple[str, str], datetime] = {}
    for glance in played.glances:
        for state in glance.step.states:
            if not state.holds(glance.view):
                yield _of_state(glance, state)
        for happenings in glance.step.happenings:
            key = (glance.lead, happenings.kind)
            since = asked_until.get(key)
            found = [
                event
                for event in played.lives[glance.lead].events
                if event.kind == happenings.kind and event.at <= glance.at and (since is None or event.at > since)
            ]
            asked_until[key] = glance.at
            yield from _of_happenings(glance, happenings, sorted(found, key=lambda event: event.at))


def _of_state(glance: Glance, state: State) -> Difference:
    happened = (state.tell(glance.view),)
    return Difference(glance.lead, state.line, glance.step.at, state.kind, state.what, (state.expected,), happened)


def _of_happenings(glance: Glance, asked: Happenings, events: Sequence[Event]) -> Iterator[Difference]:
    pairs = align(asked.wanted, events)
    if not any(_is_wrong(pair, is_open=asked.is_open) for pair in pairs):
        return
    yield Difference(
        glance.lead,
        asked.line,
        glance.step.at,
        asked.kind,
        KINDS[asked.kind].told,
        tuple(wanted.name for wanted in asked.wanted),
        tuple(event.name for event in events),
        pairs,
        asked.is_open,
    )


def _is_wrong(pair: Pair, *, is_open: bool) -> bool:
    wanted, event = pair
    if wanted is None:
        return not is_open
    return event is None or not _in_time(wanted, event)


def _in_time(wanted: Wanted, event: Event) -> bool:
    return wanted.at is None or is_about(wanted.at, event.at)


def align(wanted: Sequence[Wanted], events: Sequence[Event]) -> tuple[Pair, ...]:
    """What was wanted beside what happened, in order, with as much in pairs as can be; pairs in time count double."""
    best = _best(wanted, events)
    pairs: list[Pair] = []
    i = j = 0
    while i < len(wanted) or j < len(events):
        if (
            i < len(wanted)
            and j < len(events)
            and best[i][j] == best[i + 1][j + 1] + (_worth(wanted[i], events[j]) or -1)
        ):
            pairs.append((wanted[i], events[j]))
            i, j = i + 1, j + 1
        elif i < len(wanted) and best[i][j] == best[i + 1][j]:
            pairs.append((wanted[i], None))
            i += 1
        else:
            pairs.append((None, events[j]))
            j += 1
    return tuple(pairs)


def _best(wanted: Sequence[Wanted], events: Sequence[Event]) -> list[list[int]]:
    """From each place on, the most that the rest of both can be worth."""
    best = [[0] * (len(events) + 1) for _ in range(len(wanted) + 1)]
    for i in range(len(wanted) - 1, -1, -1):
        for j in range(len(events) - 1, -1, -1):
            worth = _worth(wanted[i], events[j])
            together = best[i + 1][j + 1] + worth if worth else 0
            best[i][j] = max(together, best[i + 1][j], best[i][j + 1])
    return best


def _worth(wanted: Wanted, event: Event) -> int:
    if not fits(wanted.name, event.name):
        return 0
    return 2 if _in_time(wanted, event) else 1


def _forbidden(played: Play) -> Iterator[Difference]:
    for happenings in played.scenario.never:
        for name, life in played.lives.items():
            for event in life.events:
                if event.kind == happenings.kind and _meets_any(happenings.wanted, event):
                    yield _of_never(name, happenings, event)


def _of_never(lead: str, asked: Happenings, event: Event) -> Difference:
    what = f"never {KINDS[asked.kind].told}"
    never = tuple(wanted.name for wanted in asked.wanted)
    return Difference(lead, asked.line, event.at, asked.kind, what, never, (event.name,), ((None, event),))


def _meets_any(wanted: Sequence[Wanted], event: Event) -> bool:
    return any(fits(one.name, event.name) and _in_time(one, event) for one in wanted)
