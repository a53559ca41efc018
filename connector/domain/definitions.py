"""All that the mapping files of one workspace say, as data. `book` makes what `decide` runs on of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from connector.domain.calendar import ALWAYS_OPEN, SendWindow
from connector.domain.condition import Condition
from connector.domain.field import Field
from connector.domain.ids import WorkspaceId
from connector.domain.program import Note, Program, Task
from connector.domain.score import Score


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
    acts: tuple[Task | Note, ...]
    #: Told again at the earliest so long after the last time: scores hover around thresholds.
    again_after: timedelta = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class WriteBack:
    """A CRM property that we keep up to date."""

    crm: str
    property: str
    #: Its path: ("score", name, "points" | "grade" | "why"), ("program", name, "phase" | "activity" | "state"),
    #: ("field", name) or ("segments",).
    source: tuple[str, ...]
    #: The CRM property type to create: `number` or `string`.
    type: str = "string"
    label: str = ""


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


@dataclass(frozen=True, slots=True)
class Definitions:
    """All that the mapping files of one workspace say."""

    workspace: WorkspaceId
    #: The fingerprint of the files.
    version: str
    zone: ZoneInfo
    fields: tuple[Field, ...] = ()
    signals: tuple[SignalSource, ...] = ()
    segments: tuple[Segment, ...] = ()
    scores: tuple[Score, ...] = ()
    programs: tuple[Program, ...] = ()
    lists: tuple[ListRule, ...] = ()
    notifications: tuple[Notification, ...] = ()
    write_back: tuple[WriteBack, ...] = ()
    window: SendWindow = ALWAYS_OPEN
    cap: FrequencyCap | None = None
    #: How long acts wait before they leave, so that a late fact can still change the verdict.
    settle: timedelta = timedelta()
