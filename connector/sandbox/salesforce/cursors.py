"""Query results that are fetched page by page. Salesforce: "Query", `nextRecordsUrl`."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from connector.sandbox.salesforce.ids import to_long
from connector.sandbox.salesforce.refusals import RefusalError

#: How many cursors a user has; a further one closes the oldest.
MAX_CURSORS = 10


@dataclass(frozen=True, slots=True)
class Cursor:
    """The ids that a query found, and how one of them is told."""

    locator: str
    record_ids: Sequence[str]
    tell: Callable[[str], dict[str, Any] | None]
    page_size: int
    resource: str


class CursorBook:
    """Cursors that are open, by user."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._open: OrderedDict[str, tuple[str, Cursor]] = OrderedDict()

    def open(
        self,
        user_id: str,
        record_ids: Sequence[str],
        tell: Callable[[str], dict[str, Any] | None],
        *,
        page_size: int,
        resource: str,
    ) -> Cursor:
        """Keep what is left of a result."""
        cursor = Cursor(to_long(f"01g5e0{next(self._numbers):0>9}"), record_ids, tell, page_size, resource)
        self._open[cursor.locator] = (user_id, cursor)
        theirs = [locator for locator, (owner, _) in self._open.items() if owner == user_id]
        for locator in theirs[:-MAX_CURSORS]:
            del self._open[locator]
        return cursor

    def get(self, locator: str) -> Cursor:
        """A cursor that is still open; refuses any other."""
        if locator not in self._open:
            raise RefusalError("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._open[locator][1]

    def close_all(self) -> None:
        """Close every cursor, as time or an upgrade of the platform does."""
        self._open.clear()
