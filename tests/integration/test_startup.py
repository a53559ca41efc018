"""What a process loads, and what it does not."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from connector.bootstrap import sealing_keys
from connector.errors import SettingsError
from connector.settings import load_settings

#: What costs time or memory, by the name of its package.
HEAVY = {
    "alembic", "cryptography", "flask", "granian", "holidays", "hubspot", "jinja2", "msgspec", "pydantic", "requests",
    "rich", "ruamel", "sqlalchemy", "structlog", "urllib3", "werkzeug",
}  # fmt: skip


def loaded(code: str, **environ: str) -> set[str]:
    """The heavy packages in memory after running the code in a process of its own."""
    tell = "\nimport json, sys; print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    output = subprocess.run(
        [sys.executable, "-c", code + tell], env={**os.environ, **environ}, capture_output=True, text=True, check=True
    ).stdout
    return HEAVY.intersection(json.loads(output.splitlines()[-1]))


def test_help_loads_nothing_that_is_not_needed_for_it() -> None:
    code = "from typer.testing import CliRunner; from connector.cli import app; CliRunner().invoke(app, ['--help'])"

    assert loaded(code) - {"rich"} == set()  # the runner of the test brings Rich


def test_the_commands_themselves_load_nothing_heavy() -> None:
    assert loaded("import connector.cli") == set()


def test_the_web_process_loads_no_sdk_no_mapping_language_and_no_migrations(tmp_path: Path) -> None:
    environ = {"COLTIVA_DATABASE_URL": f"sqlite:///{tmp_path / 'web.sqlite'}", "COLTIVA_HUBSPOT_CLIENT_SECRET": "x"}
    prepared = "from app import create_app; create_app().extensions['coltiva'].store.migrate()"
    loaded(prepared, **environ)

    found = loaded(prepared, **environ)

    # Jinja comes with Flask and is never asked for anything.
    assert found <= {"cryptography", "flask", "jinja2", "msgspec", "sqlalchemy", "werkzeug"}


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
