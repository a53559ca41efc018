"""`coltiva dead-letters`: what a CRM refused for good."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.cli.codes import FINDINGS
from connector.cli.options import AsJson, Limit, Workspace

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def dead_letters() -> None:
    """See what a CRM refused in its own words, and try again."""


@app.command("list")
def list_dead_letters(limit: Limit = 50, workspace: Workspace = None, as_json: AsJson = False) -> None:
    """List what was refused for good, the latest first. Ends with 1 when there is any."""
    from connector.cli.opening import looking
    from connector.cli.outbox import print_changes
    from connector.cli.printing import print_json
    from connector.domain.change import ChangeState
    from connector.domain.ids import WorkspaceId

    with looking() as services:
        space = WorkspaceId(workspace) if workspace else None
        with services.store.transaction() as transaction:
            changes = transaction.outbox.list(space, (ChangeState.REFUSED,), limit)
        now = services.clock.now()
    if as_json:
        print_json({"changes": changes})
    else:
        print_changes(changes, now, nothing="There are no dead letters.")
    raise typer.Exit(FINDINGS if changes else 0)


@app.command()
def retry(
    ids: Annotated[
        list[int] | None, typer.Argument(metavar="[ID]...", help="Ids from the list.", show_default=False)
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    as_json: AsJson = False,
) -> None:
    """Have refused changes written again, once their cause is mended.

    Example:  coltiva dead-letters retry 17 18
    """
    from connector.cli.opening import looking
    from connector.cli.printing import plural, print_json
    from connector.domain.change import ChangeState

    if bool(ids) == every:
        raise typer.BadParameter("Name ids, or say --all.")
    with looking() as services, services.store.transaction() as transaction:
        refused = transaction.outbox.list(None, (ChangeState.REFUSED,), 1_000_000) if every else ()
        amount = transaction.outbox.retry(ids or [change.id for change in refused], services.clock.now())
    if as_json:
        print_json({"retried": amount})
    else:
        typer.echo(f"{plural(amount, 'change')} will be written again.")
