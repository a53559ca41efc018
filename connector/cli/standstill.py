"""`coltiva programs list`, `pause` and `resume`: which programs run, and stopping them for everybody."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.options import AsJson, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from connector.bootstrap import Services
    from connector.domain.book import Book
    from connector.domain.ids import WorkspaceId
    from connector.domain.override import OverrideEntry, OverrideKind, Overrides
    from connector.engine.telling.standing import ProgramStanding

Name = Annotated[str, typer.Argument(metavar="[NAME]", help="The program's name in the mapping files.")]
Braked = Annotated[str, typer.Argument(metavar="NAME", help="The program's name in the mapping files.")]
Everything = Annotated[bool, typer.Option("--all", help="All programs of the workspace, later ones among them.")]
Because = Annotated[str, typer.Option("--because", metavar="WORDS", help="Why, for whoever looks later.")]


def list_programs(workspace: Workspace = None, as_json: AsJson = False) -> None:
    """List programs: what runs, what stands still, who waits.

    Each with how many leads are in it, and why it stands still.

    Example:  coltiva programs list
    """
    from connector.cli.opening import looking, the_workspace, zone_of
    from connector.cli.printing import print_json
    from connector.engine.telling.standing import list_standing

    with looking() as services:
        space = the_workspace(services, workspace)
        found = list_standing(services.store, services.open_shelf(), space)
        zone = zone_of(services, space)
    if as_json:
        print_json({"programs": found})
    else:
        _print(found, zone)


def pause(name: Name = "", everything: Everything = False, because: Because = "", workspace: Workspace = None) -> None:
    """Let a program stand still for everybody, from this moment on.

    Nothing of it is sent, what was decided and has not left waits, and nobody enters. Answers and goals still count.

    \b
    Examples:
      coltiva programs pause welcome --because "wrong link in the first email"
      coltiva programs pause --all
    """
    from connector.cli.opening import looking, the_workspace
    from connector.domain.override import OverrideKind
    from connector.engine.judging import overrides

    _check_choice(name, everything=everything)
    with looking() as services:
        space = the_workspace(services, workspace)
        _know(services, space, name)
        entry = _entry(services.clock.now(), OverrideKind.PAUSED, name, because)
        is_new = overrides.pause(services.store, space, entry)
    what = name or "Everything"
    typer.echo(f"{what} stands still." if is_new else f"{what} stands still already.")


def resume(name: Name = "", everything: Everything = False, because: Because = "", workspace: Workspace = None) -> None:
    """Let a program go on where it stood.

    What was to come in an hour comes in an hour.

    Example:  coltiva programs resume welcome
    """
    from connector.cli.opening import looking, the_workspace
    from connector.domain.override import OverrideKind
    from connector.engine.judging import overrides

    _check_choice(name, everything=everything)
    with looking() as services:
        space = the_workspace(services, workspace)
        _know(services, space, name)
        entry = _entry(services.clock.now(), OverrideKind.RESUMED, name, because)
        is_new = overrides.resume(services.store, space, entry)
        with services.store.reading() as transaction:
            book = services.open_shelf().latest(transaction, space)
            applying = overrides.applying(transaction, space).overrides
    typer.echo(_tell_resumed(name, book, applying, is_new=is_new))


def admit(name: Braked, workspace: Workspace = None) -> None:
    """Let in who waits because of a program's brake.

    Who reached the goal, is suppressed or is in another program of the group by then does not enter. While the program
    stands still nobody enters: they do when it goes on.

    Example:  coltiva programs admit welcome
    """
    from connector.engine.judging import admissions

    amount, is_still = _answer(name, workspace, admissions.admit)
    typer.echo(_tell_answered(name, amount, "may enter", ", as soon as it goes on" if is_still else ""))


def refuse(name: Braked, workspace: Workspace = None) -> None:
    """Send away who waits because of a program's brake.

    Who is enrolled again later asks again.

    Example:  coltiva programs refuse welcome
    """
    from connector.engine.judging import admissions

    amount, _ = _answer(name, workspace, admissions.refuse)
    typer.echo(_tell_answered(name, amount, "stay outside"))


def _answer(name: str, workspace: str | None, answer: Callable[..., int]) -> tuple[int, bool]:
    """How many were answered, and whether the program stands still."""
    from connector.cli.opening import looking, the_workspace

    with looking() as services:
        space = the_workspace(services, workspace)
        book = _know(services, space, name)
        return answer(services.store, space, name, who(), services.clock.now()), name in book.paused


def _tell_answered(name: str, amount: int, words: str, then: str = "") -> str:
    from connector.cli.printing import plural

    return f"{plural(amount, 'lead')} {words}: {name}{then}." if amount else f"Nobody waits to enter {name}."


def _tell_resumed(name: str, book: Book, applying: Overrides, *, is_new: bool) -> str:
    """What runs now; and why something that was to go on does not."""
    if applying.is_all_paused:
        return "Everything stands still, this program too. To let it go on: coltiva programs resume --all"
    by_mapping = sorted(book.paused if not name else book.paused & {name})
    if by_mapping:
        stands = "stands" if len(by_mapping) == 1 else "stand"
        return f"{', '.join(by_mapping)} {stands} still by the mapping: remove paused: true there."
    what = name or "Everything"
    return f"{what} goes on." if is_new else f"{what} was not paused."


def _check_choice(name: str, *, everything: bool) -> None:
    if bool(name) == everything:
        raise typer.BadParameter("Name a program, or write --all.")


def _know(services: Services, workspace: WorkspaceId, name: str) -> Book:
    """The mapping that applies. Raises UnknownNameError for a program that is not in it."""
    from connector.errors import UnknownNameError

    with services.store.reading() as transaction:
        book = services.open_shelf().latest(transaction, workspace)
    if name and name not in book.programs:
        raise UnknownNameError(f"There is no program {name}. There are: {', '.join(sorted(book.programs)) or 'none'}.")
    return book


def _entry(now: datetime, kind: OverrideKind, program: str, because: str) -> OverrideEntry:
    from connector.domain.override import OverrideEntry

    return OverrideEntry(now, who(), kind, program, because=because.strip())


def who() -> str:
    """The person at this machine, as the ledger names them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number that has no name
        return "somebody"


