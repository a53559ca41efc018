"""A worker may die between any two steps: afterwards everything is there, and nothing is done twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from connector.domain.outward.change import ChangeState
from connector.ports import DeliveryState, NewDelivery, NewFact
from connector.store.store import DatabaseStore
from tests.builders import START
from tests.contract.store.conftest import Place
from tests.contract.store.scene import ACME, BOOK, SECRET_KEY, Scene, fact, judged, lead_of, ref, task, told, wants

LEAD = lead_of("51")
PATIENCE = 60
ROOT = Path(__file__).parents[3]


def work(store: DatabaseStore, made: list[str]) -> Iterator[None]:
    """The whole way of one delivery; a worker may die at each yield.

    `made` is what the CRM has made: it makes nothing twice under one key.
    """
    yield from take_in(store)
    with store.claim_leads(START, 10) as claim:
        yield
        claim.save([judged(one, **DECIDED) for one in claim.leads], {})
    yield
    scene = Scene(store)
    due = scene.due()
    scene.attempt(*due)
    yield
    made += [change.key for change in due if change.act and change.key not in made]
    yield
    for change in due:
        scene.settle(change)
        yield


def take_in(store: DatabaseStore) -> Iterator[None]:
    """From a kept delivery to a fact."""
    with store.claim_deliveries(10) as claim:
        yield
        with claim.transaction() as transaction:
            for delivery in claim.deliveries:
                transaction.leads.add(ACME, {ref("51"): LEAD}, BOOK, START)
                yield
                transaction.leads.add_facts(ACME, [NewFact(LEAD, fact(delivery.body.decode()), START)], START)
                yield
                transaction.deliveries.settle({delivery.id: DeliveryState.TAKEN_IN})
                transaction.leads.set_read(ACME, {ref("51"): None}, START)
                yield


DECIDED: Mapping[str, Any] = {"desired": wants({"score": "5"}), "acts": [task("call")], "history": [told()]}


@pytest.mark.parametrize("steps", range(1, 11))
def test_whoever_comes_after_a_dead_worker_finishes_its_work_once(place: Place, steps: int) -> None:
    scene = Scene(place.open()).connected()
    scene.store.keep(NewDelivery("hubspot", START, b"clicked"))
    made: list[str] = []

    dying = work(place.open(), made)
    lived_through = len(list(islice(dying, steps)))
    dying.close()
    list(work(place.open(), made))

    assert lived_through == steps
    assert made == [f"{LEAD}|call"]
    assert [one.key for one in scene.store.read_models.facts(ACME, LEAD)] == ["clicked"]
    assert scene.store.read_models.history(ACME, LEAD) == [told()]
    assert {change.state for change in scene.changes(LEAD)} == {ChangeState.DONE}
    assert scene.store.read_models.health(START).deliveries_waiting == 0


KEEPER = """
    import sys
    from connector.ports import NewDelivery
    from connector.store.store import open_store
    from tests.builders import START

    store = open_store(sys.argv[1], sys.argv[2])
    for number in range(100_000):
        # One alone, then two together, as they come.
        together = [NewDelivery("hubspot", START, b"%d.%d" % (number, part)) for part in range(1 + number % 2)]
        store.keep(*together)
        for delivery in together:
            print(delivery.body.decode(), flush=True)
"""


def test_a_delivery_that_was_acknowledged_survives_the_death_of_its_process(place: Place) -> None:
    keeper = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(KEEPER), place.url, SECRET_KEY],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert keeper.stdout
    acknowledged = [keeper.stdout.readline() for _ in range(20)]
    keeper.send_signal(signal.SIGKILL)
    acknowledged += keeper.stdout.readlines()
    keeper.stdout.close()
    keeper.wait(PATIENCE)

    with place.open().claim_deliveries(100_000) as claim:
        kept = {delivery.body.decode() for delivery in claim.deliveries}

    assert "" not in acknowledged[:20]
    assert {line.strip() for line in acknowledged} <= kept
