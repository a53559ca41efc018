"""What is to be written to CRMs."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Integer, Table, Text

from connector.domain.outward.change import ACTS, CLOSED_STATES, ChangeKind, ChangeState
from connector.store.schema.laws import ID, is_any, metadata, where

# What is to be written to CRMs, and what was.
#
#   desired state:  pending --written--> done --wanted differently--> pending
#                   pending --refused--> refused --wanted differently, or retried--> pending
#                   pending --never left, no longer wanted--> withdrawn --wanted again--> pending
#   acts:           pending --the call begins--> attempted --made, or found made--> done
#                   attempted --refused--> refused --retried--> pending
#                   attempted --surely not made--> pending
#                   pending, refused --a late fact changed the verdict--> withdrawn --and back--> pending
outbox = Table(
    "outbox",
    metadata,
    Column("id", ID, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("connection_id", Text, nullable=False),
    Column("lead_id", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    # What of the lead the row is about: there is one row for each.
    Column("slot", Text, nullable=False),
    # A list's title; an act's name in the CRM, which stays when leads are merged.
    Column("key", Text, nullable=False),
    Column("lane", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("wanted", Text, nullable=False),
    Column("written", Text, nullable=False),
    Column("act", Text),
    Column("due_at", BigInteger, nullable=False),
    # The lead is archived: what is open waits until it is restored.
    Column("is_held", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("words", Text, nullable=False),
    Column("remote_id", Text, nullable=False),
    Column("attempted_at", BigInteger),
    Column("settled_at", BigInteger),
    CheckConstraint(is_any("kind", ChangeKind), name="outbox_kind"),
    CheckConstraint(is_any("state", ChangeState), name="outbox_state"),
    CheckConstraint(f"{is_any('kind', ACTS)} = (act IS NOT NULL)", name="outbox_act"),
    CheckConstraint(
        "state <> 'attempted' OR (act IS NOT NULL AND attempted_at IS NOT NULL)", name="outbox_attempted_at"
    ),
    CheckConstraint(f"{is_any('state', CLOSED_STATES)} = (settled_at IS NOT NULL)", name="outbox_settled_at"),
    Index("outbox_slot", "workspace", "lead_id", "slot", unique=True),
    Index(
        "outbox_due",
        "connection_id",
        "lane",
        "due_at",
        **where("state IN ('pending', 'attempted') AND NOT is_held"),
    ),
    Index("outbox_refused", "id", **where("state = 'refused'")),
)

# Jobs by which a CRM is given many changes at once, until they are settled. A connection belongs to one workspace.
bulk_jobs = Table(
    "bulk_jobs",
    metadata,
    Column("id", ID, primary_key=True),
    Column("connection_id", Text, nullable=False),
    # Its id over there.
    Column("remote_id", Text, nullable=False),
    Column("look_at", BigInteger, nullable=False),
)

# Which changes are in them, and as which they were sent. Nothing of what they say.
bulk_writes = Table(
    "bulk_writes",
    metadata,
    Column("outbox_id", ID, primary_key=True),
    Column("job_id", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("attempted_at", BigInteger, nullable=False),
    Index("bulk_writes_job", "job_id"),
)
