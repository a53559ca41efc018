"""A portal to try the sandbox with, over real HTTP and through the real SDK."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import flask
import hubspot
import pytest
from urllib3.util.retry import Retry

from connector.sandbox.clock import SandboxClock
from connector.sandbox.exchange import HUNG_UP
from connector.sandbox.hubspot.apps import App
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.sandbox import Sandbox
from connector.sandbox.hubspot.server import running
from connector.sandbox.hubspot.web import create_web
from tests.contract.sandbox.hubspot import specifications
from tests.contract.sandbox.hubspot.specifications import Exchange

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

_DATED = (
    (re.compile(r"^/crm/v3/(objects|properties|lists|owners)"), r"/crm/\1/2026-09"),
    (re.compile(r"^/crm/v4/objects"), "/crm/objects/2026-09"),
    (re.compile(r"^/crm/v4/associations"), "/crm/associations/2026-09"),
)


class FakeStopwatch:
    """Real time that passes only when told."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds

    def let_pass(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class World:
    """A running sandbox with one portal that installed one app."""

    sandbox: Sandbox
    app: App
    portal: Portal
    stopwatch: FakeStopwatch
    token: str
    url: str = ""
    exchanges: list[Exchange] = field(default_factory=list)

    def client(self, token: str | None = None, *, dated: bool = False) -> hubspot.HubSpot:
        """The SDK on its own paths or, with `dated`, on the date-based ones."""
        options: dict[str, Any] = {
            "retry": Retry(total=0),
            "host": self.url,
            "base_url": self.url,
            "access_token": token or self.token,
        }
        return hubspot.HubSpot(**options, api_factory=_dated_api) if dated else hubspot.HubSpot(**options)


def _dated_api(package: Any, name: str, config: dict[str, Any]) -> Any:
    settings = package.Configuration()
    for key, value in config.items():
        setattr(settings, "retries" if key == "retry" else key, value)

    class Dated(package.ApiClient):  # type: ignore[misc]  # the SDK is untyped
        def call_api(self, resource_path: str, *args: Any, **kwargs: Any) -> Any:
            for pattern, replacement in _DATED:
                resource_path = pattern.sub(replacement, resource_path)
            types = kwargs.get("response_types_map") or {}
            if 207 in types:
                kwargs["response_types_map"] = dict.fromkeys(types, types[207])
            return super().call_api(resource_path, *args, **kwargs)

    return getattr(package, name)(api_client=Dated(configuration=settings))


@pytest.fixture
def world() -> Iterator[World]:
    """Every exchange with it must fit the interface descriptions, where they are at hand."""
    stopwatch = FakeStopwatch()
    sandbox = Sandbox(clock=SandboxClock(START), stopwatch=stopwatch)
    app = sandbox.create_app()
    portal = sandbox.create_portal()
    made = World(sandbox, app, portal, stopwatch, sandbox.connect(app, portal, "pat-eu1-test"))
    web = create_web(sandbox)
    _record(web, made.exchanges)
    with running(sandbox, web=web) as made.url:
        yield made
    if specifications.are_at_hand():
        found = [problem for one in made.exchanges for problem in specifications.problems(one)]
        assert not found, "\n".join(found)


def _record(web: flask.Flask, exchanges: list[Exchange]) -> None:
    @web.before_request
    def keep_body() -> None:
        flask.request.get_data(cache=True)

    @web.after_request
    def keep(response: flask.Response) -> flask.Response:
        asked = flask.request
        if asked.path.startswith("/crm/") and response.status_code != HUNG_UP:
            path = asked.environ["REQUEST_URI"].partition("?")[0]
            reply = response.get_data()
            exchanges.append(Exchange(asked.method, path, asked.get_data(), response.status_code, reply))
        return response


@pytest.fixture(params=["v3", "2026-09"])
def client(request: pytest.FixtureRequest, world: World) -> hubspot.HubSpot:
    """The SDK, on each generation of paths."""
    return world.client(dated=request.param == "2026-09")


@pytest.fixture
def portal(world: World) -> Portal:
    return world.portal
