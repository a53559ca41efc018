"""The product's processes on loopback, started for a story and touching nothing that is really set up."""

from __future__ import annotations

import os
import socket
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from connector.cli.processes import Processes, coltiva
from connector.clock import SystemClock
from connector.demo.stillness import StageError
from connector.errors import SetupError

#: Real seconds that processes may take to start.
_START_SECONDS = 30.0


def build_environ(folder: Path, mappings: Path) -> dict[str, str]:
    """The settings that every process shares, but for those of the CRMs. Raises SetupError without the mapping."""
    if not mappings.is_dir():
        raise SetupError(f"The demo plays {mappings}, which is not there: run it from a checkout.")
    port = _free_port()
    return {
        "COLTIVA_DATABASE_URL": f"sqlite:///{folder / 'coltiva.sqlite'}",
        "COLTIVA_MAPPINGS": str(mappings),
        "COLTIVA_PORT": str(port),
        "COLTIVA_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "COLTIVA_POLL_MILLISECONDS": "10",
        "COLTIVA_LOG_LEVEL": "warning",
        "COLTIVA_CLOCK_FILE": str(folder / "clock.txt"),
    }


@contextmanager
def started(environ: Mapping[str, str], folder: Path) -> Iterator[Processes]:
    """A web process and a worker with these settings, ready; stopped at the end. Raises StageError."""
    processes = Processes(
        {name: coltiva(name, "--end-with-parent") for name in ("web", "worker")},
        environ={**_foreign(), **environ},
        logs=folder,
    )
    try:
        _await_ready(processes, f"{environ['COLTIVA_PUBLIC_URL']}/readyz", folder)
        yield processes
    finally:
        processes.stop()


def _foreign() -> Mapping[str, str]:
    """The environment without settings of ours: a demo touches nothing that is really set up."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COLTIVA_")}


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _await_ready(processes: Processes, url: str, folder: Path) -> None:
    clock, waited = SystemClock(), 0.0
    while not _is_ready(url):
        if processes.dead() or waited > _START_SECONDS:
            logs = "\n".join(path.read_text("utf-8", "replace")[-2_000:] for path in folder.glob("*.log"))
            raise StageError(f"The processes did not start.\n{logs}")
        clock.wait(0.05)
        waited += 0.05


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
