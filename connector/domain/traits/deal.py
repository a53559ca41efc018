"""Deals: what a CRM knows of a lead's purchases, won, lost and still open, and what can be said of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import fsum

from connector.domain.fact import Value
from connector.domain.field import Field, FieldType, format_moment, parse_value

#: A lead remembers so many deals; of more, those closed longest ago are forgotten.
MOST_DEALS = 500
_MILLISECOND = timedelta(milliseconds=1)
#: The calendar's last full minute: CRMs say 9999-12-31 for a date without end.
_LAST = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)


class DealNews(StrEnum):
    """Why a fact tells of a deal. It stands before the deal's reference in the name of the fact."""

    BASELINE = "baseline"  # it was there when we first heard of the lead; counts before everything else
    READ = "read"  # it was there when we looked again: no news, whatever it says
    CHANGED = "changed"  # something about it changed, or it became the lead's
    MOVED = "moved"  # its stage changed, or it is new
    GONE = "gone"  # it was deleted, merged away, or is the lead's no more


class Outcome(StrEnum):
    """What became of a deal."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


class DealEvent(StrEnum):
    """What of a deal can be a signal."""

    OPENED = "opened"  # it is new, or open again
    WON = "won"
    LOST = "lost"
    MOVED = "moved"  # it came to another stage


@dataclass(frozen=True, slots=True)
class Stages:
    """Stages in pipelines; of either, none named means all."""

    stages: frozenset[str] = frozenset()
    pipelines: frozenset[str] = frozenset()

    def include(self, stage: str, pipeline: str) -> bool:
        """Whether a deal at this stage of this pipeline is meant."""
        return (not self.stages or stage in self.stages) and (not self.pipelines or pipeline in self.pipelines)


@dataclass(frozen=True, slots=True)
class DealSource:
    """How the deals of one CRM are read."""

    crm: str
    #: The CRM's properties.
    amount: str
    closed_at: str
    stage: str
    pipeline: str
    won: Stages
    #: None: no deal is ever lost.
    lost: Stages | None = None
    #: Only deals of these pipelines count; none named means all.
    pipelines: frozenset[str] = frozenset()

    @property
    def properties(self) -> tuple[str, ...]:
        """What is read of a deal, sorted."""
        return tuple(sorted({self.amount, self.closed_at, self.stage, self.pipeline}))

    def outcome(self, stage: str, pipeline: str) -> Outcome:
        """What a stage means."""
        if self.won.include(stage, pipeline):
            return Outcome.WON
        is_lost = self.lost is not None and self.lost.include(stage, pipeline)
        return Outcome.LOST if is_lost else Outcome.OPEN


@dataclass(frozen=True, slots=True)
class DealSignal:
    """A signal that a deal gives."""

    signal: str
    crm: str
    event: DealEvent
    #: Of MOVED: only to one of these stages; empty: to any.
    to: tuple[str, ...] = ()
    #: Attribute -> a value of the deal (`amount`, `stage`, `pipeline`, `closed_at`), or the name of a lead field.
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Deal:
    """One deal, as far as a lead remembers it."""

    stage: str
    pipeline: str
    outcome: Outcome
    amount: float | None = None
    #: When it was, or is expected to be, closed, as fields keep moments; empty where nobody said.
    closed_at: str = ""
    #: The stage that was told as news last; empty: none was.
    told: str = ""
    #: Deleted, or the lead's no more: it counts for nothing, and is no news when it comes back.
    is_gone: bool = False

    @property
    def moment(self) -> datetime | None:
        """When it was closed."""
        return datetime.fromisoformat(self.closed_at) if self.closed_at else None


#: Reference -> deal.
Deals = Mapping[str, Deal]


class Measure(StrEnum):
    """What can be said of several deals."""

    COUNT = "count"
    TOTAL = "total"
    AVERAGE = "average"
    FIRST = "first"  # when the first was closed
    LAST = "last"  # when the last was closed


@dataclass(frozen=True, slots=True)
class DealField:
    """A lead field that follows from deals."""

    field: str
    measure: Measure
    of: Outcome
    #: Only deals that were closed within the last so long; None: all of them.
    within: timedelta | None = None


def type_of(measure: Measure) -> FieldType:
    """What a field holds that says this."""
    return FieldType.DATETIME if measure in (Measure.FIRST, Measure.LAST) else FieldType.NUMBER


def counted(deals: Deals, of: Outcome, within: timedelta | None, now: datetime) -> list[Deal]:
    """The deals of this outcome that count now, in no order."""
    found = [deal for deal in deals.values() if deal.outcome is of and not deal.is_gone]
    if within is None:
        return found
    return [deal for deal in found if (lapses_at := _lapses_at(deal, within)) is not None and now < lapses_at]


def value_of(rule: DealField, deals: Deals, now: datetime) -> Value | None:
    """The field's value now. There is no average, no first and no last of nothing."""
    found = counted(deals, rule.of, rule.within, now)
    amounts = [deal.amount for deal in found if deal.amount is not None]
    moments = [deal.closed_at for deal in found if deal.closed_at]
    match rule.measure:
        case Measure.COUNT:
            return float(len(found))
        case Measure.TOTAL:
            return fsum(amounts)
        case Measure.AVERAGE:
            return fsum(amounts) / len(amounts) if amounts else None
        case Measure.FIRST:
            return min(moments, default=None)
        case Measure.LAST:
            return max(moments, default=None)


