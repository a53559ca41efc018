"""Standing: which programs of a workspace run, which stand still and since when, and how many leads are in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from connector.domain.ids import WorkspaceId
from connector.domain.override import OverrideEntry, OverrideKind
from connector.domain.petition import PetitionKind
from connector.domain.programs.enrolment import OPEN_STATES
from connector.engine.judging.shelf import Shelf
from connector.ports import Store


@dataclass(frozen=True, slots=True)
class ProgramStanding:
    """One program that applies."""

    program: str
    #: Enrolments that go on, those held out for comparison among them, and those that ended.
    open: int
    ended: int
    is_paused: bool
    #: Leads that wait for a person because of the brake.
    waiting: int
    #: Who paused it; None where it runs, and where the mapping says that it stands still.
    paused: OverrideEntry | None


def list_standing(store: Store, shelf: Shelf, workspace: WorkspaceId) -> Sequence[ProgramStanding]:
    """Every program of the mapping that applies, in its order."""
    with store.reading() as transaction:
        book = shelf.latest(transaction, workspace)
        pauses = pauses_of(transaction.overrides.all(workspace))
        waiting = transaction.petitions.parked(workspace, PetitionKind.ADMISSION)
    counted: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for count in store.read_models.funnel(workspace):
        counted[count.state in OPEN_STATES][count.program] += count.enrolments
    return [
        ProgramStanding(
            program=name,
            open=counted[True][name],
            ended=counted[False][name],
            is_paused=name in book.paused,
            waiting=waiting.get(name, 0),
            paused=pauses.get(name, pauses.get("")),
        )
        for name in book.programs
    ]


def pauses_of(ledger: Iterable[OverrideEntry]) -> Mapping[str, OverrideEntry]:
    """Program -> who paused it, of those pauses that go on; the empty name stands for everything."""
    pauses: dict[str, OverrideEntry] = {}
    for entry in ledger:
        if entry.kind is OverrideKind.PAUSED:
            pauses.setdefault(entry.program, entry)
        elif entry.kind is OverrideKind.RESUMED and not entry.program:
            pauses.clear()
        elif entry.kind in (OverrideKind.RESUMED, OverrideKind.DROPPED) and not entry.fork:
            pauses.pop(entry.program, None)
    return pauses
