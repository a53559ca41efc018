"""The shape of what scenarios say of deals, and of what is measured among all who bought."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, Field, model_validator

from connector.mapping.deal_models import Edge, four_numbers, four_spans
from connector.mapping.forms import Entry, Names, OneOrMany, Span, Words, wrong

#: What happens to a deal.
HAPPENINGS = ("opened", "won", "lost", "moved", "changed", "gone")


class DealEntry(Entry):
    """Something that happens to a deal; its name stands for it in the whole scenario."""

    what: ClassVar[str] = "a deal"

    opened: Words | None = None
    won: Words | None = None
    lost: Words | None = None
    moved: Words | None = None
    changed: Words | None = None
    gone: Words | None = None
    stage: Words | None = None
    pipeline: Words | None = None
    amount: float | None = None
    closed_at: Words | None = None

    @model_validator(mode="after")
    def _one_happening(self) -> Self:
        given = [name for name in HAPPENINGS if getattr(self, name)]
        if len(given) != 1:
            hint = "write {won: order}; or opened, lost, moved, changed, gone"
            raise wrong("one thing happens to a deal", hint, given[1] if given else "")
        if self.moved and not self.stage:
            raise wrong("`moved` needs the stage that it came to", "add stage: and its name", "moved")
        return self

    @property
    def happening(self) -> tuple[str, str]:
        """What happens, and the deal's name."""
        return next((name, getattr(self, name)) for name in HAPPENINGS if getattr(self, name))


class GivenDealEntry(DealEntry):
    """A deal that was there before the scenario began."""

    of: Names = ()


class MeasuredEntry(Entry):
    """Where the fifths of all who bought end."""

    what: ClassVar[str] = "rfm"

    recency: Annotated[tuple[Span, ...], OneOrMany(), AfterValidator(four_spans)] = Field(default=())
    frequency: Annotated[tuple[Edge, ...], OneOrMany(), AfterValidator(four_numbers)] = Field(default=())
    monetary: Annotated[tuple[Edge, ...], OneOrMany(), AfterValidator(four_numbers)] = Field(default=())

    def edges(self, name: str) -> tuple[float, ...] | tuple[timedelta, ...]:
        """Of `recency`, `frequency` or `monetary`."""
        found: tuple[float, ...] | tuple[timedelta, ...] = getattr(self, name)
        return found
