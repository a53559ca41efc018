"""A rehearsal over weeks: sandbox, web and worker are processes of their own and share one clock that runs fast."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import urllib3

from connector.clock import SystemClock
from tests.integration.test_serve import is_ready
from tests.rehearsal import MAPPINGS

PATIENCE = 60.0
BEA = "bea@example.com"
PORTAL = "/portals/62515001"


@dataclass(frozen=True)
class Running:
    """What runs, and how to move it."""

    url: str
    environ: dict[str, str]

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        with urllib3.PoolManager() as http:
            answer: dict[str, Any] = http.request(method, f"{self.url}/_sandbox{path}", json=body).json()
            return answer

    def read_report(self, topic: str) -> str:
        """Bea fills in the form; her id in the portal."""
        arguments = {"email": BEA, "form": "Report", "values": {"last_report_topic": topic}}
        answer = self.ask("POST", f"{PORTAL}/actions", {"action": "submit_form", "arguments": arguments})
        return str(answer["result"])

    def coltiva(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "connector", *arguments]
        return subprocess.run(command, env=self.environ, input=stdin, capture_output=True, text=True, check=False)


def eventually(holds: Callable[[], bool]) -> bool:
    clock, waited = SystemClock(), 0.0
    while not holds() and waited < PATIENCE:
        clock.wait(0.2)
        waited += 0.2
    return holds()


@contextmanager
def child(environ: dict[str, str], log: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            [sys.executable, "-m", "connector", *arguments], env=environ, stdout=subprocess.PIPE, stderr=errors
        ) as process,
    ):
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(PATIENCE)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """The walk-through of docs/rehearse.md, up to the first lead."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    clock_file, target = tmp_path / "clock.txt", f"http://127.0.0.1:{port}/webhooks/hubspot"
    options = [f"--target-url={target}", f"--for={MAPPINGS}", f"--clock-file={clock_file}", "--contacts=0"]
    with ExitStack() as stack:
        sandbox = stack.enter_context(child(dict(os.environ), tmp_path / "sandbox.log", "sandbox", *options))
        assert sandbox.stdout is not None
        told = json.loads(sandbox.stdout.readline())
        environ = {
            **os.environ,
            "COLTIVA_DATABASE_URL": f"sqlite:///{tmp_path / 'rehearsal.sqlite'}",
            "COLTIVA_MAPPINGS": str(MAPPINGS),
            "COLTIVA_HUBSPOT_BASE_URL": told["url"],
            "COLTIVA_HUBSPOT_CLIENT_SECRET": told["app"]["client_secret"],
            "COLTIVA_PORT": str(port),
            "COLTIVA_CLOCK_FILE": str(clock_file),
            "COLTIVA_LEASE_SECONDS": "3600",
            "COLTIVA_POLL_MILLISECONDS": "20",
        }
        rehearsal = Running(told["url"], environ)
        connected = rehearsal.coltiva("connect", "hubspot", "--token-stdin", stdin=told["portals"][0]["token"])
        assert connected.returncode == 0, connected.stderr
        stack.enter_context(child(environ, tmp_path / "serve.log", "serve"))
        assert eventually(lambda: is_ready(port))
        yield rehearsal


def test_weeks_pass_in_seconds_and_no_webhook_is_refused_on_the_way(running: Running) -> None:
    contact = f"{PORTAL}/contacts/{running.read_report('Energy')}"
    entered = eventually(lambda: running.ask("GET", contact)["properties"].get("coltiva_phase") == "awareness")

    running.ask("POST", "/clock", {"rate": 86_400})
    was_sent = eventually(lambda: "Coltiva – second read" in running.ask("GET", contact)["lists"])
    running.ask("POST", "/clock", {"rate": 1, "advance_seconds": 30 * 86_400})
    moved_on = eventually(lambda: running.ask("GET", contact)["properties"]["coltiva_phase"] != "awareness")
    running.read_report("Spare parts")
    arrived = eventually(lambda: running.ask("GET", "/state")["webhooks"] == {"pending": 0, "given_up": 0})

    assert (entered, was_sent, moved_on, arrived) == (True, True, True, True)
    explained = json.loads(running.coltiva("explain", BEA, "--json").stdout)
    assert "second_read of new_contact was not answered in time" in [one["what"] for one in explained["timeline"]]
    counters = json.loads(running.coltiva("status", "--json").stdout)["counters"]
    assert not [name for name in counters if name.startswith("refused")]
