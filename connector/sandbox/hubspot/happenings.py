"""What happened in a portal, before any webhook form is given to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from connector.sandbox.hubspot.vocabulary import ObjectType, Origin


class Kind(StrEnum):
    """Second half of a subscription type. HubSpot: Webhooks API guide."""

    CREATION = "creation"
    DELETION = "deletion"
    MERGE = "merge"
    RESTORE = "restore"
    PROPERTY_CHANGE = "propertyChange"
    ASSOCIATION_CHANGE = "associationChange"
    PRIVACY_DELETION = "privacyDeletion"


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that subscribers may hear of."""

    kind: Kind
    object_type: ObjectType
    object_id: str
    at: datetime
    origin: Origin
    property_name: str | None = None
    #: The fields that only this kind carries, in wire names.
    details: dict[str, Any] = field(default_factory=dict)
