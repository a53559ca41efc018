"""Phases that a lead goes round for ever: at once, or by and by without doing anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from connector.domain.programs.program import Activity, Outcome, Phase, Target, TargetKind, content_of
from connector.domain.sales.sales import Sales
from connector.mapping.circles import find_circle
from connector.mapping.places import Path, Problems
from connector.mapping.report import arrows
from connector.mapping.routes import Route, every_case, possible_outcomes

_NO_TIME = timedelta()


def check_circles(routes: Mapping[str, Route], sales: Sales, problems: Problems) -> set[str]:
    """Report phases that may follow one another for ever while no time passes; the programs that have such."""
    found: set[str] = set()
    graph: dict[Path, set[Path]] = {
        ("programs", route.program.name, "phases", name): set(_at_once(routes, route, phase, sales))
        for route in routes.values()
        for name, phase in route.phases.items()
    }
    while circle := find_circle(graph):
        end = circle[-1]
        words = arrows([str(step[-1]) for step in circle])
        message = f"phases in a circle while no time passes: {words}"
        problems.error(end, message, "add after: to one of them", on_key=True)
        found.update(str(step[1]) for step in circle)
        graph[end] = set()
    return found


def _at_once(routes: Mapping[str, Route], route: Route, phase: Phase, sales: Sales) -> Iterator[Path]:
    """The phases that may begin the moment this one does; none where an answer or time must come first.

    That something was not answered is known only after a time.
    """
    name = route.program.name
    for outcome in every_case(*_soonest(phase)):
        target = outcome.target
        if outcome.after or outcome.times:
            continue
        if target.kind is TargetKind.PROGRAM:
            yield from _begins_at(routes, target)
        elif target.kind is TargetKind.SALES:
            for handed_back in _handed_back_at_once(sales, target.name):
                yield from _begins_at(routes, handed_back)
        elif following := route.after(phase.name, target):
            yield ("programs", name, "phases", following)


def _begins_at(routes: Mapping[str, Route], target: Target) -> Iterator[Path]:
    """The phase of another program that begins at once; none where a lead that has just left it may not enter."""
    other = routes.get(target.name)
    if other is not None and other.program.again_after == _NO_TIME:
        yield ("programs", target.name, "phases", target.phase or other.program.phases[0].name)


def _handed_back_at_once(sales: Sales, name: str) -> Iterator[Target]:
    """Where a hand-over leads that may be given back by a condition that holds already, and begin again at once."""
    for rule in sales.hand_overs:
        if rule.name == name and rule.again_after == _NO_TIME:
            for rejection in rule.rejected:
                if rejection.target is not None and rejection.trigger.on is None:
                    yield rejection.target


def _soonest(phase: Phase) -> Iterator[Outcome]:
    """What may follow a phase, or one of its activities, the moment it begins."""
    for activity in phase.activities:
        if not _may_take_no_time(activity):
            return
        if activity.on_answer is not None:
            yield activity.on_answer
    yield phase.all_answered


def _may_take_no_time(activity: Activity) -> bool:
    """Whether a lead may be through with it at once: it asks nothing, is left out, or was answered before."""
    if activity.after:
        return False
    is_left_out = activity.when is not None or bool(activity.path)
    had_before = any(content_of(send) for send in activity.sends) and not activity.again
    by_condition = any(trigger.on is None for trigger in activity.answered)
    return not activity.answered or is_left_out or had_before or by_condition


def check_rounds(routes: Iterable[Route], problems: Problems) -> None:
    """Report phases around which a lead that does nothing new would go for ever; of each phase, one way round."""
    for route in routes:
        prefix: Path = ("programs", route.program.name, "phases")
        graph = {
            (*prefix, name): {(*prefix, way) for way in _ways_without_answer(route, phase)}
            for name, phase in route.phases.items()
        }
        while circle := find_circle(graph):
            words = arrows([str(step[-1]) for step in circle])
            message = f"a lead that does nothing more goes round for ever: {words}"
            remedy = (
                "let one of these ways be taken a few times only, for example {next: previous, times: 2, then: exit}"
            )
            problems.error(circle[-1], message, remedy, on_key=True)
            graph.update({key: set() for key in circle})


def _ways_without_answer(route: Route, phase: Phase) -> Iterator[str]:
    """The phases to which a lead comes, as often as it may be, without anything that it does anew.

    What it answered once counts as answered when it comes by again, unless that is sent again or only waited for.
    """
    asks_anew = any(_asks_anew(activity) for activity in phase.activities)
    outcomes = [] if asks_anew else [phase.all_answered]
    outcomes += [outcome for word, outcome in possible_outcomes(phase).items() if word != "all_answered"]
    for activity in phase.activities:
        early = (activity.no_answer, None if _asks_anew(activity) else activity.on_answer)
        outcomes += filter(None, early)
    for outcome in every_case(*outcomes):
        following = route.after(phase.name, outcome.target)
        if following and not outcome.times:
            yield following


def _asks_anew(activity: Activity) -> bool:
    """Whether everybody who goes on from here answered just now, or went the way of those who did not."""
    by_signals = all(trigger.on is not None for trigger in activity.answered)  # a condition may hold for ever
    is_for_all = activity.when is None and not activity.path and by_signals
    if activity.send is None:
        return is_for_all and activity.no_answer is not None and _leads_away(activity.no_answer)
    return is_for_all and activity.again and bool(activity.answered)


def _leads_away(outcome: Outcome) -> bool:
    return outcome.target.kind is not TargetKind.ON
