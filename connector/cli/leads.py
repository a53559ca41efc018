"""`coltiva leads`: who is nurtured, and where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.options import AsJson, Limit, Workspace
from connector.engine.telling.order import Order

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from connector.engine.telling.roster import Place, Row


def leads(
    sort: Annotated[Order, typer.Option("--sort", help="What comes first: the highest score, the latest activity.")] = (
        Order.SCORE
    ),
    limit: Limit = 50,
    after: Annotated[
        str | None, typer.Option("--after", metavar="ID", help="Begin after this lead of the same order.")
    ] = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """List leads with score, grade, latest activity and programs.

    Of each program it shows the phase, and how it ended for those who are through.

    \b
    Examples:
      coltiva leads --limit 20
      coltiva leads --sort activity
    """
    from connector.cli.opening import looking, the_workspace
    from connector.cli.printing import print_json
    from connector.domain.ids import LeadId
    from connector.engine.telling.roster import list_leads

    with looking() as services:
        space, now = the_workspace(services, workspace), services.clock.now()
        with services.store.transaction() as transaction:
            book = services.open_shelf().latest(transaction, space)
        behind = LeadId(after) if after else None
        models = services.store.read_models
        found = list_leads(models, space, book, now, order=sort, limit=limit + 1, after=behind)
    rows, next_after = found[:limit], found[limit - 1].id if len(found) > limit else None
    if as_json:
        print_json({"leads": rows, "next": next_after})
    else:
        _print(rows, now, f"--sort {sort} --limit {limit} --after {next_after}" if next_after else "")


def _print(rows: Sequence[Row], now: datetime, how_to_go_on: str) -> None:
    from rich.markup import escape

    from connector.cli.printing import age, build_console, build_table, joined

    console = build_console()
    scores = list(rows[0].scores) if rows else []
    table = build_table("lead", *scores, "active", "programs", "id", right=scores)
    for row in rows:
        points = [f"{one.points} {one.grade}".strip() for one in row.scores.values()]
        active = f"{age(now - row.active_at)} ago" if row.active_at else "–"
        programs = joined(map(_tell, row.programs)) if row.is_read else "not read from the CRM yet"
        table.add_row(escape(row.email or row.name), *points, active, escape(programs), row.id)
    console.print(table if rows else "There are no leads yet.")
    if how_to_go_on:
        console.print(f"\nMore:  coltiva leads {how_to_go_on}", soft_wrap=True)


def _tell(place: Place) -> str:
    """`new_contact · decision`, and `, won` once it ended so."""
    from connector.domain.programs.enrolment import OPEN_STATES

    ending = "" if place.state in OPEN_STATES else f", {place.state}"
    return f"{place.program} · {place.phase}{ending}"
