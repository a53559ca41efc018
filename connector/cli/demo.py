"""`coltiva demo`: seven weeks of nurturing, and one person in two CRMs, in about a minute, without an account."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.cli.options import AsJson


def demo(
    contacts: Annotated[
        int, typer.Option(metavar="N", min=32, max=5_000, help="How many contacts the portal has.")
    ] = 300,
    seed: Annotated[int, typer.Option(metavar="N", help="Another number plays with other people.")] = 1,
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything running afterwards, to explore.")] = False,
    as_json: AsJson = False,
) -> None:
    """Watch leads being nurtured in simulated CRMs.

    Starts a portal, a web process and a worker on this machine, plays seven weeks of a company's life in accelerated
    time, reads the portal back and checks it against what was done to each contact. Then one person is played through
    a portal and a Salesforce org, both of which are read back after each step. Ends with 1 when either is not as the
    programs demand.

    Example:  coltiva demo --contacts 100 --keep
    """
    from connector.demo.play import play

    raise typer.Exit(play(contacts=contacts, seed=seed, keep=keep, as_json=as_json))
