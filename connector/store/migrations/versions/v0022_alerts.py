"""The outbox holds alerts and posts, too."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0022"
down_revision = "0021"

#: Constraint -> what it said, and what it says.
_CHECKS = {
    "outbox_kind": (
        "(kind = 'email' OR kind = 'membership' OR kind = 'note' OR kind = 'properties' OR kind = 'task')",
        (
            "(kind = 'alert' OR kind = 'email' OR kind = 'membership' OR kind = 'note' OR kind = 'post'"
            " OR kind = 'properties' OR kind = 'task')"
        ),
    ),
    "outbox_act": (
        "(kind = 'email' OR kind = 'note' OR kind = 'task') = (act IS NOT NULL)",
        "(kind = 'alert' OR kind = 'email' OR kind = 'note' OR kind = 'post' OR kind = 'task') = (act IS NOT NULL)",
    ),
}

_TABLE = text("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = 'outbox'")
_INDEXES = text("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'outbox' AND sql IS NOT NULL")


def upgrade() -> None:
    """Let a row be one. SQLite cannot change what it checks: there the table is made anew."""
    if op.get_bind().dialect.name == "postgresql":
        for name, (_, words) in _CHECKS.items():
            op.drop_constraint(name, "outbox", type_="check")
            op.create_check_constraint(name, "outbox", words)
        return
    _make_anew()


def _make_anew() -> None:
    bind = op.get_bind()
    created = bind.execute(_TABLE).scalar_one()
    indexes = bind.execute(_INDEXES).all()
    for before, after in _CHECKS.values():
        created = created.replace(f"CHECK ({before})", f"CHECK ({after})")
    # What the first migration told SQLite of the table's indexes goes with the table.
    op.execute("CREATE TEMP TABLE expected AS SELECT tbl, idx, stat FROM sqlite_stat1 WHERE tbl = 'outbox'")
    for name, _ in indexes:
        op.drop_index(name, "outbox")
    op.rename_table("outbox", "outbox_before")
    op.execute(created)
    op.execute("INSERT INTO outbox SELECT * FROM outbox_before")
    op.drop_table("outbox_before")
    for _, index in indexes:
        op.execute(index)
    op.execute("INSERT INTO sqlite_stat1 (tbl, idx, stat) SELECT tbl, idx, stat FROM expected")
    op.execute("DROP TABLE expected")
    op.execute("ANALYZE sqlite_schema")
