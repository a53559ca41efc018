"""An org to try the sandbox with, over real HTTP and through the client that people use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce

from connector.sandbox.clock import SandboxClock
from connector.sandbox.salesforce.apps import App
from connector.sandbox.salesforce.fields import Field, FieldType
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.people import People
from connector.sandbox.salesforce.platform import Platform
from connector.sandbox.salesforce.server import running

START = datetime(2026, 11, 23, 9, 0, 0, tzinfo=UTC)
NURTURE_ID = Field("coltiva__Nurture_Id__c", length=64, is_external_id=True, is_unique=True)
SCORE = Field("coltiva__Score__c", FieldType.DOUBLE, label="Nurture Score", precision=6, scale=0)
BAND = Field(
    "coltiva__Score_Band__c",
    FieldType.PICKLIST,
    label="Score Band",
    options=("Cold", "Warm", "Hot"),
    is_restricted=True,
)


class FakeStopwatch:
    """Real time that passes only when told."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds

    def let_pass(self, seconds: float) -> None:
        self.seconds += seconds


class PlainHttp(HTTPAdapter):
    """The client knows https only; an org on loopback speaks http."""

    def send(self, request: Any, *args: Any, **options: Any) -> Any:
        request.url = request.url.replace("https://", "http://", 1)
        return super().send(request, *args, **options)


@dataclass
class World:
    """A running platform with one org that installed one app."""

    platform: Platform
    app: App
    org: Org
    stopwatch: FakeStopwatch
    token: str = ""
    login_url: str = ""

    def session(self, token: str = "") -> requests.Session:
        session = requests.Session()
        session.mount("https://", PlainHttp())
        session.headers["Authorization"] = f"Bearer {token or self.token}"
        return session

    def client(self, token: str = "", org: Org | None = None) -> Salesforce:
        """The client of the integration user."""
        url = (org or self.org).instance_url
        return Salesforce(session_id=token or self.token, instance_url=url, version="66.0", session=self.session(token))

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        """A plain call, relative to the version's root unless the path begins with a slash."""
        url = path if path.startswith("/") else f"/services/data/v66.0/{path}"
        with self.session() as session:
            return session.request(method, self.org.instance_url + url, timeout=60, **options)


@pytest.fixture
def world() -> Iterator[World]:
    stopwatch = FakeStopwatch()
    platform = Platform(clock=SandboxClock(START), stopwatch=stopwatch)
    app, org = platform.create_app(), platform.create_org()
    for name in ("Lead", "Contact"):
        org.add_fields(name, NURTURE_ID, SCORE, BAND)
    made = World(platform, app, org, stopwatch, platform.connect(app, org))
    with running(platform) as made.login_url:
        yield made


@pytest.fixture
def sf(world: World) -> Iterator[Salesforce]:
    client = world.client()
    yield client
    client.session.close()


@pytest.fixture
def people(world: World) -> People:
    return world.org.people
