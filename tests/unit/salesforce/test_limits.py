from __future__ import annotations

from datetime import UTC, datetime, timedelta

from connector.crms.salesforce.limits import Limits

NOW = datetime(2026, 11, 22, 10, 20, tzinfo=UTC)


def hours(number: float) -> datetime:
    return NOW + timedelta(hours=number)


def spent(limits: Limits, calls: int, now: datetime = NOW) -> Limits:
    for _ in range(calls):
        limits.spend(now)
    return limits


def test_until_the_org_tells_its_pool_there_is_no_limit() -> None:
    assert spent(Limits(), 500).allowed_at(NOW) == NOW


def test_half_of_the_pool_is_ours_for_a_day() -> None:
    limits = spent(Limits(), 49)
    limits.heed("api-usage=60/100", NOW)
    assert limits.allowed_at(NOW) == NOW

    limits.spend(NOW)

    assert limits.allowed_at(NOW) == datetime(2026, 11, 23, 11, tzinfo=UTC)
    assert limits.allowed_at(hours(25)) == hours(25)


def test_the_share_can_be_another_one() -> None:
    limits = spent(Limits(share=0.1), 10)

    limits.heed("api-usage=10/100", NOW)

    assert limits.allowed_at(NOW) > NOW


def test_calls_of_the_day_before_yesterday_count_no_more() -> None:
    limits = spent(Limits(), 30, hours(-30))
    spent(limits, 30, hours(-2))

    limits.heed("api-usage=60/100", NOW)

    assert limits.allowed_at(NOW) == NOW


def test_the_last_of_the_pool_is_left_to_the_customers_other_tools() -> None:
    limits = Limits()

    limits.heed("api-usage=14250/15000", NOW)

    assert limits.allowed_at(NOW) == NOW + timedelta(minutes=15)
    assert limits.allowed_at(hours(1)) == hours(1)


def test_a_quota_of_our_app_counts_as_well() -> None:
    limits = Limits()

    limits.heed("api-usage=25/5000; per-app-api-usage=250/250(appName=Coltiva)", NOW)

    assert limits.allowed_at(NOW) == NOW + timedelta(minutes=15)


def test_a_header_that_says_nothing_changes_nothing() -> None:
    limits = Limits()

    for told in ("", "api-usage=", "api-usage=1", "usage=99/100", "api-usage=-1/0x"):
        limits.heed(told, NOW)

    assert limits.allowed_at(NOW) == NOW


def test_of_two_waits_the_longer_one_counts() -> None:
    limits = Limits()

    limits.hold(hours(2))
    limits.hold(hours(1))

    assert limits.allowed_at(NOW) == hours(2)
