from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from connector.clock import SystemClock
from connector.engine.running.worker import Loop, Step, Worker
from connector.errors import InvariantError, StoreUnavailableError
from tests.office import FakeClock

IDLE = Step("idle", lambda: 0)
POLL = timedelta(milliseconds=5)


def never() -> datetime | None:
    return None


class Work:
    """A step with so much to do, that reports when it is done."""

    def __init__(self, amount: int, *, faults: int = 0) -> None:
        self.left = amount
        self.faults = faults
        self.runs = 0
        self.finished = threading.Event()

    def __call__(self) -> int:
        self.runs += 1
        if self.faults:
            self.faults -= 1
            raise RuntimeError("fell over")
        if not self.left:
            self.finished.set()
            return 0
        self.left -= 1
        return 1


def worker(*loops: Loop, release: Callable[[], int] = lambda: 0, beat: Callable[[], int] = lambda: 0) -> Worker:
    return Worker(loops, SystemClock(), beat=Step("beat", beat), release=Step("release", release), poll=POLL)


def run_until(event: threading.Event, worker: Worker) -> None:
    runner = threading.Thread(target=worker.run)
    runner.start()
    assert event.wait(30)
    worker.stop()
    runner.join(30)
    assert not runner.is_alive()


def test_a_worker_does_what_there_is_to_do_and_goes_when_told() -> None:
    work = Work(3)

    run_until(work.finished, worker(Loop("decide", [Step("advance", work)], never)))

    assert work.left == 0


def test_a_step_that_falls_stops_neither_its_loop_nor_the_steps_after_it() -> None:
    broken, sound = Work(1, faults=2), Work(2)

    run_until(broken.finished, worker(Loop("decide", [Step("intake", broken), Step("advance", sound)], never)))

    assert (broken.left, sound.left) == (0, 0)


def test_a_loop_that_waits_keeps_no_other_waiting() -> None:
    released = threading.Event()
    waiting = Step("calls", lambda: int(released.wait(30)) * 0)
    work = Work(3)
    both = worker(Loop("call", [waiting], never), Loop("decide", [Step("advance", work)], never))

    runner = threading.Thread(target=both.run)
    runner.start()
    finished = work.finished.wait(30)
    released.set()
    both.stop()
    runner.join(30)

    assert finished
    assert work.left == 0


def test_a_stop_lets_the_step_under_way_finish_and_then_lets_go() -> None:
    begun, told_to_stop = threading.Event(), threading.Event()
    order: list[str] = []

    def slow() -> int:
        begun.set()
        told_to_stop.wait(30)
        order.append("finished")
        return 1

    def release() -> int:
        order.append("released")
        return 0

    slow_worker = worker(Loop("decide", [Step("advance", slow)], never), release=release)
    runner = threading.Thread(target=slow_worker.run)
    runner.start()
    begun.wait(30)
    slow_worker.stop()
    told_to_stop.set()
    runner.join(30)

    assert order[0] == "finished"
    assert order[-1] == "released"
    assert order.count("released") == 1


def test_a_worker_shows_that_it_lives() -> None:
    beaten = threading.Event()

    def beat() -> int:
        beaten.set()
        return 0

    run_until(beaten, worker(Loop("decide", [IDLE], never), beat=beat))

    assert beaten.is_set()


def test_an_unreachable_database_is_asked_again_later() -> None:
    work = Work(1)

    def next_at() -> datetime | None:
        raise StoreUnavailableError

    run_until(work.finished, worker(Loop("decide", [Step("advance", work)], next_at)))

    assert work.left == 0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_worker_that_lost_a_loop_ends_and_says_so() -> None:
    def broken() -> datetime | None:
        raise ZeroDivisionError

    lame = worker(Loop("decide", [IDLE], broken), Loop("call", [IDLE], never))

    with pytest.raises(InvariantError, match="decide"):
        lame.run()


def test_an_idle_loop_waits_for_the_next_moment_but_never_longer_than_the_poll() -> None:
    clock = FakeClock()
    start, asked = clock.moment, list[datetime]()

    def look() -> int:
        asked.append(clock.now())
        if len(asked) == 4:
            waiting.stop()
        return 0

    moments = iter([start + timedelta(milliseconds=50), None, start, None])
    waiting = Worker([Loop("decide", [Step("advance", look)], lambda: next(moments))], clock, beat=IDLE, release=IDLE)
    waiting._run_loop(waiting._loops[0])

    waits = [(later - sooner) // timedelta(milliseconds=1) for sooner, later in pairwise(asked)]
    assert waits == [50, 200, 20]


def test_a_loop_that_keeps_falling_is_tried_ever_more_rarely() -> None:
    clock = FakeClock()
    tried: list[datetime] = []

    def fall() -> int:
        tried.append(clock.now())
        if len(tried) == 12:
            falling.stop()
        raise RuntimeError("fell over")

    falling = Worker([Loop("decide", [Step("advance", fall)], never)], clock, beat=IDLE, release=IDLE)
    falling._run_loop(falling._loops[0])

    waits = [later - sooner for sooner, later in pairwise(tried)]
    assert waits == sorted(waits)
    assert waits[0] == timedelta(milliseconds=400)
    assert waits[-1] == timedelta(seconds=30)


def test_running_until_idle_ends_when_no_step_finds_anything() -> None:
    first, second = Work(2), Work(5)

    worker(Loop("decide", [Step("a", first)], never), Loop("call", [Step("b", second)], never)).run_until_idle()

    assert (first.left, second.left) == (0, 0)


def test_running_until_idle_gives_up_on_a_step_that_always_finds_something(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("connector.engine.running.worker._MOST_ROUNDS", 10)

    with pytest.raises(InvariantError, match="still something to do"):
        worker(Loop("decide", [Step("endless", lambda: 1)], never)).run_until_idle()
