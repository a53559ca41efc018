"""Programs as graphs: what cannot be reached, what never ends, what ends before it begins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from connector.domain.condition import AllOf, AnyOf, Condition, ProgramTest
from connector.domain.program import ListSend, Outcome, Phase, Program, Target, TargetKind
from connector.mapping.models import MappingFile
from connector.mapping.places import Path, Problems
from connector.mapping.programs import is_by_hand
from connector.mapping.report import quoted

_NO_TIME = timedelta()


def check_journeys(mapping: MappingFile, programs: tuple[Program, ...], problems: Problems) -> None:
    """Report programs that cannot work as written; those that are misshapen are passed over."""
    sound = {program.name: program for program in programs if not problems.touch(("programs", program.name))}
    entered = {target.name for program in programs for target in _targets(program)}
    for name, program in sound.items():
        if not program.enrol and name not in entered and not is_by_hand(mapping.programs[name]):
            remedy = "add enrol:, or enrol: by_hand if only people enrol leads"
            problems.error(("programs", name), f"nothing enrols leads into {quoted(name)}", remedy, on_key=True)
        _check_phases(program, mapping, problems)
        _check_own_end(program, problems)
    _check_circles(sound, problems)


def _targets(program: Program) -> Iterator[Target]:
    for phase in program.phases:
        for outcome in (phase.all_answered, phase.some_answered, phase.none_answered):
            if outcome.target.kind is TargetKind.PROGRAM:
                yield outcome.target


# --- phases ---


def possible_outcomes(phase: Phase) -> dict[str, Outcome]:
    """The ways in which the phase can be settled: with no answer expected, all were answered."""
    asked = sum(bool(activity.answered) for activity in phase.activities)
    found = {"all_answered": phase.all_answered}
    if asked > 1:
        found["some_answered"] = phase.some_answered
    if asked:
        found["none_answered"] = phase.none_answered
    return found


def _check_phases(program: Program, mapping: MappingFile, problems: Problems) -> None:
    reached = _reachable(program)
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


def _reachable(program: Program) -> set[str]:
    reached: set[str] = set()
    waiting = [program.phases[0].name]
    while waiting:
        name = waiting.pop()
        phase = program.phase(name)
        if phase is not None and name not in reached:
            reached.add(name)
            waiting += [_phase_after(program, name, way.target) for way in possible_outcomes(phase).values()]
    return reached


def _phase_after(program: Program, phase: str, target: Target) -> str:
    """The phase of this program to which the target leads; empty for none."""
    if target.kind is TargetKind.PREVIOUS:
        return program.before(phase)
    return target.name if target.kind is TargetKind.PHASE else ""


# --- what never ends ---


def _check_circles(programs: Mapping[str, Program], problems: Problems) -> None:
    """Report phases that follow one another for ever while no time passes."""
    reported: set[Path] = set()
    for program in programs.values():
        for phase in program.phases:
            way = list(_instant_way(programs, program.name, phase.name))
            circle = way[way.index(way[-1]) : -1] if way[-1] in way[:-1] else []
            if circle and reported.isdisjoint(circle):
                reported.update(circle)
                words = " → ".join(str(step[-1]) for step in [*circle, circle[0]])
                message = f"phases in a circle while no time passes: {words}"
                problems.error(circle[0], message, "add after: to one of them", on_key=True)


def _instant_way(programs: Mapping[str, Program], program: str, phase: str) -> Iterator[Path]:
    """The phases that follow at once, up to the end or to one that was there already."""
    here: Path | None = ("programs", program, "phases", phase)
    seen: set[Path] = set()
    while here is not None:
        yield here
        if here in seen:
            return
        seen.add(here)
        here = _next_at_once(programs, str(here[1]), str(here[3]))


def _next_at_once(programs: Mapping[str, Program], name: str, phase_name: str) -> Path | None:
    """The phase that begins the moment this one does; None where an answer or time must come first."""
    program = programs[name]
    phase = program.phase(phase_name)
    if phase is None or phase.all_answered.after or any(each.answered or each.after for each in phase.activities):
        return None
    target = phase.all_answered.target
    if target.kind is TargetKind.PROGRAM:
        other = programs.get(target.name)
        again = other is not None and other.again_after == _NO_TIME
        return ("programs", target.name, "phases", other.phases[0].name) if other and again else None
    following = _phase_after(program, phase_name, target)
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
