"""One transaction's statements, run at the driver's speed.

Statements are SQLAlchemy Core, worded once for each database and then sent with plain driver values: nothing is
converted on the way, so a statement costs what the database takes for it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Executable, Select, bindparam, literal_column
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement

from connector.store.codec import encode

Parameters = Mapping[str, Any]

_LIMIT = bindparam("limit", type_=BigInteger)
# SQLite would be given an offset as a value inside the statement.
_NO_OFFSET: ColumnElement[int] = literal_column("0")


class Wording:
    """The text of each statement on one kind of database."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._texts: dict[int, tuple[Executable, str]] = {}

    def of(self, statement: Executable) -> str:
        """The statement as SQL. All its parameters must be named, none may have a value of its own."""
        # The statement is kept beside its text: its id stays its own as long as it lives.
        known = self._texts.get(id(statement))
        if known is None:
            known = self._texts[id(statement)] = (statement, self._compile(statement))
        return known[1]

    def _compile(self, statement: Executable) -> str:
        assert isinstance(statement, ClauseElement)
        compiled = statement.compile(dialect=self._dialect)
        given = {name: value for name, value in compiled.params.items() if value is not None}
        assert not given, f"a value inside a statement: {given}"
        return str(compiled)


class Session:
    """A transaction that is open."""

    __slots__ = ("_word", "connection")

    def __init__(self, connection: Connection, wording: Wording) -> None:
        self.connection = connection
        self._word: Callable[[Executable], str] = wording.of

    def rows(self, statement: Executable, parameters: Parameters | None = None) -> Sequence[Any]:
        """What a query finds, as tuples with names."""
        return self.connection.exec_driver_sql(self._word(statement), dict(parameters or {})).fetchall()

    def run(self, statement: Executable, parameters: Parameters | None = None) -> int:
        """How many rows a statement changed."""
        return self.connection.exec_driver_sql(self._word(statement), dict(parameters or {})).rowcount

    def run_many(self, statement: Executable, rows: Sequence[dict[str, Any]]) -> int:
        """How many rows the statement changed, run once for each row of parameters."""
        if not rows:
            return 0
        return self.connection.exec_driver_sql(self._word(statement), list(rows)).rowcount


def to_list(values: Iterable[Any]) -> str:
    """Single values as the parameter of `among`."""
    return encode([[value] for value in values])


def to_rows(rows: Collection[Sequence[Any]]) -> str:
    """Rows as the parameter of `listed`."""
    return encode(rows)


def limited(statement: Select[Any]) -> Select[Any]:
    """At most as many rows as the parameter `limit` says."""
    return statement.limit(_LIMIT).offset(_NO_OFFSET)
