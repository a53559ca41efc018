"""Chapter: what it costs to wait, and how soon things are ready."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from time import perf_counter

from connector.bootstrap import open_services
from connector.settings import load_settings
from tests.bench.figures import Chapter, at_most, of_rounds
from tests.bench.filling import settings_of
from tests.bench.processes import answers, free_port, is_ready, run_to_end, running, until
from tests.bench.rounds import Store
from tests.bench.scale import Scale

#: Nobody answers there: a tick that has nothing to do calls no CRM.
_NO_PORTAL = "http://127.0.0.1:9"


def measure_ticks(stores: Mapping[int, Store], scale: Scale) -> Chapter:
    """One round of all the worker's steps, with few and with many leads that wait and none that is due."""
    chapter = Chapter("A tick of the worker: every lead waits in a program, none is due")
    few, many = scale.stores[0], scale.stores[-1]
    for leads in (few, many):
        ticks = [_tick_ms(stores[leads], scale.ticks) for _ in range(scale.rounds)]
        chapter.figures.append(of_rounds(f"tick.{leads}_waiting_ms", f"{leads:,} waiting", ticks, "ms"))
    part, whole = (f"tick.{leads}_waiting_ms" for leads in (many, few))
    chapter.add_ratio("tick.many_to_few", f"{many:,} : {few:,} waiting", part, whole, at_most(1.2))
    return chapter


def measure_starts(store: Store, scale: Scale) -> Chapter:
    """How long a person waits for the help, and a webhook for a worker."""
    chapter = Chapter("Starting")
    helps = [run_to_end("-m", "connector", "--help", environ={}) for _ in range(scale.starts + 1)][1:]
    chapter.figures.append(of_rounds("start.help_s", "coltiva --help", helps, "s", at_most(0.3)))
    readies = [_seconds_until_ready(store) for _ in range(scale.starts)]
    chapter.figures.append(of_rounds("start.worker_s", "worker ready", readies, "s", at_most(2)))
    return chapter


def _tick_ms(store: Store, ticks: int) -> float:
    services = open_services(load_settings(settings_of(store.folder, 8000, _NO_PORTAL)))
    try:
        worker = services.build_worker()
        worker.run_until_idle()
        started_at = perf_counter()
        for _ in range(ticks):
            worker.run_until_idle()
        return (perf_counter() - started_at) / ticks * 1000
    finally:
        services.store.close()


def _seconds_until_ready(store: Store) -> float:
    """From starting the worker until the web process says that one is at work."""
    folder = store.folder.with_name("start")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(store.folder, folder)
    port = free_port()
    environ = settings_of(folder, port, _NO_PORTAL)
    with running("web", "-m", "connector", "web", environ=environ) as web:
        until(lambda: answers(port, "/healthz"), "the web process answers", web)
        started_at = perf_counter()
        with running("worker", "-m", "connector", "worker", environ=environ) as worker:
            until(lambda: is_ready(port), "the worker is ready", worker, every=0.01)
            return perf_counter() - started_at
