"""Portal time that other processes read from a file."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from connector.clock import FileClock
from connector.sandbox.told_clock import ToldClock
from tests.contract.sandbox.hubspot.conftest import START


def test_everybody_reads_the_time_that_the_portal_goes_by(tmp_path: Path) -> None:
    clock = ToldClock(tmp_path / "clock.txt", START)
    elsewhere = FileClock(tmp_path / "clock.txt")

    seen = [elsewhere.now()]
    clock.advance(timedelta(days=3))
    seen.append(elsewhere.now())

    assert seen == [START, START + timedelta(days=3)]
    assert clock.now() == elsewhere.now()


def test_a_time_that_is_given_on_the_clock_of_a_zone_is_told_in_utc(tmp_path: Path) -> None:
    clock = ToldClock(tmp_path / "clock.txt", START.astimezone(ZoneInfo("Europe/Rome")))

    assert (clock.now(), clock.now().tzinfo) == (START, UTC)


def test_a_clock_that_runs_moves_on_for_everybody_at_once(tmp_path: Path) -> None:
    clock = ToldClock(tmp_path / "clock.txt", START, rate=86_400)
    elsewhere = FileClock(tmp_path / "clock.txt")

    before = (clock.now(), elsewhere.now())
    clock.tell()

    assert before == (START, START)
    assert clock.now() == elsewhere.now() > START


def test_time_stands_still_while_somebody_holds_it(tmp_path: Path) -> None:
    clock = ToldClock(tmp_path / "clock.txt", START)
    arrived: list[datetime] = []

    def jump() -> None:
        clock.advance(timedelta(days=1))
        arrived.append(clock.now())

    with clock.held():
        jumping = threading.Thread(target=jump)
        jumping.start()
        jumping.join(0.1)
        held = (clock.now(), list(arrived))
    jumping.join(10)

    assert held == (START, [])
    assert arrived == [START + timedelta(days=1)]


def test_what_guards_the_wire_passes_as_portal_time_does(tmp_path: Path) -> None:
    clock = ToldClock(tmp_path / "clock.txt", START)
    before = clock.seconds()

    clock.advance(timedelta(minutes=1))

    assert clock.seconds() - before == 60
