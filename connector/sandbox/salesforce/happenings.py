"""What happened to a record, before any message tells of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """How a record changed, in the words of triggers and change events."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    UNDELETE = "UNDELETE"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes records, and through what."""

    user_id: str
    #: The `client` of `Sforce-Call-Options`, where the call carried one.
    client: str = ""
    #: Whether creating or updating a lead runs the assignment rule. Salesforce: "Assignment Rule Header".
    assigns: bool = False
    #: Whether a duplicate rule that only warns is passed over. Salesforce: "Duplicate Rule Header".
    saves_duplicates: bool = False


@dataclass(frozen=True, slots=True)
class Happening:
    """One change of one record."""

    kind: Kind
    object_name: str
    record_id: str
    at: datetime
    actor: Actor
    #: Names of the fields that changed, system fields left out.
    changed: tuple[str, ...] = ()
    #: The record that took this one over, when a merge deleted it.
    master_id: str = ""
