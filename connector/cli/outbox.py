"""`coltiva outbox`: what leaves next, and what left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.options import AsJson, Limit, Workspace
from connector.domain.outward.change import ChangeState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from connector.ports import OutboxChange

_WAITING = (ChangeState.PENDING, ChangeState.ATTEMPTED)


def outbox(
    state: Annotated[
        list[ChangeState] | None,
        typer.Option(
            "--state",
            metavar="STATE",
            help="Only changes in this state; may be repeated. By default pending and attempted.",
            show_default=False,
        ),
    ] = None,
    limit: Limit = 50,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Show what is to be written to CRMs, and what was.

    A change is pending until its call begins, attempted until the CRM has answered, and then done, or refused for
    good: a dead letter. What was not wanted any more before it left is withdrawn.

    Example:  coltiva outbox --state done --limit 20
    """
    from connector.cli.opening import an_optional_workspace, looking
    from connector.cli.printing import print_json

    with looking() as services:
        space = an_optional_workspace(services, workspace)
        with services.store.transaction() as transaction:
            changes = transaction.outbox.list(space, state or _WAITING, limit)
        now = services.clock.now()
    if as_json:
        print_json({"changes": changes})
    else:
        print_changes(changes, now, nothing="Nothing waits to be written.")


def print_changes(changes: Sequence[OutboxChange], now: datetime, *, nothing: str) -> None:
    """Changes as a table, with the CRM's own words where it said any."""
    from connector.cli.printing import age, build_console, build_table
    from connector.engine.telling.explain import describe_change

    table = build_table("id", "kind", "state", "due", "tries", "record", "what", right=("id", "tries"))
    for change in changes:
        due = f"in {age(change.due_at - now)}" if change.due_at > now else f"{age(now - change.due_at)} ago"
        what = "\n".join([*describe_change(change), *([f"» {change.words}"] if change.words else [])])
        row = (change.kind, change.state, due, str(change.attempts), change.record_id, what)
        table.add_row(str(change.id), *map(str, row))
    build_console().print(table if changes else nothing, markup=False)
