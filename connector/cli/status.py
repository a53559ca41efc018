"""`coltiva status`: is all well?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer

from connector.cli.codes import FINDINGS
from connector.cli.options import AsJson

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from connector.bootstrap import Services
    from connector.domain.ids import WorkspaceId
    from connector.domain.override import OverrideEntry
    from connector.ports import Connection

#: Why something received became no fact -> one of it, many of it, and what to do.
_STRAYS = {
    "unknown_account": (
        "event came from an account that is not connected",
        "events came from accounts that are not connected",
        "Connect it, or remove the app there.",
    ),
    "unknown_type": (
        "event was of a kind that says nothing about a lead",
        "events were of kinds that say nothing about a lead",
        "Nothing to do; to hear of none, end that subscription in the CRM.",
    ),
    "other_object": (
        "event was of a record that is no lead, such as a company",
        "events were of records that are no leads, such as companies",
        "Nothing to do; to hear of none, end that subscription in the CRM.",
    ),
    "unknown_signal": (
        "signal of the API has a name that the mapping takes from nobody",
        "signals of the API have names that the mapping takes from nobody",
        "Add it to the mapping with api:, or mend its sender.",
    ),
    "unknown_person": (
        "signal of the API was of somebody who is no lead",
        "signals of the API were of people who are no leads",
        "To have such people looked up in the CRM, write unknown: look_up in the mapping.",
    ),
    "unreadable_record": (
        "record of a feed could not be understood and is kept as it came",
        "records of feeds could not be understood and are kept as they came",
        "Look at them in the CRM; where nothing is wrong there, please report it.",
    ),
    "unreadable": (
        "delivery could not be understood and is kept as it came",
        "deliveries could not be understood and are kept as they came",
        "Please report it.",
    ),
}


def status(as_json: AsJson = False) -> None:
    """Show whether all is well, and what waits.

    What needs a person comes first, with the remedy: no worker, a paused connection, a dead letter. It ends with 1
    then. After that come workers, connections, what waits and what was counted.

    Example:  coltiva status
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
    from connector.cli.opening import zone_of
    from connector.cli.printing import plural
    from connector.cli.standstill import tell_waiting
    from connector.domain.petition import PetitionKind
    from connector.engine.telling.standing import pauses_of

    now = services.clock.now()
    health = services.store.read_models.health(now)
    leases = services.store.read_models.held_leases(now)
    workers = find_workers(services)
    with services.store.transaction() as transaction:
        connections = transaction.connections.all()
        spaces = sorted({one.workspace for one in connections})
        waiting = [transaction.petitions.parked(space, PetitionKind.ADMISSION) for space in spaces]
        pauses = {space: pauses_of(transaction.overrides.all(space)) for space in spaces}
        feeds = [(one, state) for one in connections for state in transaction.feeds.of(one.id)]
        censuses = [(one, state) for one in connections for state in transaction.censuses.of(one.id)]
        missed = {one: found for one in connections if (found := transaction.streams.missed(one.id))}
        counters = dict(sorted(transaction.counts.all().items()))
    # Reading a mapping takes a moment: only where there are times to tell.
    with_times = {space for space in spaces if pauses[space]} | {
        one.workspace for one, _ in [*feeds, *censuses, *missed.items()]
    }
    zones = {space: zone_of(services, space) for space in sorted(with_times)}
    needs = [] if connections else ["no CRM is connected. Connect one: coltiva connect hubspot (or salesforce)"]
    needs += [] if workers else ["no worker is running. Start one: coltiva serve"]
    needs += [tell_pause(one) for one in connections if one.paused_because]
    refused = health.outbox.get("refused", 0)
    needs += [f"{plural(refused, 'dead letter')}. See what the CRM said: coltiva dead-letters"] if refused else []
    needs += [f"{one.id} does not offer {state.feed}: {state.problem}" for one, state in feeds if state.problem]
    needs += [
        f"{one.id}: not all of type {state.object_type} is known. {state.problem}"
        for one, state in censuses
        if state.problem
    ]
    needs += [*_tell_frozen(health.frozen), *(line for each in waiting for line in tell_waiting(each))]
    waiting_since = health.oldest_delivery_at
    return {
        "now": now,
        "needs": needs,
        "notes": [
            *_tell_pauses(pauses, zones),
            *(_tell_missed(one, found, zones[one.workspace]) for one, found in missed.items()),
            *(_tell_strays(reason, amount) for reason, amount in health.strays.items()),
        ],
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
        "feeds": [
            {
                "connection": one.id,
                "feed": str(state.feed),
                "complete_to": state.complete_to,
                "timezone": str(zones[one.workspace]),
                "problem": state.problem,
            }
            for one, state in feeds
        ],
        "records": [
            {
                "connection": one.id,
                "object_type": state.object_type,
                "read": state.read,
                "total": state.total,
                "complete_to": state.complete_to if state.is_filled else None,
                "timezone": str(zones[one.workspace]),
                "problem": state.problem,
            }
            for one, state in censuses
        ],
        "missed": [
            {"connection": one.id, "object_type": object_type, "since": since}
            for one, found in missed.items()
            for object_type, since in found.items()
        ],
        "health": health,
        "behind_seconds": (now - waiting_since).total_seconds() if waiting_since else 0.0,
        "counters": counters,
    }


def find_workers(services: Services) -> list[str]:
    """The workers that were seen lately."""
    leases = services.store.read_models.held_leases(services.clock.now())
    return sorted(name.removeprefix("worker:") for name in leases if name.startswith("worker:"))


