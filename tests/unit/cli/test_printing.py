"""What strangers write into forms can be read in a terminal, and does nothing there."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from connector.cli.leads import _print
from connector.cli.printing import build_console, build_table, print_json
from connector.domain.ids import LeadId
from connector.engine.telling.roster import Row

#: Colours, a window title, a line that is overwritten, C1 controls, and text that runs backwards.
HOSTILE = "Mara\x1b[31m\x1b]0;owned\x07\rRossi\x9b2J\u202ehtuoy\u2066"


def test_nothing_that_steers_a_terminal_leaves_the_console(capsys: pytest.CaptureFixture[str]) -> None:
    table = build_table("lead", title=HOSTILE)
    table.add_row(HOSTILE)

    build_console().print(table)
    build_console().print(HOSTILE, markup=False)

    printed = capsys.readouterr().out
    assert printed.count("Rossi") == 3
    assert all(letter.isprintable() or letter == "\n" for letter in printed)


def test_json_holds_every_letter_and_none_that_steers_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"name": HOSTILE, "city": "Città"})

    printed = capsys.readouterr().out
    assert json.loads(printed) == {"name": HOSTILE, "city": "Città"}
    assert all(letter.isprintable() or letter == "\n" for letter in printed)
    assert "Città" in printed


def test_brackets_in_a_name_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    lead = Row(LeadId("L1"), "", "[bold]Mara[/] [/red]", "active", True, {}, None, (), 0)

    _print([lead], datetime(2026, 9, 7, tzinfo=UTC), "")

    assert "[bold]Mara[/] [/red]" in capsys.readouterr().out
