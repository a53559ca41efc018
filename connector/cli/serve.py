"""`coltiva serve`: all of it on one machine."""

from __future__ import annotations

import typer


def serve() -> None:
    """Run everything on this machine, and keep it running.

    That is one web process and one worker, and one that listens to change events of Salesforce orgs where that is set
    up. A crashed one is started again; Ctrl-C stops all in good order.

    It needs COLTIVA_HUBSPOT_CLIENT_SECRET, from the app's Auth page, or COLTIVA_SALESFORCE_CLIENT_ID, and
    COLTIVA_PUBLIC_URL, the address that the CRM calls.

    \b
    Example:
      coltiva check
      coltiva connect hubspot
      coltiva serve
    """
    from connector.cli.changes import can_listen
    from connector.cli.processes import Processes, coltiva
    from connector.crms import REGISTRY, settings_to_receive
    from connector.settings import load_settings

    # Only what is cheap is checked here: the children check the rest and this process stays small.
    settings = load_settings(one_of=settings_to_receive())
    for crm in REGISTRY.values():
        if not crm.setting or settings.value(crm.setting):
            typer.echo(f"Webhooks: {settings.public_url}{' and '.join(f'/webhooks/{way}' for way in crm.ways_in)}")
    typer.echo(f"Health:   http://{settings.host}:{settings.port}/readyz")
    typer.echo(f"Mapping:  {settings.mappings}")
    typer.echo("Stop with Ctrl-C.")
    names = ["web", "worker"]
    if settings.salesforce_client_id and can_listen() and settings.has_bus:
        names.append("changes")
    raise typer.Exit(Processes({name: coltiva(name, "--end-with-parent") for name in names}).run())
