"""The shelf: books by version, compiled once and kept at hand."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress

from connector.domain.book import Book
from connector.domain.ids import WorkspaceId
from connector.errors import InvariantError, SetupError
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
        return self._take(workspace, stored.version, lambda: stored)

    def stock(self) -> None:
        """Have the books at hand that apply now. One that does not compile is left to who asks for it."""
        with self._store.reading() as transaction:
            for workspace in sorted({connection.workspace for connection in transaction.connections.all()}):
                with suppress(SetupError, InvariantError):
                    self.latest(transaction, workspace)

    def of(self, workspace: WorkspaceId) -> Callable[[str], Book]:
        """The workspace's books by version.

        A version that is not at hand is loaded from the store; one that was never applied raises InvariantError.
        """
        return lambda version: self._take(workspace, version, lambda: self._load(workspace, version))

    def _take(self, workspace: WorkspaceId, version: str, load: Callable[[], StoredBook]) -> Book:
        """The book at hand, or compiled now. Compiling takes long: a second thread waits for it."""
        key = (workspace, version)
        with self._lock:
            if key not in self._books:
                self._books[key] = self._compile(load())
                while len(self._books) > _KEPT:
                    self._books.popitem(last=False)
            self._books.move_to_end(key)
            return self._books[key]

    def _load(self, workspace: WorkspaceId, version: str) -> StoredBook:
        with self._store.reading() as transaction:
            for stored in transaction.books.all(workspace):
                if stored.version == version:
                    return stored
        raise InvariantError(f"workspace {workspace} has no mapping version {version!r}")
