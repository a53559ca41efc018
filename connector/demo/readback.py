"""The portal as it is in the end, read back through HubSpot's own SDK as anybody could."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from connector.clock import Clock
from connector.crms.hubspot.client import HubSpotClient, Reply
from connector.demo.expected import PROGRAMS
from connector.demo.script import Message
from connector.errors import CrmError

_PAGE = 100
_EVENTS = 1_000
OUR_PROPERTIES = (
    "coltiva_score",
    "coltiva_grade",
    "coltiva_why",
    "coltiva_interest",
    "coltiva_segments",
    *(f"coltiva_{program}" for program in PROGRAMS),
    *(f"coltiva_{program}_state" for program in PROGRAMS),
)


@dataclass(frozen=True, slots=True)
class SentEmail:
    """A marketing email, and when HubSpot sent it or its reader clicked it."""

    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """One contact as HubSpot shows it."""

    #: Of ours; a property without a value is empty.
    properties: Mapping[str, str]
    lists: frozenset[str]
    #: Subjects.
    tasks: Sequence[str]
    #: HTML.
    notes: Sequence[str]
    #: In the order of time.
    emails: Sequence[SentEmail] = ()
    clicks: Sequence[SentEmail] = ()


def read_portal(token: str, clock: Clock, base_url: str) -> Mapping[str, Seen]:
    """Every contact, by email address. Raises CrmError."""
    client = HubSpotClient(token, clock, base_url)
    lists = _memberships(client)
    tasks, notes = _acts(client, "tasks", "hs_task_subject"), _acts(client, "notes", "hs_note_body")
    names: dict[int, str] = {}
    emails, clicks = (_emails(client, kind, names) for kind in ("SENT", "CLICK"))
    contacts = partial(client.crm.objects.basic_api.get_page, "contacts", properties=["email", *OUR_PROPERTIES])
    return {
        row["properties"]["email"]: Seen(
            {name: row["properties"].get(name) or "" for name in OUR_PROPERTIES},
            frozenset(lists[row["id"]]),
            tasks[row["id"]],
            notes[row["id"]],
            emails[row["properties"]["email"]],
            clicks[row["properties"]["email"]],
        )
        for row in _pages(contacts)
    }


def _emails(client: HubSpotClient, kind: str, names: dict[int, str]) -> Mapping[str, list[SentEmail]]:
    """Recipient -> the marketing emails that this happened to, oldest first. HubSpot: Email Analytics API (v1).

    `names` remembers those of campaigns.
    """
    found: defaultdict[str, list[SentEmail]] = defaultdict(list)
    offset, has_more = "", True
    while has_more:
        body = _read(client.get("/email/public/v1/events", {"eventType": kind, "limit": _EVENTS, "offset": offset}))
        for event in body["events"]:
            number = event["emailCampaignId"]
            if number not in names:
                names[number] = _read(client.get(f"/email/public/v1/campaigns/{number}"))["name"]
            at = datetime.fromtimestamp(event["created"] / 1_000, UTC)
            found[event["recipient"]].insert(0, SentEmail(names[number], at))
        offset, has_more = body["offset"], body["hasMore"]
    return found


def _acts(client: HubSpotClient, kind: str, name: str) -> Mapping[str, list[str]]:
    """Contact -> the texts of its tasks or notes."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    page = partial(client.crm.objects.basic_api.get_page, kind, properties=[name], associations=["contacts"])
    for row in _pages(page):
        linked = row.get("associations", {}).get("contacts", {}).get("results", ())
        for contact_id in {str(one["id"]) for one in linked}:
            found[contact_id].append(row["properties"].get(name) or "")
    return found


def _memberships(client: HubSpotClient) -> Mapping[str, set[str]]:
    """Contact -> the titles of the lists that hold it; a list that was never needed is not there."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for title in filter(None, (message.list_title for message in Message)):
        try:
            made = _read(client.crm.lists.lists_api.get_by_name(title, "0-1"))
        except CrmError as error:
            if error.status == 404:
                continue
            raise
        list_id = str(made["list"]["listId"])
        for row in _pages(partial(client.crm.lists.memberships_api.get_page, list_id)):
            found[str(row["recordId"])].add(title)
    return found


def _pages(fetch: Callable[..., Reply]) -> Iterator[Any]:
    """Every result of every page."""
    after: str | None = None
    while True:
        body = _read(fetch(limit=_PAGE, after=after) if after else fetch(limit=_PAGE))
        yield from body["results"]
        after = body.get("paging", {}).get("next", {}).get("after")
        if after is None:
            return


def _read(reply: Reply) -> Any:
    return json.loads(reply.content)
