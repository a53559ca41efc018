"""Serves a HubSpot sandbox over real HTTP on loopback, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from connector.sandbox.hubspot.sandbox import Sandbox
from connector.sandbox.hubspot.web import create_web
from connector.sandbox.server import serving


@contextmanager
def running(sandbox: Sandbox, *, port: int = 0, pump: bool = False, web: Flask | None = None) -> Iterator[str]:
    """Serve in a thread and give the base URL; `web` is the application when it was made already.

    With `pump`, webhooks and planned actions happen by themselves; without, `flush()`, `tick()` and
    `advance()` do them, so that a test sees everything in order.
    """
    with serving(sandbox, web or create_web(sandbox), port=port, pump=pump) as url:
        yield url
