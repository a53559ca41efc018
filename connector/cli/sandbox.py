"""`coltiva sandbox`: a simulated HubSpot to rehearse with."""

from __future__ import annotations

from typing import Annotated

import typer


def sandbox(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on this machine; 0 takes a free one.")] = 0,
    contacts: Annotated[int, typer.Option(min=0, max=100_000, help="Contacts to begin with.")] = 20,
    target_url: Annotated[
        str | None, typer.Option("--target-url", metavar="URL", help="Where webhooks go; without it none are sent.")
    ] = None,
    rate: Annotated[float, typer.Option(min=0, help="Portal seconds in a real second; 86400 is a day a second.")] = 1,
    seed: Annotated[int, typer.Option(help="Makes ids, faults and retries repeatable.")] = 1,
) -> None:
    """Serve a simulated HubSpot portal to rehearse with.

    It runs on this machine until Ctrl-C. Its first line is JSON: the URL, the app with its client secret, and the
    portal with its token. Point COLTIVA_HUBSPOT_BASE_URL at the URL and nothing else needs to change.

    Example:  coltiva sandbox --port 9000 --target-url http://127.0.0.1:8000/webhooks/hubspot
    """
    from connector.sandbox.__main__ import main

    arguments = [f"--port={port}", f"--contacts={contacts}", f"--rate={rate}", f"--seed={seed}"]
    if target_url:
        # Webhooks are judged by the machine's clock, whatever the portal's own time is.
        arguments += [f"--target-url={target_url}", "--sign-in-real-time"]
    raise typer.Exit(main(arguments))
