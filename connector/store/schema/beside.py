"""What is known beside a lead's own records: deals, purchases and other records."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Double, Index, Integer, Table, Text

from connector.store.schema.laws import metadata, where

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
    Index("deals_to_read", "workspace", "crm", "account", "read_wanted_at", **where("read_wanted_at IS NOT NULL")),
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
    Index("companions_to_read", "workspace", "crm", "account", "read_wanted_at", **where("read_wanted_at IS NOT NULL")),
    Index("companions_person", "workspace", "person", **where("person IS NOT NULL")),
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
