"""Apply: a new version of the mapping becomes the one that counts, for every lead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from connector.domain.book import Book
from connector.domain.fact import Fact, FactKind
from connector.domain.field import format_moment
from connector.domain.ids import WorkspaceId
from connector.engine.shelf import Compile
from connector.ports import Store, StoredBook, Transaction

_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """What applying a version did."""

    version: str
    #: False when the version applied already: nothing was done.
    is_new: bool
    #: Whether every record is read again, because the version looks at properties that were never read.
    rereads: bool = False


def apply_book(
    store: Store,
    compile_book: Compile,
    workspace: WorkspaceId,
    stored: StoredBook,
    on_progress: Callable[[int], None] = lambda batches: None,
) -> ApplyResult:
    """Keep the version and tell every lead of it, all in one transaction; workers then judge the leads anew.

    Applying the version that applies does nothing. Raises what compiling raises, before anything is changed.
    `on_progress` is told how many batches of 1,000 leads are done.
    """
    book = compile_book(stored)
    with store.transaction() as transaction:
        before = transaction.books.latest(workspace)
        if before is not None and before.version == stored.version:
            return ApplyResult(stored.version, is_new=False)
        transaction.books.add(workspace, stored)
        if before is None:
            return ApplyResult(stored.version, is_new=True)
        _tell_leads(transaction, workspace, _to_fact(stored), on_progress)
        rereads = bool(_properties(book) - _properties(compile_book(before)))
        if rereads:
            transaction.leads.read_again(workspace, None, stored.applied_at)
    return ApplyResult(stored.version, is_new=True, rereads=rereads)


def _tell_leads(
    transaction: Transaction, workspace: WorkspaceId, fact: Fact, on_progress: Callable[[int], None]
) -> None:
    after = transaction.leads.add_book_facts(workspace, fact, None, _BATCH)
    batches = 1
    while after is not None:
        on_progress(batches)
        after = transaction.leads.add_book_facts(workspace, fact, after, _BATCH)
        batches += 1


def _to_fact(stored: StoredBook) -> Fact:
    """A version that is applied once more after another one is another fact."""
    key = f"book:{stored.version}:{format_moment(stored.applied_at)}"
    return Fact(key, stored.applied_at, FactKind.BOOK, stored.version)


def _properties(book: Book) -> set[tuple[str, str]]:
    crms = {*book.fills, *book.watches}
    return {(crm, name) for crm in crms for name in book.properties_to_read(crm)}
