"""The portal's users as owners of records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connector.sandbox.hubspot.refusals import not_found
from connector.sandbox.hubspot.vocabulary import iso

_FIRST_OWNER_ID = 1_100_001
_FIRST_USER_ID = 46_916_001


@dataclass(frozen=True, slots=True)
class Owner:
    """A person who may own records. `id` and `user_id` differ, as in a real portal."""

    id: str
    user_id: int
    email: str
    first_name: str
    last_name: str
    created_at: datetime
    archived: bool = False


class OwnerBook:
    """The owners of one portal."""

    def __init__(self) -> None:
        self._owners: dict[str, Owner] = {}
        #: Ids that `hubspot_owner_id` accepts.
        self.ids: set[str] = set()

    def __iter__(self) -> Iterator[Owner]:
        return iter(self._owners.values())

    def add(self, email: str, first_name: str, last_name: str, now: datetime) -> Owner:
        """Invite a user."""
        number = len(self._owners)
        owner = Owner(str(_FIRST_OWNER_ID + number), _FIRST_USER_ID + number, email.lower(), first_name, last_name, now)
        self._owners[owner.id] = owner
        self.ids.add(owner.id)
        return owner

    def get(self, owner_id: str, *, id_property: str = "id", archived: bool = False) -> Owner:
        """An owner by id or by `userId`; refuses with 404 when there is none."""
        for owner in self._owners.values():
            key = owner.id if id_property == "id" else str(owner.user_id)
            if key == owner_id and owner.archived == archived:
                return owner
        raise not_found("resource not found")

    def find(self, *, email: str | None = None, archived: bool = False) -> list[Owner]:
        """Owners in the order they were added, all or those of one address."""
        return [
            owner
            for owner in self._owners.values()
            if owner.archived == archived and (email is None or owner.email == email.lower())
        ]


def owner_body(owner: Owner) -> dict[str, Any]:
    """An owner as the API shows it."""
    return {
        "id": owner.id,
        "email": owner.email,
        "type": "PERSON",
        "firstName": owner.first_name,
        "lastName": owner.last_name,
        "userId": owner.user_id,
        "userIdIncludingInactive": owner.user_id,
        "createdAt": iso(owner.created_at),
        "updatedAt": iso(owner.created_at),
        "archived": owner.archived,
        "teams": [],
    }
