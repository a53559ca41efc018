"""Overrides: what a person or a rule set for the whole workspace, on top of its mapping files.

They make another version of the book, which leads are told of as of any other: a replay and an explanation know by
which overrides a lead was judged at each moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple

from connector.domain.definitions import Definitions
from connector.domain.programs.program import Activity, Phase, Program

#: Between the fingerprint of the files and that of what was set on top of them.
_ON_TOP = "+"


class Way(NamedTuple):
    """One way of a split, and where the split stands."""

    program: str
    phase: str
    #: The activity that parts the ways.
    fork: str
    case: str

    @property
    def place(self) -> tuple[str, str, str]:
        """Which split it belongs to."""
        return self.program, self.phase, self.fork


@dataclass(frozen=True, slots=True)
class Overrides:
    """All that is set on top of the files of a workspace. What is listed is sorted: equal ones have equal words."""

    #: Programs that stand still.
    paused: tuple[str, ...] = ()
    #: Whether every program stands still, those that are yet to be written among them.
    is_all_paused: bool = False
    #: Splits that are decided: everybody who comes to them from now on goes this way.
    winners: tuple[Way, ...] = ()

    def stops(self, program: str) -> bool:
        """Whether the program stands still by this."""
        return self.is_all_paused or program in self.paused

    def pausing(self, *programs: str) -> Overrides:
        """With these programs paused as well."""
        return replace(self, paused=tuple(sorted({*self.paused, *programs})))

    def resuming(self, *programs: str) -> Overrides:
        """With these programs going on."""
        return replace(self, paused=tuple(name for name in self.paused if name not in programs))

    def won_by(self, way: Way) -> Overrides:
        """With this way as the winner of its split."""
        return replace(self, winners=tuple(sorted((*self.reopening(way.place).winners, way))))

    def reopening(self, place: tuple[str, str, str]) -> Overrides:
        """With chance deciding at this split again."""
        return replace(self, winners=tuple(way for way in self.winners if way.place != place))


NO_OVERRIDES = Overrides()


class OverrideKind(StrEnum):
    """What was done to the overrides."""

    PAUSED = "paused"  # a program, or everything where none is named
    RESUMED = "resumed"
    DECIDED = "decided"  # a split: from now on everybody goes one way
    REOPENED = "reopened"  # a split: chance decides again
    DROPPED = "dropped"  # the new mapping has nothing that it could be about


@dataclass(frozen=True, slots=True)
class OverrideEntry:
    """One line of the ledger of overrides: who did what, when and why. Lines are only ever added."""

    at: datetime
    #: A person's name on this machine, `winner` for the rule of a split, `mapping` for new files.
    by: str
    kind: OverrideKind
    #: Empty for all programs.
    program: str = ""
    phase: str = ""
    fork: str = ""
    case: str = ""
    because: str = ""
    #: The figures that decided a split, in words by case.
    figures: Mapping[str, str] = field(default_factory=dict)


# --- versions ---


def version_of(files: str, overrides: Overrides) -> str:
    """The version of a book: the fingerprint of its files, and behind a plus that of what was set on top of them."""
    if overrides == NO_OVERRIDES:
        return files
    said = repr((overrides.paused, overrides.is_all_paused, [tuple(way) for way in overrides.winners]))
    return f"{files}{_ON_TOP}{blake2b(said.encode(), digest_size=4).hexdigest()}"


def files_of(version: str) -> str:
    """The fingerprint of the files of a version."""
    return version.partition(_ON_TOP)[0]


def is_same_mapping(version: str, other: str) -> bool:
    """Whether the versions have the same files, so that they differ only in what was set on top of them."""
    return files_of(version) == files_of(other)


# --- on top of a mapping ---


def overridden(definitions: Definitions, overrides: Overrides) -> Definitions:
    """What the files say with this set on top; a version of its own."""
    if overrides == NO_OVERRIDES:
        return definitions
    version = version_of(definitions.version, overrides)
    programs = tuple(_overridden(program, overrides) for program in definitions.programs)
    return replace(definitions, version=version, programs=programs)


def _overridden(program: Program, overrides: Overrides) -> Program:
    decided = {way.place: way.case for way in overrides.winners if way.program == program.name}
    phases = tuple(_decided(program.name, phase, decided) for phase in program.phases) if decided else program.phases
    return replace(program, is_paused=program.is_paused or overrides.stops(program.name), phases=phases)


def _decided(program: str, phase: Phase, decided: Mapping[tuple[str, str, str], str]) -> Phase:
    def settled(activity: Activity) -> Activity:
        case = decided.get((program, phase.name, activity.name), "")
        return replace(activity, fork=replace(activity.fork, winner=case)) if activity.fork and case else activity

    return replace(phase, activities=tuple(map(settled, phase.activities)))


def keep_sensible(
    overrides: Overrides, programs: Sequence[Program], now: datetime
) -> tuple[Overrides, tuple[OverrideEntry, ...]]:
    """What of the overrides is about something in these programs; and what is not, as the ledger tells it."""
    names = {program.name for program in programs}
    ways = {way for program in programs for way in ways_of(program)}
    gone = [name for name in overrides.paused if name not in names]
    lost = [way for way in overrides.winners if way not in ways]
    kept = overrides.resuming(*gone)
    for way in lost:
        kept = kept.reopening(way.place)
    because = "it is not in the mapping any more"
    dropped = OverrideEntry(now, "mapping", OverrideKind.DROPPED, because=because)
    entries = (
        *(replace(dropped, program=name) for name in gone),
        *(replace(dropped, program=way.program, phase=way.phase, fork=way.fork, case=way.case) for way in lost),
    )
    return kept, entries


def ways_of(program: Program) -> Iterable[Way]:
    """The ways of the program's splits, in order."""
    for phase in program.phases:
        for activity in phase.activities:
            if activity.fork is not None and activity.fork.by_chance:
                yield from (Way(program.name, phase.name, activity.name, case.name) for case in activity.fork.cases)
