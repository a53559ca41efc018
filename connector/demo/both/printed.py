"""The story as a timeline that marketing and sales read alike, and its verdict."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from connector.cli.printing import build_grid, plural
from connector.demo.both.play import BothAccount, Scene
from connector.demo.both.story import EMAIL, Held
from connector.demo.people import ZONE

_COLOURS = {"HubSpot": "yellow", "Salesforce": "blue"}


def print_both(console: Console, account: BothAccount) -> None:
    """Who did what where, what Coltiva answered, what both CRMs showed then; the verdict."""
    console.print()
    console.rule("[bold]One person in two CRMs[/]", align="left", style="cyan")
    _print_indented(
        console,
        f"[bold]Mara Rossi[/] <{EMAIL}>: marketing knows her in HubSpot, sales works on her in Salesforce. Coltiva "
        "makes one lead of her, with one score.",
    )
    for scene in account.scenes:
        console.print()
        _print_scene(console, scene)
    _print_verdict(console, account)


def _print_scene(console: Console, scene: Scene) -> None:
    table = build_grid()
    at = scene.at.astimezone(ZONE)
    moment = f"{at:%a} {at.day:>2} {at:%b %H:%M}"
    table.add_row(moment, f"[bold {_COLOURS[scene.crm]}]{scene.crm}[/]", f"[bold]{escape(scene.what)}[/]")
    table.add_row("", "[cyan]Coltiva[/]", escape(", ".join(scene.answers)) or "[dim]has nothing to add[/]")
    for crm, shown in (("HubSpot", scene.shown.hubspot), ("Salesforce", scene.shown.salesforce)):
        table.add_row("", f"[dim]→ {crm}[/]", f"[dim]{escape(_state(shown))}[/]")
    console.print(Padding(table, (0, 0, 0, 2)))


def _state(shown: Sequence[Held]) -> str:
    return "; ".join(_held(held) for held in shown) or "does not know her"


def _held(held: Held) -> str:
    score = "no score" if held.score is None else f"score {held.score:g}"
    owner = f", {held.owner}" if held.owner else ""
    tasks = f", {plural(len(held.tasks), 'task')}" if held.tasks else ""
    return f"{held.record}: {score}, phase {held.phase or '–'}{owner}{tasks}"


def _print_verdict(console: Console, account: BothAccount) -> None:
    steps = plural(len(account.scenes), "step")
    console.print()
    _print_indented(console, f"Both CRMs were read back after each of {steps}; played in {account.seconds:.0f} s.")
    if not account.differences:
        last = account.scenes[-1].shown.salesforce[0]
        held = f"in the end score {last.score:g}, phase {last.phase}, with {escape(last.owner)}"
        _print_indented(console, f"[bold green]✓[/] HubSpot and Salesforce hold the same of her all the way; {held}.")
        return
    amount = plural(len(account.differences), "difference")
    _print_indented(console, f"[bold red]✗[/] {amount} to what the story demands:")
    for difference in account.differences:
        _print_indented(console, f"  {escape(difference)}")


def _print_indented(console: Console, text: str) -> None:
    console.print(Padding(text, (0, 0, 0, 2)))
