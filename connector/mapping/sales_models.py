"""The shape of the section `sales`: teams of reps, and hand-overs of leads to them."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from connector.crms.manifest import CrmManifest
from connector.domain.sales.working import Absence
from connector.mapping.crms import CRMS, with_crms
from connector.mapping.forms import Condition, Entry, Name, OneOrMany, Span, TextFor, Words, read_with, wrong
from connector.mapping.program_models import Again, WindowEntry
from connector.mapping.report import kind_of
from connector.mapping.telling_models import Tasks, TellingEntry
from connector.mapping.trigger_models import TriggerEntry, Triggers
from connector.mapping.windows import parse_day

#: What stands where a rep's name may stand.
NEXT, KEEP, ROUND_ROBIN, ANY = "next", "keep", "round_robin", "any"
#: Names that no rep and no hand-over can have.
RESERVED = (NEXT, KEEP, ROUND_ROBIN, ANY)
_ABSENCE = re.compile(r"(\S+)(?: +(?:to|-|until) +(\S+))?")


def parse_absence(text: str) -> Absence:
    """One day, or the first and the last: `2026-12-24 to 2027-01-06`. Raises ValueError with a sentence."""
    found = _ABSENCE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} are no days; write 2026-12-24 to 2027-01-06")
    first: date = parse_day(found[1])
    last = parse_day(found[2]) if found[2] else first
    if last < first:
        raise ValueError(f"{text!r} ends before it begins; write the first day first")
    return Absence(first, last)


Absences = Annotated[
    tuple[
        Annotated[Absence, PlainValidator(read_with(parse_absence, "2026-12-24")), WithJsonSchema({"type": "string"})],
        ...,
    ],
    OneOrMany(),
]


def _to_owner(crm: CrmManifest) -> tuple[Any, Any]:
    """Who a rep is in a CRM: a number may stand without quotation marks."""
    words, is_number = crm.words, crm.words.owner_example.startswith('"')

    def read(value: Any) -> str:
        try:
            return words.read_owner(value)
        except ValueError:
            message = f"expected {words.owner}, found {kind_of(value)}"
            raise wrong(message, f"write {crm.name}: {words.owner_example}") from None

    kinds = ["string", "integer"] if is_number else "string"
    shape = WithJsonSchema({"type": kinds, "examples": [words.owner_example.strip('"')]})
    return Annotated[str, PlainValidator(read), shape], Field(default="", description=f"The rep: {words.owner}.")


@with_crms(_to_owner)
class RepEntry(Entry):
    """Somebody to whom leads are given."""

    what: ClassVar[str] = "a rep"

    weight: Annotated[float, Field(gt=0, le=1000)] = Field(
        default=1.0, description="How many leads, in proportion to the others of the team."
    )
    hours: WindowEntry | None = Field(default=None, description="When the rep works; without, as the team.")
    timezone: str | None = Field(default=None, description="Where the rep works; without, as the team.")
    away: Absences = Field(default=(), description="Days off: 2026-12-24 to 2027-01-06.")
    takes: Condition = Field(default=None, description="Is given only leads of whom this holds.")

    @model_validator(mode="after")
    def _is_somebody(self) -> Self:
        if not self.owners:
            raise wrong("nothing says who the rep is in the CRM", 'add hubspot: "12345678", or salesforce: and a user')
        return self

    @property
    def owners(self) -> dict[str, str]:
        """CRM -> who the rep is there."""
        return {crm: owner for crm in CRMS if (owner := getattr(self, crm))}


class TeamEntry(Entry):
    """Reps who take turns."""

    what: ClassVar[str] = "a team"

    reps: dict[Name, RepEntry]
    hours: WindowEntry | None = Field(default=None, description="When reps work who have no hours of their own.")
    timezone: str | None = Field(default=None, description="Where they work; without, as the workspace.")
    otherwise: Name | None = Field(
        default=None, description="The rep who is given a lead while nobody works; without, it waits."
    )

    @model_validator(mode="after")
    def _has_reps(self) -> Self:
        if not self.reps:
            raise wrong("a team needs somebody to give leads to", 'add reps: {anna: {hubspot: "12345678"}}', "reps")
        return self


class OwnerEntry(Entry):
    """To whom a lead is given."""

    what: ClassVar[str] = "owner"

    rep: Name | None = Field(default=None, description="A rep; round_robin for the next in turn; keep for its own.")
    team: Name | None = Field(default=None, description="The team whose reps take turns.")
    when: Condition = Field(default=None, description="Only a lead of whom this holds; the next in the list else.")

    @model_validator(mode="after")
    def _says_whom(self) -> Self:
        if self.rep is None and self.team is None:
            raise wrong("nothing says to whom", "add rep: or team:")
        if self.rep not in (None, KEEP, ROUND_ROBIN) and self.team is not None:
            raise wrong("a named rep needs no team", "remove team:", "team")
        return self


class EscalationEntry(TellingEntry):
    """What happens when nobody looked after a lead in time."""

    what: ClassVar[str] = "then"

    to: Name | None = Field(
        default=None, description="Who is told, a rep of any team; next: the next rep is given the lead."
    )
    after: Span | None = Field(
        default=None, description="So much working time after the step before; without, as within:."
    )


class UntouchedEntry(Entry):
    """How long a lead may lie, and what happens then."""

    what: ClassVar[str] = "untouched"

    within: Span = Field(description="So much of the rep's working time.")
    touched_by: Triggers = Field(default=(), description="Any of these shows that the rep looks after it.")
    then: Annotated[tuple[Annotated[EscalationEntry, TextFor("to")], ...], OneOrMany()] = Field(
        description="One step after the other, while nobody looks after it."
    )

    @model_validator(mode="after")
    def _can_be_touched(self) -> Self:
        if not self.touched_by:
            hint = "add touched_by: and the signal or the field that a rep changes first"
            raise wrong("nothing shows that a rep looks after the lead: every lead would be escalated", hint, "within")
        return self


class RejectedEntry(TriggerEntry):
    """What shows that sales does not want the lead, and what becomes of it."""

    what: ClassVar[str] = "rejected"

    program: Name | None = Field(default=None, description="Where it is nurtured on.")
    phase: Name | None = Field(default=None, description="Of that program: the phase to begin with.")
    lifecycle: Words | None = Field(default=None, description="The lifecycle stage from then on; it may go back.")
    status: Words | None = Field(default=None, description="The lead status from then on.")

    @model_validator(mode="after")
    def _phase_of_program(self) -> Self:
        if self.phase is not None and self.program is None:
            raise wrong("`phase` belongs to `program`", "add program: and its name", "phase")
        return self


class HandOverEntry(TellingEntry):
    """When leads are handed over, to whom, and what happens until sales has said what it makes of them."""

    what: ClassVar[str] = "a hand-over"

    when: Condition = Field(default=None, description="Handed over when this comes to hold.")
    again: Again = Field(default=timedelta(days=30), description="never, or 30d: how long after the last time ended.")
    owner: Annotated[tuple[Annotated[OwnerEntry, TextFor("rep")], ...], OneOrMany()] = Field(
        default=(OwnerEntry(rep=ROUND_ROBIN),), description="round_robin, keep, a rep, or rules; the first that holds."
    )
    lifecycle: Words | None = Field(default=None, description="The lifecycle stage from then on; it never goes back.")
    status: Words | None = Field(default=None, description="The lead status from then on.")
    task: Tasks = Field(default=(), description="What the rep is told; without anything, a task that says it all.")
    next_step: Words | None = Field(default=None, description="What the rep is to do; texts know it as next_step.")
    untouched: UntouchedEntry | None = None
    accepted: Triggers = Field(default=(), description="Any of these: sales wants the lead.")
    rejected: Annotated[tuple[Annotated[RejectedEntry, TextFor("on")], ...], OneOrMany()] = Field(
        default=(), description="Any of these: sales does not want the lead, and it is handed back."
    )
    closed: Triggers = Field(default=(), description="Any of these: sales is done with the lead.")
    nurturing: Literal["pause", "continue"] = Field(
        default="pause", description="Whether programs stand still while sales has the lead."
    )


class SalesEntry(Entry):
    """Handing leads over to sales."""

    what: ClassVar[str] = "sales"

    lifecycle: Name | None = Field(default=None, description="The field with the lifecycle stage.")
    status: Name | None = Field(default=None, description="The field with the lead status.")
    stages: Annotated[tuple[Words, ...], OneOrMany()] | None = Field(
        default=None, description="The lifecycle stages in their order, where the portal has others than HubSpot's."
    )
    teams: dict[Name, TeamEntry] = Field(default={})
    hand_over: dict[Name, HandOverEntry] = Field(default={})
