"""What every test may ask for: a PostgreSQL server, a database of its own, bounded property tests."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, settings

from tests.postgres_server import PostgresServer, new_folder, prepared_binaries

# What is printed must not depend on a terminal. The processes of a parallel run are told of one, of 80 columns, by the
# line editor of the process that starts them.
os.environ.pop("COLUMNS", None)

# The same examples on every run of CI, so that a failure there is a failure here. No deadlines: a busy
# machine is slow, not wrong.
settings.register_profile(
    "ci", derandomize=True, deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("dev", deadline=None, max_examples=50)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

#: Where the tests are that take many seconds each.
_LONG = tuple(str(Path(__file__).parent / folder) for folder in ("stories", "integration", "property"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests come first, so that at the end of a parallel run no process waits for another's."""
    items.sort(key=lambda item: not str(item.path).startswith(_LONG))


@pytest.fixture(scope="session", autouse=True)
def stores_are_quick() -> Iterator[None]:
    """Stores wait for no disk, where any are opened: a test of the domain alone need not load them."""
    if "connector.store.store" not in sys.modules:
        yield
        return
    from tests.quick_stores import quick_stores

    with quick_stores():
        yield


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One PostgreSQL for the whole run, or for each process of one that runs in parallel.

    Where none can be started the tests that ask for it are skipped with the reason, and fail instead
    when COLTIVA_REQUIRE_POSTGRES=1 (as in CI).
    """
    folder = new_folder()
    try:
        server = started(folder)
    except (OSError, RuntimeError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        refuse(f"PostgreSQL cannot be started here: {error}")
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres_url(postgres_server: PostgresServer) -> str:
    """The SQLAlchemy URL of the server's own database; use it to look, not to write."""
    return postgres_server.url()


@pytest.fixture
def postgres_database(postgres_server: PostgresServer) -> Iterator[str]:
    """The SQLAlchemy URL of an empty database that is this test's alone, dropped afterwards."""
    name = postgres_server.create_database()
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


def started(folder: Path) -> PostgresServer:
    server = PostgresServer(folder, prepared_binaries(folder))
    server.start()
    return server


def refuse(reason: str) -> NoReturn:
    if os.environ.get("COLTIVA_REQUIRE_POSTGRES") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
