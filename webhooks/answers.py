"""What we answer: a short JSON object, never a stack trace."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from flask import Response
from werkzeug.exceptions import HTTPException

from connector.log import get_logger

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

#: Nothing here is a page: no browser may show, guess at, frame or keep it.
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


class Answer(Response):
    """A short answer that leaves in one piece.

    A server that is given an iterator sends head and body apart; a list goes out as one packet, which is worth a
    tenth of all deliveries a second.
    """

    default_mimetype = "application/json"

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body, status, headers = self.get_wsgi_response(environ)
        whole = [b"".join(body)]
        start_response(status, headers)
        return whole


class Acknowledgement(Answer):
    """An answer that is the same for everybody: put into words once, not for each delivery."""

    def __init__(self, status: int, text: str, media_type: str = "application/json") -> None:
        super().__init__(text, status, HEADERS, mimetype=media_type)
        body, self._status_line, self.header_list = self.get_wsgi_response({"REQUEST_METHOD": "POST"})
        self._whole = [b"".join(body)]

    @property
    def whole(self) -> bytes:
        """The body."""
        return self._whole[0]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        del environ  # whoever asks
        start_response(self._status_line, self.header_list)
        return self._whole


def answer(status: int, content: Mapping[str, object]) -> Answer:
    """The content as JSON."""
    return Answer(json.dumps(content), status, HEADERS)


def refuse(status: int, code: str, message: str) -> Answer:
    """A refusal: a word for programs and a sentence for people."""
    return answer(status, {"error": code, "message": message})


def answer_http_error(error: HTTPException) -> Answer:
    """What Flask itself refuses: unknown paths, wrong methods, bodies cut short."""
    code = (error.name or "error").lower().replace(" ", "_")
    refusal = refuse(error.code or 500, code, error.name)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            refusal.headers[name] = value
    return refusal


def answer_defect(error: Exception) -> Answer:
    """Our own fault; the details are in the log."""
    get_logger().error("request.failed", exc_info=error)
    return refuse(500, "defect", "Coltiva could not handle this request.")
