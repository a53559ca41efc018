"""`coltiva outbox`: what leaves next, and what left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.options import AsJson, Limit, Workspace
from connector.domain.outward.change import ChangeState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from rich.console import Console

    from connector.ports import OutboxChange

_HEADS = ("id", "kind", "state", "due", "tries", "record")
#: A narrower screen has no room for what is written beside the rest.
_WIDE = 110
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
    """Changes, with the CRM's own words where it said any: a table, or on a narrow screen what is written below."""
    from connector.cli.printing import build_console

    console = build_console()
    if not changes:
        console.print(nothing, markup=False)
    elif console.width < _WIDE:
        _print_narrow(console, changes, now)
    else:
        _print_wide(console, changes, now)


def _print_wide(console: Console, changes: Sequence[OutboxChange], now: datetime) -> None:
    from connector.cli.printing import build_table

    table = build_table(*_HEADS, "what", right=("id", "tries"))
    for change in changes:
        table.add_row(*_row(change, now), "\n".join(_what(change)))
    console.print(table, markup=False)


def _print_narrow(console: Console, changes: Sequence[OutboxChange], now: datetime) -> None:
    """What it says stands below, over the whole width: names of fields are long."""
    from rich.padding import Padding

    rows = [_HEADS, *(_row(change, now) for change in changes)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    heads, *lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    console.print(heads.rstrip(), style="bold", markup=False)
    for change, line in zip(changes, lines, strict=True):
        console.print(line.rstrip(), markup=False)
        console.print(Padding("\n".join(_what(change)), (0, 0, 0, 4), expand=False), markup=False)


def _row(change: OutboxChange, now: datetime) -> tuple[str, ...]:
    from connector.cli.printing import age

    due = f"in {age(change.due_at - now)}" if change.due_at > now else f"{age(now - change.due_at)} ago"
    return str(change.id), str(change.kind), str(change.state), due, str(change.attempts), change.record_id


def _what(change: OutboxChange) -> list[str]:
    from connector.engine.telling.explain import describe_change

    return [*describe_change(change), *([f"» {change.words}"] if change.words else [])]
