"""The org as others meet it: the README's example, and a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).parents[4]


def test_the_example_of_the_readme_runs() -> None:
    text = (ROOT / "connector" / "sandbox" / "salesforce" / "README.md").read_text("utf-8")
    example = text.partition("```python\n")[2].partition("```")[0]

    names: dict[str, Any] = {}
    exec(compile(example, "README.md", "exec"), names)

    assert names["org"].people.read(names["ada"])["IsConverted"] is True


def test_an_org_is_served_by_a_process_of_its_own() -> None:
    command = [sys.executable, "-m", "connector.sandbox.salesforce", "--leads", "3"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env=dict(os.environ)) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        org = told["org"]
        url = f"{org['instance_url']}/services/data/v66.0/query?q=SELECT+COUNT()+FROM+Lead"

        counted = requests.get(url, headers={"Authorization": f"Bearer {org['token']}"}, timeout=60).json()
        app = {"grant_type": "client_credentials", **told["app"]}
        let_in = requests.post(f"{org['instance_url']}/services/oauth2/token", data=app, timeout=60)

        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert counted["totalSize"] == 3
    assert let_in.status_code == 200, "the org lets Coltiva in as it lets in whoever installed the package"


def test_the_process_tells_of_what_it_is_asked_to_and_knows_its_integration_user(tmp_path: Path) -> None:
    (tmp_path / "public.pem").write_text("-----BEGIN PUBLIC KEY-----")
    callback = "http://127.0.0.1:8080/oauth/salesforce/callback"
    command = [
        sys.executable, "-m", "connector.sandbox.salesforce",
        "--target-url", "http://127.0.0.1:9/webhooks/salesforce/outbound", "--tell", "Task",
        "--redirect-url", callback, "--public-key", str(tmp_path / "public.pem"),
    ]  # fmt: skip
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env=dict(os.environ)) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        where = {"response_type": "code", "client_id": told["app"]["client_id"], "redirect_uri": callback}
        url = f"{told['org']['instance_url']}/services/oauth2/authorize"
        answer = requests.get(url, params=where, allow_redirects=False, timeout=60)

        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert told["org"]["username"].startswith("integration.")
    assert answer.headers.get("Location", "").startswith(callback), answer.text
