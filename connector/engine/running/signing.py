"""Keys with which an account signs what its own code sends us: how they are made, changed and shown."""

from __future__ import annotations

import base64
import secrets
from datetime import datetime
from typing import Final

from connector.errors import SetupError
from connector.ports import Connection, SigningKey, Transaction

#: One in use, and one that takes over from it.
_MOST: Final = 2


def add_signing_key(transaction: Transaction, connection: Connection, now: datetime) -> SigningKey:
    """A new key of a connected account, beside the one that it may have.

    Nobody is shown the secret again. Raises SetupError where the account has two keys already.
    """
    held = transaction.signing_keys.all()
    if sum((one.crm, one.account) == (connection.crm, connection.account) for one in held) >= _MOST:
        raise SetupError(
            f"{connection.account} has {_MOST} keys. Revoke the one that it no longer signs with: "
            "coltiva keys signing list"
        )
    secret = base64.b64encode(secrets.token_bytes(32)).decode()
    key = SigningKey(secrets.token_hex(6), connection.crm, connection.account, secret, now)
    transaction.signing_keys.add(key)
    return key
