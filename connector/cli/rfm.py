"""`coltiva rfm`: how all who bought stand beside one another."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.options import AsJson, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

    from rich.console import Console

    from connector.domain.traits.rfm import Rfm
    from connector.engine.judging.measuring import Standings


def rfm(
    now: Annotated[bool, typer.Option("--now", help="Measure quintiles now; a worker tells the leads.")] = False,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Show what RFM scores stand for, and how many leads have them.

    Quintiles are measured once a day by themselves; an edge changes when what is measured went away from it by more
    than a tenth.

    Example:  coltiva rfm --now
    """
    from connector.cli.opening import looking, the_workspace
    from connector.cli.printing import build_console, print_json
    from connector.engine.judging.measuring import look, measure

    with looking() as services:
        space, shelf = the_workspace(services, workspace), services.open_shelf()
        found = look(services.store, shelf, space)
        if now and found.rule and found.rule.measured:
            measure(services.store, space, found.rule, services.clock.now())
            found = look(services.store, shelf, space)
        with services.store.reading() as transaction:
            zone = shelf.latest(transaction, space).definitions.zone
    if as_json:
        print_json(_to_plain(found))
    else:
        _print(build_console(), found, zone)


def _to_plain(found: Standings) -> dict[str, object]:
    from connector.domain.traits.rfm import DIMENSIONS, completed

    known, rule = found.measurement, found.rule
    bands = completed(rule, known.edges if known else None) if rule else None
    return {
        "quintiles": list(rule.measured) if rule else [],
        "edges": {name: list(getattr(bands, name)) for name in DIMENSIONS if bands},
        "since": known.edges.measured_at if known else None,
        "measured_at": known.measured_at if known else None,
        "measured_among": known.buyers if known else None,
        "bought": found.buyers,
        "leads": dict(sorted(found.cells.items(), reverse=True)),
    }


def _print(console: Console, found: Standings, zone: ZoneInfo) -> None:
    from connector.cli.printing import plural
    from connector.domain.traits.rfm import completed

    if found.rule is None:
        typer.echo("The mapping has no RFM. docs/mapping-language.md shows how to score purchases.")
        return
    edges = found.measurement.edges if found.measurement else None
    console.print(f"[bold]{plural(found.buyers, 'lead')} bought something[/]")
    console.print(_measured(found, zone))
    _print_edges(console, completed(found.rule, edges), found.rule.measured)
    _print_cells(console, found)


def _measured(found: Standings, zone: ZoneInfo) -> str:
    from connector.cli.printing import local, plural
    from connector.domain.traits.quintiles import FEWEST

    known, rule = found.measurement, found.rule
    if rule is None or not rule.measured:
        return "[dim]The edges are those of the mapping.[/]"
    if known is None:
        fewer = f"Quintiles are measured when at least {FEWEST} leads bought something"
        return f"[dim]{fewer}{'' if found.buyers < FEWEST else ', within minutes; or at once: coltiva rfm --now'}.[/]"
    among = f"{local(known.measured_at, zone)}, among {plural(known.buyers, 'lead')}"
    return f"[dim]Quintiles measured {among}; the same edges since {local(known.edges.measured_at, zone)}.[/]"


def _print_edges(console: Console, bands: Rfm, measured: Sequence[str]) -> None:
    from connector.cli.printing import build_table
    from connector.domain.traits.rfm import DIMENSIONS

    table = build_table("", "1", "2", "3", "4", "5", "")
    for name in DIMENSIONS:
        edges = getattr(bands, name)
        if edges:
            table.add_row(name, *ranges(name, edges), "[dim]quintiles[/]" if name in measured else "")
    if table.row_count:
        console.print()
        console.print(table)


def ranges(name: str, edges: Sequence[object]) -> Iterator[str]:
    """What each score means, from 1 to 5; a dash for one between edges that are the same, which nobody can have."""
    spans = [f"{edge.days} days" if isinstance(edge, timedelta) else f"{edge:,g}" for edge in edges]
    within = [f"≤ {span}" if index == 0 or spans[index - 1] != span else "–" for index, span in enumerate(spans)]
    beyond = f"> {spans[-1]}"
    yield from (beyond, *reversed(within)) if name == "recency" else (*within, beyond)


def _print_cells(console: Console, found: Standings) -> None:
    """Leads by recency and frequency, then by their whole code."""
    from connector.cli.printing import build_table

    cells = {code: leads for code, leads in found.cells.items() if code}
    if not cells:
        return
    table = build_table(
        "leads", *(f"frequency {score}" for score in "12345"), right=[f"frequency {n}" for n in "12345"]
    )
    for recency in "54321":
        row = [_sum(cells, recency + frequency) for frequency in "12345"]
        table.add_row(f"recency {recency}", *(f"{leads:,}" if leads else "–" for leads in row))
    console.print()
    console.print(table)
    codes = build_table("code", "leads", right=["leads"])
    for code, leads in sorted(cells.items(), key=lambda cell: (-cell[1], cell[0])):
        codes.add_row(code, f"{leads:,}")
    console.print()
    console.print(codes)


def _sum(cells: dict[str, int], prefix: str) -> int:
    return sum(leads for code, leads in cells.items() if code.startswith(prefix))
