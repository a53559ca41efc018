"""The addresses that a Salesforce grant may lead to: what somebody typed must not make us call anybody else."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

from connector.errors import SetupError

PRODUCTION: Final = "https://login.salesforce.com"
SANDBOX: Final = "https://test.salesforce.com"
#: Salesforce: My Domain. Labels before it: the org's, a sandbox's, the kind of org.
_MY_DOMAIN: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+my\.salesforce\.com")
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_LOGIN: Final = frozenset({"login.salesforce.com", "test.salesforce.com"})
_SANDBOX: Final = re.compile(r"test\.salesforce\.com|.*\.sandbox\.my\.salesforce\.com")


def to_host(text: str, rehearsal_url: str = "") -> str:
    """The address of a Salesforce host, as `https://acme.my.salesforce.com`, of what a person or Salesforce wrote.

    `rehearsal_url` is where a simulated Salesforce is on this machine: it alone is let through as well, whatever its
    port, for each of its orgs has one. Raises SetupError.
    """
    written = text.strip().rstrip("/")
    parts = urlsplit(written if "://" in written else f"https://{written}")
    if rehearsal_url and _is_rehearsal(parts, urlsplit(rehearsal_url)):
        return written
    name = parts.netloc.lower()
    is_bare = parts.scheme == "https" and not (parts.path or parts.query or parts.fragment)
    if not is_bare or not (name in _LOGIN or _MY_DOMAIN.fullmatch(name)):
        raise SetupError(
            f"{text!r} is no address of a Salesforce org. Write login.salesforce.com, test.salesforce.com or the org's "
            "My Domain, such as acme.my.salesforce.com (Setup, My Domain)."
        )
    return f"https://{name}"


def _is_rehearsal(parts: SplitResult, rehearsal: SplitResult) -> bool:
    is_same = (parts.scheme, parts.hostname) == (rehearsal.scheme, rehearsal.hostname)
    is_bare = not (parts.path or parts.query or parts.fragment or parts.username)
    return is_same and is_bare and rehearsal.hostname in _LOOPBACK


def to_audience(host: str) -> str:
    """For whom a JWT is meant. Salesforce: OAuth 2.0 JWT Bearer Flow, `aud`."""
    return SANDBOX if _SANDBOX.fullmatch(host.removeprefix("https://")) else PRODUCTION
