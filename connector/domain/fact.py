"""What a lead's mailbox holds, and the order in which facts count.

Facts arrive late, twice and out of order. A lead is what its facts make of it *in the order in which they
happened*, so the order below is total and does not depend on arrival.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

#: A lead's field or a signal's attribute. Dates and moments are ISO text, which sorts as time does.
Value = str | float | bool | tuple[str, ...]

#: Where a lead's fold stands: (epoch, when, rank, key). Compare with `<`.
Position = tuple[int, datetime, int, str]

START: Position = (-1, datetime(1970, 1, 1, tzinfo=UTC), 0, "")


class FactKind(StrEnum):
    """What sort of thing happened."""

    BOOK = "book"  # a new version of the mapping applies from here; `name` is the version
    RECORD = "record"  # property values of a CRM record; `name` is a RecordName, `data` raw text by property
    SIGNAL = "signal"  # behaviour, past tense; `name` is the signal, `data` its attributes
    COMMAND = "command"  # a person's order: `name` is a CommandName, `data` its arguments
    MERGED = "merged"  # another lead turned out to be the same person; `data` names it
    DEAL = "deal"  # a deal of the lead as its CRM has it; `name`: a DealNews and the deal; `data`: raw text by property
    ALARM = "alarm"  # time passed; never stored
    OUTCOME = "outcome"  # what became of an email; `name` is an OutcomeName, `data` its act, name and reason
    RULING = "ruling"  # what the workspace gave the lead: `name` is the key of its petition, `data` the ruling
    EDGES = "edges"  # what RFM's quintiles are among all who bought; `name` is an EdgesName, `data` as in `quintiles`
    PARTED = "parted"  # a record that it had turned out to be somebody else's; `name` is the record, `data` says why


class RecordName(StrEnum):
    """How we came to know a record's values."""

    BASELINE = "baseline"  # all values, read when we first heard of the lead; counts before everything else
    READ = "read"  # all values, read again later
    CHANGED = "changed"  # the CRM said that these values changed
    CREATED = "created"
    ARCHIVED = "archived"  # deleted in the CRM, restorable
    RESTORED = "restored"


class CommandName(StrEnum):
    """What a person may order for one lead."""

    ENROL = "enrol"
    EXIT = "exit"
    MOVE = "move"  # into `program`, out of `from`; `keep` to go on in the phase of the same name
    PAUSE = "pause"  # in `program`, or in all
    RESUME = "resume"
    LIFT = "lift"  # messages may be sent again to a lead whose address bounced or who complained
    THAW = "thaw"  # `field` is carried to CRMs again


class EdgesName(StrEnum):
    """Why a lead is told of edges."""

    FIRST = "first"  # they were there when it bought first; counts before everything else
    ANEW = "anew"  # they were measured since it bought


class OutcomeName(StrEnum):
    """What became of an email."""

    SENT = "sent"
    FAILED = "failed"  # a dead letter: may be sent again by hand
    SUPPRESSED = "suppressed"  # the CRM does not write to this address
    WITHDRAWN = "withdrawn"  # not wanted any more when it was about to leave


RANK = {kind: rank for rank, kind in enumerate(FactKind)}

# Here and elsewhere members that are needed for each fact have names of their own: on Python 3.11 a member is looked up
# ten times as slowly as a variable.
_RECORD, _DEAL, _EDGES = FactKind.RECORD, FactKind.DEAL, FactKind.EDGES
_BASELINE = str(RecordName.BASELINE)

_NO_DATA: Mapping[str, Value] = {}

#: No property has this name: in the data of a record fact it gives the record's id, and makes the fact a snapshot.
SNAPSHOT_OF = ""
#: Nor this one: it names the record that was deleted or restored.
RECORD_OF = "."


# A tuple: more of these are made than of anything else, and a tuple is made in a fifth of the time.
class Fact(NamedTuple):
    """One thing that happened to one lead."""

    #: The same for every copy of the same happening; a second one is dropped.
    key: str
    #: When it happened, as its source says.
    at: datetime
    kind: FactKind
    name: str
    #: The CRM or door it came through: `hubspot`, `api`, `cli`.
    source: str = ""
    data: Mapping[str, Value] = _NO_DATA

    @property
    def is_baseline(self) -> bool:
        """Whether this was so when we first heard of the lead."""
        if self.kind is _RECORD:
            return self.name == _BASELINE
        if self.kind is _DEAL:
            return self.name.startswith("baseline:")
        return self.kind is _EDGES and self.name == EdgesName.FIRST

    @property
    def position(self) -> Position:
        """The fact's place among all facts of its lead."""
        return (0 if self.is_baseline else 1, self.at, RANK[self.kind], self.key)
