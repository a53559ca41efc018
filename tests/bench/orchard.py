"""Chapters: an org of Salesforce from its connection on, and what people wait for who ask about all its leads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench.figures import Chapter, Figure, Target, at_least, at_most, of_rounds
from tests.bench.org_rounds import EARLY, Orchard, Told, growing
from tests.bench.org_story import STORY
from tests.bench.processes import run_to_end
from tests.bench.scale import Scale

PROCESSES = ("web", "worker", "judge", "sandbox")
_ROUNDS = 3
#: What people ask, and how long they should wait for it.
_QUESTIONS = (
    ("status", ("status",)),
    ("leads", ("leads",)),
    ("explain", ("explain", "lead0@example.com")),
    ("outbox", ("outbox",)),
)


def measure_org(folder: Path, scale: Scale) -> Iterator[Chapter]:
    """All records of an org, then stories that happen to some, then questions."""
    with growing(folder / "org", scale.org_leads) as orchard:
        yield _measure_backfill(orchard, scale)
        yield _measure_stories(orchard, scale)
        yield _measure_questions(orchard, scale)


def _measure_backfill(orchard: Orchard, scale: Scale) -> Chapter:
    chapter = Chapter(
        f"Salesforce: all {scale.org_leads:,} records of an org that was just connected",
        "Web, worker, the worker's child that judges and the sandbox share the processors.",
    )
    done = orchard.backfill()
    rate, in_all = done.per_second, done.records / done.seconds_in_all
    chapter.figures += (
        Figure("org.backfill.per_second", "records read and made leads", rate, "/s", at_least(5_000)),
        *(
            Figure(
                f"org.backfill.{name}_cpu_us", f"  processor time a record: {name}", use.cpu / done.records * 1e6, "µs"
            )
            for name, use in done.used.items()
            if name != "web"
        ),
        Figure("org.backfill.judged_per_second", "records judged, too, and their scores written", in_all, "/s"),
    )
    memory = done.used["worker"].memory + done.used["judge"].memory
    if memory:
        chapter.figures += (
            Figure("org.backfill.early_mb", f"memory of the worker after {EARLY:,} records", done.early_memory, "MB"),
            Figure("org.backfill.memory_mb", "  after all of them", memory, "MB", at_most(done.early_memory * 1.1)),
        )
    return chapter


def _measure_stories(orchard: Orchard, scale: Scale) -> Chapter:
    chapter = Chapter(
        f"Salesforce: from outbound message to the org, which has {scale.org_leads:,} leads",
        "A fact is one change of which the org told. Changes of a record that wait together are read at once.",
    )
    told = [orchard.tell(scale.org_told) for _ in range(min(scale.rounds, _ROUNDS))]
    title = f"facts, {len(STORY)} a lead, until their writes arrived"
    chapter.figures.append(_rate("org.story", title, told, at_least(5_000)))
    for name in PROCESSES:
        costs = [one.cpu_us(name) for one in told]
        chapter.figures.append(of_rounds(f"org.story.{name}_cpu_us", f"  processor time a fact: {name}", costs, "µs"))
    leads = scale.org_told
    for key, operation in (("reads", "collections.retrieve"), ("writes", "collections.update")):
        sizes = [leads / one.calls[operation] for one in told]
        chapter.figures.append(of_rounds(f"org.story.{key}", f"  leads a call, {key}", sizes, ""))
    if scale.with_singles:
        told = [orchard.tell(scale.org_told, 1) for _ in range(min(scale.rounds, _ROUNDS))]
        chapter.figures.append(_rate("org.single", "facts, 1 a lead, each with writes of its own", told))
    return chapter


def _measure_questions(orchard: Orchard, scale: Scale) -> Chapter:
    chapter = Chapter(f"Questions about {scale.org_leads:,} leads, from the command to its end")
    for name, arguments in _QUESTIONS:
        seconds = [run_to_end("-m", "connector", *arguments, environ=orchard.environ) for _ in range(scale.starts)]
        chapter.figures.append(of_rounds(f"ask.{name}_s", f"coltiva {name}", seconds, "s", at_most(1)))
    return chapter


def _rate(key: str, title: str, told: Sequence[Told], target: Target | None = None) -> Figure:
    return of_rounds(f"{key}.per_second", title, [one.per_second for one in told], "/s", target)
