"""`coltiva thaw`: a field over which CRMs quarrelled is written again."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.cli.options import Workspace


def thaw(
    who: Annotated[str, typer.Argument(metavar="WHO", help="Email address, lead id, or the CRM's record id.")],
    field: Annotated[str | None, typer.Argument(metavar="FIELD", help="The field; without, all of them.")] = None,
    workspace: Workspace = None,
) -> None:
    """Write a field again over which CRMs quarrelled.

    It was frozen because they kept overwriting each other. First end the workflow or sync that puts values back; else
    it is frozen again.

    Example:  coltiva thaw someone@example.com phone
    """
    from connector.cli.opening import looking, the_workspace
    from connector.cli.printing import joined
    from connector.domain.fact import CommandName
    from connector.engine.judging.orders import give
    from connector.errors import UnknownNameError

    with looking() as services:
        space = the_workspace(services, workspace)
        summary = services.store.read_models.lead(space, who)
        if summary is None:
            raise UnknownNameError(f"There is no lead {who}.")
        names = [name for name in summary.lead.frozen_until if field in (None, name)]
        for name in names:
            give(services.store, space, summary.id, CommandName.THAW, services.clock.now(), {"field": name})
    typer.echo(f"Written to CRMs again: {joined(names)}." if names else f"Nothing of {who} is frozen.")
