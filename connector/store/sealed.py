"""Secrets at rest: tokens are encrypted, erased people are kept as keyed hashes."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from connector.errors import SettingsError


class Seal:
    """Seals and hashes with the keys of the settings, the newest first.

    What an older key sealed is opened as long as that key is listed. A hash is known again only under the key that
    made it, so a key that is taken off the list takes its erasures along.
    """

    __slots__ = ("_fernet", "_hash_keys")

    def __init__(self, secret_key: str) -> None:
        keys = [key.strip() for key in secret_key.split(",") if key.strip()]
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError as error:
            raise SettingsError("COLTIVA_SECRET_KEY is not made of 32-byte keys in URL-safe base64.") from error
        self._hash_keys: Sequence[bytes] = [base64.urlsafe_b64decode(key) for key in keys]

    def seal(self, text: str) -> bytes:
        """Encrypt with the newest key; nothing stays nothing."""
        return self._fernet.encrypt(text.encode()) if text else b""

    def unseal(self, sealed: bytes) -> str:
        """Decrypt. Raises SettingsError where none of the keys fits."""
        if not sealed:
            return ""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise SettingsError("COLTIVA_SECRET_KEY lacks the key that sealed the tokens in the database.") from None

    def hash(self, text: str) -> str:
        """Sixteen bytes in hexadecimal. Without the key the text cannot be found again, not even by trying."""
        return _hash(text, self._hash_keys[0])

    def hashes(self, text: str) -> Iterable[str]:
        """The hash under each of the keys."""
        return (_hash(text, key) for key in self._hash_keys)


def _hash(text: str, key: bytes) -> str:
    return hashlib.blake2b(text.encode(), key=key, digest_size=16).hexdigest()
