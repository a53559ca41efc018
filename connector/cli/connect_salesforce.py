"""`coltiva connect salesforce`: an org becomes one we listen and write to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.options import AsJson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.bootstrap import Services
    from connector.ports import Connection, LetIn


def salesforce(
    host: Annotated[
        str, typer.Option("--host", metavar="HOST", help="The org's My Domain, such as acme.my.salesforce.com.")
    ],
    username: Annotated[
        str | None, typer.Option("--username", metavar="USER", help="Be let in by the app's certificate, as this user.")
    ] = None,
    by_browser: Annotated[
        bool, typer.Option("--browser", help="Be let in by an administrator, in the browser.")
    ] = False,
    paste: Annotated[
        bool, typer.Option("--paste", help="With --browser: paste the address by hand, where no browser reaches us.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Connect a Salesforce org, or give it a new grant.

    Coltiva is let in by the secret of its app, as the user whom the app's policies name; with --username by the app's
    certificate; with --browser by an administrator, who opens a page and is told there what came of it, while `coltiva
    serve` runs where the org can send a browser to. The grant is kept sealed. What the user may not do there is told
    object by object and field by field. Connect again after mending that, or to end a pause.

    \b
    Examples:
      coltiva connect salesforce --host acme.my.salesforce.com
      coltiva connect salesforce --host acme.my.salesforce.com --username coltiva@acme.example
      coltiva connect salesforce --host acme.my.salesforce.com --browser
    """
    from connector.cli.opening import opened
    from connector.cli.printing import print_json
    from connector.settings import load_settings

    settings = load_settings(required=("COLTIVA_SALESFORCE_CLIENT_ID",))
    with opened(settings) as services:
        if by_browser and not paste:
            connection, properties, lacks = _connect_by_page(services, host)
        else:
            let_in = _be_let_in(services, host, username, by_browser=by_browser)
            connection, properties, lacks = connect_salesforce(services, let_in)
    if as_json:
        connected = {"connection": connection.id, "workspace": connection.workspace, "properties": properties}
        print_json({**connected, "lacks": lacks})
        return
    typer.echo(f"Salesforce org {connection.account} is connected to workspace {connection.workspace}.")
    typer.echo(f"Coltiva is user {connection.user} there.")
    if properties:
        typer.echo(f"Coltiva keeps up to date: {', '.join(properties)}.")
    if lacks:
        typer.echo("\nThe user lacks rights. Grant them in a permission set, and connect again:\n")
        for lack in lacks:
            typer.echo(f"  {lack}")
    typer.echo(
        f"\nNext: let the org tell of changes, at {settings.public_url}/webhooks/salesforce/outbound (an outbound "
        f"message) or /webhooks/salesforce/events (signed JSON: coltiva keys signing add {connection.account})."
    )


def connect_salesforce(services: Services, let_in: LetIn) -> tuple[Connection, Sequence[str], Sequence[str]]:
    """Connect an org to the workspace of the mapping files: what we write there, and what we may not do.

    The mapping is applied, too. Raises SetupError with what Salesforce said, and MappingError: nothing is connected
    then. Rights that are missing are no error: an administrator grants them afterwards.
    """
    from connector.cli.connecting import connect_account
    from connector.errors import CrmError, SetupError

    try:
        connection, written = connect_account(services, "salesforce", let_in.account, let_in.token, user=let_in.user)
        book, _ = services.read_mapping()
        return connection, written, services.missing_rights(connection, book, written)
    except CrmError as error:
        raise SetupError(f"The org was not connected. {error}") from error


def _connect_by_page(services: Services, host: str) -> tuple[Connection, Sequence[str], Sequence[str]]:
    """Wait for the administrator, and tell both of us what came of it: here, and on the page in the browser."""
    from connector.engine.running.inviting import Inviting
    from connector.errors import ConnectorError, CrmError, SetupError

    invitation = services.invite_to_salesforce(host)
    with Inviting(services.store, services.clock, "salesforce", invitation) as inviting:
        typer.echo(f"Open this page as an administrator of the org, and say yes:\n\n{invitation.page}\n", err=True)
        typer.echo("Waiting for the answer, for a quarter of an hour. Ctrl-C ends it.", err=True)
        answer = inviting.wait()
        try:
            connected = connect_salesforce(services, invitation.accept(answer))
        except CrmError as error:
            inviting.refuse(str(error))
            raise SetupError(f"The org was not connected. {error}") from error
        except ConnectorError as error:
            inviting.refuse(str(error))
            raise
        connection, _, lacks = connected
        inviting.succeed(_to_words(connection, lacks))
        return connected


def _to_words(connection: Connection, lacks: Sequence[str]) -> str:
    """For the administrator in the browser."""
    words = f"Org {connection.account} is connected to workspace {connection.workspace}."
    if not lacks:
        return words
    return f"{words}\n\nThe integration user still lacks rights:\n" + "\n".join(f"– {lack}" for lack in lacks)


def _be_let_in(services: Services, host: str, username: str | None, *, by_browser: bool) -> LetIn:
    from connector.errors import CrmError, SetupError

    try:
        if not by_browser:
            return services.be_let_in_by_salesforce(host, username or "")
        invitation = services.invite_to_salesforce(host)
        typer.echo(f"Open this page as an administrator of the org, and say yes:\n\n{invitation.page}\n", err=True)
        return invitation.accept(typer.prompt("The address that the browser is sent to then", err=True))
    except CrmError as error:
        raise SetupError(f"The org was not connected. {error}") from error
