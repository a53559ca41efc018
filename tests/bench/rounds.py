"""One round from webhook to CRM: sandbox, web and worker are started, a story is told, the CRM is looked at."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

from connector.domain.decide import fold
from connector.domain.fact import Fact, FactKind, RecordName
from tests.bench.deliveries import STORY, sign, tell_stories, to_bodies
from tests.bench.filling import Filling, connect, fill, open_filling, settings_of
from tests.bench.load import Volley, fire
from tests.bench.portal import PortalAddress, Wanted
from tests.bench.processes import Running, Use, free_port, is_ready, running, until

#: Contacts to whom something happens before anything is measured.
WARM_UP = 20
_EVENTS_A_DELIVERY = 100
_LOOK_EVERY = 0.05


@dataclass(frozen=True, slots=True)
class Store:
    """A filled store; each round works on a copy of it."""

    folder: Path
    leads: int
    #: When the stories begin, and what each contact holds after the first parts of its own, by their number.
    begins_at: datetime
    wanted: Mapping[int, Wanted]


@dataclass(frozen=True, slots=True)
class Round:
    """What one round took."""

    facts: int
    #: From the first byte of the first delivery until the CRM held everything.
    seconds: float
    #: What each process used meanwhile, and its memory at the end.
    used: Mapping[str, Use]

    @property
    def per_second(self) -> float:
        return self.facts / self.seconds

    def cpu_us(self, name: str) -> float:
        """Processor time a fact of one process."""
        return self.used[name].cpu / self.facts * 1e6


@contextmanager
def serving_portal(contacts: int) -> Iterator[tuple[Running, PortalAddress]]:
    """A portal with a warm-up's contacts and so many more; every one has the same ids and token."""
    with running("sandbox", "-m", "tests.bench.portal", str(WARM_UP + contacts), environ={}) as sandbox:
        yield sandbox, PortalAddress(**json.loads(sandbox.listen()))


def prepare_store(folder: Path, leads: int, contacts: int) -> Store:
    """Connect a portal, fill a store with so many leads, and work out what is to be expected."""
    folder.mkdir()
    with serving_portal(contacts) as (_, portal):
        connect(folder, portal)
        filling = open_filling(folder, portal)
        fill(filling, leads, WARM_UP + contacts)
    filling.services.store.close()
    begins_at = filling.read_at + timedelta(hours=1)
    wanted = {length: _wanted_after(filling, begins_at, length) for length in (1, len(STORY))}
    return Store(folder, leads, begins_at, wanted)


def play(store: Store, contacts: int, length: int = len(STORY)) -> Round:
    """Tell `contacts` contacts the first parts of the story and wait until the CRM holds what follows from it."""
    folder = store.folder.with_name("round")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(store.folder, folder)
    with serving_portal(contacts) as (sandbox, portal):
        connect(folder, portal)
        port = free_port()
        environ = settings_of(folder, port, portal.url)
        with (
            running("web", "-m", "connector", "web", environ=environ) as web,
            running("worker", "-m", "connector", "worker", environ=environ) as worker,
        ):
            until(lambda: is_ready(port), "web and worker are ready", web, worker)
            expected = dict.fromkeys(portal.contact_ids, asdict(store.wanted[length]))
            sandbox.ask(json.dumps(expected))
            _tell(sandbox, port, portal, portal.contact_ids[:WARM_UP], store.begins_at, length, missing=contacts)
            processes = (web, worker, sandbox)
            before = {one.name: one.use() for one in processes}
            told = portal.contact_ids[WARM_UP:]
            volley, ended_at = _tell(sandbox, port, portal, told, store.begins_at, length, missing=0)
            used = {one.name: one.use().since(before[one.name]) for one in processes}
    used["load"] = Use(volley.cpu_seconds, 0)
    return Round(len(told) * length, ended_at - volley.began_at, used)


def _tell(
    sandbox: Running,
    port: int,
    portal: PortalAddress,
    contact_ids: Sequence[str],
    begins_at: datetime,
    length: int,
    *,
    missing: int,
) -> tuple[Volley, float]:
    """Deliver these contacts' stories, and wait until no more than `missing` contacts lack what follows from them."""
    bodies = to_bodies(tell_stories(contact_ids, begins_at, length), portal.portal_id, _EVENTS_A_DELIVERY)
    volley = fire(port, sign(port, bodies))
    until(lambda: int(sandbox.ask("?")) <= missing, "all writes have arrived", every=_LOOK_EVERY)
    return volley, monotonic()


def _wanted_after(filling: Filling, begins_at: datetime, length: int) -> Wanted:
    """What differs from what the CRM held before: that alone is written."""
    lead = filling.template.lead
    facts = [
        Fact(
            str(part),
            begins_at + timedelta(seconds=part),
            FactKind.RECORD,
            RecordName.CHANGED,
            "hubspot",
            {name: value},
        )
        for part, (name, value) in enumerate(STORY[:length])
    ]
    before = lead.desired["hubspot"]
    after = fold(lambda version: filling.book, lead, facts, datetime.now(UTC)).lead.desired["hubspot"]
    return Wanted(
        {name: value for name, value in after.properties.items() if before.properties.get(name) != value},
        sorted(after.lists.keys() - before.lists.keys()),
    )
