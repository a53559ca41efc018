"""`coltiva programs results` and `split`: what came of splits and holdouts, and deciding them by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.options import AsJson, Workspace
from connector.cli.standstill import Because

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.bootstrap import Services
    from connector.domain.ids import WorkspaceId
    from connector.domain.override import OverrideEntry, OverrideKind
    from connector.engine.judging.contests import Split
    from connector.engine.telling.results import SplitResults

Program = Annotated[str, typer.Argument(metavar="PROGRAM", help="The program's name in the mapping files.")]
AnyProgram = Annotated[str, typer.Argument(metavar="[PROGRAM]", help="The program; by default all of them.")]


def results(program: AnyProgram = "", workspace: Workspace = None, as_json: AsJson = False) -> None:
    """Tell what came of splits, and of those held out.

    Beside each rate stands where the true rate lies in 95 of 100 cases. Do not stop a split when two of them part:
    `winner` in the mapping weighs figures that are looked at again and again.

    Example:  coltiva programs results welcome
    """
    from connector.cli.opening import looking, the_workspace
    from connector.cli.printing import print_json
    from connector.engine.telling.results import list_results

    with looking() as services:
        space = the_workspace(services, workspace)
        _know(services, space, program)
        found = list_results(services.store, services.open_shelf(), space, program, services.clock.now())
    if as_json:
        print_json({"splits": found})
    else:
        _print(found)


def split(
    program: Program,
    fork: Annotated[str, typer.Argument(metavar="SPLIT", help="The activity that parts the ways.")],
    winner: Annotated[str, typer.Option("--winner", metavar="CASE", help="Everybody goes this way from now on.")] = "",
    reopen: Annotated[bool, typer.Option("--reopen", help="Chance decides again, and no rule does.")] = False,
    because: Because = "",
    workspace: Workspace = None,
) -> None:
    """Decide a split by hand, or let chance decide again.

    Who is on a way already stays there.

    \b
    Examples:
      coltiva programs split welcome subject --winner short
      coltiva programs split welcome subject --reopen
    """
    from connector.cli.opening import looking, the_workspace
    from connector.domain.override import OverrideKind
    from connector.engine.judging import overrides

    if bool(winner) == reopen:
        raise typer.BadParameter("Write --winner and a way, or --reopen.")
    with looking() as services:
        space = the_workspace(services, workspace)
        _know(services, space, program)
        found = _find(services, space, program, fork, winner)
        kind, change = (OverrideKind.REOPENED, overrides.reopen) if reopen else (OverrideKind.DECIDED, overrides.decide)
        is_new = change(services.store, space, _entry(services, kind, found, winner, because))
    if not is_new:
        typer.echo(f"{program}: {fork} was so already.")
    elif reopen:
        typer.echo(f"{program}: at {fork} chance decides again.")
    else:
        typer.echo(f"{program}: everybody who comes to {fork} from now on goes by {winner}.")


def _entry(services: Services, kind: OverrideKind, found: Split, case: str, because: str) -> OverrideEntry:
    from connector.cli.standstill import who
    from connector.domain.override import OverrideEntry

    now = services.clock.now()
    return OverrideEntry(now, who(), kind, found.program, found.phase, found.name, case, because.strip())


def _know(services: Services, workspace: WorkspaceId, program: str) -> None:
    from connector.errors import UnknownNameError

    with services.store.reading() as transaction:
        known = services.open_shelf().latest(transaction, workspace).programs
    if program and program not in known:
        raise UnknownNameError(f"There is no program {program}. There are: {', '.join(sorted(known)) or 'none'}.")


def _find(services: Services, workspace: WorkspaceId, program: str, fork: str, case: str) -> Split:
    """The split of that name or `phase.name`. Raises UnknownNameError that names those there are, and their ways."""
    from connector.engine.judging.contests import splits_of
    from connector.errors import UnknownNameError

    with services.store.reading() as transaction:
        splits = list(splits_of(services.open_shelf().latest(transaction, workspace), program))
    found = [each for each in splits if fork in (each.name, each.place)]
    if len(found) != 1:
        known = ", ".join(each.place for each in splits) or "none"
        raise UnknownNameError(f"{program} has {'several splits' if found else 'no split'} {fork}. There are: {known}.")
    ways = [each.name for each in found[0].fork.cases]
    if case and case not in ways:
        raise UnknownNameError(f"The split {fork} has no way {case}. There are: {', '.join(ways)}.")
    return found[0]


def _print(found: Sequence[SplitResults]) -> None:
    from rich.markup import escape

    from connector.cli.printing import build_console, build_table

    console = build_console()
    for one in found:
        console.print(f"[bold]{escape(one.program)}[/] {escape(one.split or 'holdout')}", escape(one.verdict))
        columns = ("way", "entered", "answered", "rate", "true rate", "goal", "rate", "true rate")
        table = build_table(*columns, right=columns[1:])
        for way in one.ways:
            shares = [f"{value:.1f} %" for value in (way.answered_rate, way.won_rate)]
            spans = [f"{low:.1f}–{high:.1f} %" for low, high in (way.answered_interval, way.won_interval)]
            counts = (f"{way.answered:,}", shares[0], spans[0], f"{way.won:,}", shares[1], spans[1])
            table.add_row(escape(way.case), f"{way.entered:,}", *counts)
        console.print(table, "")
    if not found:
        console.print("No program parts its leads by chance, and none holds any out.")
