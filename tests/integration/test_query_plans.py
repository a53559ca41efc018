"""A worker's statements find their rows by index, from the first lead on."""

from __future__ import annotations

import base64
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Executable, create_engine

from connector.store import claims, deliveries, facts, identity, joined, leads, merge, moving, outbox, wishes
from connector.store.schema import metadata
from connector.store.session import Wording
from connector.store.store import open_store

KEY = base64.urlsafe_b64encode(b"k" * 32).decode()
#: Run now and then, by a person or once an hour, for all workspaces and states.
SELDOM = {
    "_LIST",
    "_LIST_OF_WORKSPACE",
    "_STRAYS",
    "_PAGE",
    "_FORGET_BEFORE",
    "_EMPTY_STRAYS",
    "_READ_ALL_AGAIN",
    "_OPEN",
}
SHORT_INDEXES = "deliveries_received|crm_refs_to_read|leads_wake|outbox_refused"
STATEMENTS = [
    pytest.param(statement, id=f"{module.__name__.rpartition('.')[2]}.{name}")
    for module in (claims, deliveries, facts, identity, joined, leads, merge, moving, outbox, wishes)
    for name, statement in vars(module).items()
    if re.fullmatch("_[A-Z_]+", name) and isinstance(statement, Executable) and name not in SELDOM
]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    file = Path(tmp_path_factory.mktemp("plans")) / "coltiva.sqlite"
    store = open_store(f"sqlite:///{file}", KEY)
    store.migrate()
    store.close()
    connection = sqlite3.connect(file)
    yield connection
    connection.close()


@pytest.mark.parametrize("statement", STATEMENTS)
def test_no_statement_walks_over_a_workspace(database: sqlite3.Connection, statement: Executable) -> None:
    text = Wording(create_engine("sqlite://", paramstyle="named").dialect).of(statement).text
    parameters = {name: 1 if name in ("limit", "now") else "[]" for name in re.findall(r":(\w+)", text)}

    plan = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {text}", parameters)]

    assert not [step for step in plan if _walks(step)], f"{plan}\n{text}"


def _walks(step: str) -> bool:
    """Whether all rows of a table or of a workspace are looked at; indexes that hold open work alone are short."""
    if re.match(rf"SCAN ({'|'.join(metadata.tables)})\b", step):
        return not re.search(SHORT_INDEXES, step)
    return step.endswith("(workspace=?)") and not re.search(SHORT_INDEXES, step)
