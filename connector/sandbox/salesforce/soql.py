"""SOQL, read into a tree: the subset that clients send. Salesforce: "SOQL SELECT Syntax"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from connector.sandbox.salesforce.refusals import RefusalError

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>'(?:[^'\\]|\\.)*')
      | (?P<moment>\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))?)
      | (?P<number>[+-]?\d+(?:\.\d+)?)
      | (?P<word>[A-Za-z_][\w.]*(?::\d+)?)
      | (?P<sign><=|>=|!=|<>|[=<>(),])
    )""",
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_COMPARISONS = {"=", "!=", "<>", "<", ">", "<=", ">="}
#: Words that a comparison with a moment may use instead of one.
_MOMENT_WORDS = re.compile(r"(TODAY|YESTERDAY|TOMORROW|(LAST|NEXT)_N_DAYS:\d+)", re.IGNORECASE)
MAX_QUERY_LENGTH = 100_000


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as it was written."""

    #: text, number, moment, word (a date word), boolean or null.
    kind: str
    value: Any


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field path compared with a value, or with a list of them."""

    path: str
    #: One of =, !=, <, >, <=, >=, like, in, not in.
    operator: str
    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Junction:
    """`and` or `or` of several conditions, or `not` of one."""

    word: str
    parts: tuple[Condition, ...]


Condition = Comparison | Junction


@dataclass(frozen=True, slots=True)
class Order:
    """One field of ORDER BY."""

    path: str
    is_descending: bool
    has_nulls_last: bool


@dataclass(frozen=True, slots=True)
class Select:
    """A whole query."""

    #: Field paths; empty for COUNT().
    fields: tuple[str, ...]
    object_name: str
    where: Condition | None
    order: tuple[Order, ...]
    limit: int | None
    offset: int


def parse_soql(text: str) -> Select:
    """The tree of a query. Refuses what is no SOQL, or none that is served here, with MALFORMED_QUERY."""
    if len(text) > MAX_QUERY_LENGTH:
        raise RefusalError("QUERY_TOO_COMPLICATED", "SOQL statements cannot be longer than 100000 characters.")
    return _Parser(text).select()


class _Parser:
    """Recursive descent over the tokens."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self._place = 0

    def select(self) -> Select:
        self._expect("SELECT")
        fields = self._fields()
        self._expect("FROM")
        object_name = self._name()
        where = self._condition() if self._accept("WHERE") else None
        order = self._order() if self._accept("ORDER") else ()
        limit = self._whole_number() if self._accept("LIMIT") else None
        offset = self._whole_number() if self._accept("OFFSET") else 0
        if self._place < len(self._tokens):
            raise self._unexpected()
        return Select(fields, object_name, where, order, limit, offset)

    def _fields(self) -> tuple[str, ...]:
        first = self._name()
        if first.upper() == "COUNT" and self._accept("("):
            self._expect(")")
            return ()
        names = [first]
        while self._accept(","):
            names.append(self._name())
        return tuple(names)

    def _condition(self) -> Condition:
        """Parts of one level are joined by one word; SOQL asks for parentheses where they mix."""
        parts = [self._part()]
        word = next((word for word in ("and", "or") if self._accept(word)), None)
        if word is None:
            return parts[0]
        parts.append(self._part())
        while self._accept(word):
            parts.append(self._part())
        return Junction(word, tuple(parts))

    def _part(self) -> Condition:
        if self._accept("NOT"):
            return Junction("not", (self._part(),))
        if self._accept("("):
            inside = self._condition()
            self._expect(")")
            return inside
        return self._comparison()

    def _comparison(self) -> Comparison:
        path = self._name()
        kind, sign = self._next()
        word = str(sign).lower()
        if kind == "sign" and sign in _COMPARISONS:
            return Comparison(path, "!=" if sign == "<>" else word, (self._literal(),))
        if word == "like":
            return Comparison(path, "like", (self._literal(),))
        if word == "not":
            self._expect("IN")
            return Comparison(path, "not in", self._list())
        if word == "in":
            return Comparison(path, "in", self._list())
        self._place -= 1
        raise self._unexpected()

    def _list(self) -> tuple[Literal, ...]:
        self._expect("(")
        values = [self._literal()]
        while self._accept(","):
            values.append(self._literal())
        self._expect(")")
        return tuple(values)

    def _literal(self) -> Literal:
        kind, value = self._next()
        if kind == "text":
            return Literal("text", _unescaped(value[1:-1]))
        if kind == "number":
            return Literal("number", float(value))
        if kind == "moment":
            return Literal("moment", value)
        word = value.lower()
        if word in ("true", "false"):
            return Literal("boolean", word == "true")
        if word == "null":
            return Literal("null", None)
        if _MOMENT_WORDS.fullmatch(value):
            return Literal("word", value.upper())
        self._place -= 1
        raise self._unexpected()

    def _order(self) -> tuple[Order, ...]:
        self._expect("BY")
        found = [self._ordering()]
        while self._accept(","):
            found.append(self._ordering())
        return tuple(found)

    def _ordering(self) -> Order:
        path = self._name()
        is_descending = self._accept("DESC")
        if not is_descending:
            self._accept("ASC")
        has_nulls_last = False
        if self._accept("NULLS"):
            has_nulls_last = self._accept("LAST")
            if not has_nulls_last:
                self._expect("FIRST")
        return Order(path, is_descending, has_nulls_last)

    def _whole_number(self) -> int:
        kind, value = self._next()
        if kind != "number" or not value.isdecimal():
            self._place -= 1
            raise self._unexpected()
        return int(value)

    def _name(self) -> str:
        kind, value = self._next()
        if kind != "word":
            self._place -= 1
            raise self._unexpected()
        return value

    def _accept(self, word: str) -> bool:
        if self._place < len(self._tokens) and self._tokens[self._place][1].upper() == word.upper():
            self._place += 1
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            raise self._unexpected()

    def _next(self) -> tuple[str, str]:
        if self._place >= len(self._tokens):
            raise RefusalError("MALFORMED_QUERY", "unexpected end of query")
        self._place += 1
        return self._tokens[self._place - 1]

    def _unexpected(self) -> RefusalError:
        if self._place >= len(self._tokens):
            return RefusalError("MALFORMED_QUERY", "unexpected end of query")
        return RefusalError("MALFORMED_QUERY", f"unexpected token: '{self._tokens[self._place][1]}'")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place, end = 0, len(text.rstrip())
    while place < end:
        found = _TOKEN.match(text, place)
        if found is None or found.lastgroup is None:
            raise RefusalError("MALFORMED_QUERY", f"line 1:{place} no viable alternative at character '{text[place]}'")
        yield found.lastgroup, found.group(found.lastgroup)
        place = found.end()


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    # What stands before % and _ in a LIKE is for LIKE to read.
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[0] if found[1] in "%_" else found[1]), text)
