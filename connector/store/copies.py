"""Copies of what stands in a lead's document, one row for each thing, for reports to count and list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Executable, Table, bindparam, delete

from connector.domain.lead import Lead
from connector.ports import SavedLead
from connector.store.session import Session
from connector.store.upsert import upsert


class Copies(NamedTuple):
    """How things of one kind are copied."""

    save: Executable
    drop: Executable
    #: Those of a lead.
    of: Callable[[Lead], Sequence[Any]]
    #: What tells a thing from the others of its lead: the last columns of the table's key.
    key: Callable[[Any], tuple[object, ...]]
    row: Callable[[SavedLead, Any], dict[str, Any]]
    #: The columns of the table's key, as the parameters of `drop` are named.
    names: tuple[str, ...]


def copies_in(
    table: Table,
    of: Callable[[Lead], Sequence[Any]],
    key: Callable[[Any], tuple[object, ...]],
    row: Callable[[SavedLead, Any], dict[str, Any]],
) -> Copies:
    """Copies in a table whose key begins with the workspace and the lead."""
    columns = {f"{column.name}_": column for column in table.primary_key}
    its_row = (column == bindparam(name, type_=column.type) for name, column in columns.items())
    return Copies(upsert(table), delete(table).where(*its_row), of, key, row, tuple(columns))


def save_copies(session: Session, copies: Copies, saved: Sequence[SavedLead]) -> None:
    """Bring the copies up to date, where they changed."""
    changed = [one for one in saved if copies.of(one.lead) != copies.of(one.stored.lead)]
    session.run_many(copies.drop, [row for one in changed for row in _dropped(copies, one)])
    session.run_many(copies.save, [row for one in changed for row in _news(copies, one)])


def _dropped(copies: Copies, saved: SavedLead) -> Iterable[dict[str, Any]]:
    kept = {copies.key(each) for each in copies.of(saved.lead)}
    for each in copies.of(saved.stored.lead):
        if copies.key(each) not in kept:
            yield dict(zip(copies.names, (saved.stored.workspace, saved.lead.id, *copies.key(each)), strict=True))


def _news(copies: Copies, saved: SavedLead) -> Iterable[dict[str, Any]]:
    before = copies.of(saved.stored.lead)
    return (copies.row(saved, each) for each in copies.of(saved.lead) if each not in before)
