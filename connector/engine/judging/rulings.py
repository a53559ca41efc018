"""Rulings: what leads ask of the whole workspace is given to them in turn.

One worker at a time rules for a workspace, for whoever rules has to know all that was ruled before. A petition is
closed, and its ruling put into the lead's mailbox, in one transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from connector.domain.book import Book
from connector.domain.fact import Fact, FactKind
from connector.domain.ids import WorkspaceId
from connector.domain.petition import Deferral, PetitionKind, Ruling, Verdict
from connector.engine.judging import admissions, assignments
from connector.engine.judging.shelf import Shelf
from connector.errors import LostClaimError, StoreError
from connector.log import get_logger
from connector.ports import FiledPetition, Judged, NewFact, Store, Transaction

#: Petitions ruled on in one transaction, in which on SQLite nobody else can write.
_BATCH = 200
#: How long a petition over which we stumbled is left alone.
_LEFT_FOR = timedelta(minutes=15)
#: The claim on a workspace is taken and let go in one transaction, which never takes so long.
_AT_MOST = timedelta(minutes=1)

log = get_logger()


class Ruler(Protocol):
    """Rules on petitions of one kind."""

    def __call__(
        self, transaction: Transaction, book: Book, petitions: Sequence[FiledPetition], now: datetime
    ) -> Sequence[Verdict]:
        """A verdict for each of them, in their order.

        What the ruler writes in the transaction takes effect with its verdicts, or not at all.
        """
        ...


#: Who rules on what.
RULERS: Mapping[PetitionKind, Ruler] = {
    PetitionKind.ASSIGNMENT: assignments.rule,
    PetitionKind.ADMISSION: admissions.rule,
}


class Rulings:
    """Rules for all workspaces. Any number of workers may try at once."""

    def __init__(self, store: Store, shelf: Shelf, holder: str, rulers: Mapping[PetitionKind, Ruler] = RULERS) -> None:
        self._store = store
        self._shelf = shelf
        self._holder = holder
        self._rulers = rulers

    def run_once(self, now: datetime) -> int:
        """Rule on the petitions that are due; how many. A second run finds the next ones."""
        with self._store.reading() as transaction:
            books = {one: self._shelf.latest(transaction, one) for one in transaction.petitions.waiting(now)}
        return sum(self._rule(workspace, book, now) for workspace, book in books.items())

    def _rule(self, workspace: WorkspaceId, book: Book, now: datetime) -> int:
        try:
            return self._rule_together(workspace, book, now, _BATCH)
        except LostClaimError:
            log.info("claim.lost", step="rule")
            return 0
        except StoreError:
            raise
        except Exception:
            # A defect that one petition brings to light must not stop the others.
            log.exception("petitions.fell", workspace=workspace)
            return self._rule_alone(workspace, book, now)

    def _rule_together(self, workspace: WorkspaceId, book: Book, now: datetime, limit: int) -> int:
        claim = f"rulings:{workspace}"
        with self._store.transaction() as transaction:
            if not transaction.leases.take(claim, self._holder, now + _AT_MOST, now):
                return 0
            due = transaction.petitions.due(workspace, now, limit)
            self._close(transaction, workspace, self._judge(transaction, book, due, now), now)
            transaction.leases.release(claim, self._holder)
        return len(due)

    def _rule_alone(self, workspace: WorkspaceId, book: Book, now: datetime) -> int:
        """Rule on the first petition; where we stumble over it, leave it alone for a while."""
        try:
            return self._rule_together(workspace, book, now, 1)
        except StoreError:
            raise
        except Exception:
            log.exception("petition.fell", workspace=workspace)
        with self._store.transaction() as transaction:
            due = transaction.petitions.due(workspace, now, 1)
            left = Deferral(now + _LEFT_FOR, "a defect of Coltiva: see its log")
            transaction.petitions.settle([Judged(one, left) for one in due], now)
        return len(due)

    def _judge(
        self, transaction: Transaction, book: Book, due: Sequence[FiledPetition], now: datetime
    ) -> Sequence[Judged]:
        by_kind: dict[PetitionKind, list[FiledPetition]] = defaultdict(list)
        for filed in due:
            by_kind[filed.petition.kind].append(filed)
        return [
            Judged(filed, verdict)
            for kind, petitions in by_kind.items()
            for filed, verdict in zip(petitions, self._rulers[kind](transaction, book, petitions, now), strict=True)
        ]

    def _close(self, transaction: Transaction, workspace: WorkspaceId, judged: Sequence[Judged], now: datetime) -> None:
        # The leads first: who saves a lead locks it before its petitions.
        facts = [_to_fact(one.filed, one.verdict, now) for one in judged if isinstance(one.verdict, Ruling)]
        transaction.leads.add_facts(workspace, facts, now)
        transaction.petitions.settle(judged, now)
        if judged:
            log.info("petitions.ruled", workspace=workspace, looked_at=len(judged), given=len(facts))


def _to_fact(filed: FiledPetition, ruling: Ruling, now: datetime) -> NewFact:
    """A ruling never comes before its petition, whatever the clocks say."""
    key, at = filed.petition.key, max(now, filed.petition.at)
    return NewFact(filed.lead_id, Fact(f"ruling:{key}", at, FactKind.RULING, key, "", ruling.data), now)
