"""`coltiva enrol`, `exit`, `move`, `pause`, `resume`: what a person decides for one lead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.options import Workspace

if TYPE_CHECKING:
    from connector.domain.fact import CommandName, Value

Who = Annotated[str, typer.Argument(metavar="WHO", help="Email address, lead id, or the CRM's record id.")]
Program = Annotated[str, typer.Argument(metavar="PROGRAM", help="The program's name in the mapping files.")]
OneProgram = Annotated[str | None, typer.Option("--program", help="Only in this program; otherwise in all.")]


def enrol(who: Who, program: Program, workspace: Workspace = None) -> None:
    """Enrol a lead in a program by hand.

    What keeps everybody else out keeps this lead out, too; `coltiva explain WHO` says so.

    Example:  coltiva enrol someone@example.com welcome
    """
    from connector.domain.fact import CommandName

    _order(who, workspace, CommandName.ENROL, [program], {"program": program})
    typer.echo(f"{who} is enrolled in {program} when it is judged next.")


def leave(who: Who, program: Program, workspace: Workspace = None) -> None:
    """Take a lead out of a program by hand.

    Example:  coltiva exit someone@example.com welcome
    """
    from connector.domain.fact import CommandName

    _order(who, workspace, CommandName.EXIT, [program], {"program": program})
    typer.echo(f"{who} leaves {program} when it is judged next.")


def move(
    who: Who,
    left: Annotated[str, typer.Argument(metavar="FROM", help="The program that it leaves.")],
    entered: Annotated[str, typer.Argument(metavar="TO", help="The program that it enters.")],
    keep: Annotated[bool, typer.Option("--keep", help="Go on in the phase of the same name.")] = False,
    workspace: Workspace = None,
) -> None:
    """Move a lead from one program to another.

    Example:  coltiva move someone@example.com new_contact known_contact --keep
    """
    from connector.domain.fact import CommandName

    _order(who, workspace, CommandName.MOVE, [left, entered], {"program": entered, "from": left, "keep": keep})
    typer.echo(f"{who} moves from {left} to {entered} when it is judged next.")


def pause(who: Who, program: OneProgram = None, workspace: Workspace = None) -> None:
    """Let a lead's programs stand still, until `coltiva resume`.

    Nothing is sent meanwhile. Answers and goals still count.

    Example:  coltiva pause someone@example.com
    """
    from connector.domain.fact import CommandName

    _order(who, workspace, CommandName.PAUSE, [program] if program else [], {"program": program} if program else {})
    typer.echo(f"{who} is sent nothing until coltiva resume.")


def resume(who: Who, program: OneProgram = None, workspace: Workspace = None) -> None:
    """Let a paused lead go on where it stood.

    Example:  coltiva resume someone@example.com
    """
    from connector.domain.fact import CommandName

    _order(who, workspace, CommandName.RESUME, [program] if program else [], {"program": program} if program else {})
    typer.echo(f"{who} goes on.")


def _order(who: str, workspace: str | None, order: CommandName, programs: list[str], data: dict[str, Value]) -> None:
    """Put the order into the lead's mailbox. Raises UnknownNameError for a lead or a program that is not there."""
    from connector.cli.opening import looking, the_workspace
    from connector.engine.judging.orders import give
    from connector.errors import UnknownNameError

    with looking() as services:
        space = the_workspace(services, workspace)
        summary = services.store.read_models.lead(space, who)
        if summary is None:
            raise UnknownNameError(f"There is no lead {who}.")
        with services.store.transaction() as transaction:
            known = services.open_shelf().latest(transaction, space).programs
        for program in programs:
            if program not in known:
                raise UnknownNameError(
                    f"There is no program {program}. There are: {', '.join(sorted(known)) or 'none'}."
                )
        give(services.store, space, summary.id, order, services.clock.now(), data)
