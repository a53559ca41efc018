"""What `coltiva rfm` says that scores stand for."""

from __future__ import annotations

from datetime import timedelta

from connector.cli.rfm import ranges


def test_each_score_has_its_range() -> None:
    days = [timedelta(days=each) for each in (30, 90, 180, 365)]

    assert list(ranges("recency", days)) == ["> 365 days", "≤ 365 days", "≤ 180 days", "≤ 90 days", "≤ 30 days"]
    assert list(ranges("monetary", [100, 500, 1000, 5000])) == ["≤ 100", "≤ 500", "≤ 1,000", "≤ 5,000", "> 5,000"]


def test_a_score_that_nobody_can_have_has_none() -> None:
    days = [timedelta(days=each) for each in (30, 30, 180, 180)]

    assert list(ranges("frequency", [1, 1, 1, 1])) == ["≤ 1", "–", "–", "–", "> 1"]
    assert list(ranges("frequency", [1, 1, 2, 2])) == ["≤ 1", "–", "≤ 2", "–", "> 2"]
    assert list(ranges("recency", days)) == ["> 180 days", "–", "≤ 180 days", "–", "≤ 30 days"]
