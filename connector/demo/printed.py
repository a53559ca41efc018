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
from connector.demo.account import Account, CallLine, MessageLine, PhaseLine, Shown
from connector.demo.people import ENDS_AT, FIRST_DAY, ZONE
from connector.demo.verdict import TASKS
from connector.engine.telling.explain import Happening

_BAR = 8
#: A narrower screen has no room for the buyer's stages.
_WIDE = 100
#: What a reader of the account wants to see of a timeline; the rest is `coltiva explain`.
_TOLD = frozenset(
    (
        *("signal", "entered", "sent", "answered", "unanswered", "phase", "chose", "won", "completed", "exited"),
        *("notified", "joined", "left", "email"),
    )
)
_LINES = 50
#: Column of the funnel -> the states of the enrolments it counts.
_STANDING = {"here": ("running", "moving"), "won": ("won",), "completed": ("completed",), "left": ("exited",)}
_LEGEND = (
    "[dim]In leads. reached: came to this phase. here: in it now. won, completed, left: how the program ended for "
    "those who were in this phase then. led on to: the phase, or the other program, that came next.[/]"
)
#: HubSpot's operations as people say them.
_OPERATIONS = {
    "account.details": "account looked up",
    "emails.send": "emails sent (single send)",
    "emails.send_status": "emails followed up",
    "forms.list": "forms looked for",
    "forms.submissions": "form submissions asked for",
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
    _print_messages(console, account.messages)
    _print_tasks(console, account.tasks)
    _print_calls(console, account)
    print_verdict(console, account)


def _title(console: Console, text: str) -> None:
    console.print()
    console.rule(f"[bold]{escape(text)}[/]", align="left", style="cyan")


def _print_funnel(console: Console, funnel: Sequence[PhaseLine]) -> None:
    stage = ("buyer's stage",) if console.width >= _WIDE else ()
    for program, phases in groupby(funnel, lambda line: line.program):
        _title(console, f"Program {program}: who came how far")
        lines = list(phases)
        widest = max(1, *(line.reached for line in lines))
        table = build_table("phase", *stage, "", "reached", *_STANDING, "led on to", right=("reached", *_STANDING))
        for line in lines:
            bar = "█" * max(1, round(_BAR * line.reached / widest)) if line.reached else ""
            numbers = (_count(line, states) for states in _STANDING.values())
            cells = (line.phase, *((line.stage,) if stage else ()), f"[cyan]{bar:<{_BAR}}[/]", f"{line.reached:,}")
            table.add_row(*cells, *numbers, _ways(line))
        console.print(Padding(table, (0, 0, 0, 2)))
    console.print(Padding(_LEGEND, (1, 2, 0, 2)))


def _count(line: PhaseLine, states: Iterable[str]) -> str:
    amount = sum(line.standing.get(state, 0) for state in states)
    return f"{amount:,}" if amount else ""


def _ways(line: PhaseLine) -> str:
    ways = [f"{name} {amount:,}" for name, amount in line.ways.items()]
    held_out = line.standing.get("held_out", 0)
    return ", ".join([*ways, f"held out {held_out}"] if held_out else ways)


def _print_messages(console: Console, messages: Sequence[MessageLine]) -> None:
    _title(console, "Messages that HubSpot sent")
    table = build_table("message", "how", "sent", "clicked", right=("sent", "clicked"))
    for line in messages:
        how = "single send, written by Coltiva" if line.is_single_send else "workflow on a list"
        table.add_row(escape(line.name), how, f"{line.sent:,}", f"{line.clicked:,}" if line.clicked else "")
    console.print(Padding(table, (0, 0, 0, 2)))


def _print_tasks(console: Console, tasks: Sequence[str]) -> None:
    _title(console, "Tasks for sales")
    table = build_grid()
    for words in TASKS.values():
        found = [subject for subject in tasks if words in subject]
        if found:
            table.add_row(f"{len(found):>5,}", f"such as “{escape(found[0])}”")
    _print_grid(console, table)


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
