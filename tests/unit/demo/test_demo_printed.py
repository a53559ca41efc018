"""The account of the demo, as a person reads it."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

from rich.console import Console

from connector.demo.account import Account, PhaseLine, Shown
from connector.demo.people import BEGINS_AT
from connector.demo.printed import print_account
from connector.engine.explain import Explanation, Happening

FUNNEL = (
    PhaseLine("welcome", "first look", "problem known", 12, {"running": 3, "moving": 2}),
    PhaseLine("welcome", "decision", "ready to buy", 4, {"won": 3, "exited": 1}),
)
STORY = (
    Happening(BEGINS_AT, "joined", "joined list hot_leads"),
    Happening(BEGINS_AT + timedelta(days=1), "left", "left list hot_leads"),
)


def lead(*timeline: Happening) -> Explanation:
    return Explanation(
        id="L1",
        name="Ada",
        email="ada@example.com",
        refs=(),
        standing="active",
        now=BEGINS_AT,
        scores=(),
        ledger=(),
        segments=(),
        lists=(),
        enrolments=(),
        writes=(),
        signals=(),
        timeline=timeline,
    )


def printed(*differences: str) -> str:
    account = Account(12, 42, 9.0, 30, 20, FUNNEL, (Shown("reads", lead(*STORY)),), (), differences)
    page = StringIO()
    print_account(Console(file=page, width=100), account)
    return page.getvalue()


def test_the_funnel_has_heads_and_says_how_the_program_ended_for_whom() -> None:
    rows = [line.split() for line in printed().splitlines()]

    head = next(row for row in rows if row[:1] == ["phase"])
    assert head[-7:] == ["reached", "here", "moving", "on", "won", "completed", "left"]
    assert next(row for row in rows if row[:2] == ["first", "look"])[-3:] == ["12", "3", "2"]
    assert next(row for row in rows if row[:1] == ["decision"])[-3:] == ["4", "3", "1"]


def test_every_column_of_the_funnel_is_explained_below_it() -> None:
    page = " ".join(printed().split())

    assert all(f"{word}:" in page for word in ("reached", "here", "moving on", "won, completed, left"))


def test_leaving_a_list_is_told_as_joining_it_is() -> None:
    page = printed()

    assert "joined list hot_leads" in page
    assert "left list hot_leads" in page


def test_the_verdict_names_every_difference() -> None:
    assert "HubSpot holds for every contact what the programs demand." in printed()
    assert "1 difference to what the programs demand:" in printed("ada@example.com: is not in the portal")
