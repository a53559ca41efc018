"""The schema, to be read: every table, what its rows are, and how their states follow one another.

Every key of a workspace's data starts with the workspace, so that the tables can be distributed by it. Moments are
whole milliseconds since 1970 (`*_at`), documents are JSON text. There are no foreign keys: rows of one lead are
always changed together, and a check of them on each write would touch a page more.

The law of each state is repeated here as a CHECK, so that no other hand can write what the code would not.
The migrations make exactly this; a test compares the two on both databases.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

from connector.domain.outward.change import ACTS, CLOSED_STATES, ChangeKind, ChangeState
from connector.domain.petition import PetitionKind, PetitionState
from connector.domain.programs.enrolment import OPEN_STATES
from connector.domain.sales.handover import OPEN, HandOverState
from connector.ports import ConnectionState, DeliveryState, InvitationState

#: The migration that makes this schema.
VERSION = "0024"

metadata = MetaData()

# SQLite counts rows itself only for a column that is called INTEGER.
_ID = BigInteger().with_variant(Integer, "sqlite")


def _one_of(column: str, words: Iterable[StrEnum]) -> str:
    listed = ", ".join(f"'{word}'" for word in sorted(words))
    return f"{column} IN ({listed})"


def _is_any(column: str, words: Iterable[StrEnum]) -> str:
    """The same, for tables that are written all the time: for a list of three, SQLite makes a table for each row."""
    listed = " OR ".join(f"{column} = '{word}'" for word in sorted(words))
    return f"({listed})"


def _where(condition: str) -> dict[str, Any]:
    """The rows that a partial index holds."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


# Requests as they came.
#
#   received --parsed--> taken_in --after the retention--> (deleted)
#   received --broken--> unreadable
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("endpoint", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False, server_default=DeliveryState.RECEIVED.value),
    Column("body", LargeBinary, nullable=False),
    CheckConstraint(_one_of("state", DeliveryState), name="deliveries_state"),
    Index("deliveries_received", "received_at", **_where("state = 'received'")),
)

