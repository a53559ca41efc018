"""The examples of docs/signals-api.md work as they stand."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from app import build_app
from connector.domain.ids import WorkspaceId
from connector.engine.running.keys import make_key
from connector.errors import DeliveryError
from connector.mapping.load import check_mapping
from connector.store.store import open_store
from tests.door import NOW
from tests.office import SECRET_KEY, FakeClock, sqlite_url
from webhooks.door import Door
from webhooks.refusals import Refusals

PAGE = (Path(__file__).parents[2] / "docs" / "signals-api.md").read_text("utf-8")
KEPT = {"status": "kept", "signals": 1, "refused": 0, "errors": []}


def example(language: str, containing: str) -> str:
    blocks = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(next(block for block in blocks if containing in block))


@pytest.fixture
def environ(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A server on this machine, and what a sender needs to know of it."""
    store = open_store(sqlite_url(tmp_path), SECRET_KEY)
    store.migrate()
    made = make_key(WorkspaceId("acme"), "website", NOW)
    with store.transaction() as transaction:
        transaction.api_keys.add(made.key)
    app = build_app(Door({}, store, FakeClock(NOW), Refusals(store, flush_seconds=3600)))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield {**os.environ, "COLTIVA_PUBLIC_URL": f"http://127.0.0.1:{server.port}", "COLTIVA_KEY": made.text}
    server.shutdown()
    thread.join()
    server.server_close()
    store.close()


def run(command: list[str], environ: dict[str, str]) -> Any:
    found = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == 0, found.stderr
    return found.stdout


def test_the_python_example_sends_a_signal(environ: dict[str, str]) -> None:
    assert run([sys.executable, "-c", example("python", "urlopen")], environ) == f"{KEPT}\n"


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_the_curl_example_sends_a_signal(environ: dict[str, str]) -> None:
    assert json.loads(run(["sh", "-c", example("sh", "curl")], environ)) == KEPT


def test_the_answer_is_the_one_that_the_page_shows() -> None:
    assert json.loads(example("json", "kept")) == KEPT


def test_the_mapping_example_can_be_used() -> None:
    text = "format: 1\nworkspace: acme\ntimezone: Europe/Rome\n" + example("yaml", "signals:")

    assert check_mapping({"mapping.yaml": text}).problems == ()


def test_every_refusal_of_a_batch_is_on_the_page() -> None:
    refusals = {error.code: error.status for error in DeliveryError.__subclasses__()}
    told = {code: int(status) for status, code in re.findall(r"^\| (\d{3}) \| `(\w+)`", PAGE, re.MULTILINE)}

    assert {code: refusals[code] for code in told if code in refusals} == {
        code: status for code, status in told.items() if code != "unavailable"
    }
    assert {"key", "idempotency_key", "signals", "malformed", "too_large", "media_type"} <= set(told)
