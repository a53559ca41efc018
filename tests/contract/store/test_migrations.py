"""The migrations make the schema that is written down, on both databases."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import IntegrityError

from connector.errors import StoreUnavailableError
from connector.store.migrate import FOLDER
from connector.store.schema import VERSION, metadata
from connector.store.store import open_store
from tests.contract.store.conftest import Place
from tests.contract.store.scene import ACME, BOOK, SECRET_KEY, Scene, lead_of
from tests.postgres_server import PostgresServer

PATIENCE = 60


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A database without any table."""
    if request.param == "sqlite":
        place = Place(f"sqlite:///{tmp_path / 'empty.sqlite'}")
        yield place
        place.close()
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        name = server.create_database()
        place = Place(server.url(name))
        yield place
        place.close()
        server.drop_database(name)


@pytest.fixture
def engine(empty: Place) -> Iterator[Engine]:
    """A way to look at it."""
    engine = create_engine(empty.url)
    yield engine
    engine.dispose()


def described(connection: Connection) -> list[str]:
    """Every table, column, constraint and index of the database in its own words."""
    if connection.dialect.name == "sqlite":
        rows = connection.execute(
            text("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND name <> 'alembic_version'")
        )
        return sorted(f"{name}: {' '.join(sorted((sql or '').replace(',', ' ').split()))}" for name, sql in rows)
    parts = (
        "SELECT * FROM information_schema.columns WHERE table_schema = 'public'",
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
        "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    )
    found = [str(tuple(map(str, row))) for part in parts for row in connection.execute(text(part))]
    return sorted(line for line in found if "alembic_version" not in line)


def test_the_sum_of_the_migrations_is_the_schema(empty: Place, engine: Engine) -> None:
    empty.open().migrate()
    with engine.connect() as connection:
        migrated = described(connection)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
        metadata.drop_all(connection)
        metadata.create_all(connection)
        written_down = described(connection)

    assert len(migrated) > len(metadata.tables)
    assert migrated == written_down


def test_alembic_finds_nothing_to_add(empty: Place, engine: Engine) -> None:
    empty.open().migrate()

    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_schema_knows_its_last_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))

    assert ScriptDirectory.from_config(config).get_current_head() == VERSION


def test_a_database_is_current_once_it_was_migrated(empty: Place) -> None:
    store = empty.open()
    before = store.is_current()

    store.migrate()

    assert (before, store.is_current()) == (False, True)


def test_a_second_run_changes_nothing(empty: Place, engine: Engine) -> None:
    empty.open().migrate()
    with engine.connect() as connection:
        before = described(connection)

    empty.open().migrate()

    with engine.connect() as connection:
        assert described(connection) == before


def test_a_database_of_another_version_is_not_current(empty: Place, engine: Engine) -> None:
    store = empty.open()
    store.migrate()

    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))

    assert not store.is_current()


def test_two_that_migrate_at_once_do_the_work_once(empty: Place) -> None:
    barrier = Barrier(2, timeout=PATIENCE)

    def migrate() -> bool:
        store = empty.open()
        barrier.wait()
        store.migrate()
        return store.is_current()

    with ThreadPoolExecutor(2) as pool:
        assert [one.result(PATIENCE) for one in [pool.submit(migrate), pool.submit(migrate)]] == [True, True]


def test_a_worker_that_finds_the_schema_current_never_loads_alembic(sqlite_place: Place) -> None:
    code = (
        "import sys\n"
        "from connector.store.store import open_store\n"
        f"store = open_store({sqlite_place.url!r}, {SECRET_KEY!r})\n"
        "store.migrate()\n"
        "store.close()\n"
        "print([name for name in ('alembic', 'psycopg', 'mako') if name in sys.modules])\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE)

    assert done.stdout.strip() == "[]"


def test_a_database_that_cannot_be_reached_is_unavailable(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'no folder' / 'coltiva.sqlite'}", SECRET_KEY)

    with pytest.raises(StoreUnavailableError):
        store.is_current()


def test_a_postgres_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    store = open_store(f"postgresql://nobody@/nothing?host={tmp_path}", SECRET_KEY)

    with pytest.raises(StoreUnavailableError):
        store.is_current()


def test_what_waits_in_the_outbox_of_an_older_schema_waits_on(empty: Place, engine: Engine) -> None:
    at_version(engine, "0002")
    row = (
        "INSERT INTO outbox (workspace, connection_id, lead_id, record_id, kind, slot, key, lane, state, wanted, "
        "written, act, due_at, is_held, attempts, version, words, remote_id, attempted_at, settled_at) VALUES "
        "('acme', 'c', 'L1', '51', '{kind}', '{kind}', 'k', 0, 'pending', '{{}}', "
        "'{{}}', '{{}}', 5, false, 2, 3, 'w', 'r', 1, NULL)"
    )
    with engine.begin() as connection:
        connection.execute(text(row.format(kind="note")))
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(text(row.format(kind="email")))

    empty.open().migrate()

    with engine.begin() as connection:
        connection.execute(text(row.format(kind="email")))
        kept = connection.execute(text("SELECT id, kind, due_at, attempts, version, words, attempted_at FROM outbox"))
        assert [tuple(one)[1:] for one in kept] == [("note", 5, 2, 3, "w", 1), ("email", 5, 2, 3, "w", 1)]


def at_version(engine: Engine, version: str) -> None:
    """A database as this older version left it."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)


def test_leads_of_an_older_schema_know_the_version_that_they_were_judged_by(empty: Place, engine: Engine) -> None:
    store = empty.open()
    store.migrate()
    scene = Scene(store).connected().meet("51")
    with engine.begin() as connection:
        connection.execute(text("DROP INDEX leads_book"))
        connection.execute(text("DROP INDEX strays_of_feeds"))
        connection.execute(text("ALTER TABLE leads DROP COLUMN book"))
        connection.execute(text("ALTER TABLE books DROP COLUMN overrides"))
        connection.execute(text("ALTER TABLE connections DROP COLUMN crm_user"))
        connection.execute(text("ALTER TABLE crm_refs DROP COLUMN read_as_of"))
        later = (
            "api_keys",
            "batches",
            "seekers",
            "feeds",
            "deals",
            "deal_leads",
            "petitions",
            "purchases",
            "measurements",
            "overrides",
            "partings",
            "assignments",
            "hand_overs",
            "signing_keys",
        )
        for table in later:
            connection.execute(text(f"DROP TABLE {table}"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert not store.is_current()

    store.migrate()

    with scene.store.reading() as transaction:
        assert transaction.leads.untold(ACME, "v2", 10) == {lead_of("51"): BOOK}
