"""`coltiva check`: are the mapping files right?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.codes import FINDINGS
from connector.cli.options import AsJson

if TYPE_CHECKING:
    from connector.mapping.report import Report
    from connector.ports import Catalog


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
    connected account lacks or has otherwise; nothing is changed there. Ends with 1 when something must be mended.

    Example:  coltiva check mappings/acme --connection hubspot
    """
    from connector.cli.printing import print_json
    from connector.mapping.load import check_folder
    from connector.settings import load_settings

    folder = folder or load_settings().mappings
    report = check_folder(folder, _fetch_catalog(connection) if connection else None)
    if as_json:
        print_json({"ok": not report.errors, "files": sorted(report.files), "problems": report.problems})
    else:
        _print(report, folder)
    raise typer.Exit(FINDINGS if report.errors else 0)


def _fetch_catalog(connection: str) -> Catalog:
    from connector.cli.comparing import fetch_catalog
    from connector.cli.opening import looking

    with looking() as services:
        return fetch_catalog(services, connection)


def _print(report: Report, folder: Path) -> None:
    from connector.cli.printing import plural
    from connector.mapping.report import render

    if report.problems:
        typer.echo(render(report, str(folder)) + "\n")
    errors, warnings = len(report.errors), len(report.warnings)
    found = f"{plural(errors, 'error')}, {plural(warnings, 'warning')}" if errors or warnings else "all is well"
    typer.echo(f"{plural(len(report.files), 'file')} in {folder}: {found}")
