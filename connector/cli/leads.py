"""`coltiva leads`: who is nurtured, and where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.options import AsJson, Limit, Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from connector.domain.book import Book
    from connector.ports import LeadSummary


def leads(
    limit: Limit = 50,
    after: Annotated[str | None, typer.Option("--after", metavar="ID", help="Begin after this lead.")] = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """List leads with score, grade and programs.

    Example:  coltiva leads --limit 20
    """
    from connector.cli.opening import looking, the_workspace
    from connector.cli.printing import print_json
    from connector.domain.ids import LeadId

    with looking() as services:
        space = the_workspace(services, workspace)
        found = services.store.read_models.leads(space, limit + 1, LeadId(after) if after else None)
        with services.store.transaction() as transaction:
            book = services.open_shelf().latest(transaction, space)
        now = services.clock.now()
    page = found[:limit]
    next_after = page[-1].id if len(found) > limit else None
    rows = [to_row(one, book, now) for one in page]
    if as_json:
        print_json({"leads": rows, "next": next_after})
    else:
        _print(rows, next_after)


def to_row(summary: LeadSummary, book: Book, now: datetime) -> dict[str, Any]:
    """One line of the list: the outermost scores as of now, and the open enrolments."""
    from connector.domain.draft import Draft
    from connector.domain.wording import display_name
    from connector.engine.explain import outermost_scores

    draft = Draft(summary.lead, book, now)
    draft.now = now
    return {
        "id": summary.id,
        "email": summary.email,
        "name": display_name(draft),
        "standing": summary.lead.standing,
        "scores": {
            score.name: {"points": draft.points(score.name), "grade": draft.grade(score.name)}
            for score in outermost_scores(book)
        },
        "programs": [
            {"program": each.program, "phase": each.phase, "state": each.state}
            for each in summary.lead.enrolments
            if each.is_open
        ],
        "facts": summary.facts,
    }


def _print(rows: Sequence[dict[str, Any]], next_after: str | None) -> None:
    from rich.markup import escape

    from connector.cli.printing import build_console, build_table, joined

    console = build_console()
    scores = list(rows[0]["scores"]) if rows else []
    table = build_table("lead", "id", *scores, "programs", right=scores)
    for row in rows:
        points = [f"{one['points']} {one['grade']}".strip() for one in row["scores"].values()]
        programs = joined(f"{one['program']} · {one['phase']}" for one in row["programs"])
        table.add_row(escape(row["email"] or row["name"]), row["id"], *points, programs)
    console.print(table if rows else "There are no leads yet.")
    if next_after:
        console.print(f"\nMore:  coltiva leads --after {next_after}")
