"""`coltiva dead-letters`: what a CRM refused for good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.codes import FINDINGS
from connector.cli.options import AsJson, Limit, Workspace

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from connector.ports import OutboxChange, Transaction

#: More than anybody reads, and what `--all` means.
_ALL = 1_000_000

app = typer.Typer(invoke_without_command=True, rich_markup_mode=None)


@app.callback()
def dead_letters(ctx: typer.Context, limit: Limit = 50, workspace: Workspace = None, as_json: AsJson = False) -> None:
    """See what a CRM refused, in its own words; try again.

    Without a command it lists them. Ends with 1 when there is any.
    """
    if ctx.invoked_subcommand is None:
        list_dead_letters(limit, workspace, as_json)


@app.command("list")
def list_dead_letters(limit: Limit = 50, workspace: Workspace = None, as_json: AsJson = False) -> None:
    """List what was refused for good, the latest first. Ends with 1 when there is any."""
    from connector.cli.opening import an_optional_workspace, looking
    from connector.cli.outbox import print_changes
    from connector.cli.printing import print_json
    from connector.domain.outward.change import ChangeState

    with looking() as services:
        space = an_optional_workspace(services, workspace)
        with services.store.transaction() as transaction:
            changes = transaction.outbox.list(space, (ChangeState.REFUSED,), limit)
        now = services.clock.now()
    if as_json:
        print_json({"changes": changes})
    else:
        print_changes(changes, now, nothing="There are no dead letters.")
        if changes:
            typer.echo("\nMend the cause in the CRM or in the mapping, then:  coltiva dead-letters retry --all")
    raise typer.Exit(FINDINGS if changes else 0)


@app.command()
def retry(
    ids: Annotated[
        list[int] | None, typer.Argument(metavar="ID", help="Ids from the list.", show_default=False)
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    as_json: AsJson = False,
) -> None:
    """Have refused changes written again, once their cause is mended.

    An id that is no dead letter is named, and nothing is retried then.

    Example:  coltiva dead-letters retry 17 18
    """
    from connector.cli.opening import looking
    from connector.cli.printing import plural, print_json

    if bool(ids) == every:
        raise typer.BadParameter("Name ids, or say --all.")
    with looking() as services, services.store.transaction() as transaction:
        chosen = _choose(transaction, ids or ())
        amount = transaction.outbox.retry([change.id for change in chosen], services.clock.now())
    if as_json:
        print_json({"retried": amount})
    else:
        typer.echo(f"{plural(amount, 'change')} will be written again." if amount else "There are no dead letters.")


def _choose(transaction: Transaction, ids: Collection[int]) -> Sequence[OutboxChange]:
    """The dead letters of these ids, all of them for none. Raises UnknownNameError that names what is none."""
    from connector.domain.outward.change import ChangeState
    from connector.errors import UnknownNameError

    refused = transaction.outbox.list(None, (ChangeState.REFUSED,), _ALL)
    strange = sorted(set(ids) - {change.id for change in refused})
    if strange:
        names = ", ".join(map(str, strange))
        known = "`coltiva dead-letters` lists them" if refused else "There is none at all"
        raise UnknownNameError(f"No dead letter has the id {names}; nothing was retried. {known}.")
    return [change for change in refused if not ids or change.id in ids]
