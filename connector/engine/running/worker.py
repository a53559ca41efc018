"""The worker: loops that run their steps until they are told to stop. It knows nothing of what the steps do."""

from __future__ import annotations

import multiprocessing
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.process import BaseProcess

from connector.clock import Clock
from connector.errors import InvariantError, StoreError
from connector.log import get_logger

_POLL = timedelta(milliseconds=200)
#: A moment that has come, but at which nothing could be done, is not asked for again sooner than this.
_BREATH = timedelta(milliseconds=20)
_REPORT_EVERY = timedelta(minutes=1)
_LONGEST_BACKOFF = timedelta(seconds=30)

#: More rounds than this without rest mean that a step always finds something to do.
_MOST_ROUNDS = 100_000

log = get_logger()


@dataclass(frozen=True, slots=True)
class Step:
    """One piece of work."""

    name: str
    #: Does some of it and returns how much; 0 when there is nothing to do now.
    run: Callable[[], int]


@dataclass(frozen=True, slots=True)
class Loop:
    """Steps that follow one another, in a thread of their own, or in a process of their own."""

    name: str
    steps: Sequence[Step]
    #: When there may be something to do again; None when nobody knows.
    next_at: Callable[[], datetime | None]
    #: Whether it keeps a processor busy, so that it gains by a process of its own.
    is_busy: bool = False


class Worker:
    """Runs loops side by side. What goes wrong in a step is recorded, and its loop goes on after a while."""

    def __init__(
        self, loops: Sequence[Loop], clock: Clock, *, beat: Step, release: Step, poll: timedelta = _POLL
    ) -> None:
        self._loops = loops
        self._clock = clock
        self._beat = beat
        self._release = release
        self._poll = poll
        self._stopping = threading.Event()
        #: How much each step did so far, in this process.
        self._done: Counter[str] = Counter()
        #: The loops that run in processes of their own, by name.
        self._apart: dict[str, BaseProcess] = {}

    def fork(self, begin: Callable[[], None]) -> None:
        """Let the busy loops run in child processes, which share what is loaded; each calls `begin` first.

        To be called once at most, before `run`, while nothing is open and there is one thread. Without it, and on
        systems that cannot fork, all loops run in this process.
        """
        if "fork" not in multiprocessing.get_all_start_methods():
            return
        context = multiprocessing.get_context("fork")
        for loop in self._loops:
            if loop.is_busy:
                process = context.Process(target=self._run_apart, args=(loop, begin), name=loop.name)
                process.start()
                self._apart[loop.name] = process

    def _run_apart(self, loop: Loop, begin: Callable[[], None]) -> None:
        self._apart.clear()  # what was begun before is our parent's to end
        begin()
        self._run_loop(loop)
        log.info("loop.stopped", loop=loop.name, done=dict(self._done))

    def run(self) -> None:
        """Work until `stop` is called; then finish the steps under way, and let go of what is held.

        Raises InvariantError when a loop ended by itself: a worker that only seems to work is worse than none.
        """
        here = [loop for loop in self._loops if loop.name not in self._apart]
        threads = [threading.Thread(target=self._run_loop, args=(loop,), name=loop.name) for loop in here]
        for thread in threads:
            thread.start()
        log.info("worker.started", loops=[loop.name for loop in self._loops])
        running: list[threading.Thread | BaseProcess] = [*threads, *self._apart.values()]
        broken = self._watch(running)
        self.stop()
        for each in running:
            each.join()
        self._try(self._release)
        log.info("worker.stopped", done=dict(self._done))
        if broken:
            raise InvariantError(f"the loop {broken} ended by itself")

    def _watch(self, running: Sequence[threading.Thread | BaseProcess]) -> str:
        """Beat until a stop; the name of a loop that ended by itself, if one did."""
        reported_at = self._clock.now()
        while not self._stopping.is_set():
            self._try(self._beat)
            self._clock.wait(self._poll.total_seconds())
            if broken := next((each.name for each in running if not each.is_alive()), ""):
                return "" if self._stopping.is_set() else broken
            if self._clock.now() - reported_at >= _REPORT_EVERY:
                reported_at = self._clock.now()
                log.info("worker.beaten", done=dict(self._done))
        return ""

    def stop(self) -> None:
        """Ask `run` to end. May be called from a signal handler and from any thread."""
        self._stopping.set()
        for process in self._apart.values():
            process.terminate()  # its signal handler is a copy of ours, which stops its copy of this worker

    def run_until_idle(self) -> None:
        """Run all steps in this thread until none finds anything to do now. Errors are not caught."""
        for _ in range(_MOST_ROUNDS):
            if not sum(step.run() for loop in self._loops for step in loop.steps):
                return
        raise InvariantError(f"after {_MOST_ROUNDS} rounds there is still something to do")

    def _run_loop(self, loop: Loop) -> None:
        failures = 0
        while not self._stopping.is_set():
            amounts = [self._try(step) for step in loop.steps]
            failures = failures + 1 if None in amounts else 0
            if failures:
                self._wait(min(_LONGEST_BACKOFF, self._poll * 2 ** min(failures, 10)))
            elif not any(amounts):
                self._wait(self._idle_time(loop))

    def _try(self, step: Step) -> int | None:
        """How much the step did; None when it fell."""
        try:
            amount = step.run()
            self._done[step.name] += amount
            return amount
        except Exception:
            log.exception("step.fell", step=step.name)
            return None

    def _idle_time(self, loop: Loop) -> timedelta:
        try:
            next_at = loop.next_at()
        except StoreError:
            next_at = None
        return self._poll if next_at is None else min(self._poll, max(_BREATH, next_at - self._clock.now()))

    def _wait(self, length: timedelta) -> None:
        """Wait in short stretches, so that a stop is not kept waiting."""
        while length > timedelta() and not self._stopping.is_set():
            self._clock.wait(min(length, self._poll).total_seconds())
            length -= self._poll
