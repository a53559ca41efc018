"""What an explanation says of who a lead is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

from rich.console import Console

from connector.cli.explanation import print_explanation
from connector.engine.explain import Explanation, FieldExplanation, Group, Share, TagExplanation

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
NOBODY = Explanation("L1", "Ada", "", (), "active", NOW, (), (), (), (), (), (), (), ())


def printed(lead: Explanation) -> list[str]:
    out = StringIO()
    print_explanation(Console(file=out, width=120), lead, ZoneInfo("UTC"), lines=10)
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


def test_of_a_mapping_without_such_fields_nothing_is_said() -> None:
    assert "What the signals say" not in printed(NOBODY)
