"""A loop that keeps a processor busy runs in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE = 60

#: A worker with a busy loop and another, each of which says once in which process it runs.
WORKER = """
import os, signal
from connector.cli.processes import end_when_orphaned
from connector.clock import SystemClock
from connector.engine.running.worker import Loop, Step, Worker

said = set()

def say(name):
    if name not in said:
        said.add(name)
        os.write(1, f"{name} {os.getpid()}\\n".encode())  # in one go: two processes write here
    return 0

def never():
    return None

loops = [
    Loop("judge", [Step("advance", lambda: say("judge"))], never, is_busy=True),
    Loop("call", [Step("calls", lambda: say("call"))], never),
]
idle = Step("idle", lambda: 0)
worker = Worker(loops, SystemClock(), beat=idle, release=idle)
signal.signal(signal.SIGTERM, lambda *_: worker.stop())
worker.fork(end_when_orphaned)
worker.run()
"""


@contextmanager
def working() -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The worker, and the process of its busy loop."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        pids = dict(process.stdout.readline().split() for _ in range(2))
        assert int(pids["call"]) == process.pid != int(pids["judge"])
        yield process, int(pids["judge"])
    finally:
        process.kill()
        process.communicate()


def test_a_stop_ends_both_processes_in_good_order() -> None:
    with working() as (process, judge):
        process.send_signal(signal.SIGTERM)

        assert process.wait(PATIENCE) == 0
        assert not is_alive(judge)


def test_a_worker_whose_judge_was_killed_does_not_seem_to_work_on() -> None:
    with working() as (process, judge):
        os.kill(judge, signal.SIGKILL)

        assert process.wait(PATIENCE) == 1
        assert process.stderr is not None
        assert "the loop judge ended by itself" in process.stderr.read()


def test_a_judge_whose_worker_was_killed_does_not_judge_on_alone() -> None:
    with working() as (process, _):
        process.kill()

        process.wait(PATIENCE)
        assert process.stdout is not None
        assert process.stdout.read() == ""  # the judge held its end of the pipe: it is gone, too


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
