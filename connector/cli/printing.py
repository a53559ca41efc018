"""How things are printed: tables for people, JSON for programs.

Rich keeps to the width of the terminal, and to plain text when NO_COLOR is set or the output is no terminal.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

#: Where no terminal tells its width.
_WIDTH = 100

#: What a terminal obeys instead of showing, or what turns the text around it: strangers write it into forms.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


class _Screen(Console):
    """A console on which text can only be read."""

    def render_str(self, text: str, **how: Any) -> Text:
        """Every text of a page passes here before it gets its style."""
        return super().render_str(_UNSEEN.sub("\ufffd", text), **how)


def build_console(*, stderr: bool = False) -> Console:
    """Where people read; what would steer their terminal is shown as a blot."""
    console = _Screen(stderr=stderr, highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _WIDTH
    return console


def print_json(value: object) -> None:
    """The value as indented JSON; moments in ISO form, spans in seconds."""
    text = json.dumps(_plain(value), ensure_ascii=False, indent=2)
    typer.echo(_UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


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


def build_grid() -> Table:
    """Columns without heads."""
    return Table.grid(padding=(0, 2, 0, 0))


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
    return f"{day(at)} {at:%H:%M}"


def day(at: date) -> str:
    """A day: `Sun 22 Nov 2026`."""
    return f"{at:%a} {at.day} {at:%b %Y}"


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
