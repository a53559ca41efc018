"""Checks without lists of words: SQLite made a table of every such list, for each row that was written."""

from __future__ import annotations

from collections.abc import Mapping

from alembic import op
from sqlalchemy import text

revision = "0015"
down_revision = "0014"

#: Table -> constraint -> what it said, and what says the same.
_CHECKS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "enrolments": {
        "enrolments_ended_at": (
            "(state IN ('held_out', 'moving', 'running')) = (ended_at IS NULL)",
            "(state = 'held_out' OR state = 'moving' OR state = 'running') = (ended_at IS NULL)",
        ),
    },
    "outbox": {
        "outbox_kind": (
            "kind IN ('email', 'membership', 'note', 'properties', 'task')",
            "(kind = 'email' OR kind = 'membership' OR kind = 'note' OR kind = 'properties' OR kind = 'task')",
        ),
        "outbox_state": (
            "state IN ('attempted', 'done', 'pending', 'refused', 'withdrawn')",
            "(state = 'attempted' OR state = 'done' OR state = 'pending' OR state = 'refused' OR state = 'withdrawn')",
        ),
        "outbox_act": (
            "(kind IN ('email', 'note', 'task')) = (act IS NOT NULL)",
            "(kind = 'email' OR kind = 'note' OR kind = 'task') = (act IS NOT NULL)",
        ),
        "outbox_settled_at": (
            "(state IN ('done', 'refused', 'withdrawn')) = (settled_at IS NOT NULL)",
            "(state = 'done' OR state = 'refused' OR state = 'withdrawn') = (settled_at IS NOT NULL)",
        ),
    },
}

_TABLE = text("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = :name")
_INDEXES = text("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = :name AND sql IS NOT NULL")


def upgrade() -> None:
    """Say the same in other words. SQLite cannot change what it checks: there the tables are made anew."""
    is_postgres = op.get_bind().dialect.name == "postgresql"
    for table, checks in _CHECKS.items():
        if is_postgres:
            for name, (_, words) in checks.items():
                op.drop_constraint(name, table, type_="check")
                op.create_check_constraint(name, table, words)
        else:
            _make_anew(table, dict(checks.values()))


def _make_anew(table: str, words: Mapping[str, str]) -> None:
    bind = op.get_bind()
    created = bind.execute(_TABLE, {"name": table}).scalar_one()
    indexes = bind.execute(_INDEXES, {"name": table}).all()
    for before, after in words.items():
        created = created.replace(f"CHECK ({before})", f"CHECK ({after})")
    # What the first migration told SQLite of the table's indexes goes with the table.
    op.execute(f"CREATE TEMP TABLE expected AS SELECT tbl, idx, stat FROM sqlite_stat1 WHERE tbl = '{table}'")
    for name, _ in indexes:
        op.drop_index(name, table)
    op.rename_table(table, f"{table}_before")
    op.execute(created)
    op.execute(f"INSERT INTO {table} SELECT * FROM {table}_before")
    op.drop_table(f"{table}_before")
    for _, index in indexes:
        op.execute(index)
    op.execute("INSERT INTO sqlite_stat1 (tbl, idx, stat) SELECT tbl, idx, stat FROM expected")
    op.execute("DROP TABLE expected")
    op.execute("ANALYZE sqlite_schema")
