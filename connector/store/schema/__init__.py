"""The schema, to be read: every table, what its rows are, and how their states follow one another.

Every key of a workspace's data starts with the workspace, so that the tables can be distributed by it. Moments are
whole milliseconds since 1970 (`*_at`), documents are JSON text. There are no foreign keys: rows of one lead are
always changed together, and a check of them on each write would touch a page more.

The law of each state is repeated here as a CHECK, so that no other hand can write what the code would not.
The migrations make exactly this; a test compares the two on both databases.
"""

from __future__ import annotations

from connector.store.schema.accounts import api_keys, connections, invitations, signing_keys
from connector.store.schema.beside import companions, deal_leads, deals, measurements, purchases
from connector.store.schema.hearing import censuses, feeds, missed_changes, streams
from connector.store.schema.laws import metadata
from connector.store.schema.nurturing import assignments, enrolments, frozen_fields, hand_overs, partings, petitions
from connector.store.schema.people import UNRANKED, crm_refs, doubles, erasures, facts, history, kept_apart, leads
from connector.store.schema.receiving import batches, deliveries, seekers, strays
from connector.store.schema.running import books, counts, leases, overrides
from connector.store.schema.writing import bulk_jobs, bulk_writes, outbox

#: The migration that makes this schema.
VERSION = "0025"

__all__ = [
    "UNRANKED",
    "VERSION",
    "api_keys",
    "assignments",
    "batches",
    "books",
    "bulk_jobs",
    "bulk_writes",
    "censuses",
    "companions",
    "connections",
    "counts",
    "crm_refs",
    "deal_leads",
    "deals",
    "deliveries",
    "doubles",
    "enrolments",
    "erasures",
    "facts",
    "feeds",
    "frozen_fields",
    "hand_overs",
    "history",
    "invitations",
    "kept_apart",
    "leads",
    "leases",
    "measurements",
    "metadata",
    "missed_changes",
    "outbox",
    "overrides",
    "partings",
    "petitions",
    "purchases",
    "seekers",
    "signing_keys",
    "strays",
    "streams",
]
