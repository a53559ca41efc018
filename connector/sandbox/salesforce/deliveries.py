"""POSTs to the outside: what was sent, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import urllib3

#: Seconds in which a receiver must have answered.
ANSWER_WITHIN = 10.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One POST that was tried; status None means that no answer came."""

    org_id: str
    url: str
    events: int
    attempt: int
    status: int | None
    is_accepted: bool
    #: The answer's body, to look at.
    answer: bytes = b""


class Postman:
    """Posts, and never raises."""

    def __init__(self) -> None:
        self._http = urllib3.PoolManager(timeout=ANSWER_WITHIN, retries=False, maxsize=10)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int | None, bytes]:
        """The status, None when no answer came, and the body of the answer."""
        try:
            answer = self._http.request("POST", url, body=body, headers=dict(headers), redirect=False)
        except urllib3.exceptions.HTTPError:
            return None, b""
        return answer.status, answer.data

    def close(self) -> None:
        """Close the connections to receivers."""
        self._http.clear()
