"""What was heard on an org's event bus, as it waits to be taken in: in the form of signed events, which nobody signed.

We wrote it down ourselves, so no request may bring it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from connector.crms.salesforce.events_inbox import KINDS, MAX_BODY, parse_events
from connector.crms.salesforce.translate import COMPANIONS, CONTACT, LEAD, OPPORTUNITY
from connector.domain.records.sources import CompanionKind
from connector.errors import UnknownEndpointError
from connector.ports import KEPT, EventKind, Parsed, RawRequest, Receipt

#: The name on its deliveries.
CHANGES: Final = "salesforce/changes"
#: An event does not tell whether a record was deleted or merged into another one: only reading the record does. A gap
#: is told where Salesforce lost what the change was. Change Data Capture Developer Guide: Gap Events.
_KINDS: Final[Mapping[str, tuple[EventKind, ...]]] = {
    **KINDS,
    "DELETE": (EventKind.HINTED,),
    "GAP_CREATE": (EventKind.HINTED,),
    "GAP_UPDATE": (EventKind.HINTED,),
    "GAP_DELETE": (EventKind.HINTED,),
    "GAP_UNDELETE": (EventKind.RESTORED, EventKind.HINTED),
}


class ChangeEvents:
    """Reads what was kept of an event bus; refuses every request."""

    name: str = CHANGES
    max_body: int = MAX_BODY
    media_types: frozenset[str] = frozenset({"application/json"})
    receipt: Receipt = KEPT
    lead_types: frozenset[str] = frozenset({LEAD, CONTACT})
    deal_type: str = OPPORTUNITY
    companion_types: Mapping[str, CompanionKind] = COMPANIONS

    def verify(self, request: RawRequest, now: datetime) -> None:  # noqa: ARG002
        """Raise UnknownEndpointError: there is no such way in from outside."""
        raise UnknownEndpointError

    def parse(self, body: bytes) -> Parsed:
        """The events in a body. Never raises: what cannot be read is returned as unreadable."""
        return parse_events(body, _KINDS)
