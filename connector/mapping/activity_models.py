"""The shape of activities and phases in mapping files, and of what follows them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from connector.mapping.forms import (
    Condition,
    Duration,
    Entry,
    Name,
    OneOrMany,
    Span,
    TextFor,
    wrong,
)
from connector.mapping.telling_models import Note, Task
from connector.mapping.trigger_models import Day, Hour, Triggers


class ForkCase(Entry):
    """One way at a fork."""

    what: ClassVar[str] = "one of the ways"

    when: Condition = Field(default=None, description="Of choose: who goes this way; without, everybody who is left.")
    share: Annotated[float, Field(gt=0, le=1_000_000)] | None = Field(
        default=None, description="Of split: how many go this way, in proportion."
    )
    activities: dict[Name, ActivityEntry] = Field(default={})


class WinnerEntry(Entry):
    """When a split is decided, and by what."""

    what: ClassVar[str] = "winner"

    by: Literal["answered", "goal"] = Field(default="answered", description="What counts: answers, or the goal.")
    of: Name | None = Field(default=None, description="Only answers to this activity of the phase.")
    at_least: Annotated[int, Field(ge=20, le=1_000_000)] = Field(
        default=200, description="So many leads must have gone each way."
    )
    after: Duration = Field(default=timedelta(days=7), description="Not sooner than this after the first lead came.")
    sure: Annotated[float, Field(ge=80, le=99.9)] = Field(
        default=95.0, description="How sure it must be, of a hundred, that the best is no accident."
    )
    until: Span | None = Field(default=None, description="Then chance ends, whatever came of it.")
    otherwise: Name | None = Field(default=None, description="The way that wins then, where no other did.")

    @model_validator(mode="after")
    def _ends_well(self) -> Self:
        if self.of and self.by != "answered":
            raise wrong("`of` names an activity that is answered", "write by: answered, or remove of:", "of")
        if self.until is not None and self.otherwise is None:
            raise wrong("`until` needs `otherwise`: which way wins then", "add otherwise: and one of the ways", "until")
        if self.otherwise and self.until is None:
            raise wrong("`otherwise` needs `until`: when that is", "add until: 30d", "otherwise")
        if self.until is not None and self.until <= self.after:
            raise wrong("this is over before the contest begins", "make until: longer than after:", "until")
        return self


class RemindEntry(Entry):
    """The same once more, where no answer came."""

    what: ClassVar[str] = "remind"

    times: Annotated[int, Field(ge=1, le=10)] = 1
    after: Duration = Field(default=timedelta(), description="So long after the time for an answer ran out.")


class ChoiceEntry(Entry):
    """One name; or a name for each value of a field."""

    what: ClassVar[str] = "a choice"
    model_config = ConfigDict(extra="allow", strict=True, frozen=True)

    __pydantic_extra__: dict[str, Name]
    by: Name | None = Field(default=None, description="The field whose value chooses; the other keys are its values.")
    else_: Name | None = Field(default=None, alias="else", description="For every other value, and for none.")

    @property
    def cases(self) -> dict[str, str]:
        """Value -> name."""
        return dict(self.__pydantic_extra__)

    @model_validator(mode="after")
    def _chooses(self) -> Self:
        if self.by is None and (self.cases or self.else_ is None):
            raise wrong("a choice needs the field whose value chooses", "add by: and the field")
        if self.by is not None and not self.cases:
            raise wrong("there is nothing to choose from", "write value: and what is sent for it", "by")
        return self


#: A name alone, or a choice among several.
ChosenName = Annotated[ChoiceEntry, TextFor("else")]


class SendEntry(Entry):
    """What an activity sends: one of these."""

    what: ClassVar[str] = "send"

    list_: ChosenName | None = Field(
        default=None, alias="list", description="Puts the lead on this list; the CRM sends what belongs to it."
    )
    email: ChosenName | None = Field(default=None, description="The CRM sends this email of the section emails.")
    task: Task | None = None
    note: Note | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        amount = sum(part is not None for part in (self.list_, self.email, self.task, self.note))
        if amount != 1:
            hint = "make two activities of two things" if amount else "write send: {list: greeting}, for example"
            raise wrong("an activity sends one thing: a list, an email, a task or a note", hint)
        return self


class OutcomeEntry(Entry):
    """What follows when the activities of a phase are settled one way."""

    what: ClassVar[str] = "what follows a phase"

    when: Condition = Field(
        default=None, description="Only for leads of whom this holds; the next in the list for others."
    )
    after: Duration = timedelta()
    next: str | None = Field(default=None, description="A phase, or previous, completed, exit.")
    program: Name | None = Field(default=None, description="Completes this program and enters that one.")
    phase: Name | None = Field(default=None, description="Of that program: the phase to begin with.")
    sales: Name | None = Field(default=None, description="Completes this program and hands the lead over to sales.")
    repeat: Literal["unanswered"] | None = Field(default=None, description="Sends the unanswered activities once more.")
    times: Annotated[int, Field(ge=1, le=100)] | None = Field(
        default=None, description="An enrolment goes this way so many times at most, and then where then: says."
    )
    then: str | None = Field(
        default=None, description="Where to go once the repetition is settled, or the times are used up."
    )

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if self.repeat and self.next:
            raise wrong("after `repeat` the way goes on with `then`", "write then: instead of next:", "next")
        if self.then and not self.repeat and not self.times:
            raise wrong("`then` follows `repeat` or `times`", "write next: instead of then:", "then")
        if self.times and (self.repeat or self.program or not self.next):
            raise wrong("`times` counts how often a way to a phase is taken", "write it beside next:", "times")
        if self.program and (self.next or self.then):
            raise wrong("either another program or a phase, not both", at="program")
        if self.sales and (self.next or self.then or self.program):
            raise wrong("either sales or another place, not both", at="sales")
        if self.phase and not self.program:
            raise wrong("`phase` belongs to `program`", "write next: for a phase of this program", "phase")
        return self


Outcome = Annotated[OutcomeEntry, TextFor("next")]
Outcomes = Annotated[tuple[Outcome, ...], OneOrMany()]


class ActivityEntry(Entry):
    """One step of a phase: a message with its content offer, something to wait for, or a fork."""

    what: ClassVar[str] = "an activity"

    send: SendEntry | None = None
    wait_for: Triggers = Field(default=(), description="Instead of sending: goes on when any of these happens.")
    at_most: Span | None = Field(default=None, description="Of wait_for: goes on after so long, whatever happens.")
    choose: Annotated[dict[Name, ForkCase], Field(min_length=1)] | None = Field(
        default=None, description="Instead of sending: the first way whose condition holds."
    )
    split: Annotated[dict[Name, ForkCase], Field(min_length=2)] | None = Field(
        default=None, description="Instead of sending: chance decides the way, the same for a lead for ever."
    )
    winner: Annotated[WinnerEntry, TextFor("by")] | None = Field(
        default=None, description="Of split: the way that does best is that of everybody, once that is certain."
    )
    after: Duration = Field(
        default=timedelta(), description="Waits so long after the phase began or the activity before left."
    )
    at: Hour | None = Field(default=None, description="Then waits for this hour of the lead's day.")
    on: Day | None = Field(default=None, description="Not before this day.")
    when: Condition = Field(default=None, description="Left out unless this holds when its turn comes.")
    answered: Triggers = Field(default=(), description="Any of these counts as the answer.")
    within: Span | None = Field(default=None, description="Answers count for so long.")
    remind: Annotated[RemindEntry, TextFor("after")] | None = Field(
        default=None, description="Sends it again when no answer came."
    )
    on_answer: Outcomes | None = Field(default=None, description="Where the lead goes at once when it answered.")
    no_answer: Outcomes | None = Field(default=None, description="Where the lead goes at once when no answer came.")
    again: bool = Field(default=False, description="Sends it also to those who have had it.")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [kind for kind in ("send", "wait_for", "choose", "split") if getattr(self, kind)]
        if not kinds and not (self.after or self.at or self.on):
            raise wrong("an activity sends something", "add send: {list: greeting}, for example")
        if len(kinds) > 1:
            raise wrong(f"an activity does one thing, not {kinds[0]} and {kinds[1]}", "make two of them", kinds[1])
        if self.send is None:
            for word in ("answered", "within", "remind", "again"):
                if getattr(self, word):
                    raise wrong(f"`{word}` belongs to `send`", at=word)
        if self.at_most is not None and not self.wait_for:
            raise wrong("`at_most` belongs to `wait_for`", at="at_most")
        return self

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.wait_for and self.at_most is None:
            raise wrong("a lead to whom this does not happen would wait here for ever", "add at_most: 7d", "wait_for")
        if self.answered and self.within is None:
            raise wrong("a lead that does not answer would wait here for ever", "add within: 7d", "answered")
        if self.within is not None and not self.answered:
            raise wrong("`within` needs `answered`: there is no answer to wait for", at="within")
        for word in ("remind", "on_answer", "no_answer"):
            if getattr(self, word) is not None and not (self.answered or self.wait_for):
                raise wrong(f"`{word}` needs `answered`: there is no answer to wait for", at=word)
        return self

    @model_validator(mode="after")
    def _fair_fork(self) -> Self:
        for name, case in (self.choose or {}).items():
            if case.share is not None:
                raise wrong("`share` belongs to `split`", "write when: for who goes this way", "choose")
            if case.when is None and name != list(self.choose or {})[-1]:
                raise wrong(f"nobody is left after `{name}`: it has no condition", "put it last", "choose")
        if self.winner is not None and not self.split:
            raise wrong("`winner` belongs to `split`", at="winner")
        if self.winner is not None and self.winner.otherwise and self.winner.otherwise not in (self.split or {}):
            known = ", ".join(self.split or {})
            raise wrong(f"the split has no way {self.winner.otherwise}", f"known: {known}", "winner")
        for case in (self.split or {}).values():
            if case.share is None or case.when is not None:
                raise wrong("each way of a `split` has a share", "write share: 50 and share: 50", "split")
        return self


ForkCase.model_rebuild()


class PhaseEntry(Entry):
    """A stage of the buyer's journey: activities in order, and what follows."""

    what: ClassVar[str] = "a phase"

    stage: str = Field(default="", description="The stage of the buyer's journey.")
    activities: Annotated[dict[Name, ActivityEntry], Field(min_length=1)]
    all_answered: Outcomes | None = Field(default=None, description="Default: the next phase in order, or completed.")
    some_answered: Outcomes | None = Field(default=None, description="Default: as all_answered.")
    none_answered: Outcomes | None = Field(default=None, description="Default: exit.")
