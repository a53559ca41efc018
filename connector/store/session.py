"""One transaction's statements, run at the driver's speed.

Statements are SQLAlchemy Core, worded once for each database and then sent with plain driver values: nothing is
converted on the way, so a statement costs what the database takes for it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    CursorResult,
    Executable,
    Select,
    bindparam,
    literal_column,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

from connector.store.codec import encode

Parameters = Mapping[str, Any]

_LIMIT = bindparam("limit", type_=BigInteger)
# SQLite would be given an offset as a value inside the statement.
_NO_OFFSET: ColumnElement[int] = literal_column("0")


class Words(NamedTuple):
    """A statement as one database understands it."""

    text: str
    #: From named parameters to what the driver takes: the same, or their values in the order of the text.
    arrange: Callable[[Parameters], Any]


class Wording:
    """The words of each statement on one kind of database."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._words: dict[int, tuple[Executable, Words]] = {}

    def of(self, statement: Executable) -> Words:
        """The statement as SQL. All its parameters must be named, none may have a value of its own."""
        # The statement is kept beside its words: its id stays its own as long as it lives.
        known = self._words.get(id(statement))
        if known is None:
            known = self._words[id(statement)] = (statement, self._compile(statement))
        return known[1]

    def load_all(self) -> None:
        """Word every statement that the modules of the store hold, alone or in tuples."""
        modules = [module for name, module in sys.modules.items() if name.startswith(f"{__package__}.")]
        for value in [value for module in modules for value in vars(module).values()]:
            for each in value if isinstance(value, tuple) else (value,):
                if isinstance(each, Executable):
                    self.of(each)

    def _compile(self, statement: Executable) -> Words:
        assert isinstance(statement, ClauseElement)
        compiled = statement.compile(dialect=self._dialect)
        assert isinstance(compiled, SQLCompiler)
        given = {name: value for name, value in compiled.params.items() if value is not None}
        assert not given, f"a value inside a statement: {given}"
        return Words(str(compiled), _arranging(compiled.positiontup))


def _arranging(names: Sequence[str] | None) -> Callable[[Parameters], Any]:
    """Values by position, where the database takes them so: it need not look each of them up by its name."""
    if names is None:
        return dict
    if len(names) > 1:
        return itemgetter(*names)
    return lambda parameters: tuple(parameters[name] for name in names)


class Session:
    """A transaction that is open."""

    __slots__ = ("_word", "connection")

    def __init__(self, connection: Connection, wording: Wording) -> None:
        self.connection = connection
        self._word: Callable[[Executable], Words] = wording.of

    def rows(self, statement: Executable, parameters: Parameters | None = None) -> Sequence[Any]:
        """What a query finds, as tuples with names."""
        return self._execute(statement, parameters).fetchall()

    def run(self, statement: Executable, parameters: Parameters | None = None) -> int:
        """How many rows a statement changed."""
        return self._execute(statement, parameters).rowcount

    def run_many(self, statement: Executable, rows: Sequence[dict[str, Any]]) -> int:
        """How many rows the statement changed, run once for each row of parameters."""
        if not rows:
            return 0
        text, arrange = self._word(statement)
        return self.connection.exec_driver_sql(text, list(map(arrange, rows))).rowcount

    def _execute(self, statement: Executable, parameters: Parameters | None) -> CursorResult[Any]:
        text, arrange = self._word(statement)
        return self.connection.exec_driver_sql(text, arrange(parameters or {}))


def to_list(values: Iterable[Any]) -> str:
    """Single values as the parameter of `among`."""
    return encode([[value] for value in values])


def to_rows(rows: Collection[Sequence[Any]]) -> str:
    """Rows as the parameter of `listed`."""
    return encode(rows)


def limited(statement: Select[Any]) -> Select[Any]:
    """At most as many rows as the parameter `limit` says."""
    return statement.limit(_LIMIT).offset(_NO_OFFSET)
