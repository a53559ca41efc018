"""What Coltiva wants of a CRM: desired state, and acts that must happen exactly once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

from connector.domain.frozen import quick

#: The names of properties end so that are set even where the CRM lets them only move forward, as lifecycle stages are.
BACKWARDS = "<"


class Lane(IntEnum):
    """What goes first when calls are scarce."""

    NOTIFY = 0
    OWNER = 1
    SCORE = 2
    LIST = 3
    REST = 4


class ChangeKind(StrEnum):
    """What is to be written."""

    PROPERTIES = "properties"  # desired state of one record's properties
    MEMBERSHIP = "membership"  # desired state of one record in one list
    TASK = "task"  # act
    NOTE = "note"  # act
    EMAIL = "email"  # act
    ALERT = "alert"  # act: shown to a rep at once, by the CRM's own means
    POST = "post"  # act: said on the record, where colleagues discuss it


ACTS = frozenset({ChangeKind.TASK, ChangeKind.NOTE, ChangeKind.EMAIL, ChangeKind.ALERT, ChangeKind.POST})
#: The CRM that they name makes them, or none does.
BOUND = frozenset({ChangeKind.ALERT, ChangeKind.POST})
#: A CRM may take these without a key, and make them again when it is asked again.
UNKEYED = BOUND | {ChangeKind.EMAIL}

LANES: Mapping[ChangeKind, Lane] = {
    ChangeKind.TASK: Lane.NOTIFY,
    ChangeKind.ALERT: Lane.NOTIFY,
    ChangeKind.POST: Lane.NOTIFY,
    ChangeKind.PROPERTIES: Lane.SCORE,
    ChangeKind.MEMBERSHIP: Lane.LIST,
    ChangeKind.NOTE: Lane.REST,
    ChangeKind.EMAIL: Lane.LIST,
}


class ChangeState(StrEnum):
    """Where a change stands in the outbox."""

    PENDING = "pending"  # waits for its time and its turn
    ATTEMPTED = "attempted"  # an act whose call began; after a crash it is in doubt and looked up before anything else
    DONE = "done"  # the CRM has it
    REFUSED = "refused"  # dead letter: the CRM refused it for good; keeps the CRM's own words
    WITHDRAWN = "withdrawn"  # no longer wanted before it left


#: Nothing is to be done about these any more.
CLOSED_STATES = frozenset({ChangeState.DONE, ChangeState.REFUSED, ChangeState.WITHDRAWN})


@dataclass(frozen=True, slots=True)
class Desired:
    """The whole of what one lead's record should hold in one CRM, as far as it is ours."""

    #: Property -> text; the empty text clears.
    properties: Mapping[str, str] = field(default_factory=dict)
    #: The list's title in the CRM -> since when it is to hold the record.
    lists: Mapping[str, datetime] = field(default_factory=dict)
    #: Those of the lists that only programs that stand still want: the lead stays there, and is not put on one.
    waiting: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Email:
    """One email that a CRM is to send: its design, our words in it."""

    #: As in the mapping.
    name: str
    #: The email's number over there; 0 where all of it is ours.
    number: int
    #: Sent whether or not the person wants marketing email: receipts, renewals.
    is_transactional: bool = False
    #: Leaves only while the CRM says in so many words that the lead did not opt out.
    needs_known_consent: bool = False
    #: The address, filled in at the moment of sending.
    to: str = ""
    sender: str = ""
    reply_to: str = ""
    #: What its design may show, by name.
    values: Mapping[str, str] = field(default_factory=dict)
    #: What sending it sets on the CRM record, by property.
    properties: Mapping[str, str] = field(default_factory=dict)
    #: The CRM whose email it is.
    crm: str = ""
    #: Whether the CRM is to keep it on the record, where it can be told not to.
    is_logged: bool = True


@quick
@dataclass(frozen=True, slots=True)
class Act:
    """One task, note, email, alert or post."""

    #: Unique for the lead and stable over replays: what it is for, counted.
    key: str
    kind: ChangeKind
    #: Leaves no sooner.
    due_at: datetime
    #: Plain text; empty for a note or a post. Of an email, what people know it by.
    subject: str = ""
    #: HTML, already escaped.
    body: str = ""
    #: When the rep should have done it; None for a note.
    task_due_at: datetime | None = None
    remind_at: datetime | None = None
    priority: str = ""
    #: Of an alert, which of those that the CRM knows it is.
    type: str = ""
    #: The CRM's owner id; empty for nobody. A post mentions them.
    owner: str = ""
    #: Of an email.
    email: Email | None = None
    #: CRM -> the owner there, where several of them say who owns the lead.
    owners: Mapping[str, str] = field(default_factory=dict)
    #: The CRM that says who owns leads: a task is made there, if the lead has a record in it. Of what is bound to a
    #: CRM, that one.
    crm: str = ""
    #: Since when a call for it may have done it already, which nobody knows; filled in where it leaves again.
    in_doubt_since: datetime | None = None
