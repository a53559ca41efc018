"""Every mapping version that was ever applied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Text, bindparam, func, select

from connector.domain.ids import WorkspaceId
from connector.ports import StoredBook
from connector.store.codec import decode_overrides, decode_texts, encode, from_ms, to_ms
from connector.store.schema import books
from connector.store.session import Session, limited
from connector.store.upsert import upsert

_COLUMNS = (books.c.version, books.c.files, books.c.applied_at, books.c.overrides)
_OF_WORKSPACE = books.c.workspace == bindparam("workspace", type_=Text)
_ALL = select(*_COLUMNS).where(_OF_WORKSPACE).order_by(books.c.number)
_LATEST = limited(select(*_COLUMNS).where(_OF_WORKSPACE).order_by(books.c.number.desc()))
_LAST_NUMBER = select(func.max(books.c.number)).where(_OF_WORKSPACE)
_ADD = upsert(books)


class StoredBooks:
    """The Books port."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def latest(self, workspace: WorkspaceId) -> StoredBook | None:
        """The one that applies."""
        found = self._session.rows(_LATEST, {"workspace": workspace, "limit": 1})
        return _to_book(found[0]) if found else None

    def all(self, workspace: WorkspaceId) -> Sequence[StoredBook]:
        """All, oldest first."""
        return [_to_book(row) for row in self._session.rows(_ALL, {"workspace": workspace})]

    def add(self, workspace: WorkspaceId, book: StoredBook) -> None:
        """Keep a version; one that exists becomes the latest again."""
        ((last,),) = self._session.rows(_LAST_NUMBER, {"workspace": workspace})
        row = {
            "workspace": workspace,
            "version": book.version,
            "number": (last or 0) + 1,
            "files": encode(book.files),
            "applied_at": to_ms(book.applied_at),
            "overrides": encode(book.overrides),
        }
        self._session.run(_ADD, row)


def _to_book(row: Any) -> StoredBook:
    version, files, applied_at, overrides = row
    return StoredBook(version, decode_texts(files), from_ms(applied_at), decode_overrides(overrides))
