"""Serves Salesforce over real HTTP on loopback: the login host, and each org at an address of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from connector.sandbox.salesforce.platform import Platform
from connector.sandbox.salesforce.web import create_web
from connector.sandbox.server import serving


@contextmanager
def running(platform: Platform, *, port: int = 0, pump: bool = False) -> Iterator[str]:
    """Serve the orgs that there are, each on a port of its own, and give the URL of the login host.

    Afterwards `org.instance_url` says where an org is. With a `port`, the login host is there and the orgs
    are on the ports that follow. With `pump`, messages and planned actions happen by themselves; without,
    `flush()`, `tick()` and `advance()` do them, so that a test sees everything in order.
    """
    with ExitStack() as stack:
        login = stack.enter_context(serving(platform, create_web(platform), port=port, pump=pump))
        for number, org in enumerate(platform.orgs.values(), start=1):
            address = serving(platform, create_web(platform, org), port=port + number if port else 0, pump=False)
            org.login_url, org.instance_url = login, stack.enter_context(address)
        yield login
