"""Companions: records beside a lead's that say something of the lead: campaign members, tasks, roles in deals."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol

from connector.domain.fact import Value
from connector.domain.ids import CrmRef, WorkspaceId
from connector.domain.records.sources import CompanionKind
from connector.ports.accounts import Connection


@dataclass(frozen=True, slots=True)
class Companion:
    """One as it was read."""

    record_id: str
    kind: CompanionKind
    made_at: datetime
    #: Since when it is so, as the CRM says.
    as_of: datetime
    #: The record of the person whom it is about; empty for nobody.
    person: str = ""
    #: Of a role: the deal.
    deal: str = ""
    status: str = ""
    #: A member who responded, a task that is completed; and since when, where the CRM says so.
    is_done: bool = False
    done_at: datetime | None = None
    #: The member's campaign, the task's types.
    sorts: frozenset[str] = frozenset()
    #: What signals may carry.
    tells: Mapping[str, Value] = field(default_factory=dict)
    #: Whether it was made, and changed last, by ourselves.
    is_our_own: bool = False
    is_our_change: bool = False
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class CompanionPage:
    """Some of the companions of one type that there are."""

    companions: Sequence[Companion]
    #: Where the next call goes on. Only the CRM's folder reads it.
    place: str
    is_last: bool


class CompanionReader(Protocol):
    """What an account is asked for that keeps such records. Methods raise as those of `Crm` do."""

    #: Object type, as in `CrmRef.object_type` -> what it is.
    kinds: Mapping[str, CompanionKind]
    #: The types all of which are looked at once, so that a change of what was there before is seen to be one.
    compared: frozenset[str]

    def fetch(self, record_ids: Sequence[str]) -> Mapping[str, Companion]:
        """Read up to 200 of them, by the id asked for; one that is not there any more, nor deleted, is left out."""
        ...

    def fetch_all(self, object_type: str, place: str) -> CompanionPage:
        """One page of all there are of a type; `place` is empty, or what the page before said."""
        ...


class KnownCompanion(NamedTuple):
    """What is remembered of a companion, to be compared with what is read next."""

    #: The person's record; None where there is none.
    person: CrmRef | None
    status: str
    is_done: bool
    #: Of a role: the deal's id.
    deal: str
    #: What it changed up to then is known.
    as_of: datetime


class Companions(Protocol):
    """Which companions there are, and what is known of each."""

    def hear(self, workspace: WorkspaceId, changed: Mapping[CrmRef, datetime], now: datetime) -> int:
        """Have those read that changed at these moments, but for what is known as of then; how many wait for it."""
        ...

    def unread(self, connection: Connection, now: datetime, limit: int) -> Sequence[CrmRef]:
        """Those of this connection that wait to be read now, longest waiting first."""
        ...

    def known(self, workspace: WorkspaceId, refs: Collection[CrmRef]) -> Mapping[CrmRef, KnownCompanion]:
        """What is remembered of these; those never read are left out."""
        ...

    def remember(self, workspace: WorkspaceId, read: Mapping[CrmRef, KnownCompanion], now: datetime) -> None:
        """Remember what these hold. A wish to read one again that is younger than `now` stays."""
        ...

    def meet(self, workspace: WorkspaceId, found: Mapping[CrmRef, KnownCompanion]) -> None:
        """Remember what these hold, but for those of which something is known or heard already."""
        ...

    def drop(self, workspace: WorkspaceId, refs: Collection[CrmRef], now: datetime) -> None:
        """Wait for these no more. A wish to read one that is younger than `now` stays."""
        ...

    def postpone(self, workspace: WorkspaceId, refs: Collection[CrmRef], until: datetime, now: datetime) -> None:
        """Let these wait until then. A wish to read one that is younger than `now` stays."""
        ...
