"""One suite, two databases: every test here runs on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from connector.store.store import DatabaseStore, open_store
from tests.contract.store.scene import SECRET_KEY, Scene
from tests.contract.store.spare import SpareDatabases
from tests.postgres_server import PostgresServer


@dataclass
class Place:
    """A migrated, empty database, and every store that a test opened on it."""

    url: str
    stores: list[DatabaseStore] = field(default_factory=list)
    #: What is to be done when nobody needs it any more.
    ending: ExitStack = field(default_factory=ExitStack)

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file."""
        return self.url.startswith("sqlite")

    @property
    def file(self) -> Path:
        """The SQLite file."""
        return Path(self.url.removeprefix("sqlite:///"))

    def open(self) -> DatabaseStore:
        """A store of its own, as another process would have."""
        store = open_store(self.url, SECRET_KEY)
        self.stores.append(store)
        return store

    def close(self) -> None:
        """Close whatever was opened."""
        while self.stores:
            self.stores.pop().close()
        self.ending.close()


NewPlace = Callable[[], Place]
_numbers = count(1)


def migrated(url: str) -> None:
    """Bring a new database up to date."""
    store = open_store(url, SECRET_KEY)
    store.migrate()
    store.close()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    file = tmp_path_factory.mktemp("store") / "template.sqlite"
    migrated(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def spare_databases(postgres_server: PostgresServer) -> SpareDatabases:
    """Migrated PostgreSQL databases."""
    template = postgres_server.create_database()
    migrated(postgres_server.url(template))
    return SpareDatabases(postgres_server, template)


@pytest.fixture
def new_sqlite(migrated_file: Path, tmp_path: Path) -> Iterator[NewPlace]:
    """Makes empty SQLite files."""
    with ExitStack() as stack:

        def make() -> Place:
            file = tmp_path / f"coltiva-{next(_numbers)}.sqlite"
            shutil.copyfile(migrated_file, file)
            place = Place(f"sqlite:///{file}")
            stack.callback(place.close)
            return place

        yield make


@pytest.fixture
def new_postgres(postgres_server: PostgresServer, spare_databases: SpareDatabases) -> Iterator[NewPlace]:
    """Finds empty PostgreSQL databases."""
    with ExitStack() as stack:

        def make() -> Place:
            name = spare_databases.take()
            place = Place(postgres_server.url(name))
            place.ending.callback(spare_databases.give_back, name)
            stack.callback(place.close)
            return place

        yield make


@pytest.fixture
def sqlite_place(new_sqlite: NewPlace) -> Place:
    """An empty SQLite file."""
    return new_sqlite()


@pytest.fixture
def postgres_place(new_postgres: NewPlace) -> Place:
    """An empty PostgreSQL database."""
    return new_postgres()


@pytest.fixture(params=["sqlite", "postgres"])
def new_place(request: pytest.FixtureRequest) -> NewPlace:
    """Makes empty databases, of each kind in turn."""
    found: NewPlace = request.getfixturevalue(f"new_{request.param}")
    return found


@pytest.fixture
def place(new_place: NewPlace) -> Place:
    """An empty database, of each kind in turn."""
    return new_place()


@pytest.fixture
def store(place: Place) -> DatabaseStore:
    """The store of that database."""
    return place.open()


@pytest.fixture
def scene(store: DatabaseStore) -> Scene:
    """A connected account, and short words for what happens to its leads."""
    return Scene(store).connected()
