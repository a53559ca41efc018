"""The account of the demo, as a person reads it."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

from rich.console import Console

from connector.demo.account import Account, MessageLine, PhaseLine, Shown
from connector.demo.people import BEGINS_AT
from connector.demo.printed import print_account
from connector.engine.telling.explain import Explanation, Happening

FUNNEL = (
    PhaseLine("welcome", "first look", "problem known", 12, {"running": 3, "moving": 2}, {"decision": 7}),
    PhaseLine("welcome", "decision", "ready to buy", 4, {"won": 3, "exited": 1}, {}),
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


def printed(*differences: str, width: int = 100) -> str:
    account = Account(
        contacts=12,
        days=49,
        seconds=9.0,
        facts=30,
        webhooks=20,
        funnel=FUNNEL,
        leads=(Shown("reads", lead(*STORY)),),
        messages=(MessageLine("welcome", is_single_send=True, sent=4, clicked=1),),
        tasks=("Hot lead: Ada, score 71", "Hot lead: Bruno, score 80"),
        calls=(),
        differences=differences,
    )
    page = StringIO()
    print_account(Console(file=page, width=width), account)
    return page.getvalue()


def test_the_funnel_has_heads_and_says_how_the_program_ended_for_whom() -> None:
    rows = [line.split() for line in printed().splitlines()]

    head = next(row for row in rows if row[:1] == ["phase"])
    assert head[-8:] == ["reached", "here", "won", "completed", "left", "led", "on", "to"]
    assert next(row for row in rows if row[:2] == ["first", "look"])[-4:] == ["12", "5", "decision", "7"]
    assert next(row for row in rows if row[:1] == ["decision"])[-3:] == ["4", "3", "1"]


def test_a_narrow_screen_leaves_the_stages_out() -> None:
    assert "ready to buy" in printed()
    assert "ready to buy" not in printed(width=80)


def test_the_emails_that_left_and_the_tasks_for_sales_are_counted() -> None:
    page = " ".join(printed().split())

    assert "welcome single send, written by Coltiva 4 1" in page
    assert "2 such as “Hot lead: Ada, score 71”" in page


def test_every_column_of_the_funnel_is_explained_below_it() -> None:
    page = " ".join(printed().split())

    assert all(f"{word}:" in page for word in ("reached", "here", "won, completed, left", "led on to"))


def test_leaving_a_list_is_told_as_joining_it_is() -> None:
    page = printed()

    assert "joined list hot_leads" in page
    assert "left list hot_leads" in page


def test_the_verdict_names_every_difference() -> None:
    assert "HubSpot holds for every contact what the programs demand." in printed()
    assert "1 difference to what the programs demand:" in printed("ada@example.com: is not in the portal")
