"""The CRM of a run, in a process of its own: the sandbox with some contacts and a raised rate limit.

`python -m tests.bench.portal CONTACTS` says in one line of JSON where it is and whom it holds. On its standard input
it takes what its contacts should come to hold, and then answers each `?` with how many of them, from the first that
does not hold it yet, are still to be looked at: to ask costs next to nothing beside what is measured.
"""

from __future__ import annotations

import json
import sys
from collections import deque
from collections.abc import Container, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from connector.sandbox.hubspot.apps import App
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.sandbox import Sandbox
from connector.sandbox.hubspot.server import running
from tests.bench.deliveries import APP_ID, SECRET

#: HubSpot allows a marketplace app 110 calls in ten seconds; the benchmark is about Coltiva, not about waiting.
_CALLS_IN_TEN_SECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class PortalAddress:
    """Where the sandbox is and whom it holds."""

    url: str
    token: str
    portal_id: str
    contact_ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one contact should come to hold."""

    properties: Mapping[str, str]
    lists: Sequence[str]


def baseline(number: int) -> dict[str, str]:
    """What a contact's record says before anything happens."""
    return {
        "email": f"lead{number}@example.com",
        "firstname": "Lea",
        "lastname": f"Example {number}",
        "company": "Example Ltd",
        "jobtitle": "Planner",
        "industry": "MACHINERY",
        "numemployees": "25-50",
        "lifecyclestage": "lead",
    }


def serve(contacts: int) -> None:
    """Serve until the standard input ends."""
    sandbox = Sandbox()
    portal = sandbox.create_portal()
    portal.limits.max_calls = _CALLS_IN_TEN_SECONDS
    token = sandbox.connect(sandbox.create_app(App(app_id=APP_ID, client_secret=SECRET)), portal)
    ids = [_create(portal, number) for number in range(contacts)]
    with running(sandbox) as url:
        _say(asdict(PortalAddress(url, token, str(portal.id), ids)))
        wanted = deque((one, Wanted(**what)) for one, what in json.loads(sys.stdin.readline() or "{}").items())
        _say("ok")
        while sys.stdin.readline().strip() == "?":
            pass_over(portal, wanted)
            _say(len(wanted))


def pass_over(portal: Portal, wanted: deque[tuple[str, Wanted]]) -> None:
    """Drop the contacts that hold exactly what they should, up to the first that does not."""
    with portal.crm.lock:
        lists = [(one.name, one.members) for one in portal.crm.lists]
        while wanted and _holds(portal, lists, *wanted[0]):
            wanted.popleft()


def _holds(portal: Portal, lists: Sequence[tuple[str, Container[str]]], contact_id: str, what: Wanted) -> bool:
    record = portal.contacts.find(contact_id)
    if record is None or not what.properties.items() <= record.properties.items():
        return False
    return all((contact_id in members) == (name in what.lists) for name, members in lists)


def _create(portal: Portal, number: int) -> str:
    values = baseline(number)
    contact_id = portal.create_contact(values.pop("email"))
    portal.set_properties(contact_id, values)
    return contact_id


def _say(what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
