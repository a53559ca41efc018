"""Programs as graphs: what cannot be reached, what never ends, what ends before it begins."""

from __future__ import annotations

from connector.domain.conditions.condition import AllOf, AnyOf, Condition, ProgramTest
from connector.domain.definitions import Definitions
from connector.domain.programs.contest import Contest, Merit
from connector.domain.programs.program import Activity, ListSend, Phase, Program, TargetKind
from connector.mapping.endless import check_circles, check_rounds
from connector.mapping.models import MappingFile
from connector.mapping.places import Path, Problems
from connector.mapping.programs import is_by_hand
from connector.mapping.report import quoted
from connector.mapping.rounds import check_program_rounds
from connector.mapping.routes import Route, early, every_case, handed_back_to, possible_outcomes, targets_of, to_route


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
    at_once = check_circles(sound, definitions.sales, problems)
    others = {name: route for name, route in sound.items() if name not in at_once}
    check_rounds(others.values(), problems)
    check_program_rounds(others, definitions.cap, problems)


def place_of(program: str, phase: Phase, activity: Activity) -> Path:
    """Where the activity stands in the files."""
    forks = {each.name: each.fork for each in phase.activities if each.fork}
    path: Path = ("programs", program, "phases", phase.name, "activities")
    for name, case in activity.path:
        fork = forks.get(name)
        path = (*path, name, "split" if fork is not None and fork.by_chance else "choose", case, "activities")
    return (*path, activity.name)


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
            ways = (*every_case(*possible_outcomes(phase).values()), *early(phase))
            waiting += [route.after(name, way.target) for way in ways]
    return reached


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
