"""Lists of values as tables, so that one statement serves any number of leads.

The values travel as one JSON text: a statement's wording never depends on how many there are, and both databases
keep it prepared.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, Text, bindparam, cast, literal_column, select
from sqlalchemy.types import TypeEngine

from connector.store.functions import JsonElements


def listed(name: str, **columns: type[TypeEngine[Any]]) -> Subquery:
    """A table with these columns whose rows are given as the parameter `name`: a JSON array of arrays."""
    rows = JsonElements(bindparam(name, type_=Text)).table_valued("value", name=f"{name}_json")
    return select(
        *(
            cast(rows.c.value.op("->>")(literal_column(str(index))), type_).label(column)
            for index, (column, type_) in enumerate(columns.items())
        )
    ).subquery(name)


def among(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """The column is one of the values given as the parameter `name`: a JSON array of one-element arrays."""
    return column.in_(_only_column(listed(name, value=type(column.type))))


def _only_column(table: Subquery) -> Select[Any]:
    return select(table.c.value)
