"""`coltiva sales`: who was given which lead, and what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.codes import FINDINGS
from connector.cli.options import AsJson, Limit, Workspace

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from rich.console import Console

    from connector.engine.assignments import LedgerResult
    from connector.engine.selling import SalesReport


def sales(
    verify: Annotated[
        bool, typer.Option("--verify", help="Compute every assignment again from what it was decided by, and compare.")
    ] = False,
    limit: Limit = 20,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Show how sales stands: each rep's load, leads in hand, and the latest assignments.

    Leads that wait for a rep come first, then those that are escalated next. With --verify it ends with 1 when an
    assignment is not what its own inputs make of the one before it.

    Example:  coltiva sales --limit 50
    """
    from connector.cli.opening import looking, the_workspace
    from connector.cli.printing import build_console, print_json
    from connector.engine import assignments, selling

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
    from rich.markup import escape

    from connector.cli.printing import age, build_table, local

    if not found.reps:
        console.print("The mapping hands no leads over: it has no section sales.")
        return
    reps = build_table("rep", "team", "weight", "30 days", "in hand", "", right=("weight", "30 days", "in hand"))
    for rep in found.reps:
        away = "away" if rep.is_away else ""
        reps.add_row(rep.rep, rep.team, f"{rep.weight:g}", str(rep.given), str(rep.in_hand), away)
    console.print(reps)
    lines = build_table("lead", "hand-over", "stands", "rep", "since", "escalated", "next", right=("escalated",))
    for one in found.in_hand:
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
    console.print(lines if found.in_hand else "Sales has no lead in hand.")
    ledger = build_table("at", "hand-over", "rep", "turn", "because", "lead", right=("turn",))
    for given in found.assignments:
        each = given.assignment
        ledger.add_row(
            local(each.at, zone), each.hand_over, each.rep, f"{each.team} {each.number}", each.because, given.lead_id
        )
    if found.assignments:
        console.print(ledger)
