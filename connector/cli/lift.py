"""`coltiva lift`: messages may be sent again."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.cli.options import Workspace


def lift(
    who: Annotated[str, typer.Argument(metavar="WHO", help="Email address, lead id, or the CRM's record id.")],
    workspace: Workspace = None,
) -> None:
    """Send to a lead again after a bounce or a complaint.

    Whoever opted out of email stays so: that is for the CRM to change.

    Example:  coltiva lift someone@example.com
    """
    from connector.cli.opening import looking, the_workspace
    from connector.domain.fact import CommandName
    from connector.engine.judging.orders import give
    from connector.errors import UnknownNameError

    with looking() as services:
        space = the_workspace(services, workspace)
        summary = services.store.read_models.lead(space, who)
        if summary is None:
            raise UnknownNameError(f"There is no lead {who}.")
        if not summary.lead.suppressed_by:
            typer.echo(f"Nothing stops messages to {who}.")
            return
        give(services.store, space, summary.id, CommandName.LIFT, services.clock.now())
    typer.echo(f"{who} may be sent messages again; they had been stopped by {summary.lead.suppressed_by}.")
