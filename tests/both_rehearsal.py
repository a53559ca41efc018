"""A workspace over a simulated HubSpot portal and a simulated Salesforce org at once, on one clock."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from connector.bootstrap import Services, open_services
from connector.cli.connect import connect_by_token
from connector.cli.connect_salesforce import connect_salesforce
from connector.domain.ids import LeadId, WorkspaceId
from connector.domain.lead import Lead
from connector.domain.outward.change import ChangeKind, ChangeState
from connector.engine.running.signing import add_signing_key
from connector.engine.running.worker import Worker
from connector.ports import OutboxChange
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.sandbox import Sandbox
from connector.sandbox.hubspot.server import running as running_portal
from connector.sandbox.salesforce.apps import App
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.package import install_package
from connector.sandbox.salesforce.platform import Platform
from connector.sandbox.salesforce.server import running as running_org
from connector.sandbox.told_clock import ToldClock
from connector.settings import load_settings
from tests.office import sqlite_url
from tests.rehearsal import BEGINS_AT, open_door

WORKSPACE = WorkspaceId("acme")


@dataclass(frozen=True)
class BothRehearsal:
    """Everything that runs."""

    sandbox: Sandbox
    portal: Portal
    platform: Platform
    org: Org
    services: Services
    worker: Worker

    def catch_up(self) -> None:
        """Let every message arrive and everything be done that is due now."""
        for _ in range(6):
            self.sandbox.tick()
            self.platform.tick()
            self.worker.run_until_idle()

    def let_pass(self, span: timedelta = timedelta(minutes=2)) -> None:
        """Do what is due, and again so much later."""
        self.catch_up()
        self.sandbox.advance(span)
        self.catch_up()

    def in_portal(self, contact_id: str) -> dict[str, str]:
        """What a contact of the portal holds."""
        return self.portal.contact(contact_id)

    def in_org(self, record_id: str) -> dict[str, Any]:
        """What a record of the org holds."""
        return dict(self.org.people.read(record_id))

    def leads(self) -> dict[LeadId, Lead]:
        """Every lead."""
        ids = [one.id for one in self.services.store.read_models.leads(WORKSPACE, 1_000)]
        with self.services.store.reading() as transaction:
            return {id_: one.lead for id_, one in transaction.leads.current(WORKSPACE, ids).items()}

    def lead(self) -> Lead:
        """The only lead."""
        (lead,) = self.leads().values()
        return lead

    def wanted_of(self, record_id: str) -> set[str]:
        """The properties that the outbox wants of a record of the only lead."""
        changes = [one for one in self._changes() if one.kind is ChangeKind.PROPERTIES]
        return {name for one in changes if one.record_id == record_id for name in one.wanted}

    def refused(self) -> list[str]:
        """What a CRM refused of the only lead's changes, in its words."""
        return [one.words for one in self._changes() if one.state is ChangeState.REFUSED]

    def _changes(self) -> Sequence[OutboxChange]:
        return self.services.store.read_models.changes(WORKSPACE, self.lead().id)


@contextmanager
def rehearsed(folder: Path, mapping: str) -> Iterator[BothRehearsal]:
    """A workspace that is connected to both, without leads."""
    clock = ToldClock(folder / "clock.txt", BEGINS_AT)
    sandbox = Sandbox(clock=clock, stopwatch=clock.seconds)
    app, portal = sandbox.create_app(), sandbox.create_portal("ACME")
    app.subscribe_broadly()
    platform = Platform(clock=clock, stopwatch=clock.seconds)
    org_app, org = platform.create_app(App()), platform.create_org("ACME")
    install_package(org, org_app)
    (folder / "mapping").mkdir()
    (folder / "mapping" / "workspace.yaml").write_text(mapping, "utf-8")
    with ExitStack() as stack:
        portal_url = stack.enter_context(running_portal(sandbox))
        stack.enter_context(running_org(platform))
        environ = {
            "COLTIVA_DATABASE_URL": sqlite_url(folder),
            "COLTIVA_MAPPINGS": str(folder / "mapping"),
            "COLTIVA_HUBSPOT_BASE_URL": portal_url,
            "COLTIVA_HUBSPOT_CLIENT_SECRET": app.client_secret,
            "COLTIVA_HUBSPOT_APP_ID": str(app.app_id),
            "COLTIVA_SALESFORCE_BASE_URL": org.instance_url,
            "COLTIVA_SALESFORCE_CLIENT_ID": org_app.client_id,
            "COLTIVA_SALESFORCE_CLIENT_SECRET": org_app.client_secret,
            "COLTIVA_PUBLIC_URL": "http://127.0.0.1:1",
            "COLTIVA_CLOCK_FILE": str(folder / "clock.txt"),
            "COLTIVA_LOG_LEVEL": "error",
        }
        services = open_services(load_settings(environ))
        stack.callback(services.store.close)
        services.store.migrate()
        connect_by_token(services, "hubspot", sandbox.connect(app, portal))
        connection, *_ = connect_salesforce(services, services.be_let_in_by_salesforce(org.instance_url))
        port = stack.enter_context(open_door(environ))
        app.target_url = f"http://127.0.0.1:{port}/webhooks/hubspot"
        for name in ("Lead", "Contact"):
            platform.outbound.add(org, name, f"http://127.0.0.1:{port}/webhooks/salesforce/outbound")
        with services.store.transaction() as transaction:
            key = base64.b64decode(add_signing_key(transaction, connection, services.clock.now()).secret)
        events_url = f"http://127.0.0.1:{port}/webhooks/salesforce/events"
        platform.signed_events.add(org, events_url, key, frozenset({"Lead", "Contact"}))
        sandbox.advance(timedelta(minutes=1))
        yield BothRehearsal(sandbox, portal, platform, org, services, services.build_worker())
