"""What an explanation says of who a lead is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

from rich.console import Console

from connector.cli.explanation import print_explanation
from connector.domain.sales.assigning import Candidate
from connector.engine.telling.buying import DealExplanation, RfmExplanation, RfmScore
from connector.engine.telling.explain import Explanation, FieldExplanation, Group, Share, TagExplanation
from connector.engine.telling.records import GoneRecord
from connector.engine.telling.selling import Choice, HandOverExplanation
from connector.engine.telling.waiting import EnrolmentExplanation, Wait, WaitOutside

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
NOBODY = Explanation("L1", "Ada", "", (), "active", NOW, (), (), (), (), (), (), (), ())


def printed(lead: Explanation, zone: str = "UTC") -> list[str]:
    out = StringIO()
    print_explanation(Console(file=out, width=120), lead, ZoneInfo(zone), lines=10)
    return [" ".join(line.split()) for line in out.getvalue().splitlines()]


def test_persona_tags_and_what_signals_say_are_on_the_page() -> None:
    shares = (Share("planning", 90.5, NOW), Share("[events]", 3.0, NOW))
    lead = replace(
        NOBODY,
        persona=Group("planner", NOW),
        tags=(TagExplanation("fair", NOW, NOW + timedelta(days=1)), TagExplanation("vip", NOW, None)),
        computed=(FieldExplanation("interest", "planning", shares), FieldExplanation("form", "", ())),
    )

    page = printed(lead)

    assert "persona planner since Mon 23 Nov 2026 10:00" in page
    assert "tag fair since Mon 23 Nov 2026 10:00 until Tue 24 Nov 2026 10:00" in page
    assert "tag vip since Mon 23 Nov 2026 10:00" in page
    assert "interest planning planning 90.5, [events] 3" in page
    assert "form nothing yet –" in page


def test_whatever_reps_are_called_is_on_the_page_as_it_is() -> None:
    others = (Candidate("[/] Bob", 1, 0, "[away]"),)
    choice = Choice(NOW, "Rita [north]", "team", 1, "[/]", others)
    handed = HandOverExplanation("hot", "asked", NOW, "[/]", "Rita [north]", 0, NOW, None, "", "[red]nobody", (choice,))

    page = "\n".join(printed(replace(NOBODY, hand_overs=(handed,))))

    assert "given to Rita [north]: [/]" in page
    assert "[/] Bob [away]" in page
    assert "[red]nobody" in page


def test_of_a_mapping_without_such_fields_nothing_is_said() -> None:
    assert "What the signals say" not in printed(NOBODY)


def test_deals_and_rfm_are_on_the_page_with_their_reasons() -> None:
    scores = (
        RfmScore("recency", 31.5, 4, above=30, up_to=90),
        RfmScore("frequency", 1, 1, up_to=1),
        RfmScore("monetary", 1600, 5, above=1500),
    )
    lead = replace(
        NOBODY,
        deals=(
            DealExplanation("9001", "won", "closedwon", "default", 1600.0, NOW),
            DealExplanation("9002", "open", "[negotiation]", "default", None, NOW + timedelta(days=3)),
            DealExplanation("9003", "gone", "", "default", None, None),
        ),
        rfm=RfmExplanation("415", scores, NOW),
    )

    page = printed(lead)

    assert "9001 won 1,600 closedwon closed Mon 23 Nov 2026 10:00" in page
    assert "9002 open [negotiation] expected Thu 26 Nov 2026 10:00" in page
    assert "9003 gone" in page
    assert "RFM 415 as measured Mon 23 Nov 2026 10:00" in page
    assert "recency 4 bought 31 days ago more than 30 and up to 90" in page
    assert "frequency 1 1 purchase up to 1" in page
    assert "monetary 5 1,600 in all more than 1,500" in page


def test_a_day_on_which_a_deal_is_to_close_has_no_hour_in_any_zone() -> None:
    day = datetime(2026, 11, 30, tzinfo=UTC)
    lead = replace(NOBODY, deals=(DealExplanation("9001", "open", "new", "default", None, day),))

    for zone in ("Europe/Rome", "America/New_York"):
        assert "9001 open new expected Mon 30 Nov 2026" in printed(lead, zone)


def test_records_that_are_gone_are_on_the_page_as_such() -> None:
    gone = (GoneRecord("hubspot:1:contact:52", "deleted"), GoneRecord("salesforce:00D:lead:00Q1", "converted"))

    page = printed(replace(NOBODY, refs=("hubspot:1:contact:51",), gone=gone))

    assert "L1 · hubspot:1:contact:51 · active" in page
    assert "no longer there: hubspot:1:contact:52 (deleted), salesforce:00D:lead:00Q1 (converted)" in page


def test_scores_that_are_not_measured_yet_are_told_as_such() -> None:
    lead = replace(NOBODY, rfm=RfmExplanation("", (RfmScore("recency", None, None),), None))

    page = printed(lead)

    assert "RFM not measured yet" in page
    assert "recency – nobody knows when" in page
    assert "Deals" not in page


def test_a_program_that_stands_still_is_waited_for_until_a_person_lets_it_go_on() -> None:
    wait = Wait("going on", None, "it stands still: the program is paused")
    enrolled = EnrolmentExplanation("welcome", "hello", "moving", NOW, NOW, (wait,), None, "")

    page = printed(replace(NOBODY, enrolments=(enrolled,)))

    assert "waits for going on it stands still: the program is paused" in page


def test_who_waits_behind_a_brake_is_told_with_what_lets_in() -> None:
    parked = WaitOutside("fair", NOW, True, "more than 3 in 1h would enter")
    soon = WaitOutside("welcome", NOW, False, "")

    page = printed(replace(NOBODY, outside=(parked, soon)))

    assert "fair waits for a person since Mon 23 Nov 2026 10:00" in page
    assert "more than 3 in 1h would enter to let all in: coltiva programs admit fair" in page
    assert "welcome waits for a place since Mon 23 Nov 2026 10:00" in page
    assert "none" not in page[page.index("Programs") + 1]


def test_who_the_lead_is_keeps_to_a_hundred_columns() -> None:
    out = StringIO()
    lead = replace(NOBODY, id="Le6d6e6e28181c93f", refs=("hubspot:62515001:contact:541935000021",))

    print_explanation(Console(file=out, width=100), lead, ZoneInfo("Europe/Rome"), lines=10)

    lines = out.getvalue().splitlines()
    assert lines[1] == "Le6d6e6e28181c93f · hubspot:62515001:contact:541935000021 · active"
    assert lines[2] == "as of Mon 23 Nov 2026 11:00 (Europe/Rome)"
