"""`coltiva sales`: who was given which lead, and what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.codes import FINDINGS
from connector.cli.options import AsJson, Limit, Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from rich.console import Console

    from connector.engine.judging.assignments import LedgerResult
    from connector.engine.telling.selling import Line, RepLoad, SalesReport
    from connector.ports import Given


def sales(
    verify: Annotated[
        bool, typer.Option("--verify", help="Compute every assignment again from what it was decided by, and compare.")
    ] = False,
    limit: Limit = 20,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Show how many leads each rep has, and who was given which.

    Of the leads in hand, those that wait for a rep come first, then those that are escalated next. With --verify it
    ends with 1 when an assignment is not what its own inputs make of the one before it.

    Example:  coltiva sales --limit 50
    """
    from connector.cli.opening import looking, the_workspace
    from connector.cli.printing import build_console, print_json
    from connector.engine.judging import assignments
    from connector.engine.telling import selling

    with looking() as services:
        space, now = the_workspace(services, workspace), services.clock.now()
        if verify:
            _tell(assignments.verify(services.store, space), as_json)
        with services.store.reading() as transaction:
            book = services.open_shelf().latest(transaction, space)
        found = selling.report(services.store, book, now, limit)
    if as_json:
        print_json(found)
    else:
        _print(build_console(), found, book.definitions.zone, now)


def _tell(result: LedgerResult, as_json: bool) -> None:
    from connector.cli.printing import plural, print_json

    if as_json:
        print_json(result)
    else:
        for team, number in result.differing:
            typer.echo(f"Assignment {number} of {team} is not what its inputs make of it.")
        verdict = f"{len(result.differing)} differ" if result.differing else "every one follows from the one before it"
        typer.echo(f"{plural(result.checked, 'assignment')} computed again: {verdict}.")
    raise typer.Exit(FINDINGS if result.differing else 0)


def _print(console: Console, found: SalesReport, zone: ZoneInfo, now: datetime) -> None:
    if not found.reps:
        console.print("The mapping hands no leads over: it has no section sales.")
        return
    _print_reps(console, found.reps)
    _print_in_hand(console, found.in_hand, zone, now)
    _print_given(console, found.assignments, zone)


def _print_reps(console: Console, reps: Sequence[RepLoad]) -> None:
    from connector.cli.printing import build_table

    columns = ("rep", "team", "weight", "given in 30 days", "in hand", "")
    table = build_table(*columns, right=columns[2:5], title="[bold cyan]Reps[/]")
    for rep in reps:
        away = "away" if rep.is_away else ""
        table.add_row(rep.rep, rep.team, f"{rep.weight:g}", str(rep.given), str(rep.in_hand), away)
    console.print(table)


def _print_in_hand(console: Console, in_hand: Sequence[Line], zone: ZoneInfo, now: datetime) -> None:
    from rich.markup import escape

    from connector.cli.printing import age, build_table, local

    if not in_hand:
        console.print("\nSales has no lead in hand.")
        return
    columns = ("lead", "hand-over", "stands", "rep", "since", "escalated", "next")
    lines = build_table(*columns, right=("escalated",), title="[bold cyan]In hand[/]")
    for one in in_hand:
        due = f"{local(one.due_at, zone)}" if one.due_at else "–"
        lines.add_row(
            escape(one.email or one.lead_id),
            one.hand_over,
            one.state,
            one.rep or "–",
            f"{age(now - one.began_at)} ago",
            str(one.escalations),
            f"{due} {one.because}".strip(),
        )
    console.print()
    console.print(lines)


def _print_given(console: Console, assignments: Sequence[Given], zone: ZoneInfo) -> None:
    from rich.markup import escape

    from connector.cli.printing import build_table, local

    if not assignments:
        return
    table = build_table("at", "lead", "hand-over", "rep", "team", "because", title="[bold cyan]Given lately[/]")
    for given in assignments:
        each, lead = given.assignment, given.email or given.lead_id
        table.add_row(local(each.at, zone), escape(lead), each.hand_over, each.rep, each.team, each.because)
    console.print()
    console.print(table)
