"""A new database file is for its owner alone: it holds personal data and sealed tokens."""

from __future__ import annotations

import stat
from pathlib import Path

from connector.bootstrap import open_services
from connector.settings import load_settings


def test_a_new_database_and_its_key_can_be_read_by_their_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "coltiva.sqlite"

    services = open_services(load_settings({"COLTIVA_DATABASE_URL": f"sqlite:///{file}"}))
    services.store.migrate()
    services.store.close()

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes["coltiva.sqlite"] == modes["coltiva.sqlite.key"] == 0o600
