"""What the engine asks of the world, as small Protocols: the store and the CRMs implement them.

Grouped by concern. Every store method that changes something belongs to a transaction begun by the caller and takes
effect with it; network calls are made with no transaction open.
"""

from __future__ import annotations

from connector.ports.catalog import Catalog, CatalogReader, CrmProperty
from connector.ports.crm import (
    Connection,
    ConnectionState,
    Crm,
    CrmRecord,
    Membership,
    OutboxChange,
    PropertyWish,
    RecordReply,
    ReplyState,
    Settled,
)
from connector.ports.leads import NewFact, SavedLead, StoredLead, Unread
from connector.ports.reading import Health, LeadSummary, ProgramCount, ReadModels
from connector.ports.receiving import (
    CrmEvent,
    Delivery,
    DeliveryState,
    Endpoint,
    EventKind,
    NewDelivery,
    Parsed,
    RawRequest,
    Stray,
    StrayReason,
    Unreadable,
)
from connector.ports.store import (
    Books,
    Connections,
    Counts,
    Deliveries,
    DeliveryClaim,
    LeadClaim,
    Leads,
    Leases,
    Outbox,
    Store,
    StoredBook,
    Transaction,
)

__all__ = [
    "Books",
    "Catalog",
    "CatalogReader",
    "Connection",
    "ConnectionState",
    "Connections",
    "Counts",
    "Crm",
    "CrmEvent",
    "CrmProperty",
    "CrmRecord",
    "Deliveries",
    "Delivery",
    "DeliveryClaim",
    "DeliveryState",
    "Endpoint",
    "EventKind",
    "Health",
    "LeadClaim",
    "LeadSummary",
    "Leads",
    "Leases",
    "Membership",
    "NewDelivery",
    "NewFact",
    "Outbox",
    "OutboxChange",
    "Parsed",
    "ProgramCount",
    "PropertyWish",
    "RawRequest",
    "ReadModels",
    "RecordReply",
    "ReplyState",
    "SavedLead",
    "Settled",
    "Store",
    "StoredBook",
    "StoredLead",
    "Stray",
    "StrayReason",
    "Transaction",
    "Unread",
    "Unreadable",
]
