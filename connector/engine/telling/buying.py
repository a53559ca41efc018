"""What an explanation says of a lead's deals, and of how it buys beside others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from connector.domain.draft import Draft
from connector.domain.traits.rfm import BEST, Bought, Rfm, bought_of, completed, value_of

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DealExplanation:
    """A deal as the lead knows it."""

    #: The CRM's own.
    id: str
    #: `open`, `won`, `lost` or `gone`.
    outcome: str
    stage: str
    pipeline: str
    amount: float | None
    #: When it was, or is expected to be, closed.
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class RfmScore:
    """One of RFM's three scores, and the range that it stands for."""

    #: `recency`, in days; `frequency`; `monetary`.
    name: str
    value: float | None
    #: None while quintiles are not measured.
    score: int | None
    #: It is for more than this and no more than that; None where there is no bound.
    above: float | None = None
    up_to: float | None = None


@dataclass(frozen=True, slots=True)
class RfmExplanation:
    """How lately, how often and for how much the lead bought."""

    code: str
    scores: tuple[RfmScore, ...]
    #: Since when the measured edges count; None where none are measured.
    measured_at: datetime | None


def explain_deals(draft: Draft) -> tuple[DealExplanation, ...]:
    """All deals that the lead remembers, those closed last ahead."""
    found = sorted(draft.deals.items(), key=lambda item: (item[1].closed_at, item[0]), reverse=True)
    return tuple(
        DealExplanation(
            id=ref.rpartition(":")[2],
            outcome="gone" if deal.is_gone else str(deal.outcome),
            stage=deal.stage,
            pipeline=deal.pipeline,
            amount=deal.amount,
            closed_at=deal.moment,
        )
        for ref, deal in found
    )


def explain_rfm(draft: Draft) -> RfmExplanation | None:
    """Why the lead's code is what it is; None for one that bought nothing, and for a mapping without RFM."""
    rule, edges = draft.book.definitions.rfm, draft.rfm_edges
    bought = bought_of(rule, edges, draft.deals, draft.now) if rule else None
    if rule is None or bought is None:
        return None
    measured_at = edges.measured_at if edges and rule.measured else None
    return RfmExplanation(bought.code, tuple(_scores(draft, rule, bought)), measured_at)


def _scores(draft: Draft, rule: Rfm, bought: Bought) -> Iterator[RfmScore]:
    bands = completed(rule, draft.rfm_edges)
    days = None if bought.last_at is None else (draft.now - bought.last_at) / _DAY
    recency = [span / _DAY for span in bands.recency]
    for name, value, edges in (
        ("recency", days, recency[::-1]),
        ("frequency", float(bought.times), bands.frequency),
        ("monetary", bought.total, bands.monetary),
    ):
        score = value_of(rule, draft.rfm_edges, f"rfm.{name}", draft.deals, draft.now)
        yield _score(name, value, int(score) if isinstance(score, float) else None, edges)


def _score(name: str, value: float | None, score: int | None, edges: Sequence[float]) -> RfmScore:
    """Edges in the order of the scores: of recency, the longest time comes first."""
    if score is None:
        return RfmScore(name, value, None)
    lower, upper = (edges[score - 2] if score > 1 else None), (edges[score - 1] if score < BEST else None)
    above, up_to = (upper, lower) if name == "recency" else (lower, upper)
    return RfmScore(name, value, score, above, up_to)
