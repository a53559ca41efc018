"""`coltiva test`: do the programs do what their scenarios expect?"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.codes import FINDINGS
from connector.cli.options import AsJson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.scenario import Result, Scenario


def run_tests(
    folder: Annotated[
        Path | None,
        typer.Argument(help="The folder of the workspace; by default COLTIVA_MAPPINGS.", show_default=False),
    ] = None,
    words: Annotated[
        str, typer.Option("-k", metavar="WORDS", help="Only scenarios with these words in their title or file.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Play the scenarios of a workspace and compare.

    They lie in FOLDER/tests and are played with a clock of their own: weeks pass in milliseconds, no account is
    needed and nothing is written. Each difference is shown with what happened around it and why. Ends with 1 when
    something is not as expected. How scenarios are written: docs/testing.md.

    Example:  coltiva test mappings/acme -k silent
    """
    from connector.cli.printing import print_json
    from connector.errors import MappingError
    from connector.scenario import load_scenarios, run
    from connector.settings import load_settings

    folder = folder or load_settings().mappings
    try:
        scenarios = _chosen(load_scenarios(folder), words, folder)
    except MappingError as error:
        if as_json:
            print_json({"ok": False, "problems": str(error).splitlines(), "scenarios": []})
        else:
            typer.echo(str(error))
        raise typer.Exit(FINDINGS) from error
    results = [run(scenario) for scenario in scenarios]
    if as_json:
        print_json(_plain(results))
    else:
        _print(results)
    raise typer.Exit(0 if all(result.is_right for result in results) else FINDINGS)


def _chosen(scenarios: Sequence[Scenario], words: str, folder: Path) -> list[Scenario]:
    """The scenarios asked for. Raises UnknownNameError where there are none."""
    from connector.errors import UnknownNameError

    chosen = [scenario for scenario in scenarios if words.casefold() in str(scenario).casefold()]
    if not scenarios:
        raise UnknownNameError(f"There are no scenarios in {folder / 'tests'}. docs/testing.md says how to write one.")
    if not chosen:
        raise UnknownNameError(f"None of {len(scenarios)} scenarios has {words!r} in its title or file.")
    return chosen


def _print(results: Sequence[Result]) -> None:
    from connector.cli.printing import plural

    for result in results:
        if not result.is_right:
            typer.echo(f"{result.text}\n")
    played = Counter(result.scenario.file for result in results)
    wrong = Counter(result.scenario.file for result in results if not result.is_right)
    for file, number in played.items():
        verdict = f"{wrong[file]} of {number} not as expected" if wrong[file] else "as expected"
        typer.echo(f"{file}: {plural(number, 'scenario')}, {verdict}")


def _plain(results: Sequence[Result]) -> dict[str, object]:
    return {
        "ok": all(result.is_right for result in results),
        "problems": [],
        "scenarios": [
            {
                "title": result.scenario.title,
                "file": result.scenario.file,
                "line": result.scenario.line,
                "ok": result.is_right,
                "differences": [
                    {
                        "lead": one.lead,
                        "at": one.at,
                        "line": one.line,
                        "what": one.what,
                        "expected": one.expected,
                        "happened": one.happened,
                    }
                    for one in result.differences
                ],
            }
            for result in results
        ],
    }
