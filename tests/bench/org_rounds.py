"""One org from its connection on: all leads are read and judged; stories happen to some; what follows is written."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connector.bootstrap import Services, open_services
from connector.domain.ids import ConnectionId
from connector.domain.outward.change import ChangeState
from connector.settings import load_settings
from tests.bench.filling import DATABASE
from tests.bench.org import OrgAddress
from tests.bench.org_story import STORY
from tests.bench.processes import Running, Use, free_port, is_ready, run_to_end, running, until

#: Leads to whom something happens before anything is measured.
WARM_UP = 20
#: How long a hundred thousand leads may take on a machine that others use.
_PATIENCE = 1_500.0
_LOOK_EVERY = 0.05
_MAPPING = Path(__file__).with_name("org_mapping")
#: So many records have come when memory is looked at for the first time.
EARLY = 10_000
#: What each lead holds after its story, however many of its changes were seen at once. How far it gets in the program
#: does depend on that: an answer that is seen together with the question is none.
_AFTER_STORY = {
    "fields": {"coltiva__Score__c": 86.0, "coltiva__Score_Band__c": "A", "Segments__c": "factories;warm"},
    "campaigns": ["Bench – hot leads", "Bench – warm leads"],
}
_AFTER_FIRST_PART = {"fields": {"coltiva__Score__c": 23.0, "coltiva__Phase__c": "awareness"}, "campaigns": []}
_EXPECTED = {1: _AFTER_FIRST_PART, len(STORY): _AFTER_STORY}


@dataclass(frozen=True, slots=True)
class Backfill:
    """What reading all records of an org took."""

    records: int
    #: Until all were leads; until all were judged and what followed was written, too.
    seconds: float
    seconds_in_all: float
    #: Until all were leads: of the worker without its child that judges, of that child, of the sandbox.
    used: Mapping[str, Use]
    #: Of the worker, when the first ten thousand had come.
    early_memory: float

    @property
    def per_second(self) -> float:
        return self.records / self.seconds

    def cpu_us(self, name: str) -> float:
        """Processor time a record of one process."""
        return self.used[name].cpu / self.records * 1e6


@dataclass(frozen=True, slots=True)
class Told:
    """What one story took."""

    facts: int
    #: From the first message until the org held everything.
    seconds: float
    used: Mapping[str, Use]
    #: By operation.
    calls: Mapping[str, int]

    @property
    def per_second(self) -> float:
        return self.facts / self.seconds

    def cpu_us(self, name: str) -> float:
        """Processor time a fact."""
        return self.used[name].cpu / self.facts * 1e6


class Orchard:
    """An org, connected, with web and worker at work."""

    def __init__(self, folder: Path, leads: int, sandbox: Running, environ: Mapping[str, str], port: int) -> None:
        self.folder = folder
        self.environ = environ
        self._leads = leads
        self._sandbox = sandbox
        self._port = port
        self._told = 0
        self._services: Services = open_services(load_settings(environ))
        [self._connection] = (one.id for one in self._connections())
        self.web: Running
        self.worker: Running

    def close(self) -> None:
        """Let go of the store."""
        self._services.store.close()

    # --- all records ------------------------------------------------------------------------

    def backfill(self) -> Backfill:
        """Let the worker, which was just started, read all. Of a large org, the first page is not counted."""
        began_at, before, first = time.monotonic(), self._uses(), 0
        if self._leads > EARLY:
            until(lambda: self._read()[0] > 0, "the first page is read", self.worker, every=_LOOK_EVERY)
            began_at, before, first = time.monotonic(), self._uses(), self._read()[0]
        until(lambda: self._read()[0] >= min(EARLY, self._leads), "some are read", self.worker, patience=_PATIENCE)
        early = self.worker.use().memory
        until(lambda: self._read()[1], "all are read", self.worker, patience=_PATIENCE, every=_LOOK_EVERY)
        ended_at, used = time.monotonic(), self._since(before)
        until(self._is_settled, "all are judged", self.worker, patience=_PATIENCE, every=0.5)
        until(lambda: is_ready(self._port), "web and worker are ready", self.web, self.worker)
        return Backfill(self._leads - first, ended_at - began_at, time.monotonic() - began_at, used, early)

    # --- stories ----------------------------------------------------------------------------

    def tell(self, leads: int, length: int = len(STORY)) -> Told:
        """Let the first parts of the story happen to the next leads, and wait until the org holds what follows."""
        if not self._told:
            self._play(WARM_UP, length)
        before, calls = self._uses(), self._ask("calls")
        seconds = self._play(leads, length)
        after = self._ask("calls")
        made = {name: after[name] - calls.get(name, 0) for name in after}
        return Told(leads * length, seconds, self._since(before), {name: n for name, n in made.items() if n})

    def _play(self, leads: int, length: int) -> float:
        began_at: float = self._ask("tell", self._told, leads, length, self._port, _EXPECTED[length])
        self._told += leads
        needed = (self.web, self.worker, self._sandbox)
        until(lambda: not self._ask("missing"), "all writes have arrived", *needed, every=_LOOK_EVERY)
        return time.monotonic() - began_at

    # --- looking ----------------------------------------------------------------------------

    def _ask(self, *order: Any) -> Any:
        return json.loads(self._sandbox.ask(json.dumps(order)))

    def _connections(self) -> Any:
        with self._services.store.reading() as transaction:
            return transaction.connections.all()

    def _read(self) -> tuple[int, bool]:
        """How many records were read, and whether that is all."""
        with self._services.store.reading() as transaction:
            states = transaction.censuses.of(ConnectionId(self._connection))
        return sum(one.read for one in states), len(states) > 1 and all(one.is_filled for one in states)

    def _is_settled(self) -> bool:
        health = self._services.store.read_models.health(self._services.clock.now())
        return not (health.leads_due or health.outbox.get(ChangeState.PENDING, 0))

    def _uses(self) -> Mapping[str, Use]:
        whole, alone = self.worker.use(), self.worker.use_alone()
        judge = Use(whole.cpu - alone.cpu, whole.memory - alone.memory)
        return {"web": self.web.use(), "worker": alone, "judge": judge, "sandbox": self._sandbox.use()}

    def _since(self, before: Mapping[str, Use]) -> Mapping[str, Use]:
        return {name: use.since(before[name]) for name, use in self._uses().items()}


@contextmanager
def growing(folder: Path, leads: int) -> Iterator[Orchard]:
    """An org with so many leads is connected, and web and worker are started."""
    folder.mkdir()
    with running("sandbox", "-m", "tests.bench.org", str(leads), environ={}) as sandbox:
        org, port = OrgAddress(**json.loads(sandbox.listen())), free_port()
        environ = _settings_of(folder, port, org)
        run_to_end("-m", "connector", "connect", "salesforce", "--host", org.url, environ=environ)
        orchard = Orchard(folder, leads, sandbox, environ, port)
        try:
            with (
                running("web", "-m", "connector", "web", environ=environ) as orchard.web,
                running("worker", "-m", "connector", "worker", environ=environ) as orchard.worker,
            ):
                yield orchard
        finally:
            orchard.close()


def _settings_of(folder: Path, port: int, org: OrgAddress) -> dict[str, str]:
    """The environment of every process that works on the store in this folder."""
    return {
        "COLTIVA_DATABASE_URL": f"sqlite:///{folder / DATABASE}",
        "COLTIVA_PORT": str(port),
        "COLTIVA_MAPPINGS": str(_MAPPING),
        "COLTIVA_SALESFORCE_CLIENT_ID": org.client_id,
        "COLTIVA_SALESFORCE_CLIENT_SECRET": org.client_secret,
        "COLTIVA_SALESFORCE_BASE_URL": org.url,
        "COLTIVA_LOG_LEVEL": "warning",
    }
