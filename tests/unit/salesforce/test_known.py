"""The doors of orgs ask the database now and then, not each time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.crms.salesforce.known import KEPT_FOR, Known
from tests.door import NOW


class Asked:
    def __init__(self) -> None:
        self.orgs: list[str] = []

    def __call__(self, org: str) -> int:
        self.orgs.append(org)
        return len(self.orgs)


def test_an_answer_holds_for_a_few_seconds() -> None:
    asked = Asked()
    known = Known(asked)

    answers = [known("a", NOW), known("a", NOW + KEPT_FOR - timedelta(milliseconds=1)), known("a", NOW + KEPT_FOR)]

    assert (answers, asked.orgs) == ([1, 1, 2], ["a", "a"])


def test_an_answer_from_a_clock_that_was_ahead_does_not_hold_for_ever() -> None:
    asked = Asked()
    known = Known(asked)
    known("a", NOW + timedelta(days=1))

    assert known("a", NOW) == 2


def test_strangers_take_no_more_than_so_much_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector.crms.salesforce.known._MOST", 3)
    known = Known(Asked())

    for number in range(10):
        known(str(number), NOW)

    assert len(known._answers) <= 3
