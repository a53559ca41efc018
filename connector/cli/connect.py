"""`coltiva connect`: a CRM account becomes one we listen and write to."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.connect_salesforce import salesforce
from connector.cli.connecting import connect_account
from connector.cli.options import AsJson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.bootstrap import Services
    from connector.errors import CrmError
    from connector.ports import Connection

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def connect() -> None:
    """Connect a CRM account to the workspace of the mapping files."""


@app.command()
def hubspot(
    token_env: Annotated[
        str, typer.Option("--token-env", metavar="NAME", help="The environment variable that holds the access token.")
    ] = "HUBSPOT_TOKEN",
    from_stdin: Annotated[
        bool, typer.Option("--token-stdin", help="Read the access token from standard input.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Connect a HubSpot portal, or give it a new token.

    Tries the access token, makes the contact properties that the mapping writes, and keeps the token sealed. Connect
    again to replace a token or to end a pause. The access token comes from standard input or from an
    environment variable; where neither has it, it is asked for and not shown. On the command line it would stay in
    the shell's history. What the mapping expects and the portal has otherwise is told.

    \b
    Examples:
      coltiva connect hubspot                        # asks for the token
      coltiva connect hubspot --token-stdin < token.txt
    """
    from connector.cli.comparing import fetch_catalog
    from connector.cli.opening import opened
    from connector.cli.printing import plural, print_json
    from connector.mapping.load import check_folder, inspect_folder
    from connector.mapping.report import render

    token = _ask_for_token(token_env, from_stdin=from_stdin)
    with opened() as services:
        connection, properties = connect_hubspot(services, token)
        folder = services.settings.mappings
        _, definitions = inspect_folder(folder)
        report = check_folder(folder, fetch_catalog(services, connection.id, definitions))
    if as_json:
        connected = {"connection": connection.id, "workspace": connection.workspace, "properties": properties}
        print_json({**connected, "problems": report.problems})
        return
    typer.echo(f"HubSpot portal {connection.account} is connected to workspace {connection.workspace}.")
    if properties:
        amount = plural(len(properties), "contact property", "contact properties")
        typer.echo(f"Coltiva keeps {amount} there: {', '.join(properties)}.")
    else:
        typer.echo("The mapping has no write_back, so Coltiva keeps no property there.")
    if report.problems:
        typer.echo(f"\nWhat the mapping expects otherwise:\n\n{render(report, str(folder))}")


app.command("salesforce")(salesforce)


def _ask_for_token(variable: str, *, from_stdin: bool) -> str:
    """The access token from wherever it is kept. Raises SetupError where nobody can be asked."""
    from connector.errors import SetupError

    if from_stdin:
        token, place = sys.stdin.readline().strip(), "Standard input"
    elif sys.stdin.isatty() and not os.environ.get(variable):
        return str(typer.prompt("Access token of your HubSpot app", hide_input=True, err=True)).strip()
    else:
        token, place = os.environ.get(variable, "").strip(), variable
    if not token:
        raise SetupError(
            f"{place} holds no token. HubSpot shows the access token on the app's Auth page: run this in a terminal to "
            "be asked for it, pass it with --token-stdin, or name the variable that holds it with --token-env."
        )
    return token


def connect_hubspot(services: Services, token: str) -> tuple[Connection, Sequence[str]]:
    """Connect the token's portal to the workspace of the mapping files; the names of the properties we write.

    The mapping is applied, too. Raises SetupError with what HubSpot said, and MappingError: nothing is connected then.
    """
    from connector.errors import CrmError, SetupError

    try:
        account = str(services.open_hubspot(token).account().portal_id)
        return connect_account(services, "hubspot", account, token)
    except CrmError as error:
        raise SetupError(f"HubSpot was not connected. {error} {_remedy(error, services)}".strip()) from error


def _remedy(error: CrmError, services: Services) -> str:
    from connector.errors import CredentialsError, CrmUnavailableError

    if isinstance(error, CredentialsError):
        return "See the app's Auth page in HubSpot for its token and its scopes."
    if isinstance(error, CrmUnavailableError):
        return (
            f"Can this machine reach {services.settings.hubspot_base_url} (COLTIVA_HUBSPOT_BASE_URL)? Try again then."
        )
    return ""
