"""Serves a sandbox over real HTTP on loopback, in this process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from connector.sandbox.sandbox import Sandbox
from connector.sandbox.web import create_web

_LOOPBACK = "127.0.0.1"


class QuietHandler(WSGIRequestHandler):
    """Keeps connections open, sends each answer in one piece, logs nothing."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65_536

    def finish(self) -> None:
        """Let go of a caller that is gone already."""
        with suppress(ConnectionError):
            super().finish()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """The call log of the sandbox tells more."""


def create_server(web: Flask, *, port: int = 0) -> BaseWSGIServer:
    """A server on loopback that answers each connection in a thread; port 0 takes a free one."""
    return make_server(_LOOPBACK, port, web, threaded=True, request_handler=QuietHandler)


@contextmanager
def running(sandbox: Sandbox, *, port: int = 0, pump: bool = False, web: Flask | None = None) -> Iterator[str]:
    """Serve in a thread and give the base URL; `web` is the application when it was made already.

    With `pump`, webhooks and planned actions happen by themselves; without, `flush()`, `tick()` and
    `advance()` do them, so that a test sees everything in order.
    """
    sandbox.closing.clear()
    server = create_server(web or create_web(sandbox), port=port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    if pump:
        sandbox.start()
    try:
        yield f"http://{_LOOPBACK}:{server.server_port}"
    finally:
        sandbox.stop()
        server.shutdown()
        thread.join()
        server.server_close()
