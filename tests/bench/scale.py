"""How much is measured: in full, or just enough to see that everything works."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Amounts of one run."""

    rounds: int
    deliveries_of_one: int
    deliveries_of_hundred: int
    #: Single rows; ten times as many in batches.
    raw_rows: int
    #: How many leads are in store while facts are measured, smallest first.
    stores: tuple[int, ...]
    #: To how many of them something happens.
    measured_leads: int
    #: For the rate itself: leads in store, and to how many of them something happens.
    rate_store: int
    rate_leads: int
    #: Whether to measure single facts, too.
    with_singles: bool
    #: Leads of the Salesforce org, and to how many of them something happens in a round.
    org_leads: int
    org_told: int
    starts: int
    ticks: int
    scenarios: int


FULL = Scale(
    rounds=5,
    deliveries_of_one=4_000,
    deliveries_of_hundred=400,
    raw_rows=3_000,
    stores=(1_000, 10_000, 100_000),
    measured_leads=900,
    rate_store=10_000,
    rate_leads=3_000,
    with_singles=True,
    org_leads=100_000,
    org_told=3_000,
    starts=5,
    ticks=300,
    scenarios=1_000,
)
QUICK = Scale(
    rounds=1,
    deliveries_of_one=50,
    deliveries_of_hundred=4,
    raw_rows=50,
    stores=(120,),
    measured_leads=20,
    rate_store=120,
    rate_leads=30,
    with_singles=False,
    org_leads=120,
    org_told=30,
    starts=1,
    ticks=3,
    scenarios=30,
)
