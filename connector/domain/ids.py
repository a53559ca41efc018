"""Names of things: ours (`_id`) and theirs (`_ref`)."""

from __future__ import annotations

import hashlib
from typing import NamedTuple, NewType
from unicodedata import normalize

WorkspaceId = NewType("WorkspaceId", str)
ConnectionId = NewType("ConnectionId", str)
LeadId = NewType("LeadId", str)


class CrmRef(NamedTuple):
    """One record in one CRM account, for example `hubspot:123:contact:51`."""

    crm: str
    account: str
    object_type: str
    record_id: str

    def __str__(self) -> str:
        return f"{self.crm}:{self.account}:{self.object_type}:{self.record_id}"


def to_ref(text: str) -> CrmRef:
    """The inverse of `str(ref)`."""
    return CrmRef(*text.split(":", 3))


def to_lead_id(workspace: WorkspaceId, ref: CrmRef) -> LeadId:
    """The id a lead gets when it is first heard of through this record: the same on every machine, every time."""
    digest = hashlib.blake2b(f"{workspace}|{ref}".encode(), digest_size=8).hexdigest()
    return LeadId(f"L{digest}")


def to_address(text: str) -> str:
    """An address as it is compared: however it was written, in large letters or with accents made of two signs."""
    return normalize("NFC", text.strip()).lower()
