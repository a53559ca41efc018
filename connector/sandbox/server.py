"""Serves a simulated CRM over real HTTP on loopback, in this process."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from typing import Any, Protocol

from werkzeug.serving import BaseWSGIServer, ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.test import run_wsgi_app

_LOOPBACK = "127.0.0.1"

#: As WSGI has it: from environment and `start_response` to the parts of the answer.
WebApplication = Callable[..., Iterable[bytes]]


class QuietHandler(WSGIRequestHandler):
    """Keeps connections open, sends each answer in one piece, logs nothing."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65_536

    def run_wsgi(self) -> None:
        """Answer one request. Werkzeug's own way ends the connection with each."""
        environ = self.make_environ()
        # All of the body, looked at or not: what comes after it is the next request.
        environ["wsgi.input"] = BytesIO(_read_body(environ))
        content, status, headers = run_wsgi_app(self.server.app, environ, buffered=True)
        code, _, words = status.partition(" ")
        self.send_response(int(code), words)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.writelines(content)

    def finish(self) -> None:
        """Let go of a caller that is gone already."""
        with suppress(ConnectionError):
            super().finish()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """The call log of the sandbox tells more."""


def _read_body(environ: dict[str, Any]) -> bytes:
    length = -1 if environ.get("wsgi.input_terminated") else int(environ.get("CONTENT_LENGTH") or 0)
    body: bytes = environ["wsgi.input"].read(length)
    return body


class Server(ThreadedWSGIServer):
    """Answers each connection in a thread, and closes those that are open when it ends."""

    def __init__(self, web: WebApplication, port: int) -> None:
        super().__init__(_LOOPBACK, port, web, QuietHandler)
        self._open: set[socket.socket] = set()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer one connection's requests until it is closed."""
        self._open.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._open.discard(request)

    def server_close(self) -> None:
        """Take no more connections, and end those that a caller keeps: a server that stopped says nothing."""
        super().server_close()
        for connection in tuple(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def create_server(web: WebApplication, *, port: int = 0) -> BaseWSGIServer:
    """A server on loopback that answers each connection in a thread; port 0 takes a free one."""
    return Server(web, port)


class Served(Protocol):
    """A simulated CRM, as far as whoever serves it is concerned."""

    #: Set when the server stops, so that slow answers end.
    closing: threading.Event

    def start(self) -> None:
        """Deliver and do what is due in a thread of its own."""

    def stop(self) -> None:
        """End that thread, and answers that are being slow."""


@contextmanager
def serving(served: Served, web: WebApplication, *, port: int, pump: bool) -> Iterator[str]:
    """Serve in a thread and give the base URL; with `pump`, what is due happens by itself."""
    served.closing.clear()
    server = create_server(web, port=port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    if pump:
        served.start()
    try:
        yield f"http://{_LOOPBACK}:{server.server_port}"
    finally:
        served.stop()
        server.shutdown()
        thread.join()
        server.server_close()
