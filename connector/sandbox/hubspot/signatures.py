"""How HubSpot signs what it sends. HubSpot: "Validating requests"."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

#: The only escapes that are decoded in the URI before it is hashed.
_DECODED = {
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
_ESCAPES = re.compile("|".join(_DECODED), re.IGNORECASE)

SIGNATURE_HEADER = "X-HubSpot-Signature"
VERSION_HEADER = "X-HubSpot-Signature-Version"
SIGNATURE_V3_HEADER = "X-HubSpot-Signature-v3"
TIMESTAMP_HEADER = "X-HubSpot-Request-Timestamp"


def v1(secret: str, body: bytes) -> str:
    """SHA-256 of secret and body, in hex."""
    return hashlib.sha256(secret.encode() + body).hexdigest()


def v3(secret: str, method: str, uri: str, body: bytes, timestamp: int) -> str:
    """HMAC-SHA-256 of method, URI, body and milliseconds, in base64."""
    decoded = _ESCAPES.sub(lambda found: _DECODED[found.group().upper()], uri)
    source = f"{method}{decoded}".encode() + body + str(timestamp).encode()
    return base64.b64encode(hmac.digest(secret.encode(), source, "sha256")).decode()


def webhook_headers(secret: str, uri: str, body: bytes, timestamp: int) -> dict[str, str]:
    """Every signature header of a webhook delivery."""
    return {
        SIGNATURE_HEADER: v1(secret, body),
        VERSION_HEADER: "v1",
        SIGNATURE_V3_HEADER: v3(secret, "POST", uri, body, timestamp),
        TIMESTAMP_HEADER: str(timestamp),
    }
