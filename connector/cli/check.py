"""`coltiva check`: are the mapping files right?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.codes import FINDINGS
from connector.cli.options import AsJson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.mapping.arrivals import Arrival
    from connector.mapping.report import Report


def check(
    folder: Annotated[
        Path | None,
        typer.Argument(help="The folder of the workspace; by default COLTIVA_MAPPINGS.", show_default=False),
    ] = None,
    connection: Annotated[
        str | None,
        typer.Option(
            "--connection",
            metavar="NAME",
            help="Compare with what this account has, too: hubspot, or hubspot:62515001.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find every mistake in the mapping files.

    Each is shown with its line and with what would help. With --connection, also the properties and options that the
    connected account lacks or has otherwise, and which signals it delivers, and how late; nothing is changed there.
    Ends with 1 when something must be mended.

    Example:  coltiva check mappings/acme --connection hubspot
    """
    from connector.cli.printing import print_json
    from connector.mapping.load import check_folder
    from connector.settings import load_settings

    folder = folder or load_settings().mappings
    report, arrivals = _compare(folder, connection) if connection else (check_folder(folder), None)
    if as_json:
        found = {"ok": not report.errors, "files": sorted(report.files), "problems": report.problems}
        print_json(found if arrivals is None else {**found, "signals": arrivals})
    else:
        _print_arrivals(arrivals or ())
        _print(report, folder)
    raise typer.Exit(FINDINGS if report.errors else 0)


def _compare(folder: Path, connection: str) -> tuple[Report, Sequence[Arrival]]:
    """What is wrong, and which signals of the mapping the connected account delivers."""
    from datetime import timedelta

    from connector.cli.comparing import fetch_catalog
    from connector.cli.opening import looking
    from connector.mapping.arrivals import tell_arrivals
    from connector.mapping.load import inspect_folder

    _, definitions = inspect_folder(folder)
    with looking() as services:
        catalog = fetch_catalog(services, connection, definitions)
        interval = timedelta(seconds=services.settings.feed_seconds)
        census = timedelta(minutes=services.settings.reconcile_minutes)
    report, definitions = inspect_folder(folder, catalog)
    return report, tell_arrivals(definitions, interval, census, catalog) if definitions else ()


def _print_arrivals(arrivals: Sequence[Arrival]) -> None:
    from rich.markup import escape

    from connector.cli.printing import build_console, build_table

    table = build_table("signal", "comes from", "how late")
    for one in arrivals:
        table.add_row(one.signal, escape(one.source), escape(one.delay))
    if arrivals:
        build_console().print(table, "")


def _print(report: Report, folder: Path) -> None:
    from connector.cli.printing import plural
    from connector.mapping.report import render

    if report.problems:
        typer.echo(render(report, str(folder)) + "\n")
    errors, warnings = len(report.errors), len(report.warnings)
    found = f"{plural(errors, 'error')}, {plural(warnings, 'warning')}" if errors or warnings else "all is well"
    typer.echo(f"{plural(len(report.files), 'file')} in {folder}: {found}")
