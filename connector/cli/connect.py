"""`coltiva connect`: a CRM account becomes one we listen and write to."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from connector.cli.connect_salesforce import salesforce
from connector.cli.connecting import connect_account
from connector.cli.options import AsJson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.bootstrap import Services
    from connector.crms.manifest import Credentials, CrmManifest
    from connector.errors import CrmError
    from connector.ports import Connection
    from connector.settings import Settings


class Accounts(TyperGroup):
    """A command for each CRM that lets us in by one line of text. Knowing these takes a moment: only who asks waits."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Those CRMs, and those with a command of their own."""
        return [*_manifests(), *super().list_commands(ctx)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a CRM."""
        own = super().get_command(ctx, cmd_name)
        crm = None if own else _manifests().get(cmd_name)
        return own if crm is None else _to_command(crm)


app = typer.Typer(cls=Accounts, no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def connect() -> None:
    """Connect a CRM account to the workspace of the mapping files."""


app.command("salesforce")(salesforce)


def _manifests() -> dict[str, CrmManifest]:
    from connector.crms import REGISTRY

    return {name: crm for name, crm in REGISTRY.items() if crm.credentials}


_HELP = """Connect a {label} {account}, or give it new credentials.

Tries them, makes the properties that the mapping writes where {label} lets us, and keeps them sealed. Connect again to
replace them or to end a pause. They come from standard input or from an environment variable; where neither has
them, they are asked for and not shown. On the command line they would stay in the shell's history. What the mapping
expects and the {account} has otherwise is told.

\b
Examples:
  coltiva connect {name}                        # asks for them
  coltiva connect {name} --token-stdin < token.txt
"""


def _to_command(crm: CrmManifest) -> Any:
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    alone.command(crm.name, help=_HELP.format(label=crm.label, account=crm.account, name=crm.name))(_to_function(crm))
    return get_command(alone)


def _to_function(crm: CrmManifest) -> Callable[..., None]:
    credentials = crm.credentials
    assert credentials

    def run(
        token_env: Annotated[
            str, typer.Option("--token-env", metavar="NAME", help="The environment variable that holds them.")
        ] = credentials.variable,
        from_stdin: Annotated[bool, typer.Option("--token-stdin", help="Read them from standard input.")] = False,
        as_json: AsJson = False,
    ) -> None:
        _connect(crm, _ask_for(credentials, crm.label, token_env, from_stdin=from_stdin), as_json=as_json)

    return run


def _connect(crm: CrmManifest, token: str, *, as_json: bool) -> None:
    from connector.cli.comparing import fetch_catalog
    from connector.cli.opening import opened
    from connector.cli.printing import plural, print_json
    from connector.mapping.load import check_folder, inspect_folder
    from connector.mapping.report import render

    with opened() as services:
        connection, properties = connect_by_token(services, crm.name, token)
        folder = services.settings.mappings
        _, definitions = inspect_folder(folder)
        report = check_folder(folder, fetch_catalog(services, connection.id, definitions))
    if as_json:
        connected = {"connection": connection.id, "workspace": connection.workspace, "properties": properties}
        print_json({**connected, "problems": report.problems})
        return
    typer.echo(f"{crm.label} {crm.account} {connection.account} is connected to workspace {connection.workspace}.")
    if properties:
        amount = plural(len(properties), "property", "properties")
        typer.echo(f"Coltiva keeps {amount} there: {', '.join(properties)}.")
    else:
        typer.echo("The mapping has no write_back, so Coltiva keeps no property there.")
    if report.problems:
        typer.echo(f"\nWhat the mapping expects otherwise:\n\n{render(report, str(folder))}")


def _ask_for(credentials: Credentials, label: str, variable: str, *, from_stdin: bool) -> str:
    """The credentials from wherever they are kept. Raises SetupError where nobody can be asked."""
    from connector.errors import SetupError

    if from_stdin:
        token, place = sys.stdin.readline().strip(), "Standard input"
    elif sys.stdin.isatty() and not os.environ.get(variable):
        return str(typer.prompt(credentials.what, hide_input=True, err=True)).strip()
    else:
        token, place = os.environ.get(variable, "").strip(), variable
    if not token:
        raise SetupError(
            f"{place} holds no token. {label} shows it {credentials.shown}: run this in a terminal to be asked for "
            "it, pass it with --token-stdin, or name the variable that holds it with --token-env."
        )
    return token


def connect_by_token(services: Services, crm: str, token: str) -> tuple[Connection, Sequence[str]]:
    """Connect the token's account to the workspace of the mapping files; the names of the properties we write.

    The mapping is applied, too. Raises SetupError with what the CRM said, and MappingError: nothing is connected then.
    """
    from connector.errors import CrmError, SetupError

    try:
        let_in = services.be_let_in(crm, token)
        return connect_account(services, crm, let_in.account, let_in.token, user=let_in.user)
    except CrmError as error:
        manifest = _manifests()[crm]
        remedy = _remedy(error, manifest, services.settings)
        raise SetupError(f"{manifest.label} was not connected. {error} {remedy}".strip()) from error


def _remedy(error: CrmError, crm: CrmManifest, settings: Settings) -> str:
    from connector.errors import CredentialsError, CrmUnavailableError

    credentials = crm.credentials
    if isinstance(error, CredentialsError) and credentials:
        return f"{crm.label} shows the token, and what it is good for, {credentials.shown}."
    if isinstance(error, CrmUnavailableError):
        address = credentials.address if credentials else ""
        where = f"{settings.value(address)} ({address})" if address else crm.label
        return f"Can this machine reach {where}? Try again then."
    return ""
