"""`coltiva serve`: everything starts, works together, and stops when asked."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import ExitStack, closing
from pathlib import Path

from connector.clock import SystemClock
from tests.rehearsal import MAPPINGS

PATIENCE = 60.0


def is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=PATIENCE) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def free_ports(number: int) -> list[int]:
    with ExitStack() as stack:
        servers = [stack.enter_context(closing(socket.create_server(("127.0.0.1", 0)))) for _ in range(number)]
        return [server.getsockname()[1] for server in servers]


class Served:
    """`coltiva serve` on a port of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port, self._file = port, folder / f"serve-{port}.log"
        environ = {
            **os.environ,
            "COLTIVA_DATABASE_URL": f"sqlite:///{folder / 'serve.sqlite'}",
            "COLTIVA_MAPPINGS": str(MAPPINGS),
            "COLTIVA_HUBSPOT_CLIENT_SECRET": "secret",
            "COLTIVA_PORT": str(port),
        }
        with self._file.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "connector", "serve"], env=environ, stdout=log, stderr=log
            )

    def was_ready(self) -> bool:
        """Wait until it is ready, or was given time enough."""
        clock, waited = SystemClock(), 0.0
        while not is_ready(self.port) and waited < PATIENCE and self.process.poll() is None:
            clock.wait(0.05)
            waited += 0.05
        return is_ready(self.port)

    def stop(self) -> int:
        """Ask it to stop; its exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)

    def told(self) -> str:
        """What it printed."""
        return self._file.read_text("utf-8")


def test_web_and_worker_become_ready_together_and_stop_together(tmp_path: Path) -> None:
    served = Served(tmp_path, *free_ports(1))

    was_ready, code = served.was_ready(), served.stop()

    told = served.told()
    assert was_ready, told
    assert code == 0, told
    assert f"Webhooks: http://127.0.0.1:{served.port}/webhooks/hubspot" in told
    assert "Traceback" not in told
    assert not is_ready(served.port)


def test_two_of_them_begin_with_one_new_database_file_and_live_side_by_side(tmp_path: Path) -> None:
    both = [Served(tmp_path, port) for port in free_ports(2)]

    were_ready = [one.was_ready() for one in both]
    codes = [one.stop() for one in both]

    told = "\n".join(one.told() for one in both)
    assert were_ready == [True, True], told
    assert codes == [0, 0], told
    assert "Traceback" not in told
