"""What a tick costs depends on how much is due, never on how much waits. SQLite's plans: tests/integration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Executable, create_engine, text

from connector.store import claims, deliveries, facts, outbox
from connector.store.session import Wording
from tests.contract.store.conftest import Place

#: Twenty thousand rows in every table that grows, none of them due.
FILL = """
INSERT INTO leads (workspace, id, version, last_fact, folded_fact, wake_at, is_read, email, doc)
    SELECT 'acme', 'L' || n, 1, 0, 0, 1000000 + n, true, '', '{}' FROM generate_series(1, 20000) AS n;
INSERT INTO outbox (workspace, connection_id, lead_id, record_id, kind, slot, key, lane, state, wanted, written, act,
        due_at, is_held, attempts, version, words, remote_id, settled_at)
    SELECT 'acme', 'c', 'L' || n, n, 'task', n, n, 0, CASE WHEN n % 2 = 0 THEN 'pending' ELSE 'done' END, '{}', '{}',
        '{}', 1000000 + n, false, 0, 1, '', '', CASE WHEN n % 2 = 0 THEN NULL ELSE 1 END
    FROM generate_series(1, 20000) AS n;
INSERT INTO deliveries (endpoint, received_at, state, body)
    SELECT 'hubspot', n, 'taken_in', '{}' FROM generate_series(1, 20000) AS n;
INSERT INTO facts
    SELECT 'acme', 'L' || n, 1, n, 'k', 'signal', 's', '', repeat('x', 400), n, 0 FROM generate_series(1, 20000) AS n;
ANALYZE
"""

BY_INDEX = {
    "leads that are due": (claims._DUE, "leads_wake"),
    "deliveries that wait": (deliveries._OLDEST, "deliveries_received"),
    "changes that are due": (outbox._DUE, "outbox_due"),
    "the next due moment": (outbox._NEXT_DUE_AT, "outbox_due"),
    "emails that left": (outbox._LEFT, "outbox_slot"),
    "copies of facts": (facts._KNOWN, "facts_key"),
    "unread facts": (facts._BETWEEN, "facts_pkey"),
}


@pytest.fixture
def connection(postgres_place: Place) -> Iterator[Connection]:
    """A database in which much waits and nothing is due."""
    engine = create_engine(postgres_place.url)
    with engine.begin() as connection:
        for statement in FILL.split(";"):
            connection.execute(text(statement))
        yield connection
    engine.dispose()


def plan(connection: Connection, statement: Executable) -> str:
    """How PostgreSQL goes about it, as a worker asks."""
    parameters: dict[str, Any] = dict.fromkeys(("asked", "asked_for", "ids"), "[]")
    parameters |= {"now": 1000, "since": 0, "limit": 100, "connection": "c", "workspace_": "acme"}
    asked = Wording(connection.dialect).of(statement).text
    return "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {asked}", parameters))


def test_postgres_finds_everything_that_is_due_by_index(connection: Connection) -> None:
    plans = {name: plan(connection, statement) for name, (statement, _) in BY_INDEX.items()}

    for name, (_, index) in BY_INDEX.items():
        assert index in plans[name], f"{name}:\n{plans[name]}"
        assert "Seq Scan" not in plans[name], f"{name}:\n{plans[name]}"
