"""A small workspace over a simulated Salesforce org: the real doors, the real worker, one SQLite file."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from connector.bootstrap import Services, open_services
from connector.cli.connect_salesforce import connect_salesforce
from connector.domain.ids import LeadId
from connector.domain.lead import Lead
from connector.engine.running.signing import add_signing_key
from connector.engine.running.worker import Worker
from connector.ports import Connection
from connector.sandbox.salesforce.apps import App
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.package import install_package
from connector.sandbox.salesforce.platform import Platform
from connector.sandbox.salesforce.server import running
from connector.sandbox.told_clock import ToldClock
from connector.settings import load_settings
from tests.office import sqlite_url
from tests.rehearsal import BEGINS_AT, open_door


@dataclass(frozen=True)
class OrgRehearsal:
    """Everything that runs, and the environment in which the commands find it."""

    environ: Mapping[str, str]
    platform: Platform
    org: Org
    services: Services
    connection: Connection
    worker: Worker

    def catch_up(self) -> None:
        """Let every message arrive and everything be done that is due now."""
        for _ in range(5):
            self.platform.tick()
            self.worker.run_until_idle()

    def let_pass(self, span: timedelta) -> None:
        """Do what is due, and again so much later."""
        self.catch_up()
        self.platform.advance(span)
        self.catch_up()

    def held(self, record_id: str) -> dict[str, Any]:
        """What a record holds."""
        return dict(self.org.people.read(record_id))

    def leads(self) -> dict[LeadId, Lead]:
        """Every lead."""
        with self.services.store.reading() as transaction:
            ids = [one.id for one in self.services.store.read_models.leads(self.connection.workspace, 1_000)]
            return {id_: one.lead for id_, one in transaction.leads.current(self.connection.workspace, ids).items()}

    def told(self) -> list[str]:
        """What the timeline of the only lead tells, entry by entry."""
        told = self.services.store.read_models.history(self.connection.workspace, self.lead().id)
        return [f"{entry.kind} {entry.subject}" for entry in told]

    def lead(self) -> Lead:
        """The only lead."""
        (lead,) = self.leads().values()
        return lead


@contextmanager
def rehearsed(
    folder: Path, mapping: str, *, by: str = "outbound", settings: Mapping[str, str] | None = None
) -> Iterator[OrgRehearsal]:
    """A connected workspace without leads, whose org tells of them by outbound messages, or by signed events."""
    folder.mkdir(exist_ok=True)
    clock = ToldClock(folder / "clock.txt", BEGINS_AT)
    platform = Platform(clock=clock, stopwatch=clock.seconds)
    app, org = platform.create_app(App()), platform.create_org("ACME")
    install_package(org, app)
    mappings = folder / "mapping"
    mappings.mkdir()
    (mappings / "workspace.yaml").write_text(mapping, "utf-8")
    with ExitStack() as stack:
        stack.enter_context(running(platform))
        environ = {
            "COLTIVA_DATABASE_URL": sqlite_url(folder),
            "COLTIVA_MAPPINGS": str(mappings),
            "COLTIVA_HUBSPOT_BASE_URL": "http://127.0.0.1:1",
            "COLTIVA_SALESFORCE_BASE_URL": org.instance_url,
            "COLTIVA_SALESFORCE_CLIENT_ID": app.client_id,
            "COLTIVA_SALESFORCE_CLIENT_SECRET": app.client_secret,
            "COLTIVA_PUBLIC_URL": "http://127.0.0.1:1",
            "COLTIVA_CLOCK_FILE": str(folder / "clock.txt"),
            "COLTIVA_LOG_LEVEL": "error",
            **(settings or {}),
        }
        services = open_services(load_settings(environ))
        stack.callback(services.store.close)
        services.store.migrate()
        let_in = services.be_let_in_by_salesforce(org.instance_url)
        connection, _, lacks = connect_salesforce(services, let_in)
        assert not lacks
        port = stack.enter_context(open_door(environ))
        rehearsal = OrgRehearsal(environ, platform, org, services, connection, services.build_worker())
        _listen(rehearsal, f"http://127.0.0.1:{port}/webhooks/salesforce", by)
        platform.advance(timedelta(minutes=1))
        yield rehearsal


def _listen(rehearsal: OrgRehearsal, url: str, by: str) -> None:
    """Have the org tell of changes in one of its ways."""
    platform, org = rehearsal.platform, rehearsal.org
    if by == "outbound":
        for name in ("Lead", "Contact"):
            platform.outbound.add(org, name, f"{url}/outbound")
        return
    services = rehearsal.services
    with services.store.transaction() as transaction:
        key = add_signing_key(transaction, rehearsal.connection, services.clock.now())
    platform.signed_events.add(org, f"{url}/events", base64.b64decode(key.secret), frozenset({"Lead", "Contact"}))