# What was received and became no fact: kept, counted, visible.
strays = Table(
    "strays",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("delivery_id", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    # What a feed tells at each poll is kept once, after what it quotes is emptied, too.
    Index("strays_of_feeds", "account", "what", unique=True, **_where("reason = 'unreadable_record'")),
)

# Links to CRM accounts.
#
#   active --credentials refused--> paused --credentials saved anew--> active
connections = Table(
    "connections",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("crm", Text, nullable=False),
    Column("account", Text, nullable=False),
    # Sealed; empty for none.
    Column("token", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("paused_because", Text, nullable=False),
    Column("saved_at", BigInteger, nullable=False),
    # Whom the CRM takes us for; empty where it tells our own writes otherwise.
    Column("crm_user", Text, nullable=False, server_default=""),
    # The first time that it was saved.
    Column("connected_at", BigInteger, nullable=False, server_default="0"),
    CheckConstraint(_one_of("state", ConnectionState), name="connections_state"),
    # An active connection has no reason to be paused.
    CheckConstraint("state = 'paused' OR paused_because = ''", name="connections_paused_because"),
    # One account belongs to one workspace.
    Index("connections_account", "crm", "account", unique=True),
)

# One row a lead: its state as one document, and what queries ask of it.
leads = Table(
    "leads",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    # Guards against two hands: every save counts it up and names the one it read.
    Column("version", BigInteger, nullable=False),
    # Number of the last fact in its mailbox, and of the last that is folded into the document.
    Column("last_fact", BigInteger, nullable=False),
    Column("folded_fact", BigInteger, nullable=False),
    # When it has to be looked at: now for mail, later for an alarm, never while it was not read from its CRM.
    Column("wake_at", BigInteger),
    # Whether one of its records was read from its CRM.
    Column("is_read", Boolean, nullable=False),
    Column("email", Text, nullable=False),
    Column("doc", Text, nullable=False),
    # The mapping version that it was told of last, by its birth or by a fact.
    Column("book", Text, nullable=False, server_default=""),
    CheckConstraint("folded_fact <= last_fact", name="leads_folded_fact"),
    # Who was never read is not judged.
    CheckConstraint("is_read OR wake_at IS NULL", name="leads_is_read"),
    # The cost of a tick depends on how many leads are due, never on how many wait.
    Index("leads_wake", "wake_at", **_where("wake_at IS NOT NULL")),
    # Finds those who were not told of the version that applies.
    Index("leads_book", "workspace", "book"),
    Index("leads_email", "workspace", "email", **_where("email <> ''")),
)

# CRM record -> lead. A lead may have several records, in one account or in several. After a merge the records that are
# gone stay as further names of the lead.
#
#   to be read --read--> read --changed over there--> to be read again --read--> read
#   any of them --merged or converted--> lives on as another one
crm_refs = Table(
    "crm_refs",
    metadata,
    Column("workspace", Text, primary_key=True),
    # `hubspot:123:contact:51`
    Column("ref", Text, primary_key=True),
    Column("lead_id", Text, nullable=False),
    Column("crm", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    # As of when it was read: what happened up to then is known. 0 where the CRM does not say; none if it never was.
    Column("read_as_of", BigInteger),
    # From when on it waits to be read, for the first time or again.
    Column("read_wanted_at", BigInteger),
    # The record as which it lives on; empty while it lives itself, and is read and written to.
    Column("became", Text, nullable=False, server_default=""),
    # When it was heard of first.
    Column("known_at", BigInteger, nullable=False, server_default="0"),
    # What was never read waits to be read, and nobody reads what is gone.
    CheckConstraint(
        "(became = '' AND (read_as_of IS NOT NULL OR read_wanted_at IS NOT NULL)) "
        "OR (became <> '' AND read_wanted_at IS NULL)",
        name="crm_refs_reading",
    ),
    Index("crm_refs_lead", "workspace", "lead_id"),
    Index("crm_refs_record", "workspace", "record_id"),
    # Apart, so that those of whom nothing is known come first.
    Index(
        "crm_refs_to_read",
        *("workspace", "crm", "account", "read_wanted_at"),
        **_where("read_wanted_at IS NOT NULL AND read_as_of IS NULL"),
    ),
    Index(
        "crm_refs_to_read_again",
        *("workspace", "crm", "account", "read_wanted_at"),
        **_where("read_wanted_at IS NOT NULL AND read_as_of IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)

# Addresses that leads came by, to be looked at for others who have them, too.
doubles = Table(
    "doubles",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
)

# Records that a person said are nobody else's: they are joined with nobody by their address.
kept_apart = Table(
    "kept_apart",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("ref", Text, primary_key=True),
    Column("since_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Records that belong to leads through the people they are associated with.
deals = Table(
    "deals",
    metadata,
    Column("workspace", Text, primary_key=True),
    # `hubspot:123:deal:9001`
    Column("ref", Text, primary_key=True),
    Column("crm", Text, nullable=False),
    Column("account", Text, nullable=False),
    # When something was heard of it last, and when it came to a stage; none for what was only found.
    Column("heard_at", BigInteger),
    Column("moved_at", BigInteger),
    # When it was read last, and from when on it waits to be read.
    Column("read_at", BigInteger),
    Column("read_wanted_at", BigInteger),
    Index("deals_to_read", "workspace", "crm", "account", "read_wanted_at", **_where("read_wanted_at IS NOT NULL")),
    sqlite_with_rowid=False,
)

# What each lead was told of a deal last: empty when it has to be told again.
deal_leads = Table(
    "deal_leads",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("ref", Text, primary_key=True),
    Column("lead_id", Text, primary_key=True),
    Column("told", Text, nullable=False),
    # `deals.moved_at` as it was then.
    Column("moved_at", BigInteger),
    Index("deal_leads_lead", "workspace", "lead_id"),
    sqlite_with_rowid=False,
)

# Records beside those of people, such as members of campaigns: which wait to be read, and what is known of each.
companions = Table(
    "companions",
    metadata,
    Column("workspace", Text, primary_key=True),
    # `salesforce:00D...:task:00T...`
    Column("ref", Text, primary_key=True),
    Column("crm", Text, nullable=False),
    Column("account", Text, nullable=False),
    # The record of the person; none for nobody's.
    Column("person", Text),
    # None for one that was never read.
    Column("status", Text),
    Column("is_done", Boolean, nullable=False),
    # Of a role: the deal's id over there.
    Column("deal", Text, nullable=False),
    # What changed up to here is known.
    Column("as_of", BigInteger),
    # From when on it waits to be read.
    Column("read_wanted_at", BigInteger),
    Index(
        "companions_to_read", "workspace", "crm", "account", "read_wanted_at", **_where("read_wanted_at IS NOT NULL")
    ),
    Index("companions_person", "workspace", "person", **_where("person IS NOT NULL")),
    CheckConstraint("(status IS NULL) = (as_of IS NULL)", name="companions_known"),
    sqlite_with_rowid=False,
)

# What a lead bought, as RFM counts it, for the leads to be compared with one another.
purchases = Table(
    "purchases",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("lead_id", Text, primary_key=True),
    # None: nobody knows.
    Column("last_at", BigInteger),
    # 0 for a lead whose purchases were all taken back, or count no more.
    Column("times", Integer, nullable=False),
    Column("total", Double, nullable=False),
    # RFM's scores, such as 545; empty for none.
    Column("code", Text, nullable=False),
    # The moment of the edges that it was told last; 0 for none, 1 for none that there were when it bought.
    Column("told_at", BigInteger, nullable=False, server_default="0"),
    Index("purchases_told", "workspace", "told_at"),
    sqlite_with_rowid=False,
)

# What RFM's quintiles are: one row a workspace that measures them.
measurements = Table(
    "measurements",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("measured_at", BigInteger, nullable=False),
    Column("buyers", Integer, nullable=False),
    # As a document; since when they are so is in it.
    Column("edges", Text, nullable=False),
    sqlite_with_rowid=False,
)

# The mailboxes: append-only, numbered for each lead in order of arrival.
facts = Table(
    "facts",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("lead_id", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("data", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    # 0 for none.
    Column("delivery_id", BigInteger, nullable=False),
    # Drops duplicates. It begins with the time so that new facts land on the same few pages.
    Index("facts_key", "workspace", "at", "key", "lead_id", unique=True),
)

# A lead's timeline: what one save had to tell, as a JSON array of entries.
history = Table(
    "history",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("lead_id", Text, primary_key=True),
    # The version of the lead that the save made.
    Column("version", BigInteger, primary_key=True),
    Column("entries", Text, nullable=False),
)

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
    CheckConstraint(f"{_is_any('state', OPEN_STATES)} = (ended_at IS NULL)", name="enrolments_ended_at"),
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
    Column("id", _ID, primary_key=True),
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
    CheckConstraint(_is_any("kind", ChangeKind), name="outbox_kind"),
    CheckConstraint(_is_any("state", ChangeState), name="outbox_state"),
    CheckConstraint(f"{_is_any('kind', ACTS)} = (act IS NOT NULL)", name="outbox_act"),
    CheckConstraint(
        "state <> 'attempted' OR (act IS NOT NULL AND attempted_at IS NOT NULL)", name="outbox_attempted_at"
    ),
    CheckConstraint(f"{_is_any('state', CLOSED_STATES)} = (settled_at IS NOT NULL)", name="outbox_settled_at"),
    Index("outbox_slot", "workspace", "lead_id", "slot", unique=True),
    Index(
        "outbox_due",
        "connection_id",
        "lane",
        "due_at",
        **_where("state IN ('pending', 'attempted') AND NOT is_held"),
    ),
    Index("outbox_refused", "id", **_where("state = 'refused'")),
)

# Jobs by which a CRM is given many changes at once, until they are settled. A connection belongs to one workspace.
bulk_jobs = Table(
    "bulk_jobs",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("connection_id", Text, nullable=False),
    # Its id over there.
    Column("remote_id", Text, nullable=False),
    Column("look_at", BigInteger, nullable=False),
)

# Which changes are in them, and as which they were sent. Nothing of what they say.
bulk_writes = Table(
    "bulk_writes",
    metadata,
    Column("outbox_id", _ID, primary_key=True),
    Column("job_id", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("attempted_at", BigInteger, nullable=False),
    Index("bulk_writes_job", "job_id"),
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
    Column("id", _ID, primary_key=True),
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
    CheckConstraint(_one_of("kind", PetitionKind), name="petitions_kind"),
    CheckConstraint(_one_of("state", PetitionState), name="petitions_state"),
    CheckConstraint("(state = 'ruled') = (ruling IS NOT NULL)", name="petitions_ruling"),
    CheckConstraint("(state IN ('ruled', 'withdrawn')) = (settled_at IS NOT NULL)", name="petitions_settled_at"),
    Index("petitions_key", "workspace", "lead_id", "key", unique=True),
    Index("petitions_due", "due_at", "workspace", **_where("state = 'open'")),
    Index("petitions_parked", "workspace", "kind", "subject", **_where("state = 'parked'")),
    # How many were given lately.
    Index("petitions_ruled", "workspace", "kind", "subject", "settled_at", **_where("state = 'ruled'")),
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
    CheckConstraint(_one_of("state", HandOverState), name="hand_overs_state"),
    Index("hand_overs_open", "workspace", "due_at", **_where(_one_of("state", OPEN))),
    sqlite_with_rowid=False,
)

# Every mapping version that was ever applied; the one with the highest number applies.
books = Table(
    "books",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("files", Text, nullable=False),
    Column("applied_at", BigInteger, nullable=False),
    # What is set on top of the files.
    Column("overrides", Text, nullable=False, server_default="{}"),
    Index("books_number", "workspace", "number", unique=True),
)

# The ledger of what was set and taken back for whole workspaces, line by line.
overrides = Table(
    "overrides",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("entry", Text, nullable=False),
    sqlite_with_rowid=False,
)

# Keyed hashes of the records of people who asked to be forgotten.
erasures = Table(
    "erasures",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("hash", Text, primary_key=True),
    Column("erased_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# How often something happened.
counts = Table(
    "counts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("amount", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Timed claims on things that only one worker may do.
leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Who may tell signals through the API.
#
#   valid --revoked--> revoked
api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("name", Text, nullable=False),
    # SHA-256 of 32 random bytes; they are kept nowhere.
    Column("secret_hash", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    sqlite_with_rowid=False,
)

# What CRM accounts sign their requests with: one key each, two while the account changes from one to the other.
signing_keys = Table(
    "signing_keys",
    metadata,
    Column("crm", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    # Sealed.
    Column("secret", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# What senders called their batches, so that one that is sent again is not kept again.
batches = Table(
    "batches",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    # Of the body: the same name must mean the same batch.
    Column("fingerprint", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Index("batches_received", "received_at"),
    sqlite_with_rowid=False,
)

# Signals of people of whom only an address is known, until the CRM has told which record that is.
seekers = Table(
    "seekers",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("email", Text, primary_key=True),
    Column("at", BigInteger, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("connection_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("data", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    # 0 for none.
    Column("delivery_id", BigInteger, nullable=False),
    # Whether it is kept aside, visibly, when nobody has that address.
    Column("is_told", Boolean, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Index("seekers_due", "connection_id", "due_at"),
    sqlite_with_rowid=False,
)

# How far the records of a connection are known, by their type.
#
#   being read --the last page--> between sweeps --due--> under way --the last page--> between sweeps
censuses = Table(
    "censuses",
    metadata,
    Column("connection_id", Text, primary_key=True),
    Column("object_type", Text, primary_key=True),
    Column("began_at", BigInteger, nullable=False),
    # Once all are read: everything up to here is known.
    Column("complete_to", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    # The end of the sweep under way.
    Column("until", BigInteger),
    # Where the next call goes on.
    Column("place", Text, nullable=False),
    # Whether all were read.
    Column("is_filled", Boolean, nullable=False),
    # How many came, of how many; 0 while nobody knows.
    Column("read", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    # Why it cannot go on.
    Column("problem", Text, nullable=False),
    # Guards against two hands.
    Column("version", BigInteger, nullable=False),
    # Who is not known yet is not swept.
    CheckConstraint("is_filled OR until IS NULL", name="censuses_until"),
    sqlite_with_rowid=False,
)

# How far each feed of a connection was read.
#
#   between sweeps --due--> under way --the last page--> between sweeps
feeds = Table(
    "feeds",
    metadata,
    Column("connection_id", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    # What of it; empty for all.
    Column("only", Text, primary_key=True),
    Column("began_at", BigInteger, nullable=False),
    # Everything up to here is known.
    Column("complete_to", BigInteger, nullable=False),
    # The end of the sweep under way.
    Column("until", BigInteger),
    # Where the next call goes on.
    Column("place", Text, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    # Why it cannot be read, in the CRM's words.
    Column("problem", Text, nullable=False),
    sqlite_with_rowid=False,
)

# How far the changes that a connection tells over a stream were heard.
streams = Table(
    "streams",
    metadata,
    Column("connection_id", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    # After which to go on; empty before the CRM told any.
    Column("place", LargeBinary, nullable=False),
    Column("heard_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Of what a connection may have told more than was heard, until it is looked up.
missed_changes = Table(
    "missed_changes",
    metadata,
    Column("connection_id", Text, primary_key=True),
    Column("object_type", Text, primary_key=True),
    Column("since", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Pages over there on which a person may let us in. Of its secret only a hash is kept.
#
#   open --the browser comes back--> answered --> connected, refused
invitations = Table(
    "invitations",
    metadata,
    Column("key", Text, primary_key=True),
    Column("crm", Text, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    # Sealed; empty before and after it is needed.
    Column("answer", LargeBinary, nullable=False),
    # For the person: which account is connected, or why none is.
    Column("words", Text, nullable=False),
    CheckConstraint(_one_of("state", InvitationState), name="invitations_state"),
    sqlite_with_rowid=False,
)
