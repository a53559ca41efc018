"""How requests leave for Salesforce: one pool of connections, time-outs always, no retries, no redirects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter

#: A call that takes longer than this counts against the org's few long calls, and its answer is not waited for.
_TIMEOUT: Final = (3.05, 40.0)
#: Salesforce: REST API headers. Sent with every call: the library forgets what is given with a single one.
_HEADERS: Final = {
    "User-Agent": "coltiva (simple-salesforce)",
    # Names us in the org's logs and in what its change events say of their origin.
    "Sforce-Call-Options": "client=Coltiva",
    # Without it, writing to a lead may hand it to another owner.
    "Sforce-Auto-Assign": "FALSE",
    # A rule that warns a person who saves would refuse us; a rule that blocks still does.
    "Sforce-Duplicate-Rule-Header": "allowSave=true; includeRecordDetails=false; runAsCurrentUser=true",
}


class _Adapter(HTTPAdapter):
    """Ends what takes too long; nobody need remember to say so."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send it, once."""
        kwargs["timeout"] = kwargs.get("timeout") or _TIMEOUT
        return super().send(request, *args, **kwargs)


class _Session(requests.Session):
    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """An address that an answer names is not followed: tokens and bodies would go along."""
        kwargs["allow_redirects"] = False
        return super().request(*args, **kwargs)


def open_session(hear: Callable[[requests.Response], None] | None = None) -> requests.Session:
    """A session for one thread. `hear` is told every answer, also of calls that fail."""
    session = _Session()
    # What the machine keeps for other programs, such as .netrc, would replace our authorisation.
    session.trust_env = False
    session.headers.update(_HEADERS)
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter(pool_connections=1, pool_maxsize=1, max_retries=0))
    if hear:
        session.hooks["response"].append(lambda response, **_: hear(response))
    return session
