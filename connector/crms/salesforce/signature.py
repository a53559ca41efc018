"""How an org signs what its own code sends us. It is our form, and the package's: `docs/install-salesforce.md`.

A key is 32 bytes that we made and that one org alone knows. It signs the time and the raw body, so a request can
neither be changed nor sent again later. While an org changes its key, either of two is right.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from connector.errors import SignatureError

ORG_HEADER: Final = "x-coltiva-org"
TIMESTAMP_HEADER: Final = "x-coltiva-timestamp"
DELIVERY_HEADER: Final = "x-coltiva-delivery"
SIGNATURE_HEADER: Final = "x-coltiva-signature"

#: How far a request's time may lie from ours, either way.
MAX_AGE: Final = timedelta(seconds=300)
_VERSION: Final = "v1="
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: Tried where an org has no key, so that forgers learn nothing from how long it takes.
_NO_KEYS: Final = (base64.b64encode(bytes(32)).decode(),)


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """What the signature header holds: `v1=` and HMAC-SHA-256 of `timestamp.body` in hex, by a secret in base64."""
    key = base64.b64decode(secret)
    return _VERSION + hmac.new(key, timestamp.encode() + b"." + body, "sha256").hexdigest()


def verify(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """Raise SignatureError unless one of the org's keys signed this body just now."""
    timestamp = _parse_timestamp(headers.get(TIMESTAMP_HEADER, ""), now)
    given = headers.get(SIGNATURE_HEADER, "").encode("utf-8", "replace")
    matches = [hmac.compare_digest(given, sign(one, timestamp, body).encode()) for one in secrets or _NO_KEYS]
    if not secrets or not any(matches):
        raise SignatureError("The signature is not the org's.")


def _parse_timestamp(text: str, now: datetime) -> str:
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise SignatureError("The time of the request is missing or no number of seconds.")
    if abs((now - _EPOCH) - timedelta(seconds=int(text))) > MAX_AGE:
        raise SignatureError("The time of the request is more than five minutes from ours.")
    return text
