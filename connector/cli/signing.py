"""`coltiva keys signing`: what an org's own code signs its events with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.options import AsJson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.ports import Connection, SigningKey

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def signing() -> None:
    """Say what CRM accounts sign their events with.

    To change an org's key: add another one, give it to the org, revoke the first. Both are taken until then.
    """


@app.command()
def add(
    org: Annotated[
        str, typer.Argument(metavar="ORG", help="The id of a connected account, 15 or 18 characters of an org's.")
    ],
    as_json: AsJson = False,
) -> None:
    """Make a key for a connected org. It is shown once, and kept sealed.

    Example:  coltiva keys signing add 00D5e000001AbCdEAK
    """
    from connector.cli.opening import all_connections, looking
    from connector.cli.printing import print_json
    from connector.engine.running.signing import add_signing_key

    with looking() as services:
        connection = _find(all_connections(services), org)
        with services.store.transaction() as transaction:
            key = add_signing_key(transaction, connection, services.clock.now())
    if as_json:
        print_json({"id": key.id, "org": key.account, "secret": key.secret})
        return
    typer.echo(f"The org {key.account} may sign with the key {key.id}. Keep it well: it is not shown again.\n")
    typer.echo(key.secret)


@app.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """List the keys of all orgs, the oldest first; never the secrets."""
    from connector.cli.opening import looking
    from connector.cli.printing import print_json

    with looking() as services, services.store.reading() as transaction:
        found = transaction.signing_keys.all()
    if as_json:
        print_json({"keys": [{"id": key.id, "org": key.account, "created_at": key.created_at} for key in found]})
    elif found:
        _print(found)
    else:
        typer.echo("There is no key. Make one: coltiva keys signing add ORG")


@app.command()
def revoke(id_: Annotated[str, typer.Argument(metavar="ID", help="As `coltiva keys signing list` shows it.")]) -> None:
    """End a key: what is signed with it is refused from now on, or a few seconds later.

    Example:  coltiva keys signing revoke 4f1a09c27d3e
    """
    from connector.cli.opening import looking
    from connector.errors import UnknownNameError

    with looking() as services, services.store.transaction() as transaction:
        if not transaction.signing_keys.remove(id_):
            raise UnknownNameError(f"No key has the id {id_}. `coltiva keys signing list` shows them.")
    typer.echo(f"Nothing more is taken that is signed with the key {id_}.")


def _find(connections: Sequence[Connection], org: str) -> Connection:
    """The org's connection. The first fifteen characters of an id say all that there is to say."""
    from connector.crms import REGISTRY
    from connector.errors import UnknownNameError

    signing = [one for one in connections if REGISTRY[one.crm].has_signing_keys]
    for one in signing:
        if one.account == org or (len(org) in (15, 18) and one.account[:15] == org[:15]):
            return one
    labels = " or ".join(sorted({crm.label for crm in REGISTRY.values() if crm.has_signing_keys}))
    raise UnknownNameError(f"No {labels} account {org} is connected. `coltiva status` shows what is.")


def _print(found: Sequence[SigningKey]) -> None:
    from connector.cli.printing import build_console, build_table

    table = build_table("id", "org", "made")
    for key in found:
        table.add_row(key.id, key.account, f"{key.created_at:%Y-%m-%d %H:%M}")
    build_console().print(table)
