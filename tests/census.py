"""An office whose one account is a simulated org, over real HTTP; no event ever tells it anything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from connector.crms.salesforce.grants import Flow, Grant
from connector.crms.salesforce.oauth import App, OAuth
from connector.crms.salesforce.org import SalesforceOrg
from connector.domain.ids import ConnectionId
from connector.ports import CensusState, Connection, LeadSummary
from connector.sandbox.clock import SandboxClock
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.platform import Platform
from connector.sandbox.salesforce.server import running
from tests.office import ACME, Office, sqlite_url
from tests.two_crms import both_book
from tests.unit.salesforce.org import HeldToken

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


class OrgOffice(Office):
    """One worker, one org. Time is the org's."""

    def __init__(self, url: str, platform: Platform, org: Org, **parts: Any) -> None:
        super().__init__(url, both_book(**parts))
        self.platform = platform
        self.org = org
        self.people = org.people
        self.clock = cast("Any", platform.clock)
        self.token = platform.connect(platform.create_app(), org)
        self.connection = Connection(ConnectionId(f"salesforce-{org.id}"), ACME, "salesforce", org.id, "a grant")
        self.open()
        self.start()

    def connect(self) -> OrgOffice:
        """The org is connected, and nothing more is said to the worker."""
        with self.store.transaction() as transaction:
            transaction.connections.save(self.connection, self.clock.now())
        return self

    def start(self, holder: str = "w1") -> OrgOffice:
        """A worker begins, knowing nothing of the one before it, which let go of nothing."""
        self.calls = self.new_calls(holder, lambda _: self.new_org())
        return self

    def org_connection(self) -> Connection:
        """The connection with a grant that lets a process in."""
        return replace(self.connection, token=self.grant())

    def grant(self) -> str:
        """As it is kept."""
        url = self.org.instance_url
        return Grant(
            flow=Flow.CLIENT_CREDENTIALS, host=url, client_id="", instance_url=url, org_id=self.org.id,
            user_id=self.org.integration_user, access_token=self.token, issued_at=self.clock.now(),
        ).to_text()  # fmt: skip

    def new_org(self) -> SalesforceOrg:
        """The org, as a new thread opens it."""
        url, grant = self.org.instance_url, self.grant()
        return SalesforceOrg(grant, HeldToken(grant), OAuth(App("", ""), self.clock, url), self.clock)

    def pass_time(self, length: timedelta = QUARTER) -> OrgOffice:
        """Time passes, then everything is done that is due."""
        self.platform.advance(length)
        self.work()
        return self

    def fill(self) -> OrgOffice:
        """Read all that there are; jobs take a while."""
        for _ in range(20):
            self.work()
            if all(state.is_filled for state in self.states().values()):
                return self
            self.platform.advance(timedelta(seconds=10))
        raise AssertionError("it does not come to an end")

    def states(self) -> dict[str, CensusState]:
        """How far it is, by object type."""
        with self.store.reading() as transaction:
            return {one.object_type: one for one in transaction.censuses.of(self.connection.id)}

    def summary(self, record_id: str) -> LeadSummary | None:
        """The lead of a record, where there is one."""
        object_type = "lead" if record_id.startswith("00Q") else "contact"
        return self.store.read_models.lead(ACME, f"salesforce:{self.org.id}:{object_type}:{record_id}")

    def email(self, record_id: str) -> object:
        """What the lead of a record has as its address."""
        found = self.summary(record_id)
        return found.lead.fields.get("email") if found else None

    def leads(self) -> int:
        """How many there are."""
        return self.store.read_models.health(self.clock.now()).leads

    def calls_of(self, operation: str) -> int:
        """How often the org was asked for something."""
        return self.platform.calls.total(self.org.id, operation)


@contextmanager
def org_office(folder: Path, *before: str, **parts: Any) -> Iterator[OrgOffice]:
    """The org is served, and connected; the leads of these addresses were there a minute before.

    `parts` are what the mapping says besides.
    """
    platform = Platform(clock=SandboxClock(NOW))
    org = platform.create_org()
    for email in before:
        org.people.create_lead(email)
    platform.advance(timedelta(minutes=1))
    with running(platform):
        office = OrgOffice(sqlite_url(folder), platform, org, **parts)
        yield office
        office.close()
