"""The shape of mapping files: which keys there are and what kind of value each takes.

What depends on other parts of the mapping (names, types of fields, the graph of phases) is judged afterwards. The
JSON Schema for editors is generated from here, so the descriptions are for people who write mappings.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, PlainValidator, WithJsonSchema, create_model, model_validator

from connector.crms.manifest import CrmManifest
from connector.domain.traits.score import Cap
from connector.mapping.crms import CRMS, CrmName, with_crms
from connector.mapping.deal_models import DealsEntry, MeasureEntry, Property, RfmEntry
from connector.mapping.durations import PATTERN, parse_duration
from connector.mapping.email_models import EmailEntry, SuppressOn
from connector.mapping.forms import (
    Condition,
    Duration,
    Entry,
    Name,
    OneOrMany,
    Span,
    TextFor,
    Where,
    Words,
    wrong,
)
from connector.mapping.program_models import Holidays, ProgramEntry, WindowEntry, read_pause
from connector.mapping.sales_models import SalesEntry
from connector.mapping.signal_models import SignalEntry
from connector.mapping.telling_models import TellingEntry
from connector.mapping.trait_models import PersonaEntry, ReckonedEntry, TagEntry

Points = Annotated[float, Field(ge=-1_000_000, le=1_000_000)]


def _to_properties(crm: CrmManifest) -> tuple[Any, Any]:
    description = f"{crm.words.properties}; the first that has a value wins."
    return Annotated[tuple[Property, ...], OneOrMany()], Field(default=(), description=description)


@with_crms(_to_properties)
class FieldEntry(ReckonedEntry):
    """A lead field: where it is read from, or how it follows from signals, and what it holds."""

    what: ClassVar[str] = "a field"

    type: Literal["text", "number", "boolean", "date", "datetime", "choices"] = "text"
    deals: MeasureEntry | None = Field(
        default=None, description="Instead of properties: what the field says of all of the lead's deals."
    )
    prefer: CrmName | None = Field(
        default=None, description="Of several CRMs, the one that has the say; without, the latest word counts."
    )
    values: dict[str, str | float | bool] = Field(default={}, description="The CRM's word: ours.")
    identity: bool = Field(default=False, description="Finds the person: the email address.")
    timezone: bool = Field(default=False, description="The lead's own time zone.")
    owner: bool = Field(default=False, description="The sales rep, as the CRM's owner id.")
    consent: Literal["email"] | None = Field(default=None, description="True means: opted out of email.")

    @model_validator(mode="after")
    def _one_role(self) -> Self:
        roles = [name for name in ("identity", "timezone", "owner", "consent") if getattr(self, name)]
        if len(roles) > 1:
            raise wrong(f"a field has one role, not {' and '.join(roles)}", "make two fields", roles[1])
        wanted = "boolean" if self.consent else "text"
        if roles and self.type != wanted:
            raise wrong(f"a field for {roles[0]} holds {wanted}", f"write type: {wanted}", "type")
        return self

    @model_validator(mode="after")
    def _prefers_a_source(self) -> Self:
        if self.prefer and (not getattr(self, self.prefer) or sum(bool(getattr(self, crm)) for crm in CRMS) < 2):
            raise wrong("only where several CRMs fill a field one can have the say", "remove prefer:", "prefer")
        return self

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        others = [name for name in self.model_fields_set if name != "deals"]
        if self.deals is not None and others:
            key = min(others)
            raise wrong(f"a field from deals has no `{key}`", "remove it, or make two fields", key)
        return self


def read_cap(value: Any) -> Cap:
    """45, or `45 per 30d`."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _cap(float(value), None)
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]+)?) +(?:per|in|within) +(.+)", str(value))
    if match is None:
        raise wrong("expected points, for ever or per time", "write 45 or 45 per 30d")
    try:
        return _cap(float(match[1]), parse_duration(match[2]))
    except ValueError as error:
        raise wrong(str(error)) from error


def _cap(points: float, per: timedelta | None) -> Cap:
    if points <= 0 or (per is not None and not per):
        raise wrong("a limit must leave room for points", "write 45 or 45 per 30d")
    return Cap(points, per)