def _print(found: Sequence[ProgramStanding], zone: ZoneInfo) -> None:
    from rich.markup import escape

    from connector.cli.printing import build_console, build_table

    table = build_table("program", "in it", "through", "wait", "stands", right=("in it", "through", "wait"))
    for one in found:
        stands = escape(tell_standing(one.paused, zone)) if one.is_paused else "[green]runs[/]"
        table.add_row(
            escape(one.program), f"{one.open:,}", f"{one.ended:,}", f"{one.waiting:,}" if one.waiting else "–", stands
        )
    console = build_console()
    console.print(table if found else "The mapping has no programs.")
    for line in tell_waiting({one.program: one.waiting for one in found if one.waiting}):
        console.print(f"\n{escape(line)}", soft_wrap=True)


def tell_standing(paused: OverrideEntry | None, zone: ZoneInfo) -> str:
    """Since when a program stands still, and why: `still since Mon 7 Sep 2026 10:00, by ada: a typo`."""
    from connector.cli.printing import local

    if paused is None:
        return "still, by the mapping"
    why = f": {paused.because}" if paused.because else ""
    return f"still since {local(paused.at, zone)}, by {paused.by}{why}"


def tell_waiting(waiting: Mapping[str, int]) -> list[str]:
    """What needs a person's word: who waits because of a brake."""
    from connector.cli.printing import plural

    return [
        f"{plural(amount, 'lead')} waiting to enter {name}: coltiva programs admit {name}, or refuse {name}"
        for name, amount in sorted(waiting.items())
    ]


def tell_pauses(pauses: Mapping[str, OverrideEntry], zone: ZoneInfo) -> list[str]:
    """What `coltiva status` says of pauses, with the remedy; the empty name stands for everything."""
    told = ((name, tell_standing(entry, zone)) for name, entry in sorted(pauses.items()))
    return [
        f"{name or 'Everything'} stands {stands}. To go on: coltiva programs resume {name or '--all'}"
        for name, stands in told
    ]
