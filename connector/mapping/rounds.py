"""Programs that lead into one another, round and round, although a lead does nothing more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Final, NamedTuple

from connector.domain.calendar import SendWindow
from connector.domain.definitions import FrequencyCap
from connector.domain.programs.program import Activity, ListSend, Outcome, Phase, Program, TargetKind, content_of
from connector.mapping.circles import find_knots, find_way
from connector.mapping.places import Path, Problems
from connector.mapping.report import arrows
from connector.mapping.routes import Route, every_case, possible_outcomes

_DAY: Final = timedelta(days=1)
#: A send window is shut no longer than that at a stretch, but for holidays.
_SHUT: Final = timedelta(days=7)
_FOR_EVER: Final = "a lead that does nothing more goes from program to program for ever"
_REMEDY: Final = "leave out again: of one of them, or make it longer than the round takes"


class _Step(NamedTuple):
    """From the phase of one program into another program, or the same anew."""

    begin: Path
    end: Path


@dataclass(frozen=True, slots=True)
class _Map:
    """All programs as one graph of phases, for leads that do nothing more."""

    #: Phase -> phases of the same program.
    inside: Mapping[Path, list[Path]]
    steps: list[_Step]
    again: Mapping[str, timedelta]
    #: Program -> the seconds that a lead is in it at the most.
    stay: Mapping[str, float]

    def graph(self, steps: Iterable[_Step]) -> dict[Path, list[Path]]:
        """The phases, with these ways between programs."""
        made = {node: list(following) for node, following in self.inside.items()}
        for begin, end in steps:
            made[begin].append(end)
        return made


def check_program_rounds(routes: Mapping[str, Route], cap: FrequencyCap | None, problems: Problems) -> None:
    """Report rounds over programs, one of those that are knotted together: quick ones as errors, slow ones as warnings.

    Linear in the size of the programs.
    """
    seen = _to_map(routes, cap)
    quick = [step for step in seen.steps if seen.again[_program(step.end)] < _DAY]
    told: set[str] = set()
    for circle in _find_rounds(seen, quick):
        told.update(map(_program, circle))
        problems.error(circle[-1], f"{_FOR_EVER}: {_names(circle)}", _REMEDY, on_key=True)
    slow = [step for step in seen.steps if told.isdisjoint(map(_program, step))]
    for circle in _find_rounds(seen, slow):
        message = f"{_FOR_EVER}, however slowly, and is sent the same each time: {_names(circle)}"
        problems.warn(circle[-1], message, _REMEDY, on_key=True)


def _names(circle: list[Path]) -> str:
    return arrows([_program(circle[-1]), *(name for name, _ in groupby(map(_program, circle)))])


def _program(node: Path) -> str:
    return str(node[1])


# --- what leads where ---


def _to_map(routes: Mapping[str, Route], cap: FrequencyCap | None) -> _Map:
    inside: dict[Path, list[Path]] = {}
    steps: list[_Step] = []
    for route in routes.values():
        for phase in route.program.phases:
            node = _node(route, phase.name)
            ways = list(_ways(phase))
            following = (route.after(phase.name, way.target) for way in ways)
            inside[node] = [_node(route, name) for name in following if name in route.phases]
            steps += [_Step(node, end) for way in ways for end in _ends(routes, way)]
    again = {name: route.program.again_after for name, route in routes.items()}
    stay = {name: _longest_stay(route.program, cap) for name, route in routes.items()}
    return _Map(inside, steps, {name: after for name, after in again.items() if after is not None}, stay)


def _node(route: Route, phase: str) -> Path:
    return ("programs", route.program.name, "phases", phase)


def _ends(routes: Mapping[str, Route], way: Outcome) -> Iterator[Path]:
    """Where a program begins into which the way leads a lead that completed it before."""
    other = routes.get(way.target.name) if way.target.kind is TargetKind.PROGRAM else None
    if other is None or other.program.again_after is None:
        return
    begin = way.target.phase or other.program.phases[0].name
    if begin in other.phases and (not other.program.again_if or "completed" in other.program.again_if):
        yield _node(other, begin)


def _ways(phase: Phase) -> Iterator[Outcome]:
    """The ways of a lead that answers nothing: every enrolment sends all of it again, and counts its ways anew."""
    asks = any(_asks(activity) for activity in phase.activities)
    yield from every_case(
        *(way for word, way in possible_outcomes(phase).items() if word != "all_answered" or not asks)
    )
    for activity in phase.activities:
        early = (activity.no_answer, None if _asks(activity) else activity.on_answer)
        yield from every_case(*filter(None, early))


def _asks(activity: Activity) -> bool:
    """Whether everybody who answered it did so just now."""
    by_signals = bool(activity.answered) and all(trigger.on is not None for trigger in activity.answered)
    is_for_all = activity.when is None and not activity.path and by_signals
    if activity.send is not None or not is_for_all:
        return is_for_all
    leads_away = activity.no_answer is not None and activity.no_answer.target.kind is not TargetKind.ON
    return activity.within is None or leads_away


# --- how long it takes ---


def _longest_stay(program: Program, cap: FrequencyCap | None) -> float:
    """More seconds than a lead that answers nothing is in the program, pauses and outages aside."""
    ways = [way for phase in program.phases for way in _ways(phase)]
    rounds = 1 + sum(way.times for way in ways)
    waiting = sum(way.after.total_seconds() for way in ways)
    shut = timedelta() if program.window == SendWindow() else _SHUT + len(program.window.holidays) * _DAY
    activities = [activity for phase in program.phases for activity in phase.activities]
    doing = sum(_longest(activity, shut, cap) for activity in activities)
    repeats = 2 if any(way.repeat_unanswered for way in ways) else 1
    return rounds * (waiting + repeats * doing)


def _longest(activity: Activity, shut: timedelta, cap: FrequencyCap | None) -> float:
    once = activity.after.total_seconds()
    if activity.at is not None:
        once += _DAY.total_seconds()
    once += (activity.within or timedelta()).total_seconds()
    if activity.send is not None:
        once += shut.total_seconds()
    if cap is not None and any(content_of(send) for send in activity.sends):
        once += (cap.per + shut).total_seconds()
    if any(isinstance(send, ListSend) for send in activity.sends):
        once += _DAY.total_seconds()  # on which it stays on the list
    return once + activity.reminders.times * (once + activity.reminders.after.total_seconds())


# --- rounds ---


def _find_rounds(seen: _Map, steps: list[_Step]) -> Iterator[list[Path]]:
    """A round of each knot of programs, from the phase after the step that closes it to the phase before that step."""
    steps = list(_in_time(seen, steps))
    graph = seen.graph(steps)
    knots = find_knots(graph)
    told: set[int] = set()
    for begin, end in steps:
        if knots[begin] == knots[end] and knots[begin] not in told:
            told.add(knots[begin])
            yield find_way(graph, end, begin)


def _in_time(seen: _Map, steps: list[_Step]) -> Iterator[_Step]:
    """The steps on which a lead may enter once more: when it comes round, it left that program long enough ago."""
    knots = find_knots(seen.graph(steps))
    programs: dict[int, set[str]] = {}
    for node, knot in knots.items():
        programs.setdefault(knot, set()).add(_program(node))
    longest = {knot: sum(seen.stay[name] for name in names) for knot, names in programs.items()}
    for step in steps:
        name, knot = _program(step.end), knots[step.end]
        if knots[step.begin] == knot and seen.again[name].total_seconds() <= longest[knot] - seen.stay[name]:
            yield step
