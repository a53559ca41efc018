"""All that the mapping files of one workspace say, as data. `book` makes what `decide` runs on of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from connector.domain.calendar import ALWAYS_OPEN, SendWindow
from connector.domain.conditions.condition import Condition, SignalTest
from connector.domain.field import Field
from connector.domain.ids import WorkspaceId
from connector.domain.programs.program import Program, Telling, Text, Trigger
from connector.domain.records.sources import CompanionSource, FeedSource, ToldSource
from connector.domain.sales.sales import NO_SALES, Sales
from connector.domain.traits.computed import Computed
from connector.domain.traits.deal import DealField, DealSignal, DealSource
from connector.domain.traits.rfm import Rfm
from connector.domain.traits.score import Score


@dataclass(frozen=True, slots=True)
class SignalSource:
    """A CRM property whose change is a signal."""

    signal: str
    crm: str
    property: str
    #: The new value must be one of these; empty: any value, but not a cleared one.
    to: tuple[str, ...] = ()
    #: Attribute -> `value` for the new value, or the name of a lead field.
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Segment:
    """A named condition."""

    name: str
    when: Condition


@dataclass(frozen=True, slots=True)
class Persona:
    """Who a lead is: the first whose condition holds."""

    name: str
    when: Condition


@dataclass(frozen=True, slots=True)
class Tag:
    """A label that rules put on leads and take off."""

    name: str
    #: Any of these puts it on.
    add: tuple[Trigger, ...]
    #: Any of these takes it off.
    remove: tuple[Trigger, ...] = ()
    #: It comes off by itself so long after it was last put on; None for never.
    lasts: timedelta | None = None


@dataclass(frozen=True, slots=True)
class ListRule:
    """A list that CRMs keep for us."""

    name: str
    #: CRM -> the list's name over there.
    titles: Mapping[str, str]
    #: Who belongs on it; None for a list that only activities fill.
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """What a rep is told when a condition comes to hold."""

    name: str
    when: Condition
    acts: tuple[Telling, ...]
    #: Told again at the earliest so long after the last time: scores hover around thresholds.
    again_after: timedelta = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class EmailRule:
    """An email that activities send: a design in the CRM and what it shows for each lead, or all of it ours."""

    name: str
    #: CRM -> the email's number over there; 0 where all of it is ours.
    numbers: Mapping[str, int]
    #: Sent whether or not the person wants marketing email.
    is_transactional: bool = False
    #: Leaves only while the consent field says in so many words that the lead did not opt out.
    needs_known_consent: bool = False
    #: Who it is from and where answers go; empty: as the design says.
    sender: str = ""
    reply_to: str = ""
    #: What the design may show, by name: `subject`, `preview`, `text`, `html` and others.
    values: Mapping[str, Text] = field(default_factory=dict)
    #: What sending it sets on the CRM record, by property.
    properties: Mapping[str, Text] = field(default_factory=dict)
    #: Whether the CRM is to keep it on the record, where it can be told not to.
    is_logged: bool = True


@dataclass(frozen=True, slots=True)
class WriteBack:
    """A CRM property that we keep up to date."""

    crm: str
    property: str
    #: Its path: ("score", name, "points" | "grade" | "why"), ("program", name, "phase" | "activity" | "state"),
    #: ("field", name), ("segments",), ("tags",) or ("persona",).
    source: tuple[str, ...]
    #: The CRM property type to create: `number` or `string`.
    type: str = "string"
    label: str = ""
    #: Of a field: whether the property is emptied where the field has no value.
    clears: bool = False


class FrequencyCap(NamedTuple):
    """No more messages than this to one lead, of all programs together, in any stretch of `per`."""

    messages: int
    per: timedelta

    @property
    def in_words(self) -> str:
        """For people: `3 messages in 7 days`."""
        hours = self.per / timedelta(hours=1)
        span = f"{hours / 24:g} days" if hours >= 48 else f"{hours:g} hours"
        return f"{self.messages} messages in {span}"

    def free_at(self, left: Sequence[datetime]) -> datetime | None:
        """From when on one more may leave, by those that left, oldest first; None where too few did."""
        return left[-self.messages] + self.per if len(left) >= self.messages else None


@dataclass(frozen=True, slots=True)
class Definitions:
    """All that the mapping files of one workspace say."""

    workspace: WorkspaceId
    #: The fingerprint of the files.
    version: str
    zone: ZoneInfo
    fields: tuple[Field, ...] = ()
    signals: tuple[SignalSource, ...] = ()
    told: tuple[ToldSource, ...] = ()
    feeds: tuple[FeedSource, ...] = ()
    #: The fields that follow from signals; they are among `fields`, too.
    computed: tuple[Computed, ...] = ()
    segments: tuple[Segment, ...] = ()
    #: In their order: the first that fits.
    personas: tuple[Persona, ...] = ()
    tags: tuple[Tag, ...] = ()
    scores: tuple[Score, ...] = ()
    programs: tuple[Program, ...] = ()
    lists: tuple[ListRule, ...] = ()
    notifications: tuple[Notification, ...] = ()
    write_back: tuple[WriteBack, ...] = ()
    #: How deals are read, one source a CRM at most; the fields and the signals that follow from them.
    deals: tuple[DealSource, ...] = ()
    deal_fields: tuple[DealField, ...] = ()
    deal_signals: tuple[DealSignal, ...] = ()
    rfm: Rfm | None = None
    window: SendWindow = ALWAYS_OPEN
    cap: FrequencyCap | None = None
    #: How long acts wait before they leave, so that a late fact can still change the verdict.
    settle: timedelta = timedelta()
    emails: tuple[EmailRule, ...] = ()
    #: The signals after which no message is sent until a person lifts that.
    suppress_on: tuple[SignalTest, ...] = ()
    sales: Sales = NO_SALES
    #: The signals that message texts look at.
    quoted: frozenset[str] = frozenset()
    #: Addresses that several people share, in lower case; `*` stands for anything. Their leads are never joined.
    kept_apart: tuple[str, ...] = ()
    #: What campaign members and tasks say of their leads.
    companions: tuple[CompanionSource, ...] = ()
