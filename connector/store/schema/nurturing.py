"""Programs, what leads ask for in them, and sales."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, Table, Text

from connector.domain.petition import PetitionKind, PetitionState
from connector.domain.programs.enrolment import OPEN_STATES
from connector.domain.sales.handover import OPEN, HandOverState
from connector.store.schema.laws import ID, is_any, metadata, one_of, where

# Every enrolment as reports count them; the truth is in the lead's document.
enrolments = Table(
    "enrolments",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("lead_id", Text, primary_key=True),
    Column("program", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("phase", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("entered_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    CheckConstraint(f"{is_any('state', OPEN_STATES)} = (ended_at IS NULL)", name="enrolments_ended_at"),
    Index("enrolments_funnel", "workspace", "program", "phase", "state"),
    sqlite_with_rowid=False,
)

# Fields that are not carried from CRM to CRM for a while, for status to count; the truth is in the lead's document.
frozen_fields = Table(
    "frozen_fields",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("lead_id", Text, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("until_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# The ways on which chance sent leads, as reports and contests count them; the truth is in the lead's document.
partings = Table(
    "partings",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("lead_id", Text, primary_key=True),
    Column("program", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    # `phase.activity`; empty for the holdout of the program.
    Column("fork", Text, primary_key=True),
    Column("way", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("is_answered", Integer, nullable=False),
    Column("is_won", Integer, nullable=False),
    # Holds all that is counted: leads themselves are not looked at.
    Index("partings_tally", "workspace", "program", "fork", "way", "at", "is_answered", "is_won"),
    sqlite_with_rowid=False,
)

# What leads ask of the whole workspace, and what it ruled.
#
#   open --ruled on--> ruled
#   open --put off--> open
#   open --a person is asked--> parked --answered--> ruled
#   open, parked --not asked for any more--> withdrawn --asked for again--> open
petitions = Table(
    "petitions",
    metadata,
    Column("id", ID, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("lead_id", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("petition", Text, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    # Why it was put off or parked.
    Column("because", Text, nullable=False),
    Column("ruling", Text),
    Column("settled_at", BigInteger),
    CheckConstraint(one_of("kind", PetitionKind), name="petitions_kind"),
    CheckConstraint(one_of("state", PetitionState), name="petitions_state"),
    CheckConstraint("(state = 'ruled') = (ruling IS NOT NULL)", name="petitions_ruling"),
    CheckConstraint("(state IN ('ruled', 'withdrawn')) = (settled_at IS NOT NULL)", name="petitions_settled_at"),
    Index("petitions_key", "workspace", "lead_id", "key", unique=True),
    Index("petitions_due", "due_at", "workspace", **where("state = 'open'")),
    Index("petitions_parked", "workspace", "kind", "subject", **where("state = 'parked'")),
    # How many were given lately.
    Index("petitions_ruled", "workspace", "kind", "subject", "settled_at", **where("state = 'ruled'")),
)

# Every assignment of a lead to a rep, with all that it was decided by: added to, never changed.
assignments = Table(
    "assignments",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("team", Text, primary_key=True),
    # Counts the assignments of the team: two workers cannot both give the next one.
    Column("number", BigInteger, primary_key=True),
    Column("at", BigInteger, nullable=False),
    # Empty once the lead was erased.
    Column("lead_id", Text, nullable=False),
    Column("rep", Text, nullable=False),
    Column("doc", Text, nullable=False),
    Index("assignments_at", "workspace", "at"),
    Index("assignments_lead", "workspace", "lead_id"),
)

# Every hand-over as reports list them; the truth is in the lead's document.
hand_overs = Table(
    "hand_overs",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("lead_id", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("state", Text, nullable=False),
    Column("rep", Text, nullable=False),
    Column("began_at", BigInteger, nullable=False),
    Column("level", Integer, nullable=False),
    Column("due_at", BigInteger),
    CheckConstraint(one_of("state", HandOverState), name="hand_overs_state"),
    Index("hand_overs_open", "workspace", "due_at", **where(one_of("state", OPEN))),
    sqlite_with_rowid=False,
)
