"""The shape of what mapping files say about deals."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from connector.mapping.forms import Entry, OneOrMany, Span, wrong

Property = Annotated[str, Field(pattern=r"^[^\s]+$", max_length=255)]
#: The CRM's own name of a stage or pipeline.
StageName = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Outcome = Literal["won", "lost", "open"]
Edge = Annotated[float, Field(ge=0, le=1_000_000_000_000)]
_EDGES = 4
#: What a signal may carry of the deal that gave it.
DEAL_VALUES = ("amount", "stage", "pipeline", "closed_at")
MEASURES = ("count", "total", "average", "first", "last")


class StagesEntry(Entry):
    """Stages of deals, in some pipelines or in all."""

    what: ClassVar[str] = "stages of deals"

    stage: Annotated[tuple[StageName, ...], OneOrMany()] = Field(
        default=(), description="The CRM's own names of stages; one of these."
    )
    pipeline: Annotated[tuple[StageName, ...], OneOrMany()] = Field(
        default=(), description="Only in these pipelines; without, in all."
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.stage and not self.pipeline:
            raise wrong("no stage is named", "write {stage: closedwon}")
        return self


class DealSourceEntry(Entry):
    """How the deals of a CRM are read."""

    what: ClassVar[str] = "deals in a CRM"

    amount: Property = Field(default="amount", description="The property with the amount.")
    closed_at: Property = Field(default="closedate", description="The property that says when a deal was closed.")
    stage: Property = Field(default="dealstage", description="The property with the stage.")
    pipeline: Property = Field(default="pipeline", description="The property with the pipeline.")
    won: StagesEntry = Field(description="The stages of deals that are won.")
    lost: StagesEntry | None = Field(
        default=None, description="The stages of deals that are lost; all others are open."
    )
    pipelines: Annotated[tuple[StageName, ...], OneOrMany()] = Field(
        default=(), description="Only deals of these pipelines count; without, all."
    )


class OpportunitySourceEntry(DealSourceEntry):
    """How Salesforce tells of opportunities."""

    amount: Property = Field(default="Amount", description="The field with the amount.")
    closed_at: Property = Field(default="CloseDate", description="The field that says when it was or will be closed.")
    stage: Property = Field(default="StageName", description="The field with the stage.")
    pipeline: Property = Field(default="RecordTypeId", description="The field that tells sorts of opportunities apart.")


class DealsEntry(Entry):
    """What CRMs know of purchases."""

    what: ClassVar[str] = "deals"

    hubspot: DealSourceEntry | None = None
    salesforce: OpportunitySourceEntry | None = None


class MeasureEntry(Entry):
    """What a field says of all of a lead's deals."""

    what: ClassVar[str] = "a field from deals"

    count: Outcome | None = Field(default=None, description="How many of these deals there are.")
    total: Outcome | None = Field(default=None, description="Their amounts, added up.")
    average: Outcome | None = Field(default=None, description="The average of their amounts.")
    first: Outcome | None = Field(default=None, description="When the first of them was closed.")
    last: Outcome | None = Field(default=None, description="When the last of them was closed.")
    within: Span | None = Field(default=None, description="Only those that were closed within the last so long.")

    @model_validator(mode="after")
    def _one_measure(self) -> Self:
        given = [name for name in MEASURES if getattr(self, name)]
        if len(given) != 1:
            hint = "write {count: won}; or total, average, first, last"
            raise wrong("a field says one thing of deals", hint, given[1] if given else "")
        return self


def _four(values: tuple[float, ...] | tuple[timedelta, ...]) -> None:
    if len(values) != _EDGES or any(first >= second for first, second in pairwise(values)):  # type: ignore[operator]
        raise wrong("expected four edges in rising order between five scores", "write [1, 2, 4, 8]")


def four_spans(values: tuple[timedelta, ...]) -> tuple[timedelta, ...]:
    """Four durations in rising order; refuses others."""
    _four(values)
    return values


def four_numbers(values: tuple[float, ...]) -> tuple[float, ...]:
    """Four numbers in rising order; refuses others."""
    _four(values)
    return values


_SCORED = ("recency", "frequency", "monetary")


class RfmEntry(Entry):
    """How lately, how often and for how much a lead bought, each as a score from 1 to 5."""

    what: ClassVar[str] = "rfm"

    quintiles: bool = Field(
        default=False, description="What has no edges here is scored by fifths of all who bought, measured once a day."
    )
    recency: Annotated[tuple[Span, ...], OneOrMany(), AfterValidator(four_spans)] = Field(
        default=(), description="Four durations since the last purchase: up to the first is 5, beyond the last is 1."
    )
    frequency: Annotated[tuple[Edge, ...], OneOrMany(), AfterValidator(four_numbers)] = Field(
        default=(), description="Four numbers of purchases: up to the first is 1, above the last is 5."
    )
    monetary: Annotated[tuple[Edge, ...], OneOrMany(), AfterValidator(four_numbers)] = Field(
        default=(), description="Four amounts in all: up to the first is 1, above the last is 5."
    )
    within: Span | None = Field(default=None, description="Only purchases of the last so long.")

    @model_validator(mode="after")
    def _all_are_scored(self) -> Self:
        missing = next((name for name in _SCORED if not getattr(self, name)), "")
        if missing and not self.quintiles:
            hint = f"add {missing}: with four edges; or quintiles: true, to have it measured"
            raise wrong(f"nothing says how {missing} is scored", hint)
        if self.quintiles and not missing:
            raise wrong("all three have edges, and nothing is left to measure", "remove quintiles", "quintiles")
        return self