def tell_pause(connection: Connection) -> str:
    """Why nothing is read from or written to the account, and what ends that."""
    return (
        f"{connection.id} is paused: {connection.paused_because} "
        f"Nothing is lost meanwhile. With a good token: coltiva connect {connection.crm}"
    )


def _tell_frozen(frozen: Mapping[str, int]) -> list[str]:
    from connector.cli.printing import joined, plural

    if not frozen:
        return []
    which = joined([f"{name} of {plural(amount, 'lead')}" for name, amount in sorted(frozen.items())], "")
    remedy = "End the workflow or sync of yours that puts values back; then: coltiva thaw WHO FIELD"
    return [f"CRMs keep overwriting each other, so nothing is written for a day of {which}. {remedy}"]


def _tell_pauses(
    pauses: Mapping[WorkspaceId, Mapping[str, OverrideEntry]], zones: Mapping[WorkspaceId, ZoneInfo]
) -> list[str]:
    from connector.cli.standstill import tell_pauses

    return [line for space, entries in pauses.items() if entries for line in tell_pauses(entries, zones[space])]


def _tell_missed(connection: Connection, missed: Mapping[str, datetime], zone: ZoneInfo) -> str:
    from connector.cli.printing import joined, local

    types, since = joined(sorted(missed)), local(min(missed.values()), zone)
    return (
        f"{connection.id}: change events of type {types} may have been missed since {since}. The worker looks up what "
        "changed as soon as it can call there: coltiva serve, or end the connection's pause"
    )


def _tell_strays(reason: str, amount: int) -> str:
    from connector.cli.printing import plural

    one, many, remedy = _STRAYS[reason]
    return f"{plural(amount, one, many)}. {remedy}"


def _print(found: Mapping[str, Any]) -> None:
    from connector.cli.printing import build_console

    console = build_console()
    _print_verdict(console, found["needs"], found["notes"])
    _print_numbers(console, found)
    _print_connections(console, found["connections"])
    _print_feeds(console, found["feeds"], found["now"])
    _print_records(console, found["records"], found["now"])
    _print_counters(console, found["counters"])


def _print_verdict(console: Any, needs: list[str], notes: list[str]) -> None:
    from rich.markup import escape

    from connector.cli.printing import build_grid

    table = build_grid()
    for need in needs:
        table.add_row("[bold red]![/]", escape(need))
    if not needs:
        table.add_row("[green]✓[/]", "[green]Nothing needs you now.[/]" if notes else "[green]All is well.[/]")
    for note in notes:
        table.add_row("[yellow]·[/]", escape(note))
    console.print(table, "")


def _print_numbers(console: Any, found: Mapping[str, Any]) -> None:
    from datetime import timedelta

    from connector.cli.printing import age, build_grid, joined

    health, table = found["health"], build_grid()
    behind = f"  the oldest for {age(timedelta(seconds=found['behind_seconds']))}" if health.deliveries_waiting else ""
    for name, value in (
        ("workers", joined(found["workers"], "none")),
        ("deliveries waiting", f"{health.deliveries_waiting:,}{behind}"),
        ("leads", f"{health.leads:,}, {health.leads_unread:,} to be read, {health.leads_due:,} due"),
        ("facts", f"{health.facts:,}"),
        ("outbox", joined((f"{amount:,} {state}" for state, amount in health.outbox.items()), "empty")),
        ("set aside", joined((f"{amount:,} {reason}" for reason, amount in health.strays.items()), "nothing")),
    ):
        table.add_row(f"[bold]{name}[/]", value)
    console.print(table)


def _print_connections(console: Any, connections: list[Mapping[str, Any]]) -> None:
    from rich.markup import escape

    from connector.cli.printing import build_table

    table = build_table("connection", "workspace", "state", "because")
    for one in connections:
        table.add_row(one["id"], one["workspace"], str(one["state"]), escape(one["because"]))
    if connections:
        console.print("", table)


def _print_feeds(console: Any, feeds: list[Mapping[str, Any]], now: datetime) -> None:
    from zoneinfo import ZoneInfo

    from rich.markup import escape

    from connector.cli.printing import age, build_table, local

    table = build_table("feed", "connection", "complete up to", "")
    for one in feeds:
        at = one["complete_to"]
        table.add_row(
            escape(one["feed"]), one["connection"], local(at, ZoneInfo(one["timezone"])), f"{age(now - at)} ago"
        )
    if feeds:
        console.print("", table)


def _print_records(console: Any, records: list[Mapping[str, Any]], now: datetime) -> None:
    from zoneinfo import ZoneInfo

    from connector.cli.printing import age, build_table, local

    table = build_table("records", "connection", "complete up to", "")
    for one in records:
        at = one["complete_to"]
        if at is None:
            amount = f"{one['read']:,} of {one['total']:,}" if one["total"] else f"{one['read']:,}"
            table.add_row(one["object_type"], one["connection"], "[yellow]being read[/]", amount)
        else:
            told = local(at, ZoneInfo(one["timezone"]))
            table.add_row(one["object_type"], one["connection"], told, f"{age(now - at)} ago")
    if records:
        console.print("", table)


def _print_counters(console: Any, counters: Mapping[str, int]) -> None:
    from connector.cli.printing import build_table

    table = build_table("counted since the beginning", "", right=("",))
    for name, amount in counters.items():
        table.add_row(name, f"{amount:,}")
    if counters:
        console.print("", table)
