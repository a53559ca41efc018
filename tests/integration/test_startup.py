"""What a process loads, and what it does not."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from socket import socket

import pytest

from connector.bootstrap import sealing_keys
from connector.errors import SettingsError
from connector.settings import load_settings
from tests.org_door import EVENTS, OUTBOUND, XML, batch, message, signed_by_org

#: What costs time or memory, by the name of its package.
HEAVY = {
    "alembic", "cryptography", "flask", "granian", "holidays", "hubspot", "jinja2", "lxml", "msgspec", "pydantic",
    "requests", "rich", "ruamel", "simple_salesforce", "sqlalchemy", "structlog", "urllib3", "werkzeug", "zeep",
}  # fmt: skip


def loaded(code: str, **environ: str) -> set[str]:
    """The modules in memory after running the code in a process of its own."""
    tell = "\nimport json, sys; print(json.dumps(list(sys.modules)))"
    output = subprocess.run(
        [sys.executable, "-c", code + tell], env={**os.environ, **environ}, capture_output=True, text=True, check=True
    ).stdout
    return set(json.loads(output.splitlines()[-1]))


def heavy(modules: set[str]) -> set[str]:
    """The heavy packages among them."""
    return HEAVY.intersection(name.split(".")[0] for name in modules)


def test_help_loads_nothing_that_is_not_needed_for_it() -> None:
    code = "from typer.testing import CliRunner; from connector.cli import app; CliRunner().invoke(app, ['--help'])"

    assert heavy(loaded(code)) - {"rich"} == set()  # the runner of the test brings Rich


def test_the_commands_themselves_load_nothing_heavy() -> None:
    assert heavy(loaded("import connector.cli")) == set()


#: Receives what it can and what it must refuse, and tells of its health.
SERVING = """
import app, connector.cli.web, webhooks.gateway, webhooks.short_way
served = app.create_app()
client = served.test_client()
for path in ("/healthz", "/readyz", "/nowhere"):
    client.get(path)
for path in ("/webhooks/hubspot", "/api/v1/signals"):
    client.post(path, json=[], headers={"Authorization": "Bearer coltiva_" + 12 * "0" + "_" + 43 * "A"})
served.extensions["coltiva"].refusals.flush()
"""
#: Orgs that nobody connected knock, too.
KNOCKING = f"""
client.post({OUTBOUND!r}, data={message()!r}, headers={XML!r})
client.post({EVENTS!r}, data={batch()!r}, headers={signed_by_org(batch())!r})
"""


@pytest.fixture(scope="module")
def web_modules(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """What a web process has loaded after it served; its database was made before."""
    file = tmp_path_factory.mktemp("web") / "web.sqlite"
    environ = {"COLTIVA_DATABASE_URL": f"sqlite:///{file}", "COLTIVA_HUBSPOT_CLIENT_SECRET": "x"}
    loaded("from app import create_app; create_app().extensions['coltiva'].store.migrate()", **environ)
    return loaded(SERVING + KNOCKING, **environ)


def test_the_web_process_loads_no_sdk_no_mapping_language_and_no_migrations(web_modules: set[str]) -> None:
    # Jinja comes with Flask and is never asked for anything.
    assert heavy(web_modules) <= {"flask", "jinja2", "msgspec", "sqlalchemy", "werkzeug"}


#: Rooms of ours that only a worker, or a person's command, has business in.
WORKSHOPS = (
    "connector.crms.hubspot.client",
    "connector.crms.hubspot.portal",
    "connector.domain.book",
    "connector.domain.decide",
    "connector.domain.draft",
    "connector.domain.nodes",
    "connector.engine.judging.advance",
    "connector.engine.inward.intake",
    "connector.engine.judging.shelf",
    "connector.mapping",
    "connector.sandbox",
    "connector.scenario",
    "connector.store.postgres",
)


#: The command up to where the server takes over.
STARTING = """
import sys, connector.cli, granian.server
served = []
granian.server.Server.serve = lambda *given, **named: served.append(True)
sys.argv = ["coltiva", "web"]
connector.cli.app(standalone_mode=False)
assert served
"""


def test_the_servers_parent_loads_nothing_but_the_server(tmp_path: Path) -> None:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])

    modules = loaded(STARTING, COLTIVA_HUBSPOT_CLIENT_SECRET="x", COLTIVA_PORT=port, **settings_in(tmp_path))

    assert heavy(modules) == {"granian"}


def test_the_web_process_loads_nothing_that_judges_or_writes(web_modules: set[str]) -> None:
    assert [name for name in WORKSHOPS if name in web_modules] == []


def settings_in(folder: Path) -> dict[str, str]:
    return {"COLTIVA_DATABASE_URL": f"sqlite:///{folder / 'coltiva.sqlite'}"}


def test_a_key_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    settings = load_settings(settings_in(tmp_path))

    first, second = sealing_keys(settings), sealing_keys(settings)

    file = tmp_path / "coltiva.sqlite.key"
    assert first == second == file.read_text("ascii").strip()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load_settings({"COLTIVA_SECRET_KEY": first}).secret_key == first
    assert list(tmp_path.iterdir()) == [file]


def test_processes_that_start_at_once_end_with_the_same_key(tmp_path: Path) -> None:
    code = (
        "from connector.bootstrap import sealing_keys; from connector.settings import load_settings;"
        "print(sealing_keys(load_settings()))"
    )
    command = [sys.executable, "-c", code]

    with ThreadPoolExecutor(4) as pool:
        environ = {**os.environ, **settings_in(tmp_path)}
        runs = [pool.submit(subprocess.check_output, command, env=environ) for _ in range(4)]

    assert len({run.result() for run in runs}) == 1


def test_a_key_that_is_set_is_kept_in_no_file(tmp_path: Path) -> None:
    key = "A" * 43 + "="

    assert sealing_keys(load_settings({**settings_in(tmp_path), "COLTIVA_SECRET_KEY": key})) == key
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_said_to_be_the_trouble(tmp_path: Path) -> None:
    settings = load_settings(settings_in(tmp_path / "nowhere"))

    with pytest.raises(SettingsError, match="nowhere"):
        sealing_keys(settings)
