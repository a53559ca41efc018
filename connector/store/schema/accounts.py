"""The CRM accounts that are connected, and who may tell us anything."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, LargeBinary, Table, Text

from connector.ports import ConnectionState, InvitationState
from connector.store.schema.laws import metadata, one_of

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
    CheckConstraint(one_of("state", ConnectionState), name="connections_state"),
    # An active connection has no reason to be paused.
    CheckConstraint("state = 'paused' OR paused_because = ''", name="connections_paused_because"),
    # One account belongs to one workspace.
    Index("connections_account", "crm", "account", unique=True),
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
    CheckConstraint(one_of("state", InvitationState), name="invitations_state"),
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
