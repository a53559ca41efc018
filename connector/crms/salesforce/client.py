"""simple-salesforce, tamed: it knows the paths and the authorisation; tokens, time-outs and limits are ours.

Left alone the library logs in again without a lock and without the headers of the call, repeats a call that is not
let in without end, waits for ever, and forgets what the org says of its limits where calls fail. Here it is given a
session and a token that are good, every call passes one place, and answers are read straight into the shapes of
`replies.py`.

Importing this module loads the library; only what talks to Salesforce does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final, NamedTuple

import msgspec
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError, SalesforceExpiredSession

from connector.clock import Clock
from connector.crms.salesforce.errors import to_error
from connector.crms.salesforce.grants import Flow, Grant, parse_grant
from connector.crms.salesforce.limits import Limits
from connector.crms.salesforce.oauth import OAuth
from connector.crms.salesforce.replies import QueryPage, read
from connector.crms.salesforce.transport import open_session
from connector.errors import (
    CredentialsError,
    CrmUnavailableError,
    RateLimitedError,
    RetryableCrmError,
    UnreadableReplyError,
)
from connector.ports import TokenKeeper

#: Spring '26. Always said: the library's own is older.
VERSION: Final = "66.0"
_DATA: Final = f"/services/data/v{VERSION}/"
#: Refresh tokens die when they are not used for thirty days, and a session in use never asks for one.
_RENEW_AFTER: Final = timedelta(days=7)


class _Answer(NamedTuple):
    """What an org answered."""

    body: bytes
    headers: Mapping[str, str]


_NOTHING: Final = _Answer(b"", {})
_NO_HEADERS: Final[Mapping[str, str]] = {}


class _Api(Salesforce):
    """The library, for one grant."""

    def __init__(self, grant: Grant, session: requests.Session) -> None:
        super().__init__(
            session_id=grant.access_token, instance_url=grant.instance_url, version=VERSION, session=session
        )
        # It writes https before every host; that of a rehearsal has none.
        self.base_url = f"{grant.instance_url}{_DATA}"
        del self.headers["X-PrettyPrint"]  # larger bodies, for nobody's eyes

    def parse_result_to_json(self, result: requests.Response) -> _Answer:
        """Hand the answer through as it is."""
        return _Answer(result.content, result.headers)


class SalesforceClient:
    """One connection to one org, for one thread.

    Calls raise RetryableCrmError, CredentialsError, UnreadableReplyError, and RefusedCallError for the call as a
    whole; they return the body of the answer.
    """

    def __init__(self, token: str, keeper: TokenKeeper, oauth: OAuth, clock: Clock, limits: Limits) -> None:
        self.limits = limits
        self._token = token
        self._keeper = keeper
        self._oauth = oauth
        self._clock = clock
        self._session = open_session(self._hear)
        self._known: tuple[Grant, _Api] | None = None

    @property
    def grant(self) -> Grant:
        """With what we are let in. Raises CredentialsError where the connection keeps none."""
        return self._open()[0]

    def get(self, path: str, query: Mapping[str, str] | None = None) -> bytes:
        """Read a resource, by its path below the version."""
        return self._call("GET", path, query).body

    def get_page(self, path: str, query: Mapping[str, str]) -> tuple[bytes, str]:
        """Read one page of the results of a job, and the locator of the next one; empty after the last."""
        answer = self._call("GET", path, query)
        locator = answer.headers.get("Sforce-Locator", "")
        return answer.body, "" if locator == "null" else locator

    def send(self, method: str, path: str, body: object) -> bytes:
        """Send a body to a resource."""
        return self._call(method, path, None, msgspec.json.encode(body)).body

    def upload(self, path: str, content: bytes) -> None:
        """Put a file of CSV at a resource."""
        self._call("PUT", path, None, content, {"Content-Type": "text/csv; charset=UTF-8"})

    def delete(self, path: str, query: Mapping[str, str]) -> bytes:
        """Delete what the query names."""
        return self._call("DELETE", path, query).body

    def query(self, soql: str, *, with_deleted: bool = False) -> Iterator[Mapping[str, Any]]:
        """The rows of a query, page by page; with those in the recycle bin where asked for."""
        page = read(self.get("queryAll" if with_deleted else "query", {"q": soql}), QueryPage)
        yield from page.records
        while not page.done:
            if not page.next_records_url.startswith(_DATA):
                raise UnreadableReplyError("Salesforce does not say where a query goes on.", operation="GET query")
            page = read(self.get(page.next_records_url.removeprefix(_DATA)), QueryPage)
            yield from page.records

    # --- one place for all --------------------------------------------------------------------------------------

    def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: bytes | None = None,
        headers: Mapping[str, str] = _NO_HEADERS,
    ) -> _Answer:
        operation = f"{method} {path}"
        self._refuse_over_budget(operation)
        if self._is_stale():
            self._renew()
        try:
            return self._send(operation, method, path, query, body, headers)
        except SalesforceExpiredSession:
            self._renew()
        try:
            return self._send(operation, method, path, query, body, headers)
        except SalesforceExpiredSession:
            message = f"Salesforce does not take a new token either ({operation}). The org needs to be connected again."
            raise CredentialsError(message, operation=operation, status=401) from None

    def _send(
        self,
        operation: str,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: bytes | None,
        headers: Mapping[str, str],
    ) -> _Answer:
        """Send it once. A token that is not taken is left to the caller: nothing was done then."""
        _, api = self._open()
        self.limits.spend(self._clock.now())
        try:
            return api.restful(path, dict(query or {}), method, data=body, headers=dict(headers)) or _NOTHING
        except SalesforceExpiredSession:
            raise
        except SalesforceError as error:
            refusal = to_error(operation, error.status, error.content, self._clock.now())
        except requests.RequestException as error:
            message = f"Salesforce did not answer {operation}: {type(error).__name__}."
            # Without its cause: that quotes the address, and with it the query, which may name people.
            raise CrmUnavailableError(message, operation=operation) from None
        if isinstance(refusal, RetryableCrmError) and refusal.retry_at is not None:
            self.limits.hold(refusal.retry_at)
        raise refusal

    def _hear(self, response: requests.Response) -> None:
        """Every answer tells of the limits, also one that refuses."""
        self.limits.heed(response.headers.get("Sforce-Limit-Info", ""), self._clock.now())

    def _refuse_over_budget(self, operation: str) -> None:
        now = self._clock.now()
        moment = self.limits.allowed_at(now)
        if moment > now:
            message = f"Our share of the org's calls is used up ({operation})."
            raise RateLimitedError(message, retry_at=moment, operation=operation, may_be_done=False)

    # --- the token ----------------------------------------------------------------------------------------------

    def _open(self) -> tuple[Grant, _Api]:
        if self._known is None:
            grant = parse_grant(self._token)
            self._known = grant, _Api(grant, self._session)
        return self._known

    def _is_stale(self) -> bool:
        grant = self.grant
        return grant.flow is Flow.WEB_SERVER and self._clock.now() - grant.issued_at > _RENEW_AFTER

    def _renew(self) -> None:
        """Take the token that follows ours, whoever asked for it. Where it cannot be had, nothing else was done."""
        try:
            self._token = self._keeper.renew(self._token, self._ask)
        except RetryableCrmError as error:
            error.may_be_done = False
            raise
        self._known = None

    def _ask(self, spent: str) -> str:
        return self._oauth.renew(parse_grant(spent)).to_text()
