"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table."""
    _create_books()
    _create_connections()
    _create_counts()
    _create_crm_refs()
    _create_deliveries()
    _create_enrolments()
    _create_erasures()
    _create_facts()
    _create_history()
    _create_leads()
    _create_leases()
    _create_outbox()
    _create_strays()
    _tell_sqlite_what_to_expect()


def _create_books() -> None:
    op.create_table(
        "books",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("applied_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "version"),
    )
    op.create_index("books_number", "books", ["workspace", "number"], unique=True)


def _create_connections() -> None:
    op.create_table(
        "connections",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("crm", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("paused_because", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state = 'paused' OR paused_because = ''", name="connections_paused_because"),
        sa.CheckConstraint("state IN ('active', 'paused')", name="connections_state"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("connections_account", "connections", ["crm", "account"], unique=True)


def _create_counts() -> None:
    op.create_table(
        "counts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        sqlite_with_rowid=False,
    )


def _create_crm_refs() -> None:
    op.create_table(
        "crm_refs",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("crm", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "ref"),
        sqlite_with_rowid=False,
    )
    op.create_index("crm_refs_lead", "crm_refs", ["workspace", "lead_id"])
    op.create_index("crm_refs_record", "crm_refs", ["workspace", "record_id"])


def _create_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="received", nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("state IN ('received', 'taken_in', 'unreadable')", name="deliveries_state"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "deliveries_received",
        "deliveries",
        ["received_at"],
        sqlite_where=sa.text("state = 'received'"),
        postgresql_where=sa.text("state = 'received'"),
    )


def _create_enrolments() -> None:
    op.create_table(
        "enrolments",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("program", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(state IN ('running', 'moving')) = (ended_at IS NULL)", name="enrolments_ended_at"),
        sa.PrimaryKeyConstraint("workspace", "lead_id", "program", "number"),
        sqlite_with_rowid=False,
    )
    op.create_index("enrolments_funnel", "enrolments", ["workspace", "program", "phase", "state"])


def _create_erasures() -> None:
    op.create_table(
        "erasures",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("erased_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "hash"),
        sqlite_with_rowid=False,
    )


def _create_facts() -> None:
    op.create_table(
        "facts",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "lead_id", "seq"),
    )
    op.create_index("facts_key", "facts", ["workspace", "at", "key", "lead_id"], unique=True)


def _create_history() -> None:
    op.create_table(
        "history",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "lead_id", "version"),
    )


def _create_leads() -> None:
    op.create_table(
        "leads",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("last_fact", sa.BigInteger(), nullable=False),
        sa.Column("folded_fact", sa.BigInteger(), nullable=False),
        sa.Column("wake_at", sa.BigInteger(), nullable=True),
        sa.Column("is_read", sa.Boolean(), nullable=False),
        sa.Column("read_wanted_at", sa.BigInteger(), nullable=True),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.CheckConstraint("folded_fact <= last_fact", name="leads_folded_fact"),
        sa.CheckConstraint("is_read OR (wake_at IS NULL AND read_wanted_at IS NOT NULL)", name="leads_is_read"),
        sa.PrimaryKeyConstraint("workspace", "id"),
    )
    op.create_index(
        "leads_email",
        "leads",
        ["workspace", "email"],
        sqlite_where=sa.text("email <> ''"),
        postgresql_where=sa.text("email <> ''"),
    )
    op.create_index(
        "leads_to_read",
        "leads",
        ["workspace", "is_read", "read_wanted_at"],
        sqlite_where=sa.text("read_wanted_at IS NOT NULL"),
        postgresql_where=sa.text("read_wanted_at IS NOT NULL"),
    )
    op.create_index(
        "leads_wake",
        "leads",
        ["wake_at"],
        sqlite_where=sa.text("wake_at IS NOT NULL"),
        postgresql_where=sa.text("wake_at IS NOT NULL"),
    )


def _create_leases() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        sqlite_with_rowid=False,
    )


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.Column("written", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("is_held", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("attempted_at", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(kind IN ('note', 'task')) = (act IS NOT NULL)", name="outbox_act"),
        sa.CheckConstraint(
            "(state IN ('done', 'refused', 'withdrawn')) = (settled_at IS NOT NULL)", name="outbox_settled_at"
        ),
        sa.CheckConstraint("kind IN ('membership', 'note', 'properties', 'task')", name="outbox_kind"),
        sa.CheckConstraint(
            "state <> 'attempted' OR (act IS NOT NULL AND attempted_at IS NOT NULL)", name="outbox_attempted_at"
        ),
        sa.CheckConstraint("state IN ('attempted', 'done', 'pending', 'refused', 'withdrawn')", name="outbox_state"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "outbox_due",
        "outbox",
        ["connection_id", "lane", "due_at"],
        sqlite_where=sa.text("state IN ('pending', 'attempted') AND NOT is_held"),
        postgresql_where=sa.text("state IN ('pending', 'attempted') AND NOT is_held"),
    )
    op.create_index(
        "outbox_refused",
        "outbox",
        ["id"],
        sqlite_where=sa.text("state = 'refused'"),
        postgresql_where=sa.text("state = 'refused'"),
    )
    op.create_index("outbox_slot", "outbox", ["workspace", "lead_id", "slot"], unique=True)


def _create_strays() -> None:
    op.create_table(
        "strays",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


# SQLite plans by these figures, which it cannot know of an empty file: without them it takes the workspace, the first
# column of every key, for as telling as the rest of the key. Rows, then rows that share the first column, the first
# two, and so on; partial indexes hold few rows. PostgreSQL counts for itself.
_STATISTICS = [
    ("connections", "connections_account", "10 5 1"),
    ("crm_refs", "crm_refs", "100000 100000 1"),
    ("crm_refs", "crm_refs_lead", "100000 100000 1"),
    ("crm_refs", "crm_refs_record", "100000 100000 1"),
    ("deliveries", None, "1000000"),
    ("deliveries", "deliveries_received", "100 1"),
    ("enrolments", "enrolments", "200000 200000 2 1 1"),
    ("enrolments", "enrolments_funnel", "200000 200000 40000 10000 5000"),
    ("facts", "facts_key", "1000000 1000000 2 1 1"),
    ("facts", "sqlite_autoindex_facts_1", "1000000 1000000 10 1"),
    ("history", "sqlite_autoindex_history_1", "500000 500000 5 1"),
    ("leads", "leads_email", "100000 100000 1"),
    ("leads", "leads_to_read", "100 100 50 1"),
    ("leads", "leads_wake", "100000 1"),
    ("leads", "sqlite_autoindex_leads_1", "100000 100000 1"),
    ("outbox", None, "500000"),
    ("outbox", "outbox_due", "1000 1000 200 1"),
    ("outbox", "outbox_refused", "10 1"),
    ("outbox", "outbox_slot", "500000 500000 5 1"),
]


def _tell_sqlite_what_to_expect() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    statistics = sa.table("sqlite_stat1", sa.column("tbl"), sa.column("idx"), sa.column("stat"))
    op.execute("ANALYZE")
    op.execute(sa.delete(statistics))
    op.bulk_insert(statistics, [{"tbl": tbl, "idx": idx, "stat": stat} for tbl, idx, stat in _STATISTICS])
    op.execute("ANALYZE sqlite_schema")
