"""The database itself refuses what must never be."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import IntegrityError

from tests.contract.store.conftest import Place
from tests.contract.store.scene import Scene, fact, judged, lead_of, petition, task, wants

LEAD = lead_of("51")

BROKEN_LAWS = {
    "a delivery in a state that there is not": "UPDATE deliveries SET state = 'lost'",
    "a connection in a state that there is not": "UPDATE connections SET state = 'resting'",
    "an active connection with a reason to be paused": "UPDATE connections SET paused_because = 'why not'",
    "two connections of one account": (
        "INSERT INTO connections SELECT 'other', workspace, crm, account, token, state, '', 0, '', 0 FROM connections"
    ),
    "a lead that has folded more facts than it has": "UPDATE leads SET folded_fact = last_fact + 1",
    "a lead that is judged before it was read": "UPDATE leads SET is_read = NOT is_read, wake_at = 1",
    "a record that nobody is going to read": "UPDATE crm_refs SET read_as_of = NULL",
    "a record that is gone and waits to be read": "UPDATE crm_refs SET became = ref, read_wanted_at = 1",
    "the same fact twice in one mailbox": (
        "INSERT INTO facts SELECT workspace, lead_id, seq + 1, at, key, kind, name, source, data, received_at, "
        "delivery_id FROM facts"
    ),
    "an open enrolment that ended": (
        "INSERT INTO enrolments VALUES ('acme', 'L1', 'welcome', 1, 'first', 'running', 1, 2)"
    ),
    "a finished enrolment that did not end": (
        "INSERT INTO enrolments VALUES ('acme', 'L1', 'welcome', 1, 'first', 'won', 1, NULL)"
    ),
    "a change of a kind that there is not": "UPDATE outbox SET kind = 'fax' WHERE kind = 'properties'",
    "a change in a state that there is not": "UPDATE outbox SET state = 'sending'",
    "a task without its text": "UPDATE outbox SET act = NULL WHERE kind = 'task'",
    "properties with the text of a task": "UPDATE outbox SET act = '{}' WHERE kind = 'properties'",
    "an attempt that never began": "UPDATE outbox SET state = 'attempted' WHERE kind = 'task'",
    "desired state in doubt": "UPDATE outbox SET state = 'attempted', attempted_at = 1 WHERE kind = 'properties'",
    "a change that is done but was never settled": "UPDATE outbox SET state = 'done'",
    "a change that is open but was settled": "UPDATE outbox SET settled_at = 1",
    "a petition of a kind that there is not": "UPDATE petitions SET kind = 'pardon'",
    "a petition in a state that there is not": "UPDATE petitions SET state = 'lost'",
    "a petition that is ruled on without a ruling": "UPDATE petitions SET state = 'ruled', settled_at = 1",
    "a ruling on a petition that is open": "UPDATE petitions SET ruling = '{}'",
    "a petition that was withdrawn at no moment": "UPDATE petitions SET state = 'withdrawn'",
    "the same petition twice": (
        "INSERT INTO petitions (workspace, lead_id, key, kind, subject, state, petition, due_at, because) "
        "SELECT workspace, lead_id, key, kind, subject, state, petition, due_at, because FROM petitions"
    ),
    "the same act twice": (
        "INSERT INTO outbox (workspace, connection_id, lead_id, record_id, kind, slot, key, lane, state, wanted, "
        "written, act, due_at, is_held, attempts, version, words, remote_id) SELECT workspace, connection_id, lead_id, "
        "'52', kind, slot, key, lane, state, wanted, written, act, due_at, is_held, 0, 1, '', '' FROM outbox"
    ),
}


@pytest.fixture
def engine(place: Place, scene: Scene) -> Iterator[Engine]:
    """A database with one row at least in every table that has laws."""
    scene.meet("51").mail(LEAD, fact())
    scene.judge(lambda stored: judged(stored, desired=wants({"score": "5"}), acts=[task()], petitions=[petition()]))
    engine = create_engine(place.url)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO deliveries (endpoint, received_at, body) VALUES ('hubspot', 1, '')"))
    yield engine
    engine.dispose()


@pytest.mark.parametrize("statement", BROKEN_LAWS.values(), ids=BROKEN_LAWS)
def test_no_hand_can_write(engine: Engine, statement: str) -> None:
    with engine.connect() as connection, pytest.raises(IntegrityError):
        connection.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE deliveries SET state = 'unreadable'",
        "UPDATE connections SET state = 'paused', paused_because = 'the token was revoked'",
        "UPDATE leads SET folded_fact = last_fact",
        "UPDATE outbox SET state = 'attempted', attempted_at = 1 WHERE kind = 'task'",
        "UPDATE outbox SET state = 'done', settled_at = 1",
    ],
)
def test_what_is_lawful_is_written(engine: Engine, statement: str) -> None:
    with engine.connect() as connection:
        assert connection.execute(text(statement)).rowcount >= 1