class RuleEntry(Entry):
    """A reason for points: something that holds (`when`) or something that the lead did (`on`)."""

    what: ClassVar[str] = "a score rule"

    id: Words | None = Field(
        default=None, description="The rule's name in explanations; keeps its history when the rule changes."
    )
    when: Condition = None
    on: Name | None = None
    where: Where | None = None
    points: Points
    at_most: Annotated[
        Cap | None,
        PlainValidator(read_cap),
        WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^[0-9.]+ per .+$"}]}),
    ] = Field(default=None, description="The most that this rule gives: 45, or 45 per 30d.")
    expires: Span | None = Field(
        default=None, description="How long each signal's points count, in full; without, as the score says."
    )

    @model_validator(mode="after")
    def _one_reason(self) -> Self:
        if (self.when is None) == (self.on is None):
            raise wrong("a rule has either `when` (a condition) or `on` (a signal)", at="when" if self.on else "")
        of_signals = [key for key in ("where", "at_most", "expires") if getattr(self, key) is not None]
        if self.on is None and of_signals:
            raise wrong(f"`{of_signals[0]}` belongs to a rule with `on`", at=of_signals[0])
        if self.at_most is not None and self.points < 0:
            raise wrong("`at_most` limits points that are given, not points that are taken", "remove it", "at_most")
        return self


class ResetEntry(Entry):
    """A signal at which a score begins anew."""

    what: ClassVar[str] = "a signal that resets a score"

    on: Name
    where: Where | None = None


class ScoreEntry(Entry):
    """One named score: rules, or the sum of other scores."""

    what: ClassVar[str] = "a score"

    rules: list[RuleEntry] = Field(default=[])
    half_life: Span | None = Field(default=None, description="The time in which points for signals fade to half.")
    expires: Span | None = Field(
        default=None, description="How long each signal's points count, in full; afterwards not at all."
    )
    reset_on: Annotated[tuple[Annotated[ResetEntry, TextFor("on")], ...], OneOrMany()] = Field(
        default=(), description="Signals at which all points for signals are taken."
    )
    freeze_while: Condition = Field(
        default=None, description="While this holds nothing is given or taken, and nothing fades or expires."
    )
    sum: Annotated[tuple[Name, ...], OneOrMany()] = ()
    grades: dict[str, Points] = Field(default={}, description="Grade: the least points it takes.")

    @model_validator(mode="after")
    def _rules_or_sum(self) -> Self:
        if bool(self.rules) == bool(self.sum):
            raise wrong("a score has either `rules` or `sum`", at="sum" if self.sum else "")
        of_rules = [key for key in ("half_life", "expires", "reset_on", "freeze_while") if getattr(self, key)]
        if self.sum and of_rules:
            message = f"`{of_rules[0]}` belongs to a score with rules"
            raise wrong(message, "put it on the scores that are summed", of_rules[0])
        if self.half_life and self.expires:
            raise wrong("points either fade or expire", "remove half_life: or expires:", "expires")
        if len(set(self.grades.values())) < len(self.grades):
            raise wrong("two grades begin at the same points", at="grades")
        return self


def _to_list(crm: CrmManifest) -> tuple[Any, Any]:
    """What a CRM calls the list: its title alone, or the title under the CRM's word for lists."""
    key = crm.words.list_key
    entry = create_model(f"{crm.label}{key.title()}", __base__=Entry, title=(Words, Field(alias=key)))
    entry.what = f"a {key} in {crm.label}"
    return Annotated[entry, TextFor(key)] | None, Field(
        default=None, description=f"The {key}'s name in {crm.label}; its members are the list."
    )


@with_crms(_to_list)
class ListEntry(Entry):
    """A list that CRMs keep for us."""

    what: ClassVar[str] = "a list"

    when: Condition = Field(default=None, description="Who belongs on it; without, only activities put leads on it.")

    @model_validator(mode="after")
    def _is_somewhere(self) -> Self:
        if not self.titles:
            raise wrong("no CRM keeps this list", "add hubspot: and the list's name, or salesforce: and a campaign")
        return self

    @property
    def titles(self) -> dict[str, str]:
        """CRM -> what the list is called there."""
        return {crm: named.title for crm in CRMS if (named := getattr(self, crm))}


