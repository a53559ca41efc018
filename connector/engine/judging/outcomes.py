"""Outcomes: what became of an email is told to its lead, as a fact like any other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from connector.domain.fact import Fact, FactKind, OutcomeName
from connector.domain.outward.change import ChangeKind, ChangeState
from connector.ports import NewFact, Settled

_NAMES = {
    ChangeState.DONE: OutcomeName.SENT,
    ChangeState.REFUSED: OutcomeName.FAILED,
    ChangeState.WITHDRAWN: OutcomeName.WITHDRAWN,
}


def outcomes(settled: Iterable[Settled], now: datetime) -> list[NewFact]:
    """A fact for each email that is closed; other changes, and what is still to be tried, say nothing."""
    return [
        NewFact(one.change.lead_id, _to_fact(one, now), now)
        for one in settled
        if one.change.kind is ChangeKind.EMAIL and one.state in _NAMES
    ]


def _to_fact(settled: Settled, now: datetime) -> Fact:
    change, act = settled.change, settled.change.act
    name = OutcomeName.SUPPRESSED if settled.is_suppressed else _NAMES[settled.state]
    data = {
        "act": act.key if act else "",
        "email": act.email.name if act and act.email else "",
        "words": settled.words,
        "because": settled.because,
    }
    crm = str(change.connection_id).partition("-")[0]
    return Fact(f"outcome:{change.key}", now, FactKind.OUTCOME, name, crm, {k: v for k, v in data.items() if v})
