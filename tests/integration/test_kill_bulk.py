"""kill -9 at each call of a bulk job loses no lead, writes nobody what is outdated, and leaves no job behind."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connector.bootstrap import Services, compile_stored, open_services
from connector.cli.connect_salesforce import connect_salesforce
from connector.domain.outward.change import ChangeState
from connector.engine.judging.shelf import Shelf
from connector.engine.telling import replay
from connector.ports import NewDelivery
from connector.sandbox.clock import SandboxClock
from connector.sandbox.faults import ApiFault, Fault
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.package import install_package
from connector.sandbox.salesforce.platform import Platform
from connector.sandbox.salesforce.server import running
from connector.settings import load_settings
from tests.integration.test_kill import Nursery, wait_until
from tests.office import SECRET_KEY
from tests.org_door import message, notification
from tests.stories.stage import ACME

LEADS = 60
#: A job is worth it from here on, so that each life of a worker begins some.
FROM = 5
WANTED = {"Technology": 20, "Energy": 30}
#: Every call of a job, in its order.
CALLS = (
    ("POST", "*/jobs/ingest"),
    ("PUT", "*/batches"),
    ("PATCH", "*/jobs/ingest/*"),
    ("GET", "*/jobs/ingest/*"),
    ("GET", "*/successfulResults"),
    ("GET", "*/failedResults"),
)
MAPPING = """\
format: 1
workspace: acme
timezone: Europe/Rome
settle: 1s
fields:
  email:    {salesforce: [Lead.Email, Contact.Email], identity: true}
  industry: {salesforce: Lead.Industry}
scores:
  fit: {rules: [{when: {industry: Technology}, points: 20}, {when: {industry: Energy}, points: 30}]}
write_back:
  salesforce: {coltiva__Score__c: fit}
"""


class Load:
    """An org whose leads change industry again and again, and a worker that scores them by jobs."""

    def __init__(self, platform: Platform, org: Org, environ: dict[str, str]) -> None:
        self.platform, self.org, self.environ = platform, org, environ
        self.services: Services = open_services(load_settings(environ))
        self.services.store.migrate()
        self.connection, _, _ = connect_salesforce(
            self.services, self.services.be_let_in_by_salesforce(org.instance_url)
        )
        self.leads = [
            org.people.create_lead(f"lead{number}@example.com", Industry="Technology") for number in range(LEADS)
        ]

    def tell(self, number: int) -> None:
        """Every third lead changes its industry, so that what is in a job is outdated by the next."""
        told = []
        for place, lead in enumerate(self.leads):
            if place % 3 == number % 3:
                self.org.people.change(lead, Industry="Energy" if number % 2 else "Technology")
            if place % 3 == number % 3 or not number:
                told.append(notification(lead, number=number * LEADS + place))
        for start in range(0, len(told), 50):
            body = message(*told[start : start + 50], org=self.org.id)
            self.services.store.keep(NewDelivery("salesforce/outbound", self.services.clock.now(), body))

    def is_done(self) -> bool:
        health = self.services.store.read_models.health(self.services.clock.now())
        waiting = sum(health.outbox.get(state, 0) for state in (ChangeState.PENDING, ChangeState.ATTEMPTED))
        is_idle = not (health.deliveries_waiting or health.leads_unread or health.leads_due or waiting or self.jobs())
        return is_idle and self.is_right()

    def is_right(self) -> bool:
        """Whether every lead has the score of its industry."""
        held = [self.org.people.read(lead) for lead in self.leads]
        return all(one.get("coltiva__Score__c") == WANTED[one["Industry"]] for one in held)

    def jobs(self) -> int:
        """How many jobs wait to be settled."""
        with self.services.store.reading() as transaction:
            return len(transaction.bulk_jobs.of(self.connection.id))


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    platform = Platform(clock=SandboxClock(rate=1.0))
    app, org = platform.create_app(), platform.create_org()
    install_package(org, app)
    (tmp_path / "mapping").mkdir()
    (tmp_path / "mapping" / "workspace.yaml").write_text(MAPPING, "utf-8")
    with running(platform):
        environ = {
            "COLTIVA_DATABASE_URL": f"sqlite:///{tmp_path / 'coltiva.sqlite'}",
            "COLTIVA_SECRET_KEY": SECRET_KEY,
            "COLTIVA_MAPPINGS": str(tmp_path / "mapping"),
            "COLTIVA_SALESFORCE_BASE_URL": org.instance_url,
            "COLTIVA_SALESFORCE_CLIENT_ID": app.client_id,
            "COLTIVA_SALESFORCE_CLIENT_SECRET": app.client_secret,
            "COLTIVA_SALESFORCE_BULK_FROM": str(FROM),
            "COLTIVA_LOG_LEVEL": "error",
        }
        load = Load(platform, org, environ)
        yield load
        load.services.store.close()


@pytest.fixture
def nursery(load: Load) -> Iterator[Nursery]:
    nursery = Nursery(load.environ)
    yield nursery
    nursery.close()


def test_whoever_is_killed_at_any_call_of_a_job_leaves_it_to_the_next(load: Load, nursery: Nursery) -> None:
    for number, (method, path) in enumerate(CALLS):
        load.tell(number)
        call = Fault(ApiFault.SLOW, 1.0, 1, path, method, delay=timedelta(seconds=0.5))
        load.platform.faults.add(call)
        nursery.start()
        wait_until(lambda call=call: call.struck > 0, nursery)  # type: ignore[misc]
        assert nursery.end(signal.SIGKILL) == -signal.SIGKILL

    load.tell(len(CALLS))
    nursery.start()
    wait_until(load.is_done, nursery)

    assert nursery.end(signal.SIGTERM) == 0
    assert load.is_right()
    assert replay.verify(load.services.store, Shelf(load.services.store, compile_stored), ACME).differing == ()
