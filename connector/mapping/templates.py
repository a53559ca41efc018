"""Message texts: Jinja2 in a sandbox, cut down to what is bounded.

A text may show values, choose with `if`, and list with one `for`. It cannot call, assign, multiply or nest loops, so
its cost is at most its own length times the longest list, whatever a hostile author writes.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, wraps
from html import escape
from typing import Any

from jinja2 import ChainableUndefined, Template, TemplateError, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from connector.domain.field import format_value

MAX_SOURCE = 10_000
#: With the blocks that it shares with others.
MAX_WHOLE = 20_000
#: What HubSpot takes as the body of a note. HubSpot: Notes API guide.
MAX_OUTPUT = 65_536
#: What compiling and rendering any text may raise, given values of any type.
_FAILURES = (
    TemplateError, ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, RecursionError,
    SyntaxError, TypeError, ValueError,
)  # fmt: skip
#: What stands in a text for the template's own sake.
_TAGS = re.compile(r"\{[{%#].*?[}%#]\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Message:
    """A text of the mapping as the domain's `Text`: called with a lead's values, it never raises.

    As HTML every value is escaped, and a source without any HTML tag is plain text whose lines are kept. Otherwise it
    is one line, unless it `keeps_lines`.
    """

    source: str
    html: bool = False
    keeps_lines: bool = False

    def __call__(self, values: Mapping[str, object]) -> str:
        """The text for one lead; a value that is missing, or is not of the kind that is needed, shows as nothing.

        Of what cannot be rendered at all, what stands between the tags: nobody is to read a template.
        """
        try:
            return self._render(values)[:MAX_OUTPUT]
        except _FAILURES:
            return _TAGS.sub("", self.source)

    @property
    def is_markup(self) -> bool:
        """Whether it is written as HTML, in which line breaks mean nothing."""
        return self.html and re.search(r"</?[a-zA-Z]", self.source) is not None

    def _render(self, values: Mapping[str, object]) -> str:
        text = _joined(compile_template(self.source, self.is_markup), values)
        if self.html and not self.is_markup:
            return escape(text).strip().replace("\n", "<br>\n")
        return text.strip() if self.html or self.keeps_lines else " ".join(text.split())


def _joined(template: Template, values: Mapping[str, object]) -> str:
    parts, length = [], 0
    for part in template.generate(values):
        parts.append(part)
        length += len(part)
        if length > MAX_OUTPUT:
            break
    return "".join(parts)


@lru_cache(maxsize=4096)
def compile_template(source: str, autoescape: bool) -> Template:
    """The compiled template. Raises jinja2.TemplateError where `check_template` finds a mistake."""
    return (_ESCAPING if autoescape else PLAIN).from_string(source)


def _shown(value: Any) -> Any:
    """Values as people write them: 50, not 50.0; nothing, not None; a, b, not a tuple."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return format_value(float(value))
        case list() | tuple():
            return join(value)
        case _:
            return value


def join(value: Any, separator: str = ", ") -> Any:
    """The parts of a list as one text; a text stays as it is."""
    return separator.join(str(_shown(part)) for part in value) if isinstance(value, list | tuple) else value


def to_date(value: Any) -> Any:
    """A date or moment as people write it: 22 November 2026."""
    try:
        day = date.fromisoformat(str(value)[:10])
    except ValueError:
        return value
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip

#: The filters that cannot multiply their input.
FILTERS = (
    "abs", "capitalize", "d", "default", "e", "escape", "first", "float", "int", "last", "length", "lower", "round",
    "title", "trim", "truncate", "upper",
)  # fmt: skip
TESTS = (
    "defined", "undefined", "none", "true", "false", "number", "string", "odd", "even", "in", "eq", "ne", "gt", "ge",
    "lt", "le",
)  # fmt: skip


#: Rounding to more places than numbers have takes as long as one likes.
_MAX_PLACES = 15
_COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "gteq": operator.ge,
    "lt": operator.lt,
    "lteq": operator.le,
    "in": lambda part, whole: part in whole,
    "notin": lambda part, whole: part not in whole,
}


class _Generator(CodeGenerator):
    """Writes comparisons so that they are asked of the environment."""

    def visit_Compare(self, node: nodes.Compare, frame: Frame) -> None:  # noqa: N802 - Jinja2's name for it
        self.write("environment.compares(")
        self.visit(node.expr, frame)
        for operand in node.ops:
            self.write(f", {operand.op!r}, ")
            self.visit(operand.expr, frame)
        self.write(")")


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox, in which nothing that a lead has or lacks makes a text fail.

    A comparison with what is missing, or is of another kind, does not hold; a sum or filter of such shows nothing.
    """

    code_generator_class = _Generator
    intercepted_binops = frozenset({"+", "-"})
    intercepted_unops = frozenset({"+", "-"})

    def compares(self, left: Any, *rest: Any) -> bool:
        """Whether a chain of comparisons holds: each sign with what stands behind it."""
        for sign, right in zip(rest[::2], rest[1::2], strict=True):
            try:
                holds = bool(_COMPARISONS[sign](left, right))
            except _FAILURES:
                return False
            if not holds:
                return False
            left = right
        return True

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        return _or_nothing(super().call_binop)(context, operator, left, right)

    def call_unop(self, context: Context, operator: str, arg: Any) -> Any:
        return _or_nothing(super().call_unop)(context, operator, arg)


def _or_nothing(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, giving nothing for what it cannot take."""

    @wraps(function)
    def called(*arguments: Any, **named: Any) -> Any:
        try:
            return function(*arguments, **named)
        except _FAILURES:
            return ChainableUndefined()

    return called


def _round(round_: Callable[..., Any]) -> Callable[..., Any]:
    def rounded(value: Any, precision: int = 0, method: str = "common") -> Any:
        return round_(value, max(-_MAX_PLACES, min(precision, _MAX_PLACES)), method)

    return rounded


def _environment(autoescape: bool) -> _Environment:
    environment = _Environment(
        autoescape=autoescape, undefined=ChainableUndefined, finalize=_shown, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.clear()
    environment.policies["truncate.leeway"] = 0
    filters: dict[str, Any] = {name: environment.filters[name] for name in FILTERS}
    filters |= {"join": join, "date": to_date, "round": _round(filters["round"])}
    environment.filters = {name: _or_nothing(each) for name, each in filters.items()}
    tests: dict[str, Any] = {name: environment.tests[name] for name in TESTS}
    environment.tests = {name: _or_nothing(each) for name, each in tests.items()}
    return environment


PLAIN = _environment(autoescape=False)
_ESCAPING = _environment(autoescape=True)