def changes_at(rule: DealField, deals: Deals, now: datetime) -> datetime | None:
    """When at the earliest time alone changes the field's value; None for never."""
    if rule.within is None:
        return None
    found = counted(deals, rule.of, rule.within, now)
    return min((moment for deal in found if (moment := _lapses_at(deal, rule.within))), default=None)


def _lapses_at(deal: Deal, within: timedelta) -> datetime | None:
    """From when on the deal lies further back than that."""
    if deal.moment is None:
        return None
    try:
        return min(deal.moment + within + _MILLISECOND, _LAST)
    except OverflowError:
        return _LAST


def bounded(deals: dict[str, Deal]) -> dict[str, Deal]:
    """No more deals than a lead should carry: open ones stay longest, and those closed last."""
    while len(deals) > MOST_DEALS:
        oldest = min(deals.items(), key=lambda item: (_weight(item[1]), item[1].closed_at, item[0]))
        deals = {ref: deal for ref, deal in deals.items() if ref != oldest[0]}
    return deals


def _weight(deal: Deal) -> int:
    if deal.is_gone:
        return 0
    return 2 if deal.outcome is Outcome.OPEN else 1


#: Beyond lies a mistake; a few of such would add up to more than a number can be.
_MOST_AMOUNT = 1e15
_AMOUNT, _MOMENT = Field("amount", FieldType.NUMBER), Field("closed_at", FieldType.DATETIME)


def parse_amount(raw: str) -> float | None:
    """The amount of a deal; None where it has none. Raises ValueError with a sentence for people."""
    value = parse_value(_AMOUNT, raw)
    if not isinstance(value, float):
        return None
    if abs(value) > _MOST_AMOUNT:
        raise ValueError(f"{raw[:80]!r} is beyond all that deals are about")
    return value


def parse_closed_at(raw: str, otherwise: datetime | None) -> str:
    """When a deal was closed; empty for never. Raises ValueError with a sentence for people."""
    value = parse_value(_MOMENT, raw)
    if isinstance(value, str):
        return value
    return format_moment(otherwise) if otherwise else ""


def events_of(was: Outcome | None, is_: Outcome) -> Iterable[DealEvent]:
    """What a change of stage means, the more general first."""
    yield DealEvent.MOVED
    if was is not is_:
        yield {Outcome.OPEN: DealEvent.OPENED, Outcome.WON: DealEvent.WON, Outcome.LOST: DealEvent.LOST}[is_]
