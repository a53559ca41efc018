"""`coltiva apart`: a record is somebody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.options import Workspace

if TYPE_CHECKING:
    from connector.domain.ids import CrmRef
    from connector.ports import LeadSummary


def apart(
    record: Annotated[str, typer.Argument(metavar="RECORD", help="The CRM's record id, or the whole reference.")],
    undo: Annotated[bool, typer.Option("--undo", help="Let the record be joined by its address again.")] = False,
    workspace: Workspace = None,
) -> None:
    """Say that a record is somebody else's than its lead.

    It becomes a lead of its own and is kept apart. Each of the two has what its own records told; what was sent counts
    as sent to both. A merge in the CRM makes one of them again, and so does --undo where both have the same address.

    Example:  coltiva apart 00Q5e00000AbCdEEAV
    """
    from connector.cli.opening import looking, the_workspace
    from connector.engine.inward.apart import keep_apart, let_join
    from connector.errors import UnknownNameError

    with looking() as services:
        space, now = the_workspace(services, workspace), services.clock.now()
        summary = services.store.read_models.lead(space, record)
        ref = _find(summary, record)
        if summary is None or ref is None:
            raise UnknownNameError(f"There is no record {record} of a lead.")
        if undo:
            was_apart = let_join(services.store, space, ref, now)
            typer.echo(f"{ref} may be joined again." if was_apart else f"{ref} was not kept apart.")
            return
        lead_id = keep_apart(services.store, space, summary.id, ref, now)
    typer.echo(f"{ref} is {lead_id} from here on, and is joined with nobody by its address.")


def _find(summary: LeadSummary | None, record: str) -> CrmRef | None:
    """The record that is meant, by its id or reference."""
    refs = summary.refs if summary else ()
    return next((ref for ref in refs if record in (str(ref), ref.record_id)), None)
