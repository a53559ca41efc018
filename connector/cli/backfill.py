"""`coltiva backfill`: everybody who is in a connected CRM account becomes known, and one sees how far that is."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import typer

from connector.cli.codes import FINDINGS
from connector.cli.options import AsJson

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connector.bootstrap import Services
    from connector.engine.running.line import Line
    from connector.ports import CensusState, Connection

#: Seconds between two looks at what a worker does.
_PATIENCE = 0.5

#: A connection and the object type -> how far its records are read; None while nobody began.
Progress = dict[tuple[str, str], "CensusState | None"]


def backfill(as_json: AsJson = False) -> None:
    """Show how far the accounts are read, until all is.

    A worker begins by itself when an account is connected; this command follows it, and reads where no worker runs. It
    can be stopped and run again: it goes on where it was. It ends with 1 when an account does not let itself be read.

    Example:  coltiva backfill
    """
    from connector.cli.opening import looking
    from connector.cli.printing import build_progress, print_json

    with looking() as services, build_progress() as bars:
        tasks: dict[tuple[str, str], Any] = {}

        def show(progress: Progress) -> None:
            for key, state in progress.items():
                if key not in tasks:
                    tasks[key] = bars.add_task(" ".join(key), total=None)
                if state is not None:
                    bars.update(tasks[key], completed=state.read, total=state.total or None)

        found = follow(services, show)
    if as_json:
        print_json([_to_plain(key, state) for key, state in found.items()])
    else:
        _print(found)
    raise typer.Exit(FINDINGS if any(state and state.problem for state in found.values()) else 0)


def follow(services: Services, show: Callable[[Progress], None]) -> Progress:
    """Look on, or read, until nothing is left or nothing can be done; what became of each.

    Raises SetupError where an account does not let us in.
    """
    from connector.cli.opening import all_connections
    from connector.cli.status import find_workers
    from connector.ports import ConnectionState

    active = [one for one in all_connections(services) if one.state is ConnectionState.ACTIVE]
    wanted = {one: types for one in active if (types := _types_of(services, one))}
    shelf = services.open_shelf()
    with ExitStack() as stack:
        lines: list[Line] = []
        while True:
            progress = _look(services, wanted)
            show(progress)
            if all(state and (state.is_filled or state.problem) for state in progress.values()):
                return progress
            if not lines and not find_workers(services):
                lines = [services.open_line(one) for one in wanted]
                for line in lines:
                    stack.callback(line.release)
            if not sum(_read(line, shelf) for line in lines):
                services.clock.wait(_PATIENCE)


def _types_of(services: Services, connection: Connection) -> Sequence[str]:
    """What all records can be asked for of."""
    taker = services.open_crm(connection).census
    return taker.object_types if taker else ()


def _look(services: Services, wanted: Mapping[Connection, Sequence[str]]) -> Progress:
    with services.store.reading() as transaction:
        known = {(one.id, state.object_type): state for one in wanted for state in transaction.censuses.of(one.id)}
    return {(one.id, name): known.get((one.id, name)) for one, types in wanted.items() for name in types}


def _read(line: Line, shelf: Any) -> int:
    """Read a page, unless a worker that was just started does."""
    from connector.engine.inward import census
    from connector.errors import CredentialsError, LostClaimError, SetupError

    try:
        return census.run_once(line, shelf, census.INTERVAL, is_busy=False).amount
    except LostClaimError:
        return 0
    except CredentialsError as error:
        raise SetupError(f"{line.connection.id} cannot be read. {error}") from error


def _to_plain(key: tuple[str, str], state: CensusState | None) -> Mapping[str, Any]:
    connection, object_type = key
    known = {"connection": connection, "object_type": object_type}
    if state is None:
        return {**known, "read": 0, "total": 0, "is_complete": False, "problem": ""}
    told = {"read": state.read, "total": state.total, "is_complete": state.is_filled, "problem": state.problem}
    return {**known, **told}


def _print(found: Progress) -> None:
    from connector.cli.printing import plural

    if not found:
        typer.echo("No connected account can be asked for all its records: who is in one becomes known by events.")
    for (connection, object_type), state in found.items():
        if state and state.problem:
            typer.echo(f"{connection}: the records of type {object_type} cannot be read. {state.problem}")
        elif state:
            typer.echo(f"{connection}: {plural(state.read, 'record')} of type {object_type}, all that there are.")
