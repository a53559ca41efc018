"""One HTTP exchange: what was asked, what is answered, and the caller that is hung up on."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import flask
import msgspec

#: The status of an answer that nobody will see.
HUNG_UP = 499


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request as it came in."""

    method: str
    path: str
    #: The variable parts of the path.
    arguments: Mapping[str, str]
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a call."""

    status: int = 200
    #: What is told as JSON; bytes are sent as they are, and None is no body at all.
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Records that the call wrote, for the counters.
    written: int = 0


class ConnectionDroppedError(Exception):
    """The caller gets no answer at all."""


def to_request(arguments: Mapping[str, str]) -> Request:
    """The request that Flask is answering now."""
    asked = flask.request
    query, body = asked.args.to_dict(flat=False), asked.get_data(cache=False)
    return Request(asked.method, asked.path, arguments, query, dict(asked.headers), body)


def to_response(reply: Reply) -> flask.Response:
    """An answer as HTTP."""
    if reply.body is None:
        return flask.Response(b"", reply.status, dict(reply.headers))
    if isinstance(reply.body, bytes):
        return flask.Response(reply.body, reply.status, dict(reply.headers))
    response = flask.Response(msgspec.json.encode(reply.body), reply.status, dict(reply.headers))
    response.content_type = "application/json;charset=utf-8"
    return response


def hang_up() -> flask.Response:
    """Close the caller's connection under the answer."""
    connection = flask.request.environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
    return flask.Response(status=HUNG_UP)
