"""A small workspace to look at with the commands: a sandbox portal, the real door, the real worker, one SQLite file.

Time stands still at 10:00 on a Monday in Rome unless it is told to move, so that what is printed is the same every day.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app import create_app
from connector.bootstrap import Services, open_services
from connector.cli.connect import connect_by_token
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.properties import Property
from connector.sandbox.hubspot.sandbox import Sandbox
from connector.sandbox.hubspot.server import running
from connector.sandbox.server import create_server
from connector.sandbox.told_clock import ToldClock
from connector.settings import load_settings
from tests.office import sqlite_url

BEGINS_AT = datetime(2026, 9, 7, 8, tzinfo=UTC)
MAPPINGS = Path(__file__).parents[1] / "mappings" / "acme"
OWN = (
    Property("last_report_topic", "Last report", hubspot_defined=False),
    Property("events_attended", "Events", "number", "number", hubspot_defined=False),
    Property("renewal_date", "Contract ends on", "date", "date", hubspot_defined=False),
)


@dataclass(frozen=True)
class Rehearsal:
    """Everything that runs, and the environment in which the commands find it."""

    environ: Mapping[str, str]
    sandbox: Sandbox
    portal: Portal
    services: Services
    token: str

    def catch_up(self) -> None:
        """Let every webhook arrive and everything be done that is due now."""
        worker = self.services.build_worker()
        for _ in range(5):
            self.sandbox.tick()
            worker.run_until_idle()

    def let_pass(self, span: timedelta) -> None:
        self.catch_up()
        self.sandbox.advance(span)
        self.catch_up()


@contextmanager
def rehearsed(folder: Path, mappings: Path = MAPPINGS) -> Iterator[Rehearsal]:
    """A connected workspace without leads."""
    clock = ToldClock(folder / "clock.txt", BEGINS_AT)
    sandbox = Sandbox(clock=clock, stopwatch=clock.seconds)
    app, portal = sandbox.create_app(), sandbox.create_portal("ACME")
    for definition in OWN:
        portal.contacts.catalog.create(definition)
    app.subscribe_broadly(properties=[definition.name for definition in OWN])
    token = sandbox.connect(app, portal)
    with ExitStack() as stack:
        environ = {
            "COLTIVA_DATABASE_URL": sqlite_url(folder),
            "COLTIVA_MAPPINGS": str(mappings),
            "COLTIVA_HUBSPOT_BASE_URL": stack.enter_context(running(sandbox)),
            "COLTIVA_HUBSPOT_CLIENT_SECRET": app.client_secret,
            "COLTIVA_HUBSPOT_APP_ID": str(app.app_id),
            "COLTIVA_PUBLIC_URL": "http://127.0.0.1:1",
            "COLTIVA_CLOCK_FILE": str(folder / "clock.txt"),
            "COLTIVA_LOG_LEVEL": "error",
        }
        services = open_services(load_settings(environ))
        stack.callback(services.store.close)
        services.store.migrate()
        connect_by_token(services, "hubspot", token)
        port = stack.enter_context(open_door(environ))
        app.target_url = f"http://127.0.0.1:{port}/webhooks/hubspot"
        yield Rehearsal(environ, sandbox, portal, services, token)


@contextmanager
def open_door(environ: Mapping[str, str]) -> Iterator[int]:
    """The web process over real HTTP, on a port of its own."""
    server = create_server(lambda *_: [])
    settings = load_settings({**environ, "COLTIVA_PUBLIC_URL": f"http://127.0.0.1:{server.server_port}"})
    server.app = create_app(settings)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        server.app.extensions["coltiva"].store.close()
