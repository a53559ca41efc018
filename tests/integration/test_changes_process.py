"""`coltiva changes`: a process that may be killed at any moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("grpc", reason="the extra salesforce-cdc is not installed")
pytest.importorskip("fastavro", reason="the extra salesforce-cdc is not installed")

from tests.listening import PATIENCE, Hall
from tests.listening import hall as new_hall
from tests.office import SECRET_KEY


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    yield from new_hall(tmp_path)


def start(hall: Hall, folder: Path) -> subprocess.Popen[bytes]:
    environ = {
        **os.environ,
        "COLTIVA_DATABASE_URL": hall.url,
        "COLTIVA_SECRET_KEY": SECRET_KEY,
        "COLTIVA_SALESFORCE_CLIENT_ID": hall.app.client_id,
        "COLTIVA_SALESFORCE_CLIENT_SECRET": hall.app.client_secret,
        "COLTIVA_SALESFORCE_BASE_URL": hall.login,
        "COLTIVA_SALESFORCE_PUBSUB": hall.address,
        "COLTIVA_LEASE_SECONDS": "5",
    }
    before = len(hall.server.begun)
    with (folder / "changes.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", "connector", "changes"], env=environ, stdout=log, stderr=log)
    hall.until(lambda: len(hall.server.begun) > before or process.poll() is not None)
    assert process.poll() is None, (folder / "changes.log").read_text("utf-8")
    return process


def test_a_killed_process_loses_nothing_and_keeps_nothing_twice(hall: Hall, tmp_path: Path) -> None:
    hall.server.batch = 3
    process = start(hall, tmp_path)
    hall.until(lambda: bool(hall.missed()))
    made = [hall.org.people.create_lead("first@example.com")]
    hall.until_heard(1)

    made += [hall.org.people.create_lead(f"lead{number}@example.com") for number in range(60)]
    hall.until_heard(10)
    process.kill()
    process.wait(PATIENCE)
    made += [hall.org.people.create_lead(f"more{number}@example.com") for number in range(40)]
    process = start(hall, tmp_path)

    assert [event.ref.record_id for event in hall.until_heard(101)] == made
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
