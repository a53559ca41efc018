"""Programs as graphs: what cannot be reached, what never ends, what ends before it begins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from connector.domain.condition import AllOf, AnyOf, Condition, ProgramTest
from connector.domain.contest import Contest, Merit
from connector.domain.definitions import Definitions
from connector.domain.program import Activity, ListSend, Outcome, Phase, Program, Target, TargetKind, content_of
from connector.domain.sales import Sales
from connector.mapping.circles import find_circle
from connector.mapping.models import MappingFile
from connector.mapping.places import Path, Problems
from connector.mapping.programs import is_by_hand
from connector.mapping.report import arrows, quoted

_NO_TIME = timedelta()


def check_journeys(mapping: MappingFile, definitions: Definitions, problems: Problems) -> None:
    """Report programs that cannot work as written; those that are misshapen are passed over."""
    programs, handed_back = definitions.programs, handed_back_to(definitions.sales)
    sound = {program.name: to_route(program) for program in programs if not problems.touch(("programs", program.name))}
    entered = {target.name for program in programs for target in targets_of(program)} | handed_back
    are_all_known = not problems.touch(("programs",))
    for name, route in sound.items():
        program = route.program
        if not program.enrol and name not in entered and are_all_known and not is_by_hand(mapping.programs[name]):
            remedy = "add enrol:, or enrol: by_hand if only people enrol leads"
            problems.error(("programs", name), f"nothing enrols leads into {quoted(name)}", remedy, on_key=True)
        _check_phases(route, mapping, problems)
        _check_own_end(program, problems)
    at_once = _check_circles(sound, definitions.sales, problems)
    _check_rounds([route for name, route in sound.items() if name not in at_once], problems)


def handed_back_to(sales: Sales) -> set[str]:
    """The programs into which sales hands leads back."""
    rejections = (rejection for rule in sales.hand_overs for rejection in rule.rejected)
    return {rejection.target.name for rejection in rejections if rejection.target is not None}


def targets_of(program: Program, kind: TargetKind = TargetKind.PROGRAM) -> Iterator[Target]:
    """Where the program leads beside its own phases."""
    for phase in program.phases:
        for outcome in (*_every_case(phase.all_answered, phase.some_answered, phase.none_answered), *_early(phase)):
            if outcome.target.kind is kind:
                yield outcome.target


def _every_case(*outcomes: Outcome) -> Iterator[Outcome]:
    """The outcomes for everybody, and what follows once ways are used up."""
    for outcome in outcomes:
        for each in (outcome, *(case for _, case in outcome.cases)):
            yield each
            if each.times:
                yield replace(each, target=each.instead, times=0)


def _early(phase: Phase) -> Iterator[Outcome]:
    """What follows one activity, by its answer or for want of one."""
    for activity in phase.activities:
        yield from _every_case(*filter(None, (activity.on_answer, activity.no_answer)))


def place_of(program: str, phase: Phase, activity: Activity) -> Path:
    """Where the activity stands in the files."""
    forks = {each.name: each.fork for each in phase.activities if each.fork}
    path: Path = ("programs", program, "phases", phase.name, "activities")
    for name, case in activity.path:
        fork = forks.get(name)
        path = (*path, name, "split" if fork is not None and fork.by_chance else "choose", case, "activities")
    return (*path, activity.name)


# --- phases ---


@dataclass(frozen=True, slots=True)
class Route:
    """A program with its phases at hand by name."""

    program: Program
    phases: Mapping[str, Phase]
    #: Phase -> the one before it; before the first, itself.
    before: Mapping[str, str]

    def after(self, phase: str, target: Target) -> str:
        """The phase of this program to which the target leads; empty for none."""
        if target.kind is TargetKind.PREVIOUS:
            return self.before[phase]
        return target.name if target.kind is TargetKind.PHASE else ""


def to_route(program: Program) -> Route:
    """The program, ready for questions about its phases."""
    names = [phase.name for phase in program.phases]
    before = [*names[:1], *names[:-1]]
    return Route(program, dict(zip(names, program.phases, strict=True)), dict(zip(names, before, strict=True)))


def possible_outcomes(phase: Phase) -> dict[str, Outcome]:
    """The ways in which the phase can be settled: with no answer expected, all were answered."""
    asked = sum(bool(activity.answered and activity.send) for activity in phase.activities)
    found = {"all_answered": phase.all_answered}
    if asked > 1:
        found["some_answered"] = phase.some_answered
    if asked:
        found["none_answered"] = phase.none_answered
    return found


def _check_phases(route: Route, mapping: MappingFile, problems: Problems) -> None:
    program, reached = route.program, _reachable(route)
    for phase in program.phases:
        path: Path = ("programs", program.name, "phases", phase.name)
        if phase.name not in reached:
            message = f"no lead ever reaches the phase {quoted(phase.name)}"
            problems.error(path, message, "lead another phase to it with next:, or remove it", on_key=True)
        entry = mapping.programs[program.name].phases[phase.name]
        for word in ("some_answered", "none_answered"):
            if getattr(entry, word) and word not in possible_outcomes(phase):
                least = "two activities" if word == "some_answered" else "an activity"
                message = f"{word} never happens: it takes {least} with answered:"
                problems.warn((*path, word), message, "remove it", on_key=True)
        if phase is program.phases[0]:
            _check_first(phase, path, problems)
        _check_repeats(phase, path, problems)
        _check_activities(program, phase, problems)


def _check_activities(program: Program, phase: Phase, problems: Problems) -> None:
    """Report what would be ambiguous in one phase, and reminders that a CRM would not notice."""
    seen: set[str] = set()
    for activity in phase.activities:
        place = place_of(program.name, phase, activity)
        if activity.name in seen:
            message = f"the phase has an activity {quoted(activity.name)} already"
            problems.error(place, message, "give it another name", on_key=True)
        seen.add(activity.name)
        if activity.fork is not None and activity.fork.contest is not None:
            _check_contest(program, phase, activity, activity.fork.contest, problems)
        if _uses_list(activity) and activity.reminders.times and not activity.reminders.after:
            message = f"{quoted(activity.name)} is reminded of the moment it leaves its list, and the CRM sends nothing"
            problems.error((*place, "remind"), message, "add after:, for example remind: 1d", on_key=True)


def _check_contest(program: Program, phase: Phase, split: Activity, contest: Contest, problems: Problems) -> None:
    """Report a contest in which some way can never do well."""
    place = (*place_of(program.name, phase, split), "winner")
    if contest.by is Merit.GOAL and not program.goal:
        problems.error((*place, "by"), f"{quoted(program.name)} has no goal to reach", "add goal:, or by: answered")
    if contest.by is not Merit.ANSWERED:
        return
    asking = [each for each in phase.activities if each.answered and each.send is not None]
    if contest.of and contest.of not in [each.name for each in asking]:
        known = ", ".join(each.name for each in asking) or "none yet"
        message = f"the phase has no activity {quoted(contest.of)} that is answered"
        problems.error((*place, "of"), message, f"known: {known}")
    for case in split.fork.cases if split.fork and not contest.of else ():
        if not any((split.name, case.name) in each.path for each in asking):
            message = f"on the way {quoted(case.name)} nothing is answered, so that it never wins"
            problems.error(place, message, "add answered: to one of its activities", on_key=True)


def _uses_list(activity: Activity) -> bool:
    return any(isinstance(send, ListSend) for send in activity.sends)


def _check_first(phase: Phase, path: Path, problems: Problems) -> None:
    for word, outcome in possible_outcomes(phase).items():
        if outcome.target.kind is TargetKind.PREVIOUS:
            message = "there is no phase before the first; it would begin again"
            problems.warn((*path, word), message, "name a phase, or exit", on_key=True)


def _check_repeats(phase: Phase, path: Path, problems: Problems) -> None:
    """Report lists that a repetition leaves and joins in one moment: the CRM would see no change and send nothing."""
    at_once = [each for each in phase.activities if _uses_list(each) and not each.after]
    for word, outcome in possible_outcomes(phase).items():
        if outcome.repeat_unanswered and not outcome.after and at_once:
            message = (
                f"{quoted(at_once[0].name)} may be repeated the moment it leaves its list, and the CRM sends nothing"
            )
            problems.error(
                (*path, word), message, "add after:, for example {repeat: unanswered, after: 1d}", on_key=True
            )


def _reachable(route: Route) -> set[str]:
    reached: set[str] = set()
    waiting = [route.program.phases[0].name]
    while waiting:
        name = waiting.pop()
        phase = route.phases.get(name)
        if phase is not None and name not in reached:
            reached.add(name)
            ways = (*_every_case(*possible_outcomes(phase).values()), *_early(phase))
            waiting += [route.after(name, way.target) for way in ways]
    return reached


# --- what never ends ---


def _check_circles(routes: Mapping[str, Route], sales: Sales, problems: Problems) -> set[str]:
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
    for outcome in _every_case(*_soonest(phase)):
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


def _check_rounds(routes: Iterable[Route], problems: Problems) -> None:
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
    for outcome in _every_case(*outcomes):
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


def _check_own_end(program: Program, problems: Problems) -> None:
    for word, triggers in (("goal", program.goal), ("exit", program.exit)):
        for index, trigger in enumerate(triggers):
            if trigger.when is not None and _holds_inside(trigger.when, program.name):
                message = f"every lead in {quoted(program.name)} is in {quoted(program.name)}: it would end at once"
                problems.error(("programs", program.name, word, index), message, "remove this condition")


def _holds_inside(condition: Condition, program: str) -> bool:
    """Whether the condition asks for nothing but being in the program itself."""
    match condition:
        case ProgramTest(name, phase):
            return name == program and phase is None
        case AllOf(parts):
            return bool(parts) and all(_holds_inside(part, program) for part in parts)
        case AnyOf(parts):
            return any(_holds_inside(part, program) for part in parts)
        case _:
            return False
