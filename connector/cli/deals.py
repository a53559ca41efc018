"""A lead's deals on its page, and how it buys beside others."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from connector.cli.printing import build_grid, day, local, plural
from connector.engine.telling.buying import DealExplanation, RfmExplanation, RfmScore
from connector.engine.telling.explain import Explanation


def print_deals(console: Console, lead: Explanation, zone: ZoneInfo, lines: int) -> None:
    """The latest deals, and RFM with its reasons; nothing of a lead without deals."""
    if lead.deals:
        part = f" [dim]the last {lines} of {len(lead.deals)}[/]" if len(lead.deals) > lines else ""
        console.print(f"\n[bold cyan]Deals[/]{part}")
        table = build_grid()
        for deal in lead.deals[:lines]:
            amount = "" if deal.amount is None else f"{deal.amount:,g}"
            table.add_row(escape(deal.id), deal.outcome, amount, escape(deal.stage), _closed(deal, zone))
        console.print(Padding(table, (0, 2)))
    if lead.rfm is not None:
        _print_rfm(console, lead.rfm, zone)


def _closed(deal: DealExplanation, zone: ZoneInfo) -> str:
    if deal.closed_at is None:
        return ""
    return f"{'expected' if deal.outcome == 'open' else 'closed'} {_when(deal.closed_at, zone)}"


def _when(moment: datetime, zone: ZoneInfo) -> str:
    """A CRM that knows the day alone is kept as midnight UTC, and no clock shows that hour: the day as it was said."""
    return day(moment) if moment.timetz() == time(tzinfo=UTC) else local(moment, zone)


def _print_rfm(console: Console, rfm: RfmExplanation, zone: ZoneInfo) -> None:
    since = f" [dim]as measured {local(rfm.measured_at, zone)}[/]" if rfm.measured_at else ""
    console.print(f"\n[bold cyan]RFM {rfm.code or 'not measured yet'}[/]{since}")
    table = build_grid()
    for one in rfm.scores:
        table.add_row(one.name, "–" if one.score is None else str(one.score), _value(one), f"[dim]{_range(one)}[/]")
    console.print(Padding(table, (0, 2)))


def _value(one: RfmScore) -> str:
    if one.value is None:
        return "nobody knows when"
    if one.name == "recency":
        return f"bought {plural(max(0, int(one.value)), 'day')} ago"
    return plural(int(one.value), "purchase") if one.name == "frequency" else f"{one.value:,g} in all"


def _range(one: RfmScore) -> str:
    bounds = [f"more than {one.above:,g}" if one.above is not None else "",
              f"up to {one.up_to:,g}" if one.up_to is not None else ""]  # fmt: skip
    return " and ".join(filter(None, bounds))
