"""The way from the server to the application: whole requests only.

Given the head of a request alone, an application waits for its body, and one sender that stops half-way holds the
thread that serves everybody. Here bodies are gathered side by side, each within a time and all within a size; the
application is called with what is complete. It runs in the event loop itself: its answers are short, and a second
thread would only fight for the interpreter.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from connector.ports import RawRequest
from webhooks.answers import Acknowledgement

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

#: HubSpot gives up on its own calls after five seconds (HubSpot: Webhooks API guide).
BODY_SECONDS: Final = 10.0
#: Bodies under way, all together: the most that strangers can make this process hold.
MAX_HELD: Final = 64 * 1024 * 1024
#: A body of at most so many bytes is read in one piece and counts as held from its first byte. HubSpot's 100 events
#: take half of it; 1,024 of them, as many as Granian has connections, are MAX_HELD.
SHORT: Final = 64 * 1024

_FIXED: Final[Mapping[str, Any]] = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": False,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
    "wsgi.input_terminated": True,
}
# The rest of the body is not waited for: nothing else can follow on this connection.
_REFUSED_HEADERS: Final = [("Content-Type", "application/json"), ("Connection", "close")]
_LATE: Final = json.dumps({"error": "too_slow", "message": "The body did not come in time."})
_FULL: Final = json.dumps({"error": "busy", "message": "Too much is under way. Send it again later."})


class _FullError(Exception):
    """There is no room for another body; never leaves this module."""


class Gateway:
    """An application for servers that speak RSGI, made of one that speaks WSGI.

    Of a body larger than `max_body`, declared or not, no more is read than shows that it is; the application refuses
    it for its size. `short_way` may answer a request before the application is called at all.
    """

    def __init__(
        self,
        app: WSGIApplication,
        max_body: int,
        *,
        short_way: Callable[[RawRequest], Awaitable[Acknowledgement | None]],
        body_seconds: float = BODY_SECONDS,
        max_held: int = MAX_HELD,
    ) -> None:
        self._app = app
        self._short_way = short_way
        self._most = max_body + 1
        self._body_seconds = body_seconds
        self._max_held = max_held
        #: Bytes of all bodies under way, of short ones as declared.
        self._held = 0

    async def __call__(self, scope: Any, protocol: Any) -> None:
        """Answer one request."""
        try:
            async with asyncio.timeout(self._body_seconds):
                body = await self._read(scope.headers, protocol)
        except TimeoutError:
            protocol.response_str(408, _REFUSED_HEADERS, _LATE)
        except _FullError:
            protocol.response_str(503, _REFUSED_HEADERS, _FULL)
        else:
            answer = await self._short_way(to_raw_request(scope, body))
            if answer is None:
                self._ask(to_environ(scope, body), protocol)
            else:
                protocol.response_bytes(answer.status_code, answer.header_list, answer.whole)

    async def _read(self, headers: Any, protocol: Any) -> bytes:
        """The body; of one that is too large, so much that it shows or, if its length was declared, nothing."""
        declared = headers.get("content-length", "")
        # A chunked body ends where it likes, whatever length was declared beside.
        if not declared.isdecimal() or "transfer-encoding" in headers:
            return await self._gather(protocol)
        length = int(declared)
        if length > self._most:
            return b""
        return await (self._read_whole(protocol, length) if length <= SHORT else self._gather(protocol))

    async def _read_whole(self, protocol: Any, length: int) -> bytes:
        """A short body in one piece: the server gathers it, much faster than we could."""
        self._hold(length)
        try:
            return bytes(await protocol())
        except RuntimeError:  # the sender hung up before the end
            return b""
        finally:
            self._held -= length

    async def _gather(self, protocol: Any) -> bytes:
        chunks: list[bytes] = []
        length = 0
        try:
            async for chunk in protocol:
                self._hold(len(chunk))
                chunks.append(chunk)
                length += len(chunk)
                if length >= self._most:
                    break
        finally:
            self._held -= length
        return b"".join(chunks)

    def _hold(self, length: int) -> None:
        if self._held + length > self._max_held:
            raise _FullError
        self._held += length

    def _ask(self, environ: dict[str, Any], protocol: Any) -> None:
        head: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: object = None) -> Callable[[bytes], object]:
            head.append((status, headers))
            return lambda written: None

        body = b"".join(self._app(environ, start_response))
        status, headers = head[-1]
        protocol.response_bytes(int(status[:3]), headers, body)


def to_raw_request(scope: Any, body: bytes) -> RawRequest:
    """The request in our words. A path that is not plain is nothing that we serve, and is left to the application."""
    headers: dict[str, str] = {}
    for name, value in scope.headers.items():
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    target = f"{scope.path}?{scope.query_string}" if scope.query_string else scope.path
    return RawRequest(scope.method, target, headers, body)


def to_environ(scope: Any, body: bytes) -> dict[str, Any]:
    """The request in WSGI's words. Of a header that comes twice, both values count, as one."""
    environ = {
        **_FIXED,
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": scope.server.rpartition(":")[0],
        "SERVER_PORT": scope.server.rpartition(":")[2],
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0],
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": BytesIO(body),
    }
    for name, value in scope.headers.items():
        key = name.upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ
