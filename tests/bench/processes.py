"""The processes of a run: started, looked at through /proc where there is one, and ended, each by its own id."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
#: Nothing is waited for longer, unless it is said.
PATIENCE = 240.0

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Use:
    """What a process and its children have used so far."""

    #: Processor seconds.
    cpu: float
    #: Megabytes of memory, shared pages counted by share (PSS); 0 where the system does not tell.
    memory: float

    def since(self, earlier: Use) -> Use:
        """Processor time since then, memory now."""
        return Use(self.cpu - earlier.cpu, self.memory)


@dataclass(frozen=True, slots=True)
class Running:
    """One process that we started."""

    name: str
    process: subprocess.Popen[str]

    def use(self) -> Use:
        """What it and its children have used so far."""
        pids = [self.process.pid, *_descendants(self.process.pid)]
        return Use(sum(map(_cpu_seconds, pids)), sum(map(_megabytes, pids)))

    def use_alone(self) -> Use:
        """What it has used so far without its children."""
        return Use(_cpu_seconds(self.process.pid), _megabytes(self.process.pid))

    def listen(self) -> str:
        """The next line of its standard output. Raises RuntimeError when it ended instead."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the {self.name} process ended")
        return line.strip()

    def ask(self, question: str) -> str:
        """Write a line to its standard input; the line that it answers."""
        assert self.process.stdin is not None
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()
        return self.listen()


@contextmanager
def running(name: str, *arguments: str, environ: Mapping[str, str]) -> Iterator[Running]:
    """A Python process with these arguments; ended at the end."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env=_environment(environ),
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Running(name, process)
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def run_to_end(*arguments: str, environ: Mapping[str, str]) -> float:
    """How many seconds a Python process with these arguments takes. Raises where it fails."""
    started_at = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments],
        env=_environment(environ),
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        timeout=PATIENCE,
    )
    return time.perf_counter() - started_at


def until(
    is_so: Callable[[], bool], what: str, *needed: Running, every: float = 0.02, patience: float = PATIENCE
) -> None:
    """Wait until something is so. Raises TimeoutError, and RuntimeError when a process that it needs ended."""
    started_at = time.perf_counter()
    while not is_so():
        for one in needed:
            if one.process.poll() is not None:
                raise RuntimeError(f"the {one.name} process ended before {what}")
        if time.perf_counter() - started_at > patience:
            raise TimeoutError(f"waited {patience:.0f} s until {what}")
        time.sleep(every)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int, path: str = "/") -> bool:
    """Whether a web server answers there at all."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def is_ready(port: int) -> bool:
    """Whether the web process says that everything is ready, a worker included."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=PATIENCE):
            return True
    except OSError:
        return False


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    # Without its bytecode Python compiles everything on each start, which users do not see.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**inherited, **environ}


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    for task in _PROC.glob(f"{pid}/task/*/children"):
        for child in _read(task).split():
            found += [int(child), *_descendants(int(child))]
    return found


def _cpu_seconds(pid: int) -> float:
    # The name of the program, in brackets, may hold anything; what follows is in fixed order.
    fields = _read(_PROC / str(pid) / "stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def _megabytes(pid: int) -> float:
    for line in _read(_PROC / str(pid) / "smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
