"""The Salesforce org of a run, in a process of its own: the sandbox with some leads and no limit to a day's calls.

`python -m tests.bench.org LEADS` says in one line of JSON where it is and how it lets us in. On its standard input it
takes orders, a line of JSON each, and answers each with one. Between a story's first message and its end, asking how
many leads are still to be written costs next to nothing beside what is measured.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from connector.sandbox.clock import SandboxClock
from connector.sandbox.salesforce.apps import App
from connector.sandbox.salesforce.fields import Field
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.package import install_package
from connector.sandbox.salesforce.platform import Platform
from connector.sandbox.salesforce.server import running
from tests.bench.org_story import tell_stories

#: Fields that the customer has, and that the mapping reads or writes.
_CUSTOM = (
    "First_Page__c",
    "Last_Email__c",
    "Last_Open__c",
    "Last_Click__c",
    "Last_Reply__c",
    "Prices_Seen__c",
    "Study_Read__c",
    "Segments__c",
)
#: What happened there lies that far back: what changed a moment ago would be read once more, two seconds later.
_AGO = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class OrgAddress:
    """Where the sandbox is and how it lets us in."""

    url: str
    client_id: str
    client_secret: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What a lead should come to hold: fields, and campaigns of which it is to be a member."""

    fields: Mapping[str, Any]
    campaigns: Sequence[str]


class Bench:
    """The org under orders."""

    def __init__(self, platform: Platform, org: Org, lead_ids: Sequence[str]) -> None:
        self._platform = platform
        self._org = org
        self._lead_ids = lead_ids
        self._waiting: deque[str] = deque()
        self._expected = Expected({}, ())
        self._telling: threading.Thread | None = None
        self._problem = ""

    def tell(self, first: int, leads: int, length: int, port: int, expected: Mapping[str, Any]) -> float:
        """Begin to tell the stories of these leads, and say when by the machine's monotonic clock."""
        told = self._lead_ids[first : first + leads]
        self._waiting, self._expected = deque(told), Expected(**expected)
        self._telling = threading.Thread(target=self._tell, args=(told, length, port), daemon=True)
        began_at = time.monotonic()
        self._telling.start()
        return began_at

    def missing(self) -> int:
        """How many of them, from the first that does not hold it yet, are still to be looked at."""
        if self._problem:
            raise RuntimeError(self._problem)
        with self._org.lock:
            while self._waiting and self._holds(self._waiting[0]):
                self._waiting.popleft()
        return len(self._waiting)

    def calls(self) -> Mapping[str, int]:
        """How often each operation was called so far."""
        return {name: sum(by_status.values()) for name, by_status, _ in self._platform.calls.table(self._org.id)}

    def _tell(self, lead_ids: Sequence[str], length: int, port: int) -> None:
        try:
            tell_stories(self._org, lead_ids, length, port)
        except Exception as error:  # noqa: BLE001  told by the next question
            self._problem = f"the org could not tell: {error!r}"

    def _holds(self, lead_id: str) -> bool:
        tables = self._org.database.tables
        if not self._expected.fields.items() <= tables["Lead"].rows[lead_id].items():
            return False
        members = tables["CampaignMember"].find_by("LeadId", lead_id)
        titles = {tables["Campaign"].rows[one["CampaignId"]]["Name"] for one in members}
        return titles.issuperset(self._expected.campaigns)


def serve(leads: int) -> None:
    """Serve until the standard input ends."""
    platform = Platform(clock=SandboxClock(datetime.now(UTC) - _AGO))
    app, org = platform.create_app(), platform.create_org()
    install_package(org, app)
    org.pool.maximum = None
    org.add_fields("Lead", *(Field(name) for name in _CUSTOM))
    org.add_fields("Contact", Field("Segments__c"))
    lead_ids = [_create(org, number) for number in range(leads)]
    bench = Bench(platform, org, lead_ids)
    with running(platform):
        _say(asdict(_address_of(org, app)))
        for line in sys.stdin:
            name, *arguments = json.loads(line)
            _say(getattr(bench, name)(*arguments))


def _address_of(org: Org, app: App) -> OrgAddress:
    return OrgAddress(org.instance_url, app.client_id, app.client_secret)


def _create(org: Org, number: int) -> str:
    return org.people.create_lead(
        f"lead{number}@example.com",
        FirstName="Lea",
        LastName=f"Example {number}",
        Company="Example Ltd",
        Title="Planner",
        Industry="Machinery",
        NumberOfEmployees=30,
        Status="Open - Not Contacted",
    )


def _say(what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
