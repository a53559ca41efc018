"""Reading is of a record and no longer of a lead; a record that lives on in another one names it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_IS_READ = "is_read OR wake_at IS NULL"
_READING = (
    "(became = '' AND (read_as_of IS NOT NULL OR read_wanted_at IS NOT NULL)) "
    "OR (became <> '' AND read_wanted_at IS NULL)"
)
_TO_READ = "read_wanted_at IS NOT NULL AND read_as_of IS NULL"
_TO_READ_AGAIN = "read_wanted_at IS NOT NULL AND read_as_of IS NOT NULL"
_BY_ACCOUNT = ["workspace", "crm", "account", "read_wanted_at"]

# Before, a lead had one current record an account, as which the others live on, and was read as a whole.
_BECAME = (
    "CASE WHEN is_current THEN '' ELSE coalesce((SELECT min(other.ref) FROM {} AS other "
    "WHERE other.workspace = crm_refs.workspace AND other.lead_id = crm_refs.lead_id AND other.crm = crm_refs.crm "
    "AND other.account = crm_refs.account AND other.is_current), ref) END"
)
_OF_LEAD = "SELECT {} FROM leads WHERE leads.workspace = crm_refs.workspace AND leads.id = crm_refs.lead_id"
_AS_OF = f"coalesce(read_as_of, ({_OF_LEAD.format('CASE WHEN is_read THEN 0 END')}))"
_WANTED = f"CASE WHEN is_current THEN ({_OF_LEAD.format('read_wanted_at')}) END"
_OF_LEADS = "workspace, id, version, last_fact, folded_fact, wake_at, is_read, email, doc, book"


def upgrade() -> None:
    """Hand what leads know of their reading to their records. SQLite cannot change what it checks: new tables there."""
    if op.get_bind().dialect.name == "postgresql":
        _change_crm_refs()
        _change_leads()
    else:
        op.execute("CREATE TEMP TABLE expected AS SELECT * FROM sqlite_stat1 WHERE tbl IN ('crm_refs', 'leads')")
        _remake_crm_refs()
        _remake_leads()
        op.execute("DELETE FROM expected WHERE idx = 'leads_to_read'")
        op.execute("INSERT INTO expected VALUES ('crm_refs', 'crm_refs_to_read', '100 100 100 100 1')")
        op.execute("INSERT INTO expected VALUES ('crm_refs', 'crm_refs_to_read_again', '100 100 100 100 1')")
        op.execute("INSERT INTO sqlite_stat1 (tbl, idx, stat) SELECT tbl, idx, stat FROM expected")
        op.execute("DROP TABLE expected")
        op.execute("ANALYZE sqlite_schema")


def _change_crm_refs() -> None:
    op.add_column("crm_refs", sa.Column("read_wanted_at", sa.BigInteger(), nullable=True))
    op.add_column("crm_refs", sa.Column("became", sa.Text(), nullable=False, server_default=""))
    op.add_column("crm_refs", sa.Column("known_at", sa.BigInteger(), nullable=False, server_default="0"))
    became = _BECAME.format("crm_refs")
    op.execute(f"UPDATE crm_refs SET became = {became}, read_as_of = {_AS_OF}, read_wanted_at = {_WANTED}")
    op.drop_column("crm_refs", "is_current")
    op.create_check_constraint("crm_refs_reading", "crm_refs", _READING)
    _index_crm_refs_to_read()


def _change_leads() -> None:
    op.drop_constraint("leads_is_read", "leads", type_="check")
    op.drop_index("leads_to_read", "leads")
    op.drop_column("leads", "read_wanted_at")
    op.create_check_constraint("leads_is_read", "leads", _IS_READ)


def _index_crm_refs_to_read() -> None:
    for name, condition in (("crm_refs_to_read", _TO_READ), ("crm_refs_to_read_again", _TO_READ_AGAIN)):
        where = sa.text(condition)
        op.create_index(name, "crm_refs", _BY_ACCOUNT, sqlite_where=where, postgresql_where=where)


def _remake_crm_refs() -> None:
    for index in ("crm_refs_lead", "crm_refs_record"):
        op.drop_index(index, "crm_refs")
    op.rename_table("crm_refs", "crm_refs_before")
    op.create_table(
        "crm_refs",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("crm", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("read_as_of", sa.BigInteger(), nullable=True),
        sa.Column("read_wanted_at", sa.BigInteger(), nullable=True),
        sa.Column("became", sa.Text(), nullable=False, server_default=""),
        sa.Column("known_at", sa.BigInteger(), nullable=False, server_default="0"),
        sa.CheckConstraint(_READING, name="crm_refs_reading"),
        sa.PrimaryKeyConstraint("workspace", "ref"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO crm_refs SELECT workspace, ref, lead_id, crm, account, record_id, "
        f"{_AS_OF}, {_WANTED}, {_BECAME.format('crm_refs_before')}, 0 FROM crm_refs_before AS crm_refs"
    )
    op.drop_table("crm_refs_before")
    op.create_index("crm_refs_lead", "crm_refs", ["workspace", "lead_id"])
    op.create_index("crm_refs_record", "crm_refs", ["workspace", "record_id"])
    _index_crm_refs_to_read()


def _remake_leads() -> None:
    for index in ("leads_wake", "leads_to_read", "leads_book", "leads_email"):
        op.drop_index(index, "leads")
    op.rename_table("leads", "leads_before")
    op.create_table(
        "leads",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("last_fact", sa.BigInteger(), nullable=False),
        sa.Column("folded_fact", sa.BigInteger(), nullable=False),
        sa.Column("wake_at", sa.BigInteger(), nullable=True),
        sa.Column("is_read", sa.Boolean(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.Column("book", sa.Text(), nullable=False, server_default=""),
        sa.CheckConstraint("folded_fact <= last_fact", name="leads_folded_fact"),
        sa.CheckConstraint(_IS_READ, name="leads_is_read"),
        sa.PrimaryKeyConstraint("workspace", "id"),
    )
    op.execute(f"INSERT INTO leads ({_OF_LEADS}) SELECT {_OF_LEADS} FROM leads_before ORDER BY rowid")
    op.drop_table("leads_before")
    op.create_index("leads_wake", "leads", ["wake_at"], sqlite_where=sa.text("wake_at IS NOT NULL"))
    op.create_index("leads_book", "leads", ["workspace", "book"])
    op.create_index("leads_email", "leads", ["workspace", "email"], sqlite_where=sa.text("email <> ''"))
