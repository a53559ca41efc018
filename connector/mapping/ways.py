"""Where leads go on from a phase or an activity: from the file to the domain's terms."""

from __future__ import annotations

from dataclasses import dataclass, replace

from connector.domain.conditions.condition import Condition
from connector.domain.programs.program import Outcome, Target, TargetKind
from connector.mapping.activity_models import OutcomeEntry
from connector.mapping.conditions import ConditionReader
from connector.mapping.places import Path
from connector.mapping.report import nearest, quoted

#: Where a phase may lead beside another phase.
ELSEWHERE = {
    "previous": Target(TargetKind.PREVIOUS),
    "completed": Target(TargetKind.COMPLETED),
    "exit": Target(TargetKind.EXIT),
}
#: What follows one activity where nothing is said.
ON = Outcome(Target(TargetKind.ON))


@dataclass(frozen=True, slots=True)
class Ways:
    """Where one phase may lead."""

    #: Every phase of the program, also those that are misshapen.
    phases: tuple[str, ...]
    #: Where it leads when nothing is said.
    default: Target
    #: What `completed` means in this program.
    completed: Target


def to_outcome(
    entries: tuple[OutcomeEntry, ...] | None, default: Outcome, ways: Ways, path: Path, reader: ConditionReader
) -> Outcome:
    """What follows: of several, the first whose condition holds; of a list without a last word, else the default."""
    if entries is None:
        return default
    cases: list[tuple[Condition, Outcome]] = []
    for index, entry in enumerate(entries):
        here = (*path, index)
        following = _one_way(entry, default, ways, here, reader)
        if entry.when is None:
            if index + 1 < len(entries):
                reader.problems.error((*path, index + 1), "no lead comes so far: what is before it has no condition")
            return replace(following, cases=tuple(cases))
        cases.append((reader.read(entry.when, (*here, "when")), following))
    return Outcome(default.target, default.after, default.repeat_unanswered, tuple(cases))


def _one_way(entry: OutcomeEntry, default: Outcome, ways: Ways, path: Path, reader: ConditionReader) -> Outcome:
    if not entry.times:
        return Outcome(_target(entry, default.target, ways, path, reader), entry.after, entry.repeat is not None)
    return Outcome(
        _phase_or_end(entry.next or "", default.target, ways, (*path, "next"), reader),
        entry.after,
        times=entry.times,
        instead=_phase_or_end(entry.then or "exit", default.target, ways, (*path, "then"), reader),
    )


def _target(entry: OutcomeEntry, default: Target, ways: Ways, path: Path, reader: ConditionReader) -> Target:
    if entry.sales is not None:
        return to_sales(entry.sales, (*path, "sales"), reader)
    if entry.program is not None:
        know_phase(entry.program, entry.phase, path, reader)
        return Target(TargetKind.PROGRAM, entry.program, entry.phase or "")
    word = entry.then or entry.next
    if word is None:
        return default
    return _phase_or_end(word, default, ways, (*path, "then" if entry.then else "next"), reader)


def _phase_or_end(word: str, default: Target, ways: Ways, path: Path, reader: ConditionReader) -> Target:
    """A phase by its name, or `previous`, `completed`, `exit`."""
    if word in ways.phases:
        return Target(TargetKind.PHASE, word)
    if word == "completed":
        return ways.completed
    if word not in ELSEWHERE:
        known = (*ways.phases, *ELSEWHERE)
        reader.problems.error(path, f"unknown phase {quoted(word)}", nearest(word, known))
    return ELSEWHERE.get(word, default)


def know_phase(program: str, phase: str | None, path: Path, reader: ConditionReader) -> None:
    """Report a program that there is not, or a phase that it does not have; they stand below the path."""
    know_program(program, (*path, "program"), reader)
    phases = reader.names.programs.get(program, ())
    if phase is not None and phase not in phases and phases:
        message = f"{quoted(program)} has no phase {quoted(phase)}"
        reader.problems.error((*path, "phase"), message, nearest(phase, phases))


def to_sales(hand_over: str, path: Path, reader: ConditionReader) -> Target:
    """A hand-over to sales; reports one that there is not."""
    if hand_over not in reader.names.hand_overs:
        hint = nearest(hand_over, reader.names.hand_overs) or "add hand_over: to the section sales"
        reader.problems.error(path, f"unknown hand-over {quoted(hand_over)}", hint)
    return Target(TargetKind.SALES, hand_over)


def know_program(program: str, path: Path, reader: ConditionReader) -> None:
    """Report a program that there is not."""
    if program not in reader.names.programs:
        reader.problems.error(path, f"unknown program {quoted(program)}", nearest(program, reader.names.programs))
