from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connector.crms.hubspot.limits import Limits

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
WRITE = "/crm/objects/2026-09/{objectType}/batch/update"
SEARCH = "/crm/objects/2026-09/{objectType}/search"


def told(remaining: int, max_calls: int = 110) -> dict[str, str]:
    return {
        "X-HubSpot-RateLimit-Max": str(max_calls),
        "X-HubSpot-RateLimit-Remaining": str(remaining),
        "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
    }


def seconds(number: float) -> datetime:
    return NOW + timedelta(seconds=number)


def test_until_hubspot_tells_a_limit_there_is_none() -> None:
    limits = Limits()

    for _ in range(500):
        limits.spend(WRITE, {}, NOW)

    assert limits.allowed_at(NOW, WRITE) == NOW


def test_when_nothing_remains_we_wait_for_the_window_to_pass() -> None:
    limits = Limits()

    limits.spend(WRITE, told(0), NOW)

    assert limits.allowed_at(seconds(1), WRITE) == seconds(10)


def test_each_of_our_calls_comes_back_when_its_own_window_has_passed() -> None:
    limits = Limits()

    for number in range(5):
        limits.spend(WRITE, told(4 - number, max_calls=5), seconds(number * 2))

    assert limits.allowed_at(seconds(9), WRITE) == seconds(10)


def test_calls_that_got_no_answer_count_too() -> None:
    limits = Limits()
    limits.spend(WRITE, told(1), NOW)

    limits.spend(WRITE, {}, seconds(1))

    assert limits.allowed_at(seconds(1), WRITE) == seconds(10)


def test_only_five_searches_leave_in_a_second_and_other_calls_go_on() -> None:
    limits = Limits()
    for _ in range(5):
        limits.spend(SEARCH, {}, NOW)

    assert limits.allowed_at(NOW, SEARCH) == seconds(1)
    assert limits.allowed_at(NOW, WRITE) == NOW


def test_after_a_refusal_nothing_leaves_before_its_time() -> None:
    limits = Limits()

    limits.hold(seconds(30))
    limits.hold(seconds(5))

    assert limits.allowed_at(NOW, WRITE) == limits.allowed_at(NOW, SEARCH) == seconds(30)
    assert limits.allowed_at(seconds(31)) == seconds(31)


STRANGE = {
    "a word": told(1) | {"X-HubSpot-RateLimit-Remaining": "many"},
    "a negative number": told(1) | {"X-HubSpot-RateLimit-Remaining": "-1"},
    "a number of a hundred digits": told(1) | {"X-HubSpot-RateLimit-Max": "9" * 100},
    "a limit of nothing": told(0, max_calls=0),
    "no window": told(0) | {"X-HubSpot-RateLimit-Interval-Milliseconds": "0"},
}


@pytest.mark.parametrize("headers", STRANGE.values(), ids=STRANGE)
def test_strange_headers_stop_nobody(headers: dict[str, str]) -> None:
    limits = Limits()

    limits.spend(WRITE, headers, NOW)

    assert limits.allowed_at(NOW, WRITE) == NOW


@pytest.mark.parametrize("path", [WRITE, SEARCH])
def test_a_clock_that_is_set_back_an_hour_keeps_nothing_waiting_for_an_hour(path: str) -> None:
    limits = Limits()
    for _ in range(5):
        limits.spend(path, {} if path == SEARCH else told(0), NOW)

    assert limits.allowed_at(seconds(-3_600), path) == seconds(-3_600)


def test_a_clock_that_is_set_back_still_waits_as_long_as_hubspot_said() -> None:
    limits = Limits()
    limits.spend(WRITE, told(50), NOW)
    limits.hold(seconds(30))

    assert limits.allowed_at(seconds(-3_600), WRITE) == seconds(-3_570)
    assert limits.allowed_at(seconds(-3_560), WRITE) == seconds(-3_560)
