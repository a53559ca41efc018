"""The PostgreSQL of the test run is real, and no test meets another's rows."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, make_url, text

from tests.postgres_server import PostgresServer


def answer(url: str, statement: str) -> object:
    engine = create_engine(url)
    with engine.begin() as connection:
        result = connection.execute(text(statement))
        found = result.scalar_one() if result.returns_rows else None
    engine.dispose()
    return found


def test_the_server_is_recent_enough(postgres_url: str) -> None:
    assert int(str(answer(postgres_url, "SHOW server_version_num"))) >= 160_000


@pytest.mark.parametrize("turn", ["first", "second"])
def test_every_test_starts_with_an_empty_database(postgres_database: str, turn: str) -> None:
    before = answer(postgres_database, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")

    answer(postgres_database, f"CREATE TABLE {turn} (id int)")

    assert before == 0


def test_a_database_can_begin_as_a_copy_of_another(postgres_server: PostgresServer, postgres_database: str) -> None:
    answer(postgres_database, "CREATE TABLE lead (id int)")

    copy = postgres_server.create_database(template=str(make_url(postgres_database).database))

    assert answer(postgres_server.url(copy), "SELECT count(*) FROM lead") == 0
    postgres_server.drop_database(copy)


def test_a_dropped_database_lets_go_of_its_clients(postgres_server: PostgresServer) -> None:
    name = postgres_server.create_database()
    engine = create_engine(postgres_server.url(name))
    held = engine.connect()
    held.execute(text("SELECT 1"))

    postgres_server.drop_database(name)

    assert answer(postgres_server.url(), f"SELECT count(*) FROM pg_database WHERE datname = '{name}'") == 0
    held.invalidate()
    held.close()
    engine.dispose()
