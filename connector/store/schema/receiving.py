"""What came in, and what could not be made a fact."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, LargeBinary, Table, Text

from connector.ports import DeliveryState
from connector.store.schema.laws import ID, metadata, one_of, where

# Requests as they came.
#
#   received --parsed--> taken_in --after the retention--> (deleted)
#   received --broken--> unreadable
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", ID, primary_key=True),
    Column("endpoint", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False, server_default=DeliveryState.RECEIVED.value),
    Column("body", LargeBinary, nullable=False),
    CheckConstraint(one_of("state", DeliveryState), name="deliveries_state"),
    Index("deliveries_received", "received_at", **where("state = 'received'")),
)

# What was received and became no fact: kept, counted, visible.
strays = Table(
    "strays",
    metadata,
    Column("id", ID, primary_key=True),
    Column("delivery_id", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    # What a feed tells at each poll is kept once, after what it quotes is emptied, too.
    Index("strays_of_feeds", "account", "what", unique=True, **where("reason = 'unreadable_record'")),
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
