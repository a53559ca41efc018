"""Two workers share one PostgreSQL: nothing is done twice, nothing is left."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.clock import SystemClock
from connector.domain.change import ChangeState
from connector.engine.replay import verify
from connector.engine.work import Workplace, build_worker
from connector.engine.worker import Worker
from connector.ports import CrmEvent, EventKind
from tests.builders import CRM, after
from tests.office import ACME, FakeCrm, Office, changed, clicked, clicking_book, contact, event, sqlite_url

LEADS = 200
PATIENCE = 60


def news() -> list[list[CrmEvent]]:
    """Everybody clicks twice and again, some are merged, some come late; in deliveries that mix them all."""
    events = [
        *(clicked("a", f"{number}", at=after(minutes=-30)) for number in range(LEADS)),
        *(clicked("b", f"{number}", at=after(minutes=-20)) for number in range(LEADS)),
        *(changed("firstname", "Mara", f"{number}", at=after(minutes=-25)) for number in range(LEADS)),
        *(
            event(EventKind.MERGED, f"{number}", at=after(minutes=-10), merged=(contact(f"{number + 1}"),))
            for number in range(0, LEADS, 20)
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
    leads = office.store.read_models.leads(ACME, 2 * LEADS)
    return {
        "facts": {one.id: sorted(fact.key for fact in office.store.read_models.facts(ACME, one.id)) for one in leads},
        "points": {one.id: one.lead.desired[CRM] for one in leads},
        "outbox": sorted((one.kind, one.key, one.record_id, one.state) for one in office.outbox()),
        "records": dict(office.crm.records),
        "lists": dict(office.crm.lists),
        "made": dict(office.crm.made),
    }


def is_done(office: Office) -> bool:
    health = office.store.read_models.health(SystemClock().now())
    open_ = sum(health.outbox.get(state, 0) for state in (ChangeState.PENDING, ChangeState.ATTEMPTED))
    return not (health.deliveries_waiting or health.leads_unread or health.leads_due or open_)


def test_two_workers_do_together_what_one_does_alone(tmp_path: Path, postgres_database: str) -> None:
    alone = Office(sqlite_url(tmp_path), clicking_book("v1"), crm=new_crm()).open()
    for part in news():
        alone.receive(*part)
    alone.work()

    shared = Office(postgres_database, clicking_book("v1"), crm=new_crm()).open()
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
    assert outcome(shared) == outcome(alone)
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
