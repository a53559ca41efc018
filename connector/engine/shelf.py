"""The shelf: books by version, compiled once and kept at hand."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from connector.domain.book import Book
from connector.domain.ids import WorkspaceId
from connector.errors import InvariantError
from connector.ports import Store, StoredBook, Transaction

#: From the files of a version to what `decide` runs on.
Compile = Callable[[StoredBook], Book]

#: Compiled books take megabytes; more than a few versions at a time are only needed by a replay over years.
_KEPT = 16


class Shelf:
    """Compiled books, the least recently used given up first. Safe to share between threads."""

    def __init__(self, store: Store, compile_book: Compile) -> None:
        self._store = store
        self._compile = compile_book
        self._books: OrderedDict[tuple[WorkspaceId, str], Book] = OrderedDict()
        self._lock = threading.Lock()

    def latest(self, transaction: Transaction, workspace: WorkspaceId) -> Book:
        """The book that applies. Raises InvariantError for a workspace that has none: `connect` refuses those."""
        stored = transaction.books.latest(workspace)
        if stored is None:
            raise InvariantError(f"workspace {workspace} has a connection but no mapping")
        return self._kept(workspace, stored.version) or self._keep(workspace, stored)

    def of(self, workspace: WorkspaceId) -> Callable[[str], Book]:
        """The workspace's books by version.

        A version that is not at hand is loaded from the store; one that was never applied raises InvariantError.
        """

        def book(version: str) -> Book:
            return self._kept(workspace, version) or self._load(workspace, version)

        return book

    def _load(self, workspace: WorkspaceId, version: str) -> Book:
        with self._store.reading() as transaction:
            stored = next((one for one in transaction.books.all(workspace) if one.version == version), None)
        if stored is None:
            raise InvariantError(f"workspace {workspace} has no mapping version {version!r}")
        return self._keep(workspace, stored)

    def _kept(self, workspace: WorkspaceId, version: str) -> Book | None:
        with self._lock:
            book = self._books.get((workspace, version))
            if book is not None:
                self._books.move_to_end((workspace, version))
            return book

    def _keep(self, workspace: WorkspaceId, stored: StoredBook) -> Book:
        book = self._compile(stored)
        with self._lock:
            self._books[workspace, stored.version] = book
            while len(self._books) > _KEPT:
                self._books.popitem(last=False)
        return book
