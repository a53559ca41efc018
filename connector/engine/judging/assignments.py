"""Assignments: petitions for a sales rep are ruled on, and each is kept with all that it was decided by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.domain.book import Book
from connector.domain.ids import WorkspaceId
from connector.domain.petition import Deferral, Ruling, Verdict
from connector.domain.sales.assigning import Assignment, assign, is_true
from connector.ports import FiledPetition, Given, Store, Transaction

_PAGE = 500


def rule(transaction: Transaction, book: Book, petitions: Sequence[FiledPetition], now: datetime) -> Sequence[Verdict]:
    """Whom each lead is given to, one after the other: each changes whose turn it is for the next."""
    sales = book.definitions.sales
    last = dict(transaction.assignments.latest(book.workspace, [team.name for team in sales.teams]))
    verdicts: list[Verdict] = []
    given: list[Given] = []
    for filed in petitions:
        found = assign(sales, filed.petition, last, now)
        if isinstance(found, Assignment):
            last[found.team] = found
            given.append(Given(filed.lead_id, found))
            verdicts.append(Ruling(found.told))
        else:
            verdicts.append(Deferral(found.until, found.because))
    transaction.assignments.add(book.workspace, given)
    return verdicts


@dataclass(frozen=True, slots=True)
class LedgerResult:
    """How the ledger compares with itself."""

    checked: int
    #: Team and number of each assignment that is not what its own inputs make of the one before it.
    differing: tuple[tuple[str, int], ...]


def verify(store: Store, workspace: WorkspaceId) -> LedgerResult:
    """Compute every assignment again from what it was decided by. Changes nothing."""
    checked, differing = 0, []
    before: Assignment | None = None
    for one in _all(store, workspace):
        if before is not None and before.team != one.team:
            before = None
        if not is_true(one, before):
            differing.append((one.team, one.number))
        before, checked = one, checked + 1
    return LedgerResult(checked, tuple(differing))


def _all(store: Store, workspace: WorkspaceId) -> Iterator[Assignment]:
    place = ("", 0)
    while True:
        with store.reading() as transaction:
            page = transaction.assignments.after(workspace, place, _PAGE)
        if not page:
            return
        yield from (given.assignment for given in page)
        place = (page[-1].assignment.team, page[-1].assignment.number)
