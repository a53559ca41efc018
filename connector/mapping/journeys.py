"""Programs as graphs: what cannot be reached, what never ends, what ends before it begins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from connector.domain.condition import AllOf, AnyOf, Condition, ProgramTest
from connector.domain.program import ListSend, Outcome, Phase, Program, Target, TargetKind
from connector.mapping.models import MappingFile
from connector.mapping.places import Path, Problems
from connector.mapping.programs import is_by_hand
from connector.mapping.report import arrows, quoted

_NO_TIME = timedelta()


def check_journeys(mapping: MappingFile, programs: tuple[Program, ...], problems: Problems) -> None:
    """Report programs that cannot work as written; those that are misshapen are passed over."""
    sound = {program.name: to_route(program) for program in programs if not problems.touch(("programs", program.name))}
    entered = {target.name for program in programs for target in _targets(program)}
    are_all_known = not problems.touch(("programs",))
    for name, route in sound.items():
        program = route.program
        if not program.enrol and name not in entered and are_all_known and not is_by_hand(mapping.programs[name]):
            remedy = "add enrol:, or enrol: by_hand if only people enrol leads"
            problems.error(("programs", name), f"nothing enrols leads into {quoted(name)}", remedy, on_key=True)
        _check_phases(route, mapping, problems)
        _check_own_end(program, problems)
    _check_circles(sound, problems)


def _targets(program: Program) -> Iterator[Target]:
    for phase in program.phases:
        for outcome in (phase.all_answered, phase.some_answered, phase.none_answered):
            if outcome.target.kind is TargetKind.PROGRAM:
                yield outcome.target


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
    asked = sum(bool(activity.answered) for activity in phase.activities)
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


def _check_first(phase: Phase, path: Path, problems: Problems) -> None:
    for word, outcome in possible_outcomes(phase).items():
        if outcome.target.kind is TargetKind.PREVIOUS:
            message = "there is no phase before the first; it would begin again"
            problems.warn((*path, word), message, "name a phase, or exit", on_key=True)


def _check_repeats(phase: Phase, path: Path, problems: Problems) -> None:
    """Report lists that a repetition leaves and joins in one moment: the CRM would see no change and send nothing."""
    at_once = [each for each in phase.activities if isinstance(each.send, ListSend) and not each.after]
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
            waiting += [route.after(name, way.target) for way in possible_outcomes(phase).values()]
    return reached


# --- what never ends ---


def _check_circles(routes: Mapping[str, Route], problems: Problems) -> None:
    """Report phases that follow one another for ever while no time passes."""
    followed: set[Path] = set()
    for route in routes.values():
        for name in route.phases:
            way, end = _instant_way(routes, ("programs", route.program.name, "phases", name), followed)
            if end in way:
                circle = way[way.index(end) :]
                words = arrows([str(step[-1]) for step in (*circle, end)])
                message = f"phases in a circle while no time passes: {words}"
                problems.error(end, message, "add after: to one of them", on_key=True)


def _instant_way(routes: Mapping[str, Route], start: Path, followed: set[Path]) -> tuple[list[Path], Path]:
    """The phases that follow at once and were not followed before, and the place where the way ends or closes."""
    way: list[Path] = []
    here: Path | None = start
    while here and here not in followed:
        followed.add(here)
        way.append(here)
        here = _next_at_once(routes, here)
    return way, here or ()


def _next_at_once(routes: Mapping[str, Route], here: Path) -> Path | None:
    """The phase that begins the moment this one does; None where an answer or time must come first."""
    name, phase_name = str(here[1]), str(here[3])
    route = routes[name]
    phase = route.phases.get(phase_name)
    if phase is None or phase.all_answered.after or any(each.answered or each.after for each in phase.activities):
        return None
    target = phase.all_answered.target
    if target.kind is TargetKind.PROGRAM:
        other = routes.get(target.name)
        again = other is not None and other.program.again_after == _NO_TIME
        return ("programs", target.name, "phases", other.program.phases[0].name) if other and again else None
    following = route.after(phase_name, target)
    return ("programs", name, "phases", following) if following else None


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
