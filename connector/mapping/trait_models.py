"""The shape of what says who a lead is: fields that follow from signals, personas, tags."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from connector.mapping.forms import Entry, Name, Span, Where, reference, wrong
from connector.mapping.report import kind_of
from connector.mapping.trigger_models import Triggers

_PART = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
#: The keys by which a field follows from signals; the first two add up and give numbers.
NUMBERS = ("count", "sum")
_RECKONINGS = (*NUMBERS, "most", "latest", "first")
_ELSEWHERE = ("hubspot", "salesforce", "identity", "timezone", "owner", "consent")


def read_part(value: Any) -> tuple[str, str]:
    """`report_read.topic`: a signal and one of its attributes."""
    if not isinstance(value, str) or not _PART.fullmatch(value):
        raise wrong(f"expected a signal and its attribute, found {kind_of(value)}", "write report_read.topic")
    signal, _, attribute = value.partition(".")
    return signal, attribute


Part = Annotated[
    tuple[str, str],
    PlainValidator(read_part),
    WithJsonSchema({"type": "string", "pattern": f"^{_PART.pattern}$", "examples": ["report_read.topic"]}),
]


class ReckonedEntry(Entry):
    """What a field may say of the signals that it follows from."""

    most: Part | None = Field(default=None, description="The attribute's value with the most signals; see `by`.")
    by: Name | None = Field(default=None, description="Of `most`: the attribute that weighs, such as seconds.")
    latest: Part | None = Field(default=None, description="The attribute's latest value.")
    first: Part | None = Field(default=None, description="The attribute's first value.")
    count: Name | None = Field(default=None, description="How many signals of this name.")
    sum: Part | None = Field(default=None, description="What the attribute adds up to.")
    where: Where | None = Field(default=None, description="Only signals with these attributes.")
    within: Span | None = Field(default=None, description="Only signals of the latest so long.")

    @property
    def reckoning(self) -> str:
        """The key by which the field follows from signals; empty for one that is read from a CRM."""
        return next(iter(self._said(_RECKONINGS)), "")

    def _said(self, keys: tuple[str, ...]) -> list[str]:
        return [key for key in keys if getattr(self, key)]

    @model_validator(mode="after")
    def _made_in_one_way(self) -> Self:
        ways = self._said(_RECKONINGS) + (self._said(_ELSEWHERE) if self.reckoning else [])
        if len(ways) > 1:
            raise wrong(f"a field is made in one way, not by {ways[0]} and {ways[1]}", "make two fields", ways[1])
        for key in () if ways else self._said(("by", "where", "within")):
            raise wrong(f"`{key}` belongs to a field that follows from signals", "write most:, latest: or count:", key)
        if self.by and not self.most:
            raise wrong("`by` weighs the values of `most`", at="by")
        if self.within and self.first:
            raise wrong("the first value does not change with time", "write latest:, or remove it", "within")
        return self

    @model_validator(mode="after")
    def _numbers_are_numbers(self) -> Self:
        if self.reckoning in NUMBERS:
            for key in ("type", "values"):
                if key in self.model_fields_set and getattr(self, key) != "number":
                    raise wrong(f"`{self.reckoning}` gives a number", "remove it", key)
        return self


class TagEntry(Entry):
    """A label that rules put on leads and take off."""

    what: ClassVar[str] = "a tag"

    add: Annotated[Triggers, Field(description="Any of these puts it on.")]
    remove: Triggers = Field(default=(), description="Any of these takes it off.")
    for_: Span | None = Field(
        default=None, alias="for", description="It comes off by itself so long after it was last put on."
    )

    @model_validator(mode="after")
    def _is_put_on(self) -> Self:
        if not self.add:
            raise wrong("nothing puts this tag on", "name a signal or a condition", "add")
        return self


PersonaEntry = Annotated[Any, reference("PersonaCondition")]
