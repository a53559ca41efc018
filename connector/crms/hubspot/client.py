"""The official SDK, tamed: it knows the paths, the parameters and the authorisation; we do the sending.

Left alone the SDK opens connections for every object it hands out, waits for ever, retries and sleeps on its own,
raises another exception in each of its packages, drops the errors of a batch done in part, writes replies to the
debug log, and calls paths that HubSpot stops serving in 2027. Here every call passes one place: dated path, budget,
one pool of connections, time-outs, no retries, and one translation of what went wrong. Replies are read straight
into the shapes of `replies.py`.

Importing this module loads the SDK; only what talks to HubSpot does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final, cast
from urllib.parse import urlencode

import hubspot
import hubspot.crm.objects
import msgspec
import urllib3

from connector.clock import Clock
from connector.crms.hubspot.errors import to_error
from connector.crms.hubspot.limits import Limits
from connector.errors import CrmUnavailableError, RateLimitedError, RetryableCrmError

#: The version in every path; HubSpot supports it for 18 months from its release.
VERSION: Final = "2026-09"
BASE_URL: Final = "https://api.hubapi.com"
#: HubSpot gives up on its own calls after about this long.
_TIMEOUT: Final = urllib3.Timeout(connect=3.05, read=20)
_USER_AGENT: Final = "coltiva (hubspot-api-client)"
#: The SDK's paths: /crm/v3/objects/..., /crm/v4/associations/..., some with a slash at the end.
_UNDATED: Final = re.compile(r"/crm/v[34]/([a-z]+)(.*?)/?")
_AUTHORISED: Final = ["oauth2"]


def to_dated_path(path: str) -> str:
    """A path of the SDK as its date-based successor; any other path as it is."""
    undated = _UNDATED.fullmatch(path)
    return undated.expand(rf"/crm/\1/{VERSION}\2") if undated else path


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of HubSpot, unread."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class HubSpotClient:
    """One connection to one HubSpot account, for one thread; another token needs another client.

    Calls raise RetryableCrmError, CredentialsError, UnreadableReplyError, and RefusedCallError for the call as a
    whole; they return the `Reply`.
    """

    def __init__(self, token: str, clock: Clock, base_url: str = BASE_URL) -> None:
        self.limits = Limits()
        self._transport = _Transport(token, clock, base_url.rstrip("/"), self.limits)
        #: The SDK's tree of calls, for example `crm.objects.batch_api.update("contacts", {...})`.
        self.crm: Any = hubspot.Client(access_token=token, api_factory=self._api).crm

    def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Reply:
        """Call a path that the SDK does not have."""
        headers = {"Accept": "application/json"}
        parameters = list((query or {}).items())
        return self._transport.call_api(
            path, "GET", query_params=parameters, header_params=headers, auth_settings=_AUTHORISED
        )

    def post(self, path: str, body: object) -> Reply:
        """Call a path that the SDK does not have in its present version, with a body."""
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        return self._transport.call_api(path, "POST", header_params=headers, body=body, auth_settings=_AUTHORISED)

    def _api(self, package: ModuleType, name: str, _: Mapping[str, object]) -> Any:
        """Called by the SDK for each API object that it hands out: all of them send through one transport."""
        return getattr(package, name)(api_client=self._transport)


class _Transport(hubspot.crm.objects.ApiClient):  # type: ignore[misc]
    """The one place through which calls leave."""

    def __init__(self, token: str, clock: Clock, base_url: str, limits: Limits) -> None:
        configuration = hubspot.crm.objects.Configuration(host=base_url)
        configuration.access_token = token
        super().__init__(configuration)
        self.user_agent = _USER_AGENT
        self._clock = clock
        self._limits = limits
        self._pool = urllib3.PoolManager(num_pools=1, maxsize=1, retries=False, timeout=_TIMEOUT)

    def call_api(self, resource_path: str, method: str, *args: Any, **kwargs: Any) -> Reply:
        """Make one call of the SDK; HubSpot's refusals arrive as our errors."""
        path = to_dated_path(resource_path)
        operation = f"{method} {path}"
        self._refuse_over_budget(operation, path)
        kwargs["_preload_content"] = False  # hand the reply through as it is
        try:
            reply = cast(Reply, super().call_api(path, method, *args, **kwargs))
        except urllib3.exceptions.HTTPError as error:
            self._limits.spend(path, {}, self._clock.now())
            message = f"HubSpot did not answer {operation}: {type(error).__name__}."
            raise CrmUnavailableError(message, operation=operation) from error
        return self._judge(operation, path, reply)

    def request(
        self,
        method: str,
        url: str,
        query_params: Sequence[tuple[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
        body: object = None,
        **_: object,
    ) -> Reply:
        """Send what the SDK has put together."""
        if query_params:
            url = f"{url}?{urlencode(query_params)}"
        content = None if body is None else msgspec.json.encode(body)
        answer = self._pool.request(method, url, body=content, headers=headers)
        return Reply(answer.status, answer.headers, answer.data)

    def sanitize_for_serialization(self, obj: Any) -> Any:
        """Nothing to do: what we hand to the SDK is plain data, and msgspec writes it."""
        return obj

    def _refuse_over_budget(self, operation: str, path: str) -> None:
        now = self._clock.now()
        moment = self._limits.allowed_at(now, path)
        if moment > now:
            raise RateLimitedError(
                f"Our calls to HubSpot are used up ({operation}).", retry_at=moment, operation=operation
            )

    def _judge(self, operation: str, path: str, reply: Reply) -> Reply:
        now = self._clock.now()
        self._limits.spend(path, reply.headers, now)
        if 200 <= reply.status < 300:
            return reply
        error = to_error(operation, reply.status, reply.headers, reply.content, now)
        if isinstance(error, RetryableCrmError) and error.retry_at is not None:
            self._limits.hold(error.retry_at)
        raise error
