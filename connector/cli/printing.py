"""How things are printed: tables for people, JSON for programs.

Rich keeps to the width of the terminal, and to plain text when NO_COLOR is set or the output is no terminal.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

#: Where no terminal tells its width.
_WIDTH = 100


def build_console(*, stderr: bool = False) -> Console:
    """Where people read."""
    console = Console(stderr=stderr, highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _WIDTH
    return console


def print_json(value: object) -> None:
    """The value as indented JSON; moments in ISO form, spans in seconds."""
    typer.echo(json.dumps(_plain(value), ensure_ascii=False, indent=2))


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, timedelta):
        return value.total_seconds()
    return str(value) if isinstance(value, Path) else value


def build_table(*columns: str, right: Sequence[str] = (), title: str = "") -> Table:
    """A table without a cage; `right` names the columns with numbers."""
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return table


def build_progress() -> Progress:
    """A bar on a terminal's standard error; silent elsewhere."""
    console = build_console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def plural(amount: int, one: str, many: str = "") -> str:
    """`1 lead`, `1,204 leads`."""
    return f"{amount:,} {one if amount == 1 else many or one + 's'}"


def local(moment: datetime, zone: ZoneInfo) -> str:
    """A moment on the wall clock of the zone: `Sun 22 Nov 2026 11:04`."""
    at = moment.astimezone(zone)
    return f"{at:%a} {at.day} {at:%b %Y %H:%M}"


def age(span: timedelta) -> str:
    """A span in its largest whole unit: `3 s`, `5 min`, `2 h`, `9 days`."""
    seconds = max(0, int(span.total_seconds()))
    for length, unit in ((86_400, "day"), (3_600, "h"), (60, "min")):
        if seconds >= length:
            amount = seconds // length
            return plural(amount, unit) if unit == "day" else f"{amount} {unit}"
    return f"{seconds} s"


def joined(words: Iterable[str], nothing: str = "–") -> str:
    """Words on one line, or a dash."""
    return ", ".join(words) or nothing
