"""The verdict on one person in two CRMs: it notices whatever differs, and says so on a page of any width."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from connector.demo import play
from connector.demo.account import Account
from connector.demo.both.answers import tell_new
from connector.demo.both.play import BothAccount, Scene
from connector.demo.both.printed import print_both
from connector.demo.both.story import STORY, Held, expect
from connector.demo.both.verdict import judge
from connector.demo.people import BEGINS_AT
from connector.domain.history import HistoryEntry, HistoryKind

RIGHT = tuple(expect(steps) for steps in range(1, len(STORY) + 1))


def test_what_the_story_demands_is_no_difference() -> None:
    assert judge(RIGHT) == ()


@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("score", lambda held: replace(held, score=89)),
        ("score", lambda held: replace(held, score=None)),
        ("phase", lambda held: replace(held, phase="reading")),
        ("owner", lambda held: replace(held, owner="Ben Bianchi")),
        ("tasks", lambda held: replace(held, tasks=("Call her", "Call her again"))),
    ],
)
def test_whatever_differs_in_either_crm_is_told(crm: str, name: str, spoil: Callable[[Held], Held]) -> None:
    last = RIGHT[-1]
    spoilt = replace(last, **{crm: tuple(spoil(held) for held in getattr(last, crm))})

    (difference,) = judge((*RIGHT[:-1], spoilt))

    assert f"{name} must be" in difference


def test_a_person_who_is_missing_or_there_twice_is_told() -> None:
    missing, twice = replace(RIGHT[-1], salesforce=()), replace(RIGHT[-1], hubspot=RIGHT[-1].hubspot * 2)

    assert "Salesforce must show 1 records of her, not 0" in judge((*RIGHT[:-1], missing))[0]
    assert "HubSpot must show 1 records of her, not 2" in judge((*RIGHT[:-1], twice))[0]


def test_a_story_that_broke_off_is_no_success() -> None:
    assert judge(RIGHT[:-1]) == ("5 of 6 steps were played",)


def printed(width: int, *differences: str) -> str:
    scenes = tuple(
        Scene(step.at, step.crm, step.what, ("+20 points (worked on)",), shown)
        for step, shown in zip(STORY, RIGHT, strict=True)
    )
    page = StringIO()
    print_both(Console(file=page, width=width), BothAccount(9.0, scenes, differences))
    return page.getvalue()


@pytest.mark.parametrize("width", [60, 100])
def test_the_page_keeps_to_the_width_of_the_terminal(width: int) -> None:
    page = printed(width)

    assert max(map(len, page.splitlines())) <= width
    assert "✓" in page


def test_a_difference_takes_the_place_of_the_praise() -> None:
    page = printed(100, "Salesforce: score must be “90”, not “65”")

    assert "✗ 1 difference" in page
    assert "✓" not in page


def test_a_person_nobody_has_found_yet_is_said_to_be_unknown() -> None:
    assert "→ Salesforce  does not know her" in printed(100)


def test_only_what_is_new_is_told_even_where_the_past_is_told_anew() -> None:
    phase = HistoryEntry(BEGINS_AT, HistoryKind.PHASE, "buying", {"phase": "deciding"})
    known = HistoryEntry(BEGINS_AT, HistoryKind.KNOWN, "salesforce", {})
    _, told = tell_new(Counter(), [phase], ())

    answers, _ = tell_new(told, [known, phase], ())

    assert answers == ("finds her in Salesforce",)


@pytest.mark.parametrize(("of_portal", "of_both", "code"), [((), (), 0), (("portal",), (), 1), ((), ("org",), 1)])
def test_a_difference_in_either_story_makes_the_command_fail(
    monkeypatch: pytest.MonkeyPatch, of_portal: tuple[str, ...], of_both: tuple[str, ...], code: int
) -> None:
    account = Account(32, 49, 9.0, 1, 1, (), (), (), (), (), of_portal)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(play, "staged", lambda *_: nullcontext())
    monkeypatch.setattr(play, "staged_both", lambda *_: nullcontext())
    monkeypatch.setattr(play, "_perform", lambda *_: account)
    monkeypatch.setattr(play, "play_both", lambda *_: BothAccount(9.0, (), of_both))

    assert play.play(contacts=32, seed=1, keep=False, as_json=True) == code
