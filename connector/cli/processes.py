"""Child processes, kept running: a crashed one is started again, all are stopped together.

A child that says it is not set up (exit code 3) is not started again: everything stops and says the same.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO

import typer

from connector.cli.codes import SETUP_ERROR
from connector.errors import SettingsError

#: What is asked to stop has so many seconds before it is killed.
STOP_SECONDS = 15.0
#: Waits before a crashed child is started again, the last one for good.
BACK_OFF = (0.5, 1.0, 2.0, 5.0, 15.0, 30.0)
#: A child that ran for so many seconds had started well: its next crash counts as the first.
STEADY_SECONDS = 60.0
#: How soon a child notices that it was left alone, and how long it may then take to end.
_ORPHANED_AFTER = 1.0
_GRACE = 10.0


@dataclass(slots=True)
class Child:
    """One process, and how often it crashed of late."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes]
    started_at: float
    crashes: int = 0


def coltiva(*arguments: str) -> Sequence[str]:
    """The command line of one of our own commands, run by the same Python."""
    return (sys.executable, "-m", "connector", *arguments)


def end_with_parent() -> None:
    """Ask this process to stop when its parent is gone, however it went: then nobody holds our standard input."""

    def wait() -> None:
        while os.read(0, 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


def end_when_orphaned() -> None:
    """Ask this process to stop when the process that started it is gone: a server's child must not serve on alone."""
    parent, never = os.getppid(), threading.Event()

    def wait() -> None:
        while os.getppid() == parent:
            never.wait(_ORPHANED_AFTER)
        os.kill(os.getpid(), signal.SIGTERM)
        never.wait(_GRACE)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


def refuse_taken_port(host: str, port: int, name: str = "COLTIVA_PORT") -> None:
    """Raise SettingsError when somebody listens there: the server itself would share the port without a word.

    `name` is where the port was chosen.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(
                f"{name}: port {port} of {host} cannot be listened on: {error.strerror}. Choose another."
            ) from error


class Processes:
    """A few named processes as one. Not to be shared between threads."""

    def __init__(
        self,
        commands: Mapping[str, Sequence[str]],
        *,
        environ: Mapping[str, str] | None = None,
        logs: Path | None = None,
        back_off: Sequence[float] = BACK_OFF,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        self._environ = dict(environ if environ is not None else os.environ)
        #: The folder for `<name>.log`; None: what they print goes where we print.
        self._logs = logs
        self._back_off = back_off
        self._stopwatch = stopwatch
        #: Names of children that ended; None: stop.
        self._news: SimpleQueue[str | None] = SimpleQueue()
        self._restarts: dict[str, float] = {}
        self._children = {name: self._start(name, command) for name, command in commands.items()}

    def run(self) -> int:
        """Keep them running until SIGINT or SIGTERM, or until one is not set up; the exit code for the shell."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        code = self._watch()
        self.stop()
        return code

    def stop(self) -> None:
        """Ask all to stop, and kill those that do not. A second call changes nothing."""
        running = [child for child in self._children.values() if child.process.poll() is None]
        for child in running:
            child.process.terminate()
        deadline = self._stopwatch() + STOP_SECONDS
        for child in running:
            try:
                child.process.wait(max(0.0, deadline - self._stopwatch()))
            except subprocess.TimeoutExpired:
                typer.echo(f"The {child.name} process did not stop and is killed.", err=True)
                child.process.kill()
                child.process.wait()

    def dead(self) -> Sequence[str]:
        """Those that are not running now."""
        return [name for name, child in self._children.items() if child.process.poll() is not None]

    def _on_signal(self, *_: object) -> None:
        self._news.put(None)

    def _watch(self) -> int:
        while True:
            try:
                name = self._news.get(timeout=self._until_restart())
            except Empty:
                self._restart_due()
                continue
            if name is None:
                return 0
            if self._take_note(self._children[name]) == SETUP_ERROR:
                return SETUP_ERROR

    def _take_note(self, child: Child) -> int:
        """A child ended: plan its next start."""
        code = child.process.returncode
        now = self._stopwatch()
        steady = now - child.started_at >= STEADY_SECONDS
        child.crashes = 1 if steady else child.crashes + 1
        wait = self._back_off[min(child.crashes, len(self._back_off)) - 1]
        if code != SETUP_ERROR:
            typer.echo(f"The {child.name} process ended with {code}; it starts again in {wait:g} s.", err=True)
            self._restarts[child.name] = now + wait
        return code

    def _until_restart(self) -> float | None:
        if not self._restarts:
            return None
        return max(0.0, min(self._restarts.values()) - self._stopwatch())

    def _restart_due(self) -> None:
        now = self._stopwatch()
        for name in [name for name, at in self._restarts.items() if at <= now]:
            del self._restarts[name]
            old = self._children[name]
            self._children[name] = self._start(name, old.command)
            self._children[name].crashes = old.crashes

    def _start(self, name: str, command: Sequence[str]) -> Child:
        # A session of its own: Ctrl-C reaches us alone, and we stop the children in good order.
        with self._open_log(name) as log:
            process = subprocess.Popen(
                command,
                env=self._environ,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log and subprocess.STDOUT,
                start_new_session=True,
            )
        threading.Thread(target=self._wait, args=(name, process), daemon=True).start()
        return Child(name, command, process, self._stopwatch())

    def _open_log(self, name: str) -> AbstractContextManager[IO[bytes] | None]:
        return (self._logs / f"{name}.log").open("ab") if self._logs else nullcontext()

    def _wait(self, name: str, process: subprocess.Popen[bytes]) -> None:
        process.wait()
        if process.stdin:
            process.stdin.close()
        self._news.put(name)
