"""The shape of signals: where they come from, and what they carry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from connector.crms.manifest import CrmManifest
from connector.mapping.crms import CRMS, WORDS, with_crms
from connector.mapping.deal_models import DEAL_VALUES, Property
from connector.mapping.forms import Entry, Name, Names, OneOrMany, Words, wrong

_FEEDS = WORDS["hubspot"].feeds
_COMPANIONS = WORDS["salesforce"].companions
#: Keys that say where a signal comes from.
_KINDS = ("when_changed", "deal", "member", "task", "poll")
#: Keys that say what of a feed is meant.
_KEYS = ("type", "list_", "form")


class RecordSourceEntry(Entry):
    """Where a signal comes from: the change of a CRM property, or one of the lead's deals."""

    what: ClassVar[str] = "a signal source"

    when_changed: Property | None = Field(default=None, description="The property whose change is the signal.")
    to: Annotated[tuple[str | bool | float, ...], OneOrMany()] = Field(
        default=(),
        description="Only when it changes to one of these; of what moved: to one of these stages or statuses.",
    )
    deal: Literal["opened", "won", "lost", "moved"] | None = Field(
        default=None, description="What happened to one of the lead's deals."
    )
    attributes: dict[Name, Name] = Field(
        default={},
        description="What the signal carries. Of a property: `value` for the new value, or the name of a lead field. "
        "Of a deal: amount, stage, pipeline, closed_at, or the name of a lead field. "
        "Of a feed: what the feed tells, such as form_name.",
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        known = [key for key in _KINDS if key in type(self).model_fields]
        kinds = [key for key in known if getattr(self, key) is not None]
        if len(kinds) != 1:
            words = " and ".join([", ".join(f"`{key}`" for key in known[:-1]), f"`{known[-1]}`"])
            hint = "make two sources" if kinds else self._examples
            raise wrong(f"a signal source has one of {words}", hint, kinds[-1] if kinds else "")
        if self.deal and self.deal != "moved" and self.to:
            raise wrong("`to` names the stages that a deal moved to", "write deal: moved", "to")
        return self

    _examples: ClassVar[str] = "add when_changed: and a field, or deal: won"

    @property
    def own_values(self) -> tuple[str, ...]:
        """What an attribute may say beside the names of lead fields."""
        return DEAL_VALUES if self.deal else ("value",)


class SourceEntry(RecordSourceEntry):
    """Where a signal comes from in HubSpot: feeds that are polled, too."""

    _examples: ClassVar[str] = "add when_changed: and a property, deal: won, or poll: and a feed"

    poll: Literal["form_submissions", "email_events", "list_memberships", "meetings", "page_visits"] | None = Field(
        default=None, description="What HubSpot is asked for every few minutes, because it does not tell by itself."
    )
    type: (
        Literal[
            "SENT",
            "DROPPED",
            "PROCESSED",
            "DELIVERED",
            "DEFERRED",
            "BOUNCE",
            "OPEN",
            "CLICK",
            "PRINT",
            "FORWARD",
            "STATUSCHANGE",
            "SPAMREPORT",
        ]
        | None
    ) = Field(default=None, description="Of email_events: what happened to the email.")
    list_: Words | None = Field(default=None, alias="list", description="Of list_memberships: the list's name.")
    form: Annotated[tuple[Words, ...], OneOrMany()] = Field(
        default=(), description="Of form_submissions: the forms' names; without, every form."
    )

    @model_validator(mode="after")
    def _one_feed(self) -> Self:
        if self.poll is None:
            self._refuse(_KEYS, "a source with `poll`")
        else:
            self._check_feed(self.poll)
        return self

    def _check_feed(self, poll: str) -> None:
        feed = _FEEDS[poll]
        self._refuse(("to",), "a source with `when_changed` or `deal`")
        self._refuse([key for key in _KEYS if key.rstrip("_") != feed.key], "another feed")
        if feed.needs_key and not self.only:
            raise wrong(f'"{feed.key}" is missing in a source that polls {poll}', f"add {feed.key}:", "poll")
        for attribute, wanted in self.attributes.items():
            if wanted not in feed.tells:
                known = ", ".join(feed.tells)
                raise wrong(f'{poll} does not tell "{wanted}"', f'"{attribute}" can be one of {known}', "attributes")

    def _refuse(self, keys: list[str] | tuple[str, ...], where: str) -> None:
        for key in keys:
            if getattr(self, key):
                name = key.rstrip("_")
                raise wrong(f"`{name}` belongs to {where}", "remove it", name)

    @property
    def own_values(self) -> tuple[str, ...]:
        """What an attribute may say beside the names of lead fields; all of a feed's."""
        return tuple(self.attributes.values()) if self.poll else super().own_values

    @property
    def only(self) -> tuple[str, ...]:
        """What of the feed is meant; nothing for all of it."""
        return tuple(word for word in (self.type, self.list_, *self.form) if word)


class OrgSourceEntry(RecordSourceEntry):
    """Where a signal comes from in Salesforce: campaign members and tasks of the lead, too."""

    _examples: ClassVar[str] = "add when_changed: and a field, deal: won, member: responded, or task: completed"

    member: Literal["added", "moved", "responded"] | None = Field(
        default=None, description="What happened to one of the lead's memberships of campaigns."
    )
    task: Literal["made", "moved", "completed"] | None = Field(
        default=None, description="What happened to a task about the lead; a call or an email that was logged is one."
    )
    campaign: Annotated[tuple[Words, ...], OneOrMany()] = Field(
        default=(), description="Of member: only of the campaigns of these names."
    )
    type: Annotated[tuple[Words, ...], OneOrMany()] = Field(
        default=(), description="Of task: only those of these types or subtypes, such as Call."
    )

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        for key, kind in (("campaign", "member"), ("type", "task")):
            if getattr(self, key) and getattr(self, kind) is None:
                raise wrong(f"`{key}` belongs to a source with `{kind}`", "remove it", key)
        if self.companion and self.to and "moved" not in (self.member, self.task):
            raise wrong("`to` names the statuses that it moved to", f"write {self.companion}: moved", "to")
        for attribute, wanted in self.attributes.items() if self.companion else ():
            if wanted not in _COMPANIONS[self.companion].tells:
                known = ", ".join(_COMPANIONS[self.companion].tells)
                raise wrong(
                    f'a {self.companion} does not tell "{wanted}"', f'"{attribute}" can be one of {known}', "attributes"
                )
        return self

    @property
    def companion(self) -> str:
        """`member` or `task`, where it is about one; empty otherwise."""
        return "member" if self.member else "task" if self.task else ""

    @property
    def own_values(self) -> tuple[str, ...]:
        """What an attribute may say beside the names of lead fields; all that a member or task tells."""
        return tuple(self.attributes.values()) if self.companion else super().own_values


class ApiEntry(Entry):
    """A signal that other systems tell through Coltiva's API."""

    what: ClassVar[str] = "a signal of the API"

    attributes: Names = Field(default=(), description="What of its attributes is kept.")
    unknown: Literal["set_aside", "look_up"] = Field(
        default="set_aside",
        description="A person whom no lead is known by: keep the signal aside, or look the person up in the CRM.",
    )


def _to_sources(crm: CrmManifest) -> tuple[Any, Any]:
    entry = SourceEntry if crm.words.feeds else OrgSourceEntry if crm.words.companions else RecordSourceEntry
    return Annotated[tuple[entry, ...], OneOrMany()], ()  # type: ignore[valid-type]


@with_crms(_to_sources)
class SignalEntry(Entry):
    """Something that a lead does, in the past tense."""

    what: ClassVar[str] = "a signal"

    api: ApiEntry | None = Field(default=None, description="Other systems may tell it through the API.")
    attributes: Names = Field(default=(), description="The names of what a signal without a source carries.")

    @property
    def sources(self) -> Iterator[tuple[str, int, RecordSourceEntry]]:
        """Each source, with its CRM and its place among the sources there."""
        for crm in CRMS:
            for index, source in enumerate(getattr(self, crm)):
                yield crm, index, source
