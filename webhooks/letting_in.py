"""Where a CRM sends the browser of an administrator back who let us in, or did not.

The answer is kept, once, for whoever invited: the connecting is finished there, with secrets that this process does not
have. The browser is sent on at once, so that no code stays in its address bar, and watches what becomes of it.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs

from flask import Blueprint, request

from connector.errors import StoreUnavailableError
from connector.ports import InvitationState, KeptInvitation, to_invitation_key
from webhooks.answers import Answer
from webhooks.door import Door
from webhooks.page import Page, Tone, answer_page

#: More than any answer of a CRM is long.
_MAX_QUERY = 8_192
_KEY = re.compile(r"[0-9a-f]{64}")
_NAMES = {"hubspot": "HubSpot", "salesforce": "Salesforce"}

_UNKNOWN = Page(
    "This link is not good any more",
    Tone.BAD,
    "It was used before, is older than a quarter of an hour, or was not made by this installation of Coltiva. Nothing "
    "was connected by it.",
    "Ask whoever sent you here for a new link: it comes from coltiva connect.",
)
_UNAVAILABLE = Page(
    "Coltiva cannot take this in now", Tone.BAD, "Its database does not answer.", "Reload this page in a moment."
)


def add_letting_in_routes(blueprint: Blueprint, door: Door) -> None:
    """`GET /oauth/<crm>/callback` for whom a CRM sends, `GET /oauth/<crm>/connected/<key>` to watch."""

    @blueprint.get("/oauth/<crm>/callback")
    def take_answer(crm: str) -> Answer:
        try:
            key = keep_answer(door, crm, request.query_string)
        except StoreUnavailableError:
            return answer_page(503, _UNAVAILABLE)
        if key is None:
            return answer_page(400, _UNKNOWN)
        moved = Answer("", 303, mimetype="text/html")
        moved.headers["Location"] = f"{request.root_path}/oauth/{crm}/connected/{key}"
        moved.headers["Cache-Control"], moved.headers["Referrer-Policy"] = "no-store", "no-referrer"
        return moved

    @blueprint.get("/oauth/<crm>/connected/<key>")
    def show_outcome(crm: str, key: str) -> Answer:
        if not _KEY.fullmatch(key):  # some databases refuse to look up what is no text
            return answer_page(404, _UNKNOWN)
        try:
            with door.store.reading() as transaction:
                found = transaction.invitations.find(key)
        except StoreUnavailableError:
            return answer_page(503, _UNAVAILABLE)
        if found is None or found.crm != crm or found.state is InvitationState.OPEN:
            return answer_page(404, _UNKNOWN)
        is_waited_for = door.clock.now() < found.expires_at
        return answer_page(200, to_page(found, is_waited_for=is_waited_for))


def keep_answer(door: Door, crm: str, query: bytes) -> str | None:
    """Keep what a browser came back with; the key of its invitation, None where there is none that waits for it."""
    if len(query) > _MAX_QUERY:
        return None
    text = query.decode("ascii", "replace")
    states = parse_qs(text).get("state", [])
    if len(states) != 1:
        return None
    key, now = to_invitation_key(states[0]), door.clock.now()
    with door.store.reading() as transaction:
        found = transaction.invitations.find(key)
    if found is None or found.crm != crm or found.state is not InvitationState.OPEN or found.expires_at <= now:
        return None
    with door.store.transaction() as transaction:
        return key if transaction.invitations.answer(key, text, now) else None


def to_page(found: KeptInvitation, *, is_waited_for: bool) -> Page:
    """What becomes of an answer, as a page."""
    crm = _NAMES.get(found.crm, found.crm)
    match found.state:
        case InvitationState.CONNECTED:
            return Page(f"{crm} is connected", Tone.GOOD, found.words, "You can close this page.")
        case InvitationState.REFUSED:
            then = "Mend that, then ask for a new link: coltiva connect."
            return Page(f"{crm} was not connected", Tone.BAD, found.words, then)
    if is_waited_for:
        words = f"{crm} let Coltiva in. Coltiva now looks around there and checks what it may do."
        return Page(f"Connecting {crm} …", Tone.WAITING, words, "This page goes on by itself.", reload_after=2)
    words = "Nobody waited for your answer: the command that invited you had ended. Nothing was connected."
    return Page(f"{crm} was not connected", Tone.BAD, words, "Ask for a new link: coltiva connect.")
