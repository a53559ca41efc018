"""Functions that the two databases call by different names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class TwoNamed(FunctionElement[Any]):
    """A function with a wording for each database; {0}, {1} stand for its arguments."""

    inherit_cache = True
    wordings: ClassVar[Mapping[str, str]]


class JsonElements(TwoNamed):
    """The elements of a JSON array, as rows with one column, `value`."""

    name = "json_elements"
    inherit_cache = True
    wordings: ClassVar = {"sqlite": "json_each({0})", "postgresql": "json_array_elements(CAST({0} AS JSON))"}


class AllOf(TwoNamed):
    """The values of a group as one JSON array, in no order; of an empty group, the empty array."""

    name = "all_of"
    inherit_cache = True
    wordings: ClassVar = {
        "sqlite": "json_group_array({0})",
        "postgresql": "CAST(coalesce(json_agg({0}), '[]') AS TEXT)",
    }


class PlaceOf(TwoNamed):
    """Where in the second text or bytes the first begins, counted from one; zero for nowhere."""

    name = "place_of"
    inherit_cache = True
    wordings: ClassVar = {"sqlite": "instr({1}, {0})", "postgresql": "position({0} IN {1})"}


class HasWord(TwoNamed):
    """Whether the first text, of letters and digits, stands in the second with none of these beside it."""

    name = "has_word"
    inherit_cache = True
    wordings: ClassVar = {
        "sqlite": "' ' || {1} || ' ' GLOB '*[^0-9A-Za-z]' || {0} || '[^0-9A-Za-z]*'",
        "postgresql": "{1} ~ ('(^|[^0-9A-Za-z])' || {0} || '([^0-9A-Za-z]|$)')",
    }


@compiles(TwoNamed)
def _word(element: TwoNamed, compiler: Any, **options: Any) -> str:
    arguments = (compiler.process(clause, **options) for clause in element.clauses)
    return element.wordings[compiler.dialect.name].format(*arguments)
