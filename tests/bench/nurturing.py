"""Chapter: from the webhook to the write in the CRM, with few and with many leads in store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.bench.deliveries import STORY
from tests.bench.figures import Chapter, Figure, Target, at_least, at_most, of_rounds
from tests.bench.rounds import Round, Store, play, prepare_store
from tests.bench.scale import Scale

PROCESSES = ("web", "worker", "sandbox", "load")
_ROUNDS = 3


def measure_nurturing(stores: Mapping[int, Store], scale: Scale) -> Sequence[Chapter]:
    """The rate, what it costs, and how it depends on the number of leads in store."""
    return [_measure_rate(stores[scale.rate_store], scale), _measure_sizes(stores, scale)]


def prepare_stores(folder: Path, scale: Scale) -> Mapping[int, Store]:
    """A store of each size, filled."""
    contacts = dict.fromkeys(scale.stores, scale.measured_leads) | {scale.rate_store: scale.rate_leads}
    return {leads: prepare_store(folder / str(leads), leads, contacts[leads]) for leads in sorted(contacts)}


def _measure_rate(store: Store, scale: Scale) -> Chapter:
    chapter = Chapter(
        f"From webhook to CRM: {store.leads:,} leads in store, something happens to {scale.rate_leads:,} of them",
        "Web, worker, sandbox and load share the processors. The sandbox's rate limit is raised; HubSpot's own is "
        "110 calls in 10 s, of which each writes 100 records.",
    )
    rounds = _play(store, scale.rate_leads, len(STORY), scale)
    title = f"facts, {len(STORY)} a lead, until their writes arrived"
    chapter.figures.append(_rate("nurture.story", title, rounds, at_least(5_000)))
    for name in PROCESSES:
        chapter.figures.append(_cost(f"nurture.story.{name}_cpu_us", name, rounds))
    if scale.with_singles:
        rounds = _play(store, scale.rate_leads, 1, scale)
        chapter.figures.append(_rate("nurture.single", "facts, 1 a lead, each with writes of its own", rounds))
    return chapter


def _measure_sizes(stores: Mapping[int, Store], scale: Scale) -> Chapter:
    smallest, largest = scale.stores[0], scale.stores[-1]
    title = f"The same with few and many leads in store: something happens to {scale.measured_leads:,} of them"
    chapter = Chapter(title)
    rounds: list[Round] = []
    for leads in scale.stores:
        rounds = _play(stores[leads], scale.measured_leads, len(STORY), scale)
        key = f"nurture.{leads}_leads"
        chapter.figures += (
            _rate(key, f"{leads:,} leads in store: facts", rounds),
            _cost(f"{key}.worker_cpu_us", "worker", rounds),
        )
    few, many = (f"nurture.{leads}_leads.per_second" for leads in (smallest, largest))
    title = f"cost of a fact, {largest:,} : {smallest:,} leads"
    chapter.add_ratio("nurture.many_to_few", title, few, many, at_most(1.3))
    _add_memory(chapter, rounds, largest)
    return chapter


def _add_memory(chapter: Chapter, rounds: Sequence[Round], leads: int) -> None:
    sizes = {name: [one.used[name].memory for one in rounds] for name in ("web", "worker")}
    together = [sum(parts) for parts in zip(*sizes.values(), strict=True)]
    if not all(together):
        return  # this system does not tell
    title = f"memory at {leads:,} leads: web and worker"
    chapter.figures.append(of_rounds("memory.total_mb", title, together, "MB", at_most(200)))
    for name, values in sizes.items():
        chapter.figures.append(of_rounds(f"memory.{name}_mb", f"  {name}", values, "MB"))


def _play(store: Store, contacts: int, length: int, scale: Scale) -> list[Round]:
    return [play(store, contacts, length) for _ in range(min(scale.rounds, _ROUNDS))]


def _rate(key: str, title: str, rounds: Sequence[Round], target: Target | None = None) -> Figure:
    return of_rounds(f"{key}.per_second", title, [one.per_second for one in rounds], "/s", target)


def _cost(key: str, name: str, rounds: Sequence[Round]) -> Figure:
    return of_rounds(key, f"  processor time a fact: {name}", [one.cpu_us(name) for one in rounds], "µs")
