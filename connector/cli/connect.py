"""`coltiva connect`: a CRM account becomes one we listen and write to."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.options import AsJson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.bootstrap import Services
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
    as_json: AsJson = False,
) -> None:
    """Connect a HubSpot portal: try the token, create our contact properties, keep the token sealed.

    Connect again to replace a token or to end a pause. The token is read from the environment, so that it shows in
    no list of processes and in no shell history.

    Example:  HUBSPOT_TOKEN=pat-eu1-... coltiva connect hubspot
    """
    from connector.cli.opening import opened
    from connector.cli.printing import plural, print_json
    from connector.errors import SetupError

    token = os.environ.get(token_env, "")
    if not token:
        raise SetupError(f"{token_env} holds no token. Set it to the access token of your HubSpot app.")
    with opened() as services:
        connection, properties = connect_hubspot(services, token)
    if as_json:
        print_json({"connection": connection.id, "workspace": connection.workspace, "properties": properties})
        return
    typer.echo(f"HubSpot portal {connection.account} is connected to workspace {connection.workspace}.")
    typer.echo(f"It has {plural(len(properties), 'property', 'properties')} of ours: {', '.join(properties)}.")


def connect_hubspot(services: Services, token: str) -> tuple[Connection, Sequence[str]]:
    """Connect the token's portal to the workspace of the mapping files; the names of the properties we write.

    The mapping is applied, too. Raises SetupError with what HubSpot said, and MappingError: nothing is connected then.
    """
    from connector.domain.ids import ConnectionId
    from connector.engine import connect as engine
    from connector.errors import CrmError, SetupError
    from connector.ports import Connection

    try:
        account = str(services.open_hubspot(token).account().portal_id)
        book = services.apply_mapping()
        connection = Connection(ConnectionId(f"hubspot:{account}"), book.workspace, "hubspot", account, token)
        wishes = engine.connect(services.store, services.open_crm, book, connection, services.clock.now())
    except CrmError as error:
        raise SetupError(f"HubSpot was not connected. {error}") from error
    return connection, [wish.name for wish in wishes]
