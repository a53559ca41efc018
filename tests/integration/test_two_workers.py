"""Two workers share one database: nothing is done twice, nothing is left."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.clock import SystemClock
from connector.domain.fact import RecordName
from connector.domain.ids import LeadId
from connector.domain.outward.change import ChangeState
from connector.engine.running.work import Workplace, build_worker
from connector.engine.running.worker import Worker
from connector.engine.telling.replay import verify
from connector.ports import CrmEvent, EventKind
from tests.builders import CRM, after
from tests.office import ACME, FakeCrm, Office, changed, clicked, clicking_book, contact, event, sqlite_url

TOLD = {RecordName.CHANGED, RecordName.CREATED}
LEADS = 200
SURVIVORS = range(0, LEADS, 20)
MERGED = {f"{number + offset}" for number in SURVIVORS for offset in (0, 1)}
PATIENCE = 60


def news() -> list[list[CrmEvent]]:
    """Everybody clicks twice and again, some are merged, some come late; in deliveries that mix them all."""
    events = [
        *(clicked("a", f"{number}", at=after(minutes=-30)) for number in range(LEADS)),
        *(clicked("b", f"{number}", at=after(minutes=-20)) for number in range(LEADS)),
        *(changed("firstname", "Mara", f"{number}", at=after(minutes=-25)) for number in range(LEADS)),
        *(
            event(EventKind.MERGED, f"{number}", at=after(minutes=-10), merged=(contact(f"{number + 1}"),))
            for number in SURVIVORS
        ),
        *(clicked("c", f"{number}", at=after(minutes=-5)) for number in range(LEADS)),
    ]
    return [events[start::40] for start in range(40)]


def new_crm() -> FakeCrm:
    crm = FakeCrm()
    crm.records |= {f"{number}": {"email": f"lead{number}@example.com"} for number in range(LEADS)}
    return crm


def new_worker(office: Office, holder: str) -> Worker:
    return build_worker(
        Workplace(
            office.store,
            SystemClock(),
            {CRM: office.endpoint},
            office.compile_book,
            lambda _: office.crm,
            holder,
            lease_length=timedelta(seconds=1),
            poll=timedelta(milliseconds=5),
        )
    )


def outcome(office: Office) -> Mapping[str, Any]:
    """What is the same however the work was shared.

    Of merged records, what was read and written before they were merged depends on who was when how far.
    """
    crm, leads = office.crm, office.store.read_models.leads(ACME, 2 * LEADS)
    return {
        "facts": {one.id: told(office, one.id) for one in leads},
        "desired": {one.id: one.lead.desired[CRM] for one in leads},
        "outbox": sorted((one.key, one.state) for one in office.outbox() if one.record_id not in MERGED),
        "records": {id_: values for id_, values in crm.records.items() if id_ not in MERGED},
        "lists": {title: members - MERGED for title, members in crm.lists.items()},
        "acts": {key for key, (id_, _) in crm.acts.items() if id_ not in MERGED},
    }


def told(office: Office, lead_id: LeadId) -> list[str]:
    return sorted(fact.key for fact in office.store.read_models.facts(ACME, lead_id) if fact.name in TOLD)


def is_done(office: Office) -> bool:
    health = office.store.read_models.health(SystemClock().now())
    open_ = sum(health.outbox.get(state, 0) for state in (ChangeState.PENDING, ChangeState.ATTEMPTED))
    return not (health.deliveries_waiting or health.leads_unread or health.leads_due or open_)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of each kind."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_database"))
    (tmp_path / "shared").mkdir()
    return sqlite_url(tmp_path / "shared")


def test_two_workers_do_together_what_one_does_alone(tmp_path: Path, database: str) -> None:
    alone = Office(sqlite_url(tmp_path), clicking_book("v1"), crm=new_crm()).open()
    for part in news():
        alone.receive(*part)
    alone.work()

    shared = Office(database, clicking_book("v1"), crm=new_crm()).open()
    workers = [new_worker(shared, holder) for holder in ("w1", "w2")]
    threads = [threading.Thread(target=worker.run) for worker in workers]
    for thread in threads:
        thread.start()
    for part in news():
        shared.receive(*part)
    wait_until_done(shared)
    for worker in workers:
        worker.stop()
    for thread in threads:
        thread.join(PATIENCE)

    assert set(shared.crm.made.values()) == {1}
    together, expected = outcome(shared), outcome(alone)
    for part in expected:
        assert together[part] == expected[part], part
    assert verify(shared.store, shared.shelf, ACME).differing == ()
    assert shared.store.read_models.held_leases(SystemClock().now()) == {}
    alone.close()
    shared.close()


def wait_until_done(office: Office) -> None:
    for _ in range(PATIENCE * 50):
        if is_done(office):
            return
        SystemClock().wait(0.02)
    pytest.fail(f"not done: {office.store.read_models.health(SystemClock().now())}")
