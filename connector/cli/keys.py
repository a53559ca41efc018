"""`coltiva keys`: who may tell signals through the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli import signing
from connector.cli.options import AsJson, Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.ports import ApiKey

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def keys() -> None:
    """Say who may tell signals through the API.

    To rotate a key: add another one, have its holder use it, revoke the first. Both open until then.
    """


app.add_typer(signing.app, name="signing")


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Who holds it, such as website.")],
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Make a key that opens one workspace. It is shown once, and only a hash of it is kept.

    Example:  coltiva keys add website
    """
    from connector.cli.opening import looking, the_workspace
    from connector.cli.printing import print_json
    from connector.engine.running.keys import make_key

    name = _check_name(name)
    with looking() as services:
        space = the_workspace(services, workspace)
        made = make_key(space, name, services.clock.now())
        with services.store.transaction() as transaction:
            transaction.api_keys.add(made.key)
    if as_json:
        print_json({"id": made.key.id, "name": name, "workspace": space, "key": made.text})
        return
    typer.echo(f"The key {made.key.id} for {name} opens workspace {space}. Keep it well: it is not shown again.\n")
    typer.echo(made.text)


@app.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """List the keys, the oldest first; never the keys themselves."""
    from connector.cli.opening import looking
    from connector.cli.printing import print_json

    with looking() as services, services.store.reading() as transaction:
        found = transaction.api_keys.all()
    if as_json:
        print_json({"keys": [_to_plain(key) for key in found]})
    elif found:
        _print(found)
    else:
        typer.echo("There is no key. Make one: coltiva keys add website")


@app.command()
def revoke(id_: Annotated[str, typer.Argument(metavar="ID", help="As `coltiva keys list` shows it.")]) -> None:
    """End a key: whoever uses it is refused from now on.

    Example:  coltiva keys revoke 4f1a09c27d3e
    """
    from connector.cli.opening import looking
    from connector.errors import UnknownNameError

    with looking() as services, services.store.transaction() as transaction:
        if not transaction.api_keys.revoke(id_, services.clock.now()):
            raise UnknownNameError(f"No valid key has the id {id_}. `coltiva keys list` shows them.")
    typer.echo(f"The key {id_} opens nothing any more.")


def _check_name(name: str) -> str:
    """Names are read on terminals, in lists."""
    if not name.strip() or len(name) > 60 or not name.isprintable():
        raise typer.BadParameter("A name has 1 to 60 characters that can be printed.")
    return name.strip()


def _to_plain(key: ApiKey) -> dict[str, object]:
    return {
        "id": key.id,
        "name": key.name,
        "workspace": key.workspace,
        "created_at": key.created_at,
        "revoked_at": key.revoked_at,
    }


def _print(found: Sequence[ApiKey]) -> None:
    from rich.markup import escape

    from connector.cli.printing import build_console, build_table

    table = build_table("id", "holder", "workspace", "made", "revoked")
    for key in found:
        revoked = f"{key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else "–"
        table.add_row(key.id, escape(key.name), key.workspace, f"{key.created_at:%Y-%m-%d %H:%M}", revoked)
    build_console().print(table)
