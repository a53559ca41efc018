"""How HubSpot signs its requests, and how we know a forged one. HubSpot: "Validating requests".

Version 3 signs method, URI, body and time; it is what counts. Version 1 signs the body alone and comes with every
CRM webhook too; it is accepted only from a request that names version 1 and carries no version 3 at all. It has
no time in it, so an old request passes again: the keys of its events are known by then and they are dropped.
Version 1 also lets a stranger append to a signed body; what begins with a whole JSON array is then none.
Version 2 signs calls of workflow actions and cards, never a CRM webhook.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Final

from connector.errors import SignatureError
from connector.ports import RawRequest

V3_HEADER: Final = "x-hubspot-signature-v3"
TIMESTAMP_HEADER: Final = "x-hubspot-request-timestamp"
SIGNATURE_HEADER: Final = "x-hubspot-signature"
VERSION_HEADER: Final = "x-hubspot-signature-version"

#: How far a request's time may lie from ours, either way.
MAX_AGE: Final = timedelta(minutes=5)

#: The only escapes that HubSpot decodes in the URI before it signs; all others stay as they are.
_DECODED: Final = {
    "%3A": ":",
    "%2F": "/",
    "%3F": "?",
    "%40": "@",
    "%21": "!",
    "%24": "$",
    "%27": "'",
    "%28": "(",
    "%29": ")",
    "%2A": "*",
    "%2C": ",",
    "%3B": ";",
}
_ESCAPE: Final = re.compile("|".join(_DECODED), re.IGNORECASE)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_MAX_AGE_MS: Final = MAX_AGE // _MILLISECOND


def to_signed_uri(uri: str) -> str:
    """The URI as HubSpot hashes it: twelve escapes decoded, everything else as sent."""
    if "%" not in uri:
        return uri
    return _ESCAPE.sub(lambda found: _DECODED[found.group().upper()], uri)


def sign_v1(secret: str, body: bytes) -> bytes:
    """SHA-256 of secret and body, in hex: what CRM webhooks carry beside version 3."""
    return hashlib.sha256(secret.encode() + body).hexdigest().encode()


def sign_v2(secret: str, method: str, uri: str, body: bytes) -> bytes:
    """SHA-256 of secret, method, URI and body, in hex: what workflow actions and cards carry."""
    return hashlib.sha256(f"{secret}{method}{uri}".encode() + body).hexdigest().encode()


def sign_v3(secret: str, method: str, uri: str, body: bytes, timestamp: str) -> bytes:
    """HMAC-SHA-256 of method, URI, body and the milliseconds in `timestamp`, in base64."""
    signed = f"{method}{to_signed_uri(uri)}".encode() + body + timestamp.encode()
    return b64encode(hmac.digest(secret.encode(), signed, "sha256"))


def verify(secret: str, uri: str, request: RawRequest, now: datetime) -> None:
    """Raise SignatureError unless HubSpot, knowing our secret, sent this request to this URI just now."""
    if not secret:  # anybody could sign with it
        raise SignatureError("No client secret of HubSpot is set, so that nobody's signature can be checked.")
    given = request.headers.get(V3_HEADER)
    if given is not None:
        timestamp = _parse_timestamp(request.headers.get(TIMESTAMP_HEADER, ""), now)
        _compare(given, sign_v3(secret, request.method, uri, request.body, timestamp))
    elif request.headers.get(VERSION_HEADER) == "v1":
        _compare(request.headers.get(SIGNATURE_HEADER, ""), sign_v1(secret, request.body))
    else:
        raise SignatureError("There is no signature of version 3.")


def _parse_timestamp(text: str, now: datetime) -> str:
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        raise SignatureError("The time of the request is missing or no number.")
    if abs((now - _EPOCH) // _MILLISECOND - int(text)) > _MAX_AGE_MS:
        raise SignatureError("The time of the request is more than five minutes from ours.")
    return text


def _compare(given: str, expected: bytes) -> None:
    """In constant time, and on bytes: a header may hold any character."""
    if not hmac.compare_digest(given.encode("utf-8", "replace"), expected):
        raise SignatureError("The signature is not HubSpot's.")
