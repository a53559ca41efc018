"""Secrets at rest: tokens are encrypted, erased people are kept as keyed hashes."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Final

from connector.errors import SettingsError

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

_KEY_BYTES: Final = 32
_UNFIT: Final = "COLTIVA_SECRET_KEY is not made of 32-byte keys in URL-safe base64."


class Seal:
    """Seals and hashes with the keys of the settings, the newest first.

    What an older key sealed is opened as long as that key is listed. A hash is known again only under the key that
    made it, so a key that is taken off the list takes its erasures along.
    """

    def __init__(self, secret_key: str) -> None:
        self._keys = [_to_key(key.strip()) for key in secret_key.split(",") if key.strip()]
        if not self._keys:
            raise SettingsError(_UNFIT)

    def seal(self, text: str) -> bytes:
        """Encrypt with the newest key; nothing stays nothing."""
        return self._fernet.encrypt(text.encode()) if text else b""

    def unseal(self, sealed: bytes) -> str:
        """Decrypt. Raises SettingsError where none of the keys fits."""
        if not sealed:
            return ""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise SettingsError("COLTIVA_SECRET_KEY lacks the key that sealed the tokens in the database.") from None

    def hash(self, text: str) -> str:
        """Sixteen bytes in hexadecimal. Without the key the text cannot be found again, not even by trying."""
        return _hash(text, self._keys[0])

    def hashes(self, text: str) -> Iterable[str]:
        """The hash under each of the keys."""
        return (_hash(text, key) for key in self._keys)

    @cached_property
    def _fernet(self) -> MultiFernet:
        # Imported by need: the process that receives seals nothing, and the library takes megabytes.
        from cryptography.fernet import Fernet, MultiFernet

        return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in self._keys])


def _to_key(text: str) -> bytes:
    try:
        key = base64.urlsafe_b64decode(text)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise SettingsError(_UNFIT)
    return key


def _hash(text: str, key: bytes) -> str:
    return hashlib.blake2b(text.encode(), key=key, digest_size=16).hexdigest()
