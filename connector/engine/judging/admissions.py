"""Admissions: so many leads enter a program with a brake in any stretch of time; the others wait for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from connector.domain.book import Book
from connector.domain.fact import Fact, FactKind, Value
from connector.domain.ids import WorkspaceId
from connector.domain.petition import Deferral, Parking, PetitionKind, Ruling, Verdict
from connector.domain.programs.admission import REFUSED
from connector.errors import LostClaimError
from connector.log import get_logger
from connector.ports import FiledPetition, Judged, NewFact, Store, Transaction

#: How long a lead waits for a program that stands still before it is looked at again.
_PAUSE = timedelta(minutes=1)
#: Answered in one transaction, in which on SQLite nobody else can write.
_BATCH = 500
#: So often in a row a batch is begun anew of which others took some away.
_TRIES = 20
_PLACE = Ruling({})

log = get_logger()


def rule(transaction: Transaction, book: Book, petitions: Sequence[FiledPetition], now: datetime) -> Sequence[Verdict]:
    """Who enters now, in the order in which they asked. While somebody waits for a person, everybody waits behind."""
    programs = sorted({filed.petition.subject for filed in petitions})
    left = {program: _places_left(transaction, book, program, now) for program in programs}
    verdicts = [_verdict(book, filed, left, now) for filed in petitions]
    parked = Counter(
        filed.petition.subject
        for filed, verdict in zip(petitions, verdicts, strict=True)
        if isinstance(verdict, Parking)
    )
    for program, amount in parked.items():
        log.warning("brake.parked", workspace=book.workspace, program=program, leads=amount)
    return verdicts


def _places_left(transaction: Transaction, book: Book, program: str, now: datetime) -> int | None:
    """How many more may enter now; None where nothing brakes any more."""
    compiled = book.programs.get(program)
    brake = compiled.program.brake if compiled else None
    if brake is None:
        return None
    if transaction.petitions.parked(book.workspace, PetitionKind.ADMISSION).get(program):
        return 0
    entered = transaction.petitions.ruled_since(
        book.workspace, PetitionKind.ADMISSION, program, _PLACE, now - brake.per
    )
    return max(0, brake.enrolments - entered)


def _verdict(book: Book, filed: FiledPetition, left: dict[str, int | None], now: datetime) -> Verdict:
    program = filed.petition.subject
    if program in book.paused:
        return Deferral(now + _PAUSE, "the program is paused")
    places = left[program]
    if places is None:
        return _PLACE
    if places <= 0:
        return Parking(f"more than {book.programs[program].program.brake_in_words} would enter")
    left[program] = places - 1
    return _PLACE


def admit(store: Store, workspace: WorkspaceId, program: str, by: str, now: datetime) -> int:
    """Let all enter who wait for a person; how many. They do not count for the brake. A second run finds nobody."""
    return _answer(store, workspace, program, {"by": by}, now)


def refuse(store: Store, workspace: WorkspaceId, program: str, by: str, now: datetime) -> int:
    """Let nobody enter who waits for a person; how many. They may ask again when something else enrols them."""
    return _answer(store, workspace, program, {"by": by, REFUSED: True}, now)


def _answer(store: Store, workspace: WorkspaceId, program: str, data: dict[str, Value], now: datetime) -> int:
    answered = tries = 0
    while True:
        try:
            amount = _answer_some(store, workspace, program, data, now)
        except LostClaimError:  # some were answered, or went away, a moment ago: the others are still there
            tries += 1
            if tries > _TRIES:
                raise
            continue
        answered, tries = answered + amount, 0
        if amount < _BATCH:
            return answered


def _answer_some(store: Store, workspace: WorkspaceId, program: str, data: dict[str, Value], now: datetime) -> int:
    with store.transaction() as transaction:
        waiting = transaction.petitions.parked_of(workspace, PetitionKind.ADMISSION, program, _BATCH)
        transaction.leads.add_facts(workspace, [_to_fact(filed, data, now) for filed in waiting], now)
        transaction.petitions.settle([Judged(filed, Ruling(data)) for filed in waiting], now)
    return len(waiting)


def _to_fact(filed: FiledPetition, data: dict[str, Value], now: datetime) -> NewFact:
    key, at = filed.petition.key, max(now, filed.petition.at)
    return NewFact(filed.lead_id, Fact(f"ruling:{key}", at, FactKind.RULING, key, "cli", data), now)
