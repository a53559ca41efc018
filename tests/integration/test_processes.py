"""Supervised processes: started again when they crash, stopped together, and never left behind."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from connector.cli.processes import refuse_taken_port
from connector.errors import SettingsError

PATIENCE = 60.0

#: A supervisor of its own process; its children tell on standard output what they do.
SUPERVISOR = """
import sys
from connector.cli.processes import Processes
commands = {name: (sys.executable, "-c", code) for name, code in zip(sys.argv[1::2], sys.argv[2::2])}
raise SystemExit(Processes(commands, back_off=(0.01,)).run())
"""
SAY = "import os, sys, signal; say = lambda word: (sys.stdout.write(f'{word} {os.getpid()}\\n'), sys.stdout.flush()); "
STAYS = SAY + "signal.signal(signal.SIGTERM, lambda *_: (say('stopped'), os._exit(0))); say('up'); signal.pause()"
CRASHES = SAY + "say('up'); os._exit(1)"
IS_NOT_SET_UP = SAY + "say('lost'); os._exit(3)"


@contextmanager
def supervised(**children: str) -> Iterator[subprocess.Popen[str]]:
    arguments = [part for pair in children.items() for part in pair]
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def lines(process: subprocess.Popen[str], amount: int) -> list[list[str]]:
    assert process.stdout is not None
    return [process.stdout.readline().split() for _ in range(amount)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_all_stop_together_when_asked(number: signal.Signals) -> None:
    with supervised(one=STAYS, two=STAYS) as process:
        up = lines(process, 2)

        process.send_signal(number)

        assert {word for word, _ in lines(process, 2)} == {"stopped"}
        assert process.wait(PATIENCE) == 0
        assert len({pid for _, pid in up}) == 2


def test_a_process_that_crashes_is_started_again_and_again() -> None:
    with supervised(one=CRASHES) as process:
        pids = [pid for _, pid in lines(process, 4)]

        process.send_signal(signal.SIGTERM)

        assert process.wait(PATIENCE) == 0
        assert len(set(pids)) == 4


def test_a_crash_leaves_the_others_alone() -> None:
    with supervised(steady=STAYS, shaky=CRASHES) as process:
        words = [word for word, _ in lines(process, 6)]

        assert words == ["up"] * 6


def test_nobody_is_left_behind_when_the_supervisor_is_killed() -> None:
    follows = "from connector.cli.processes import end_with_parent; end_with_parent(); " + STAYS
    with supervised(one=follows) as process:
        lines(process, 1)

        process.kill()

        assert [word for word, _ in lines(process, 1)] == ["stopped"]


def test_a_process_that_is_not_set_up_ends_everything_and_says_so() -> None:
    with supervised(steady=STAYS, lost=IS_NOT_SET_UP) as process:
        assert process.wait(PATIENCE) == 3
        assert process.stdout is not None
        assert "lost" in process.stdout.read()


#: Starts a child that tells its id and waits; the child ends when this one is gone.
PARENT = """
import subprocess, sys
code = "import os, signal; from connector.cli.processes import end_when_orphaned; end_when_orphaned(); "
code += "print(os.getpid(), flush=True); signal.pause()"
subprocess.Popen([sys.executable, "-c", code]).wait()
"""


def test_a_child_whose_parent_was_killed_does_not_serve_on_alone() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    assert parent.stdout.readline().strip().isdigit()

    parent.kill()

    parent.wait(PATIENCE)
    assert parent.stdout.read() == ""  # the child held its end of the pipe: it is gone, too
    parent.stdout.close()


def test_a_port_that_is_served_already_is_refused_even_where_it_could_be_shared() -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(SettingsError, match=f"port {port} of 127.0.0.1 cannot be listened on"):
            refuse_taken_port("127.0.0.1", port)

    refuse_taken_port("127.0.0.1", port)
