"""`coltiva connect salesforce`: an org becomes one we listen and write to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import parse_qs, urlsplit

import typer

from connector.cli.options import AsJson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.bootstrap import Services
    from connector.crms.salesforce.grants import Grant
    from connector.crms.salesforce.permissions import Lack
    from connector.ports import Connection

#: Where the app sends an administrator back to. Nothing needs to answer there: the address is copied.
_CALLBACK = "/oauth/salesforce/callback"


def salesforce(
    host: Annotated[
        str, typer.Option("--host", metavar="HOST", help="The org's My Domain, such as acme.my.salesforce.com.")
    ],
    username: Annotated[
        str | None, typer.Option("--username", help="Be let in by the app's certificate, as this user.")
    ] = None,
    by_browser: Annotated[
        bool, typer.Option("--browser", help="Be let in by an administrator, in the browser.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Connect a Salesforce org, or give it a new grant.

    Coltiva is let in by the secret of its app, as the user whom the app's policies name; with --username by the app's
    certificate; with --browser by an administrator. The grant is kept sealed. What the user may not do there is told
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
        grant = _be_let_in(services, host, username, by_browser=by_browser)
        connection, properties, lacks = connect_salesforce(services, grant)
    if as_json:
        connected = {"connection": connection.id, "workspace": connection.workspace, "properties": properties}
        print_json({**connected, "lacks": [str(lack) for lack in lacks]})
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


def connect_salesforce(services: Services, grant: Grant) -> tuple[Connection, Sequence[str], Sequence[Lack]]:
    """Connect the grant's org to the workspace of the mapping files: what we write there, and what we may not do.

    The mapping is applied, too. Raises SetupError with what Salesforce said, and MappingError: nothing is connected
    then. Rights that are missing are no error: an administrator grants them afterwards.
    """
    from connector.cli.connecting import connect_account
    from connector.errors import CrmError, SetupError

    try:
        connection, properties = connect_account(
            services, "salesforce", grant.org_id, grant.to_text(), user=grant.user_id
        )
        book, _ = services.read_mapping()
        org = services.open_salesforce(connection)
        reads = book.properties_to_read("salesforce")
        return connection, properties, org.find_lacks(reads=reads, writes=properties)
    except CrmError as error:
        raise SetupError(f"The org was not connected. {error}") from error


def _be_let_in(services: Services, host: str, username: str | None, *, by_browser: bool) -> Grant:
    from connector.errors import CrmError, SetupError

    oauth = services.salesforce_oauth()
    try:
        if by_browser:
            return _ask_administrator(services, host)
        if username:
            return oauth.connect_by_certificate(host, username)
        return oauth.connect_by_secret(host)
    except CrmError as error:
        raise SetupError(f"The org was not connected. {error}") from error


def _ask_administrator(services: Services, host: str) -> Grant:
    """Have an administrator open a page, and redeem the code with which the browser comes back."""
    import secrets

    from connector.crms.salesforce.oauth import new_verifier
    from connector.errors import SetupError

    oauth, verifier, state = services.salesforce_oauth(), new_verifier(), secrets.token_urlsafe(24)
    redirect_uri = services.settings.public_url + _CALLBACK
    page = oauth.authorise_url(host, redirect_uri=redirect_uri, state=state, verifier=verifier)
    typer.echo(f"Open this page as an administrator of the org, and say yes:\n\n{page}\n", err=True)
    answer = typer.prompt("The address that the browser is sent to then", err=True)
    query = parse_qs(urlsplit(answer.strip()).query)
    if query.get("state") != [state]:
        raise SetupError("This is not the answer to that page: its state is another. Run the command again.")
    if "code" not in query:
        said = " ".join(query.get("error_description") or query.get("error") or ["no reason"])
        raise SetupError(f"The org did not let us in: {said}. Run the command again.")
    return oauth.redeem(host, code=query["code"][0], redirect_uri=redirect_uri, verifier=verifier)
