"""The migrations make the schema that is written down, on both databases."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
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

from connector.domain.lead import blank
from connector.errors import StoreUnavailableError
from connector.ports import Unread
from connector.store.codec import encode
from connector.store.migrate import FOLDER
from connector.store.schema import VERSION, metadata
from connector.store.store import open_store
from tests.builders import START
from tests.contract.store.conftest import Place
from tests.contract.store.scene import ACME, BOOK, CONNECTION, SECRET_KEY, Scene, lead_of, ref
from tests.postgres_server import PostgresServer

PATIENCE = 60
#: Not where a column stands among the others: one that was dropped leaves a gap.
COLUMNS = (
    "SELECT relname, attname, atttypid, attnotnull, pg_get_expr(adbin, adrelid) FROM pg_class "
    "JOIN pg_attribute ON attrelid = pg_class.oid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum "
    "WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped"
)


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
        COLUMNS,
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


LEADS = (
    "INSERT INTO leads (workspace, id, version, last_fact, folded_fact, wake_at, is_read, read_wanted_at, email, "
    "doc{}) VALUES ('acme', :id, 1, 0, 0, NULL, :is_read, :wanted, '', :doc{})"
)
CRM_REFS = (
    "INSERT INTO crm_refs (workspace, ref, lead_id, crm, account, record_id, is_current) "
    "VALUES ('acme', 'hubspot:4711:contact:' || CAST(:id AS TEXT), :lead, 'hubspot', '4711', :id, :is_current)"
)


def lead_row(record_id: str, *, is_read: bool = True, wanted: int | None = None) -> dict[str, object]:
    """A lead as it was before."""
    id_ = lead_of(record_id)
    return {"id": id_, "is_read": is_read, "wanted": wanted, "doc": encode(blank(id_, BOOK))}


def test_leads_of_an_older_schema_know_the_version_that_they_were_judged_by(empty: Place, engine: Engine) -> None:
    at_version(engine, "0001")
    with engine.begin() as connection:
        connection.execute(text(LEADS.format("", "")), lead_row("51"))
    store = empty.open()
    assert not store.is_current()

    store.migrate()

    with store.reading() as transaction:
        assert transaction.leads.untold(ACME, "v2", 10) == {lead_of("51"): BOOK}


def test_leads_of_an_older_schema_are_judged_within_an_hour_for_their_place_to_be_known(
    empty: Place, engine: Engine
) -> None:
    at_version(engine, "0015")
    with engine.begin() as connection:
        connection.execute(text(LEADS.format("", "")), lead_row("51"))
        connection.execute(text(LEADS.format("", "")), lead_row("52", is_read=False, wanted=1))

    store = empty.open()
    store.migrate()

    in_an_hour = datetime.now(UTC) + timedelta(hours=1, minutes=1)
    with store.claim_leads(in_an_hour, 10) as claim:
        assert [one.lead.id for one in claim.leads] == [lead_of("51")]
    places = {one.place[2]: one.outlooks for one in store.read_models.ranked(ACME, "", 10)}
    assert places == {lead_of("51"): None, lead_of("52"): ()}


def test_what_leads_of_an_older_schema_know_of_their_reading_goes_to_their_records(
    empty: Place, engine: Engine
) -> None:
    at_version(engine, "0015")
    with engine.begin() as connection:
        for row in (
            lead_row("new", is_read=False, wanted=1),
            lead_row("read"),
            lead_row("again", wanted=2),
            lead_row("survivor", wanted=1),
        ):
            connection.execute(text(LEADS.format(", book", ", 'v1'")), row)
        for record_id, lead, is_current in (
            ("new", "new", True),
            ("read", "read", True),
            ("again", "again", True),
            ("survivor", "survivor", True),
            ("former", "survivor", False),
        ):
            row = {"id": record_id, "lead": lead_of(lead), "is_current": is_current}
            connection.execute(text(CRM_REFS), row)
        connection.execute(text("UPDATE crm_refs SET read_as_of = 7 WHERE record_id = 'again'"))

    scene = Scene(empty.open())
    scene.store.migrate()

    with scene.store.transaction() as transaction:
        waiting = transaction.leads.unread(CONNECTION, START, 10)
        assert [(one.ref.record_id, one.again) for one in waiting] == [
            ("new", False),
            ("survivor", True),
            ("again", True),
        ]
        assert transaction.leads.merged_away(ACME, [ref("former"), ref("survivor")]) == {ref("former")}
        transaction.leads.set_read(ACME, {one.ref: None for one in waiting}, START)
        transaction.leads.read_again(ACME, [ref("former")], START)
        assert transaction.leads.unread(CONNECTION, START, 10) == [
            Unread(ACME, lead_of("survivor"), ref("survivor"), again=True)
        ]
    with engine.connect() as connection:
        known = connection.execute(text("SELECT read_as_of FROM crm_refs WHERE record_id IN ('again', 'read')"))
        assert sorted(known.scalars()) == [0, 7]
