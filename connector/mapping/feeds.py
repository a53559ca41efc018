"""The words of the mapping language for CRMs: which there are, what each can be asked for, and what it tells then.

Each CRM's folder says how; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class FeedWords:
    """One feed."""

    #: What its happenings carry.
    tells: tuple[str, ...]
    #: The key that says what of it.
    key: str = ""
    #: Whether that must be said.
    needs_key: bool = False


#: The CRMs that mapping files can name, in the order in which they are looked at.
CRMS: Final = ("hubspot", "salesforce")
LABELS: Final[Mapping[str, str]] = {"hubspot": "HubSpot", "salesforce": "Salesforce"}

#: CRM -> feed.
FEEDS: Final[Mapping[str, Mapping[str, FeedWords]]] = {
    "hubspot": {
        "form_submissions": FeedWords(("form_name", "form_id", "page_url"), "form"),
        "email_events": FeedWords(("campaign", "campaign_id", "url", "status"), "type", needs_key=True),
        "list_memberships": FeedWords(("list",), "list", needs_key=True),
        "meetings": FeedWords(("title", "starts_at", "outcome", "kind")),
        "page_visits": FeedWords(("url", "title", "source")),
    }
}
