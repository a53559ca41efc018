"""The account as a page for a person: funnel, three leads, what was written, the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from connector.cli.explanation import print_score, print_timeline
from connector.cli.printing import build_grid, build_table, plural
from connector.demo.account import Account, CallLine, PhaseLine, Shown
from connector.demo.people import ENDS_AT, FIRST_DAY, ZONE
from connector.engine.explain import Happening

_BAR = 12
#: What a reader of the account wants to see of a timeline; the rest is `coltiva explain`.
_TOLD = frozenset(
    ("signal", "entered", "sent", "unanswered", "phase", "won", "completed", "exited", "notified", "joined", "left")
)
_LINES = 40
#: Column of the funnel -> the state of the enrolments it counts.
_STANDING = {"here": "running", "moving on": "moving", "won": "won", "completed": "completed", "left": "exited"}
_LEGEND = (
    "[dim]In leads. reached: came to this phase. here: in it now, being mailed or waited for. moving on: "
    "all was answered or its time ran out, the next phase is about to begin. won, completed, left: how the program "
    "ended for those who were in this phase then.[/]"
)
#: HubSpot's operations as people say them.
_OPERATIONS = {
    "account.details": "account looked up",
    "groups.create": "property groups made",
    "lists.create": "lists made",
    "lists.get_by_name": "lists looked for",
    "members.add_and_remove": "list memberships changed",
    "objects.batch_create": "tasks and notes made",
    "objects.batch_read": "contacts read",
    "objects.batch_update": "contacts updated",
    "properties.batch_read": "properties looked for",
    "properties.create": "properties made",
}
_MOST_DIFFERENCES = 20


def print_account(console: Console, account: Account) -> None:
    """Everything, from top to bottom."""
    _print_funnel(console, account.funnel)
    for shown in account.leads:
        _print_lead(console, shown)
    _print_calls(console, account)
    print_verdict(console, account)


def _title(console: Console, text: str) -> None:
    console.print()
    console.rule(f"[bold]{escape(text)}[/]", align="left", style="cyan")


def _print_funnel(console: Console, funnel: Sequence[PhaseLine]) -> None:
    for program, phases in groupby(funnel, lambda line: line.program):
        _title(console, f"Program {program}: who came how far")
        lines = list(phases)
        widest = max(1, *(line.reached for line in lines))
        table = build_table("phase", "buyer's stage", "", "reached", *_STANDING, right=("reached", *_STANDING))
        for line in lines:
            bar = "█" * max(1, round(_BAR * line.reached / widest)) if line.reached else ""
            standing = (
                f"{amount:,}" if (amount := line.standing.get(state, 0)) else "" for state in _STANDING.values()
            )
            table.add_row(line.phase, line.stage, f"[cyan]{bar:<{_BAR}}[/]", f"{line.reached:,}", *standing)
        console.print(Padding(table, (0, 0, 0, 2)))
    console.print(Padding(_LEGEND, (1, 2, 0, 2)))


def _print_grid(console: Console, table: Table) -> None:
    if table.row_count:
        console.print(Padding(table, (0, 0, 0, 2)))


def _print_lead(console: Console, shown: Shown) -> None:
    _title(console, f"{shown.lead.name}, who {shown.story}")
    for score in shown.lead.scores:
        print_score(console, score, ZONE)
    print_timeline(console, _shortened(shown.lead.timeline), ZONE, _LINES)


def _shortened(timeline: Iterable[Happening]) -> tuple[Happening, ...]:
    return tuple(one for one in timeline if one.kind in _TOLD and not one.what.startswith("email_opened"))


def _print_calls(console: Console, account: Account) -> None:
    _title(console, "Written to HubSpot")
    table = build_grid()
    table.add_row("", "[bold]calls[/]", "[bold]records[/]", "")
    for line in account.calls:
        failed = f"[red]{line.failed} refused or put off[/]" if line.failed else ""
        table.add_row(_named(line), f"{line.calls:>5,}", f"{line.records:>7,}" if line.records else "", failed)
    _print_grid(console, table)
    records, calls = sum(line.records for line in account.calls), sum(line.calls for line in account.calls)
    console.print(f"\n  {plural(records, 'record')} written in {plural(calls, 'call')}.")


def _named(line: CallLine) -> str:
    return _OPERATIONS.get(line.operation, line.operation)


def print_verdict(console: Console, account: Account) -> None:
    """Whether the portal is as the programs demand."""
    _title(console, "Verdict")
    days = f"{FIRST_DAY:%-d %B} to {ENDS_AT:%-d %B %Y}"
    console.print(
        f"  {plural(account.contacts, 'contact')}, {days}: {plural(account.webhooks, 'webhook')} with "
        f"{plural(account.facts, 'fact')}, played in {account.seconds:.0f} s."
    )
    if not account.differences:
        console.print("  [bold green]✓[/] HubSpot holds for every contact what the programs demand.")
        return
    console.print(f"  [bold red]✗[/] {plural(len(account.differences), 'difference')} to what the programs demand:")
    for difference in account.differences[:_MOST_DIFFERENCES]:
        console.print(f"    {escape(difference)}")
    if len(account.differences) > _MOST_DIFFERENCES:
        console.print(f"    and {len(account.differences) - _MOST_DIFFERENCES} more")
