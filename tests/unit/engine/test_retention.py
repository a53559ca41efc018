from __future__ import annotations

from datetime import timedelta

from connector.engine.running.retention import Retention
from tests.office import Office, clicked


def test_raw_requests_are_dropped_some_time_after_they_were_taken_in(office: Office) -> None:
    retention = Retention(office.store, keep_for=timedelta(days=30))
    office.receive(clicked("a")).work()

    dropped = []
    for _ in range(31):
        office.clock.moment += timedelta(days=1)
        dropped.append(retention.run_once(office.clock.now()))

    assert dropped == [0] * 30 + [1]


def test_a_request_that_was_not_taken_in_is_kept_however_old(office: Office) -> None:
    office.receive(clicked("a"))
    office.clock.moment += timedelta(days=400)

    assert Retention(office.store, keep_for=timedelta(days=30)).run_once(office.clock.now()) == 0
    assert office.take_in().facts == 1


def test_it_is_looked_for_once_an_hour(office: Office) -> None:
    retention = Retention(office.store, keep_for=timedelta(minutes=1))
    retention.run_once(office.clock.now())
    office.receive(clicked("a")).work()

    amounts = []
    for _ in range(6):
        office.clock.moment += timedelta(minutes=10)
        amounts.append(retention.run_once(office.clock.now()))

    assert amounts == [0, 0, 0, 0, 0, 1]
