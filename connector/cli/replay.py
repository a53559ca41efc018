"""`coltiva replay`: does every lead's state follow from its facts?"""

from __future__ import annotations

from typing import Annotated

import typer

from connector.cli.codes import FINDINGS
from connector.cli.options import AsJson, Workspace


def replay(
    verify: Annotated[
        bool, typer.Option("--verify", help="Fold every lead's facts again and compare with what is stored.")
    ] = False,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Prove that every lead is what its facts make of it.

    Folds every lead's facts again, byte for byte, and changes nothing. Ends with 1 when a lead is not what its facts
    make of it.

    Example:  coltiva replay --verify
    """
    from connector.cli.opening import looking, the_workspace
    from connector.cli.printing import build_progress, plural, print_json
    from connector.engine.telling import replay as engine

    if not verify:
        raise typer.BadParameter("Say what to do with the outcome: --verify compares it with what is stored.")
    with looking() as services:
        space = the_workspace(services, workspace)
        total = services.store.read_models.health(services.clock.now()).leads
        with build_progress() as progress:
            bar = progress.add_task("leads", total=total)
            result = engine.verify(
                services.store, services.open_shelf(), space, lambda done: progress.update(bar, completed=done)
            )
    if as_json:
        print_json(result)
    else:
        for lead_id in result.differing:
            typer.echo(f"{lead_id} is not what its facts make of it.")
        moving = (
            f" {plural(result.in_motion, 'lead')} had facts waiting and could not be compared."
            if result.in_motion
            else ""
        )
        verdict = f"{len(result.differing)} differ" if result.differing else "every one is what its facts make of it"
        typer.echo(f"{plural(result.checked, 'lead')} replayed: {verdict}.{moving}")
    raise typer.Exit(FINDINGS if result.differing else 0)