class NotificationEntry(TellingEntry):
    """What a sales rep is told each time a condition comes to hold."""

    what: ClassVar[str] = "a notification"

    when: Condition
    again: Annotated[
        timedelta,
        PlainValidator(read_pause),
        WithJsonSchema({"type": "string", "pattern": rf"^(after )?({PATTERN.strip('^$')})"}),
    ] = Field(
        default=timedelta(days=30),
        description="after 30d: how long it is not repeated, however often the condition comes to hold.",
    )

    @model_validator(mode="after")
    def _tells(self) -> Self:
        if not (self.task or self.note or self.alert or self.post):
            raise wrong("a notification tells by a task, a note, an alert or a post", "add task:")
        return self


class WrittenProperty(Entry):
    """A CRM property that Coltiva keeps up to date."""

    what: ClassVar[str] = "a written property"

    value: Words = Field(
        description="lead_score, lead_score.grade, lead_score.why, my_program.phase, segments, tags, persona, a field."
    )
    label: str = Field(default="", description="The property's label where it must be made.")
    unknown: Literal["leave", "clear"] = Field(
        default="leave", description="What happens to the property while a field that a CRM fills has no value."
    )


def _to_written(crm: CrmManifest) -> tuple[Any, Any]:
    kept = dict[Property, Annotated[WrittenProperty, TextFor("value")]]
    return kept, Field(default={}, description=crm.words.written or None)


@with_crms(_to_written)
class WriteBackEntry(Entry):
    """Property: what is written to it."""

    what: ClassVar[str] = "write_back"


class SamePersonEntry(Entry):
    """Who is one person: records of one address are, but for these."""

    what: ClassVar[str] = "same_person"

    kept_apart: Annotated[tuple[Words, ...], OneOrMany()] = Field(
        description="Addresses that many people share, such as info@*; their records stay leads of their own."
    )


class CapEntry(Entry):
    """No more messages to one lead, of all programs together."""

    what: ClassVar[str] = "frequency_cap"

    messages: Annotated[int, Field(ge=1, le=1000)]
    per: Span


class MappingFile(Entry):
    """A mapping file of Coltiva. A workspace is one folder of them; each section may be spread over files."""

    what: ClassVar[str] = "a mapping file"

    format: Literal[1] = Field(description="The version of the mapping language.")
    workspace: Name | None = None
    timezone: str | None = Field(default=None, description="Such as Europe/Rome; for leads without one of their own.")
    settle: Duration = Field(
        default=timedelta(), description="How long tasks, notes and messages wait before they leave."
    )
    send_window: WindowEntry | None = None
    holidays: Holidays = Field(
        default=(), description="For every send window that names none of its own: IT, DE-BY, or dates."
    )
    frequency_cap: CapEntry | None = None
    same_person: SamePersonEntry | None = Field(
        default=None, description="Which records of one address are not one person; once."
    )
    fields: dict[Name, FieldEntry] = Field(default={})
    signals: dict[Name, SignalEntry | None] = Field(default={})
    deals: DealsEntry | None = Field(default=None, description="How deals are read; once.")
    rfm: RfmEntry | None = Field(default=None, description="How lately, how often and for how much leads bought; once.")
    segments: dict[Name, Condition] = Field(default={})
    personas: dict[Name, PersonaEntry] = Field(
        default={}, description="The first whose condition holds is the lead's persona; the last may be: otherwise."
    )
    tags: dict[Name, Annotated[TagEntry, TextFor("add")]] = Field(default={})
    scores: dict[Name, ScoreEntry] = Field(default={})
    programs: dict[Name, ProgramEntry] = Field(default={})
    lists: dict[Name, Annotated[ListEntry, TextFor("hubspot")]] = Field(default={})
    notifications: dict[Name, NotificationEntry] = Field(default={})
    emails: dict[Name, EmailEntry] = Field(default={})
    sales: SalesEntry | None = Field(default=None, description="Teams of reps, and how leads are handed over.")
    texts: dict[Name, Words] = Field(default={}, description="Blocks for texts: {{ texts.<name> }}.")
    suppress_on: SuppressOn = Field(
        default=(), description="Signals after which no message is sent until a person lifts that."
    )
    write_back: WriteBackEntry = Field(default_factory=WriteBackEntry)
