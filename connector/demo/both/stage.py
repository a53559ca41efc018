"""The stage of the story: a portal, an org, a web process and a worker on loopback, and one time for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from connector.bootstrap import Services
from connector.cli.connect import connect_by_token
from connector.cli.connect_salesforce import connect_salesforce
from connector.cli.opening import opened
from connector.cli.processes import Processes
from connector.demo.both.readback import Api
from connector.demo.both.story import BEN, EMAIL, EMAILS, FORM, RITA
from connector.demo.people import BEGINS_AT
from connector.demo.started import build_environ, started
from connector.demo.stillness import settle, undone
from connector.domain.history import HistoryEntry
from connector.domain.ids import WorkspaceId
from connector.ports import Connection, Given
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

MAPPINGS = Path(__file__).parents[3] / "mappings" / "both"
#: Longer than the next poll of forms is away, and than what is written settles.
_SOON = (timedelta(minutes=6), timedelta(minutes=4))


@dataclass(frozen=True, slots=True)
class Crms:
    """Both simulated CRMs, with the people who work in them, and their APIs for whoever looks from outside."""

    sandbox: Sandbox
    portal: Portal
    platform: Platform
    org: Org
    #: Users of Salesforce.
    ben: str
    rita: str

    def tick(self) -> None:
        """Do what is due now over there."""
        self.sandbox.tick()
        self.platform.tick()

    def unsent(self, now: datetime) -> object | None:
        """What they have still to tell; None when there is nothing."""
        for sender in (self.sandbox.sender, self.platform.outbound):
            due_at = sender.next_due()
            if sender.pending and (due_at is None or due_at <= now):
                return sender.pending
        return None


class Stage:
    """Everything that runs, and the passing of time."""

    def __init__(
        self,
        crms: Crms,
        services: Services,
        connections: tuple[Connection, Connection],
        processes: Processes,
        environ: Mapping[str, str],
    ) -> None:
        self.crms = crms
        self.services = services
        #: With tokens of other apps than ours.
        self._hubspot = Api(services.settings.hubspot_base_url, _token_of_reader(crms))
        self._reader = crms.platform.create_app(App(client_id="reader"))
        #: What a `coltiva` of another terminal has to know.
        self.environ = environ
        self._connections = connections
        self._processes = processes
        book, _ = services.read_mapping()
        self._feeds = len({(source.feed, source.only) for source in book.definitions.feeds})

    @property
    def workspace(self) -> WorkspaceId:
        """Whose lead it is."""
        return self._connections[0].workspace

    @property
    def now(self) -> datetime:
        """The present moment of the story."""
        return self.crms.sandbox.clock.now()

    def pass_until(self, moment: datetime) -> None:
        """Let time come to a moment, at which everybody does what is due. Raises StageError."""
        self.crms.sandbox.clock.set(moment)
        settle(self.crms.sandbox.clock, self._processes, self._unsettled)

    def pass_soon(self) -> None:
        """Let as much time pass as Coltiva takes to hear of something and to answer it. Raises StageError."""
        self.pass_until(self.now)
        for span in _SOON:
            self.pass_until(self.now + span)

    def open_apis(self) -> tuple[Api, Api]:
        """HubSpot and Salesforce as anybody sees them; a session of Salesforce ends after two hours without a call."""
        return self._hubspot, Api(self.crms.org.instance_url, self.crms.platform.connect(self._reader, self.crms.org))

    def told(self) -> tuple[Sequence[HistoryEntry], Sequence[Given]]:
        """Coltiva's timeline of the lead, and to whom it gave her."""
        lead = self.services.store.read_models.lead(self.workspace, EMAIL)
        if lead is None:
            return (), ()
        with self.services.store.reading() as transaction:
            given = transaction.assignments.of_lead(self.workspace, lead.id)
        return self.services.store.read_models.history(self.workspace, lead.id), given

    def _unsettled(self) -> object | None:
        # What leads ask of the workspace goes back from right to left: a second look catches what the first one missed.
        return self._look() or self._look()

    def _look(self) -> object | None:
        self.crms.tick()
        left = undone(self.services, self._connections, self._feeds, self.now)
        return self.crms.unsent(self.now) if left is None else left


def _token_of_reader(crms: Crms) -> str:
    return crms.sandbox.connect(crms.sandbox.create_app(), crms.portal)


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """Everything started in the folder and connected; stopped at the end. Raises StageError."""
    clock = ToldClock(folder / "clock.txt", BEGINS_AT)
    sandbox = Sandbox(clock=clock, stopwatch=clock.seconds)
    platform = Platform(clock=clock, stopwatch=clock.seconds)
    app, portal = sandbox.create_app(), sandbox.create_portal("ACME Planning")
    org_app, org = platform.create_app(), platform.create_org("ACME Planning")
    crms = _furnish(sandbox, portal, platform, org)
    app.subscribe_broadly()
    install_package(org, org_app)
    with ExitStack() as stack:
        hubspot_url = stack.enter_context(running_portal(sandbox))
        stack.enter_context(running_org(platform))
        environ = build_environ(folder, MAPPINGS) | {
            "COLTIVA_HUBSPOT_BASE_URL": hubspot_url,
            "COLTIVA_HUBSPOT_CLIENT_SECRET": app.client_secret,
            "COLTIVA_HUBSPOT_APP_ID": str(app.app_id),
            "COLTIVA_SALESFORCE_BASE_URL": org.instance_url,
            "COLTIVA_SALESFORCE_CLIENT_ID": org_app.client_id,
            "COLTIVA_SALESFORCE_CLIENT_SECRET": org_app.client_secret,
        }
        services = stack.enter_context(opened(load_settings(environ)))
        in_hubspot, _ = connect_by_token(services, "hubspot", sandbox.connect(app, portal))
        in_salesforce, _, _ = connect_salesforce(services, services.be_let_in_by_salesforce(org.instance_url))
        app.target_url = f"{services.settings.public_url}/webhooks/hubspot"
        for name in ("Lead", "Contact", "Opportunity"):
            platform.outbound.add(org, name, f"{services.settings.public_url}/webhooks/salesforce/outbound")
        processes = stack.enter_context(started(environ, folder))
        yield Stage(crms, services, (in_hubspot, in_salesforce), processes, environ)


def _furnish(sandbox: Sandbox, portal: Portal, platform: Platform, org: Org) -> Crms:
    """Give marketing its form and emails, and both CRMs their users."""
    portal.marketing.form(FORM)
    for title, email in EMAILS.items():
        portal.send_email_when_joined(title, email)
    portal.add_owner("rita@example.com", *RITA.split())
    ben, rita = (org.people.add_user(name.split()[0].lower(), *name.split()) for name in (BEN, RITA))
    return Crms(sandbox, portal, platform, org, ben, rita)
