"""kill -9 loses no lead of an org and repeats no task there: ten times, while messages come in and tokens run out."""

from __future__ import annotations

import random
import signal
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connector.bootstrap import Services, compile_stored, open_services
from connector.cli.connect_salesforce import connect_salesforce
from connector.domain.outward.change import ACTS, ChangeState
from connector.engine.judging.shelf import Shelf
from connector.engine.telling import replay
from connector.ports import NewDelivery
from connector.sandbox.clock import SandboxClock
from connector.sandbox.salesforce.apps import App
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.package import install_package
from connector.sandbox.salesforce.platform import Platform
from connector.sandbox.salesforce.server import running
from connector.settings import load_settings
from tests.integration.test_kill import Nursery, wait_until
from tests.office import SECRET_KEY
from tests.org_door import message, notification
from tests.stories.stage import ACME

KILLS = 10
LEADS = 300
MAPPING = """\
format: 1
workspace: acme
timezone: Europe/Rome
settle: 1s
fields:
  email:    {salesforce: [Lead.Email, Contact.Email], identity: true}
  industry: {salesforce: Lead.Industry}
scores:
  fit: {rules: [{when: {industry: Technology}, points: 20}]}
lists:
  hot: {when: {fit: {gte: 20}}, salesforce: Hot leads}
notifications:
  hot: {when: {fit: {gte: 20}}, task: "Call {{ name }}"}
programs:
  welcome:
    enrol: {when: {email: {known: true}}}
    milestones: [entered]
    phases:
      hello: {activities: {hello: {send: {note: "Hello {{ name }}"}}}, none_answered: exit}
write_back:
  salesforce: {coltiva__Score__c: fit}
"""


class Load:
    """An org full of leads, and a database that hears of them bit by bit."""

    def __init__(self, platform: Platform, org: Org, app: App, folder: Path) -> None:
        self.platform, self.org = platform, org
        (folder / "mapping").mkdir()
        (folder / "mapping" / "workspace.yaml").write_text(MAPPING, "utf-8")
        self.environ = {
            "COLTIVA_DATABASE_URL": f"sqlite:///{folder / 'coltiva.sqlite'}",
            "COLTIVA_SECRET_KEY": SECRET_KEY,
            "COLTIVA_MAPPINGS": str(folder / "mapping"),
            "COLTIVA_SALESFORCE_BASE_URL": org.instance_url,
            "COLTIVA_SALESFORCE_CLIENT_ID": app.client_id,
            "COLTIVA_SALESFORCE_CLIENT_SECRET": app.client_secret,
            "COLTIVA_LOG_LEVEL": "error",
        }
        self.services: Services = open_services(load_settings(self.environ))
        self.services.store.migrate()
        connect_salesforce(self.services, self.services.be_let_in_by_salesforce(org.instance_url))
        self.leads = [
            org.people.create_lead(f"lead{number}@example.com", Industry="Technology") for number in range(LEADS)
        ]

    def tell(self, part: int) -> None:
        """Some of them are heard of, for the first time and again; whoever is let in has to ask anew."""
        share = LEADS // KILLS
        for start in (part * share, max(part - 1, 0) * share):
            told = [notification(one, number=number) for number, one in enumerate(self.leads[start : start + share])]
            body = message(*told, org=self.org.id)
            self.services.store.keep(NewDelivery("salesforce/outbound", self.services.clock.now(), body))
        self.platform.tokens.expire_sessions(self.org.id)

    def progress(self) -> tuple[object, ...]:
        """What workers change."""
        health = self.services.store.read_models.health(self.services.clock.now())
        return (health.deliveries_waiting, health.facts, health.leads_unread, health.leads_due, health.outbox)

    def is_done(self) -> bool:
        health = self.services.store.read_models.health(self.services.clock.now())
        waiting = sum(health.outbox.get(state, 0) for state in (ChangeState.PENDING, ChangeState.ATTEMPTED))
        return not (health.deliveries_waiting or health.leads_unread or health.leads_due or waiting)


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    platform = Platform(clock=SandboxClock(rate=1.0))
    app, org = platform.create_app(), platform.create_org()
    install_package(org, app)
    with running(platform):
        load = Load(platform, org, app, tmp_path)
        yield load
        load.services.store.close()


@pytest.fixture
def nursery(load: Load) -> Iterator[Nursery]:
    nursery = Nursery(load.environ)
    yield nursery
    nursery.close()


def test_ten_kills_lose_no_lead_and_repeat_no_task(load: Load, nursery: Nursery) -> None:
    dice = random.Random(10)
    for number in range(KILLS):
        load.tell(number)
        before = load.progress()
        nursery.start()
        wait_until(lambda before=before: load.progress() != before, nursery)  # type: ignore[misc]
        nursery.let_live(timedelta(seconds=dice.uniform(0, 0.6)))
        assert nursery.end(signal.SIGKILL) == -signal.SIGKILL

    load.tell(KILLS - 1)  # so that the last one has something to do, too, and is up when it is done
    nursery.start()
    wait_until(load.is_done, nursery)

    assert nursery.end(signal.SIGTERM) == 0
    people = load.org.people
    assert {people.read(one).get("coltiva__Score__c") for one in load.leads} == {20}
    assert len(people.records("CampaignMember")) == LEADS
    keys = Counter(row["coltiva__Key__c"] for row in people.records("Task"))
    assert len(keys) == 3 * LEADS
    assert set(keys.values()) == {1}
    assert set(keys) == acts_wanted(load)
    assert replay.verify(load.services.store, Shelf(load.services.store, compile_stored), ACME).differing == ()


def acts_wanted(load: Load) -> set[str]:
    with load.services.store.reading() as transaction:
        changes = transaction.outbox.list(None, tuple(ChangeState), 1_000_000)
    return {change.key for change in changes if change.kind in ACTS and change.state is not ChangeState.WITHDRAWN}
