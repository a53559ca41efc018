"""`coltiva status`: is all well?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer

from connector.cli.codes import FINDINGS
from connector.cli.options import AsJson

if TYPE_CHECKING:
    from connector.bootstrap import Services


def status(as_json: AsJson = False) -> None:
    """Show whether all is well, and what waits.

    Workers, connections, what waits, what was counted. Ends with 1 when something needs a person: no worker, a
    paused connection, a dead letter.
    """
    from connector.cli.opening import looking
    from connector.cli.printing import print_json

    with looking() as services:
        found = look(services)
    if as_json:
        print_json(found)
    else:
        _print(found)
    raise typer.Exit(FINDINGS if found["needs"] else 0)


def look(services: Services) -> Mapping[str, Any]:
    """Everything that the command shows, as data."""
    now = services.clock.now()
    health = services.store.read_models.health(now)
    leases = services.store.read_models.held_leases(now)
    with services.store.transaction() as transaction:
        connections = transaction.connections.all()
        counters = dict(sorted(transaction.counts.all().items()))
    workers = sorted(name.removeprefix("worker:") for name in leases if name.startswith("worker:"))
    needs = [] if workers else ["no worker is running: coltiva serve"]
    needs += [f"{one.id} is paused: {one.paused_because}" for one in connections if one.paused_because]
    refused = health.outbox.get("refused", 0)
    needs += [f"{refused} dead letters: coltiva dead-letters list"] if refused else []
    waiting_since = health.oldest_delivery_at
    return {
        "now": now,
        "needs": needs,
        "workers": workers,
        "connections": [
            {
                "id": one.id,
                "workspace": one.workspace,
                "state": one.state,
                "because": one.paused_because,
                "held_by": leases.get(f"calls:{one.id}", ""),
            }
            for one in connections
        ],
        "health": health,
        "behind_seconds": (now - waiting_since).total_seconds() if waiting_since else 0.0,
        "counters": counters,
    }


def _print(found: Mapping[str, Any]) -> None:
    from datetime import timedelta

    from rich.markup import escape

    from connector.cli.printing import age, build_console, build_table, joined

    console, health = build_console(), found["health"]
    for need in found["needs"]:
        console.print(f"[bold red]![/] {escape(need)}", soft_wrap=True)
    if not found["needs"]:
        console.print("[green]All is well.[/]")
    numbers = build_table("", "", right=("",))
    numbers.show_header = False
    behind = f"  the oldest for {age(timedelta(seconds=found['behind_seconds']))}" if health.deliveries_waiting else ""
    for name, value in (
        ("workers", joined(found["workers"])),
        ("deliveries waiting", f"{health.deliveries_waiting:,}{behind}"),
        ("leads", f"{health.leads:,}  {health.leads_unread:,} to be read, {health.leads_due:,} due"),
        ("facts", f"{health.facts:,}"),
        ("outbox", joined(f"{amount:,} {state}" for state, amount in health.outbox.items())),
        ("strays", joined(f"{amount:,} {reason}" for reason, amount in health.strays.items())),
    ):
        numbers.add_row(name, value)
    console.print(numbers)
    _print_connections(console, found["connections"])
    _print_counters(console, found["counters"])


def _print_connections(console: Any, connections: list[Mapping[str, Any]]) -> None:
    from rich.markup import escape

    from connector.cli.printing import build_table

    table = build_table("connection", "workspace", "state", "because")
    for one in connections:
        table.add_row(one["id"], one["workspace"], str(one["state"]), escape(one["because"]))
    if connections:
        console.print("", table)


def _print_counters(console: Any, counters: Mapping[str, int]) -> None:
    from connector.cli.printing import build_table

    table = build_table("counted since the beginning", "", right=("",))
    for name, amount in counters.items():
        table.add_row(name, f"{amount:,}")
    if counters:
        console.print("", table)
