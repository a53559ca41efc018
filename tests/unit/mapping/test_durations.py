from __future__ import annotations

import re
from datetime import timedelta

import pytest

from connector.mapping.durations import format_duration, parse_duration

READABLE = {
    "7d": timedelta(days=7),
    "2h": timedelta(hours=2),
    "90m": timedelta(minutes=90),
    "1w": timedelta(weeks=1),
    "30s": timedelta(seconds=30),
    "0d": timedelta(),
    "1d12h": timedelta(days=1, hours=12),
    "1d 12h": timedelta(days=1, hours=12),
    "7 days": timedelta(days=7),
    "1 week": timedelta(weeks=1),
    "10 min": timedelta(minutes=10),
    "2 Hours": timedelta(hours=2),
    "P7D": timedelta(days=7),
    "P2W": timedelta(weeks=2),
    "PT2H30M": timedelta(hours=2, minutes=30),
    "P1DT12H": timedelta(days=1, hours=12),
    "PT0S": timedelta(),
}


@pytest.mark.parametrize(("text", "duration"), READABLE.items(), ids=READABLE)
def test_a_duration_may_be_written_as_people_and_as_standards_do(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


UNREADABLE = {
    "": "'' is not a duration; write 7d, 2h, 90m or 1d12h",
    "7": "'7' is not a duration; write 7d, 2h, 90m or 1d12h",
    "-7d": "'-7d' is not a duration; write 7d, 2h, 90m or 1d12h",
    "1.5h": "'1.5h' is not a duration; write 7d, 2h, 90m or 1d12h",
    "7x": "'7x' is not a duration; write 7d, 2h, 90m or 1d12h",
    "1d1d": "'1d1d' is not a duration; write 7d, 2h, 90m or 1d12h",
    "P": "'P' is not a duration; write 7d, 2h, 90m or 1d12h",
    "P7D12H": "'P7D12H' is not a duration; write 7d, 2h, 90m or 1d12h",
    "2 months": "months and years differ in length; write days, such as 30d or 365d",
    "1y": "months and years differ in length; write days, such as 30d or 365d",
    "P1M": "months and years differ in length; write days, such as 30d or 365d",
    "99999999d": "'99999999d' is not a duration; write 7d, 2h, 90m or 1d12h",
    "40000d": "'40000d' is longer than a hundred years",
}


@pytest.mark.parametrize(("text", "complaint"), UNREADABLE.items(), ids=[text or "empty" for text in UNREADABLE])
def test_what_is_no_duration_is_answered_with_what_to_write(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(complaint)}$"):
        parse_duration(text)


SHORTEST = {"7d": "7d", "P1W": "7d", "36h": "1d12h", "90m": "1h30m", "0d": "0s", "61s": "1m1s"}


@pytest.mark.parametrize(("text", "shortest"), SHORTEST.items(), ids=SHORTEST)
def test_a_duration_is_told_in_its_shortest_form(text: str, shortest: str) -> None:
    assert format_duration(parse_duration(text)) == shortest
