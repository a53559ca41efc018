"""Leads, the records that they are, and their mail."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Table, Text

from connector.store.schema.laws import ID, metadata, where

#: Before every number of points: nobody knows which place is the lead's.
UNRANKED = -(2**53)

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
    # Where it stands among others by that version, the smallest first; UNRANKED until it was judged by it.
    Column("rank", BigInteger, nullable=False, server_default=str(UNRANKED)),
    # Minus the moment of its last activity, 0 for none; UNRANKED while nobody knows.
    Column("idle", BigInteger, nullable=False, server_default=str(UNRANKED)),
    # What its points will be by themselves.
    Column("outlooks", Text, nullable=False, server_default=""),
    CheckConstraint("folded_fact <= last_fact", name="leads_folded_fact"),
    # Who was never read is not judged.
    CheckConstraint("is_read OR wake_at IS NULL", name="leads_is_read"),
    # The cost of a tick depends on how many leads are due, never on how many wait.
    Index("leads_wake", "wake_at", **where("wake_at IS NOT NULL")),
    # Finds those who were not told of the version that applies, and the best of the others.
    Index("leads_rank", "workspace", "book", "rank", "idle", "id"),
    Index("leads_email", "workspace", "email", **where("email <> ''")),
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
        **where("read_wanted_at IS NOT NULL AND read_as_of IS NULL"),
    ),
    Index(
        "crm_refs_to_read_again",
        *("workspace", "crm", "account", "read_wanted_at"),
        **where("read_wanted_at IS NOT NULL AND read_as_of IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
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

# Addresses that leads came by, to be looked at for others who have them, too.
doubles = Table(
    "doubles",
    metadata,
    Column("id", ID, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
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

# Keyed hashes of the records of people who asked to be forgotten.
erasures = Table(
    "erasures",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("hash", Text, primary_key=True),
    Column("erased_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
