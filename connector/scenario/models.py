"""The shape of scenario files: which keys there are and what kind of value each takes.

What depends on the mapping (names, types of fields) and on time is judged in `reading`.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, PlainValidator, StringConstraints, model_validator

from connector.mapping.forms import Condition, Entry, Name, Names, OneOrMany, TextFor, Words, wrong
from connector.mapping.report import kind_of
from connector.scenario.deal_models import DealEntry, GivenDealEntry, MeasuredEntry

Title = Annotated[str, StringConstraints(min_length=1, max_length=200)]
#: Field -> value in our words; and a CRM -> property -> the CRM's text.
Values = dict[str, Any]


def read_item(value: Any) -> tuple[str, str]:
    """`thank_you`, or `{thank_you: day 3 10:00}`: what happens and, where that is said, when."""
    match value:
        case str() if value:
            return value, ""
        case dict() if len(value) == 1 and all(isinstance(part, str) for pair in value.items() for part in pair):
            return next(iter(value.items()))
    raise wrong(f"expected a name, or a name and its moment, found {kind_of(value)}", _ITEM)


_ITEM = "write thank_you, or {thank_you: day 3 10:00}"
Item = Annotated[tuple[str, str], PlainValidator(read_item)]
#: None: not asked.
Items = Annotated[tuple[Item, ...], OneOrMany()] | None
Words_ = Annotated[tuple[Words, ...], OneOrMany()] | None


class EventsEntry(Entry):
    """What happens; the keys are those of `events.KINDS`."""

    signals: Items = None
    entered: Items = None
    not_entered: Items = None
    moved: Items = None
    sent: Items = None
    answered: Items = None
    unanswered: Items = None
    left_out: Items = None
    put_off: Items = None
    chose: Items = None
    completed: Items = None
    won: Items = None
    exited: Items = None
    notified: Items = None
    handed_over: Items = None
    not_handed_over: Items = None
    assigned: Items = None
    taken_over: Items = None
    touched: Items = None
    escalated: Items = None
    accepted: Items = None
    rejected: Items = None
    closed: Items = None
    emails: Items = None
    stopped: Items = None
    lifted: Items = None
    joined: Items = None
    left: Items = None
    tagged: Items = None
    untagged: Items = None
    personas: Items = None
    tasks: Items = None
    notes: Items = None
    alerts: Items = None
    posts: Items = None

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not self.model_fields_set:
            raise wrong("nothing is asked here, so nothing can fail", "write sent: greeting, for example")
        for word in sorted(self.model_fields_set):
            if getattr(self, word) == {}:
                raise wrong(f"nothing is asked of `{word}`, so nothing can fail", "write a name and what it is", word)
        return self


class NeverEntry(EventsEntry):
    """What may not happen in the whole scenario."""

    what: ClassVar[str] = "never"

    @model_validator(mode="after")
    def _forbids_something(self) -> Self:
        for word in sorted(self.model_fields_set):
            if not getattr(self, word):
                raise wrong(f"an empty list forbids nothing of `{word}`", 'write "*" to forbid all', word)
        return self


class ExpectEntry(EventsEntry):
    """What must have happened since it was last asked, and how things must stand."""

    what: ClassVar[str] = "expect"

    programs: dict[Name, Words] = Field(default={})
    scores: dict[Name, Any] = Field(default={})
    grades: dict[Name, str] = Field(default={})
    segments: Words_ = None
    lists: Words_ = None
    tags: Words_ = None
    persona: str | None = None
    sales: dict[Name, Words] = Field(default={})
    owner: str | None = None
    fields: Values = Field(default={})
    deals: dict[Words, Words] = Field(default={})
    hubspot: dict[str, Any] = Field(default={})
    salesforce: dict[str, Any] = Field(default={})
    holds: Condition = None


class MoveEntry(Entry):
    """A person moves the lead into a program, out of another one where that is said."""

    what: ClassVar[str] = "move"

    to: Name
    from_: Name | None = Field(alias="from", default=None)
    phase: Name | None = None
    keep: bool = False


class StepEntry(Entry):
    """Something that happens at a moment, and what is expected then."""

    what: ClassVar[str] = "a step"

    at: Words | None = None
    lead: Names = ()
    contact: Literal["created", "deleted", "restored"] | None = None
    set_: Values = Field(alias="set", default={})
    did: Names = ()
    with_: dict[Name, Any] = Field(alias="with", default={})
    enrol: Names = ()
    exit: Names = ()
    pause: Names = ()
    resume: Names = ()
    pause_program: Names = ()
    resume_program: Names = ()
    winner: dict[Name, Words] = Field(default={})
    move: Annotated[MoveEntry, TextFor("to")] | None = None
    lift: bool = False
    deal: Annotated[tuple[DealEntry, ...], OneOrMany()] = ()
    rfm: MeasuredEntry | None = None
    expect: ExpectEntry | None = None

    @property
    def is_for_everybody(self) -> bool:
        """Whether it sets something on top of the mapping, which is told to all leads."""
        return bool(self.pause_program or self.resume_program or self.winner)

    @model_validator(mode="after")
    def _for_everybody(self) -> Self:
        if self.is_for_everybody and self.lead:
            raise wrong("this is set for all leads of the scenario", "remove lead:", "lead")
        return self

    @model_validator(mode="after")
    def _with_did(self) -> Self:
        if self.with_ and not self.did:
            raise wrong("`with` gives the attributes of a signal and needs `did`", "write did: and the signal", "with")
        return self


class ScenarioEntry(Entry):
    """One story: given leads, steps, and what may never happen."""

    what: ClassVar[str] = "a scenario"

    begins: Words | None = None
    lead: Values | None = None
    leads: dict[Name, Values] = Field(default={})
    deals: Annotated[tuple[GivenDealEntry, ...], OneOrMany()] = ()
    rfm: MeasuredEntry | None = None
    steps: Annotated[list[StepEntry], Field(min_length=1)]
    never: NeverEntry | None = None


class ScenarioFile(Entry):
    """A file of scenarios; `begins` and the leads count for all of them."""

    what: ClassVar[str] = "a scenario file"

    format: Literal[1]
    begins: Words | None = None
    lead: Values | None = None
    leads: dict[Name, Values] = Field(default={})
    deals: Annotated[tuple[GivenDealEntry, ...], OneOrMany()] = ()
    rfm: MeasuredEntry | None = None
    scenarios: dict[Title, ScenarioEntry]
