"""How mapping files speak of HubSpot."""

from __future__ import annotations

import re
from typing import Final

from connector.crms.manifest import FeedWords, MappingWords

_OWNER_ID: Final = re.compile(r"[1-9][0-9]{0,18}")


def read_owner(value: object) -> str:
    """An owner's id, in quotation marks or not."""
    if isinstance(value, bool) or not _OWNER_ID.fullmatch(str(value)):
        raise ValueError(f"{value!r} is no owner id")
    return str(value)


WORDS: Final = MappingWords(
    properties="HubSpot contact properties",
    owner="the id of an owner in HubSpot",
    owner_example='"12345678"',
    read_owner=read_owner,
    feeds={
        "form_submissions": FeedWords(("form_name", "form_id", "page_url"), "form"),
        "email_events": FeedWords(("campaign", "campaign_id", "url", "status"), "type", needs_key=True),
        "list_memberships": FeedWords(("list",), "list", needs_key=True),
        "meetings": FeedWords(("title", "starts_at", "outcome", "kind")),
        "page_visits": FeedWords(("url", "title", "source")),
    },
)
