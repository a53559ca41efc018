"""`coltiva serve`: everything starts, works together, and stops when asked."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import closing
from pathlib import Path

from connector.clock import SystemClock
from tests.rehearsal import MAPPINGS

PATIENCE = 30.0


def is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_web_and_worker_become_ready_together_and_stop_together(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    environ = {
        **os.environ,
        "COLTIVA_DATABASE_URL": f"sqlite:///{tmp_path / 'serve.sqlite'}",
        "COLTIVA_MAPPINGS": str(MAPPINGS),
        "COLTIVA_HUBSPOT_CLIENT_SECRET": "secret",
        "COLTIVA_PORT": str(port),
    }
    log = (tmp_path / "serve.log").open("wb")
    with (
        log,
        subprocess.Popen([sys.executable, "-m", "connector", "serve"], env=environ, stdout=log, stderr=log) as served,
    ):
        clock, waited = SystemClock(), 0.0
        while not is_ready(f"http://127.0.0.1:{port}/readyz") and waited < PATIENCE and served.poll() is None:
            clock.wait(0.05)
            waited += 0.05
        was_ready = is_ready(f"http://127.0.0.1:{port}/readyz")
        served.send_signal(signal.SIGINT)
        code = served.wait(PATIENCE)

    told = (tmp_path / "serve.log").read_text("utf-8")
    assert was_ready, told
    assert code == 0, told
    assert f"Webhooks: http://127.0.0.1:{port}/webhooks/hubspot" in told
    assert "Traceback" not in told
    assert not is_ready(f"http://127.0.0.1:{port}/readyz")
