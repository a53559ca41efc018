"""What a CRM's folder says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from connector.domain.outward.change import ChangeKind


class Role(StrEnum):
    """What a CRM's folder can do; a role it lacks is a file it lacks."""

    INBOX = "inbox"  # receives its webhooks
    READER = "reader"  # reads records
    WRITER = "writer"  # sets properties
    LISTS = "lists"  # keeps list memberships
    ACTS = "acts"  # makes tasks and notes
    EMAILS = "emails"  # sends emails of the account to one person
    CATALOG = "catalog"  # tells what properties there are, and makes those that our writes need


@dataclass(frozen=True, slots=True)
class CrmManifest:
    """A CRM in facts."""

    #: As in references, mapping files and paths.
    name: str
    #: As people write it.
    label: str
    roles: frozenset[Role]
    #: The object types that leads are made of, as in `CrmRef.object_type`.
    lead_types: frozenset[str]
    #: The largest number of changes that one call of a kind takes.
    batch_sizes: Mapping[ChangeKind, int]
    #: What a connection must be allowed, in the CRM's own words.
    scopes: tuple[str, ...]
