"""What we and a CRM hand one another: changes and what became of them, records, lists, properties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connector.domain.ids import ConnectionId, LeadId, WorkspaceId
from connector.domain.outward.change import Act, ChangeKind, ChangeState


@dataclass(frozen=True, slots=True)
class OutboxChange:
    """One line of the outbox."""

    id: int
    workspace: WorkspaceId
    connection_id: ConnectionId
    lead_id: LeadId
    #: The CRM record it is for.
    record_id: str
    kind: ChangeKind
    #: Of properties: empty. Of a membership: the list's title in the CRM. Of an act: the lead's id and the act's key.
    key: str
    state: ChangeState
    #: Of properties and memberships: what is to be true. A membership's value is `{"member": "true" | "false"}`.
    wanted: Mapping[str, str]
    #: What the CRM is known to hold.
    written: Mapping[str, str]
    #: Of an act.
    act: Act | None
    due_at: datetime
    attempts: int
    #: Guards against a newer wish that came while the call was under way.
    version: int
    #: The CRM's own words on the last refusal or failure; or ours, of an email that was put off.
    words: str = ""
    #: The id of what was created over there.
    remote_id: str = ""
    #: Of one that was attempted: when its first call began.
    attempted_at: datetime | None = None

    @property
    def to_write(self) -> Mapping[str, str]:
        """What differs from what the CRM is known to hold."""
        return {name: value for name, value in self.wanted.items() if self.written.get(name) != value}


class ReplyState(StrEnum):
    """A CRM's verdict on one record."""

    DONE = "done"
    LATER = "later"  # may succeed later
    REFUSED = "refused"  # never will
    SUPPRESSED = "suppressed"  # the CRM does not write to this person; nothing to mend


@dataclass(frozen=True, slots=True)
class RecordReply:
    """A CRM's answer for one change."""

    state: ReplyState
    words: str = ""
    remote_id: str = ""
    #: Of LATER: when the CRM said to come back.
    retry_at: datetime | None = None
    #: Of SUPPRESSED: why no message at all should go there, where that is so: a bounce, a complaint.
    because: str = ""
    #: Of LATER: nothing was done, surely.
    is_untouched: bool = False


@dataclass(frozen=True, slots=True)
class Settled:
    """A change and what became of it."""

    change: OutboxChange
    state: ChangeState
    due_at: datetime
    words: str = ""
    remote_id: str = ""
    #: The CRM does not write to this person; and why no message at all should go there, where it said so.
    is_suppressed: bool = False
    because: str = ""


@dataclass(frozen=True, slots=True)
class Membership:
    """Records to put on a list and to take off it."""

    title: str
    add: Sequence[str]
    remove: Sequence[str]


@dataclass(frozen=True, slots=True)
class CrmRecord:
    """A record as read from a CRM: raw text by property."""

    record_id: str
    properties: Mapping[str, str]
    archived: bool = False
    #: Since when its values are these, where the CRM says so; a read then tells the same whenever it is made.
    read_as_of: datetime | None = None
    #: The record as which it lives on, where a merge or a conversion took it away.
    became: str = ""
    #: When it was made, where the CRM tells that by no event.
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PropertyWish:
    """A property that our writes need over there."""

    name: str
    label: str
    #: `number` or `string`.
    type: str
