"""What a CRM account signs its requests to us with, where the secret is ours to make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One secret of one account; sealed at rest. Its holder must know it as it is, so no hash will do."""

    id: str
    crm: str
    account: str
    #: In base64.
    secret: str = field(repr=False)
    created_at: datetime


class SigningKeys(Protocol):
    """The keys of all accounts."""

    def of(self, crm: str, account: str) -> Sequence[SigningKey]:
        """The keys of one account, oldest first. Raises SettingsError where they were sealed with another key."""
        ...

    def all(self) -> Sequence[SigningKey]:
        """Every key, by account, oldest first; without their secrets."""
        ...

    def add(self, key: SigningKey) -> None:
        """Take what is signed with it from now on."""
        ...

    def remove(self, id_: str) -> bool:
        """Take nothing more that is signed with it; whether there was such a key."""
        ...
