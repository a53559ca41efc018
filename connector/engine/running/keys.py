"""Keys of the API: how they are made, and how a holder is told from a forger.

A secret is 32 random bytes. Nobody can guess or count through so many, so a single SHA-256 is a hash that tells
nothing, and costs the door nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from connector.domain.ids import WorkspaceId
from connector.errors import KeyRefusedError
from connector.ports import ApiKey, Store

_FORM: Final = re.compile(r"coltiva_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
#: Compared with where there is no such key, so that forgers learn nothing from how long it takes.
_NO_HASH: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new key, and the only copy of what its holder needs."""

    key: ApiKey
    text: str = field(repr=False)


def make_key(workspace: WorkspaceId, name: str, now: datetime) -> MadeKey:
    """A key of its own for a holder; it opens nothing before it is kept."""
    id_, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    return MadeKey(ApiKey(id_, workspace, name, _hash(secret), now), f"coltiva_{id_}_{secret}")


def open_with(store: Store, text: str) -> WorkspaceId:
    """The workspace that the key opens. Raises KeyRefusedError, and StoreUnavailableError."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise KeyRefusedError
    with store.reading() as transaction:
        key = transaction.api_keys.find(found[1])
    is_right = hmac.compare_digest(_hash(found[2]), key.secret_hash if key else _NO_HASH)
    if key is None or not is_right or key.revoked_at is not None:
        raise KeyRefusedError
    return key.workspace


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
