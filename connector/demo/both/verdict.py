"""Whether both CRMs hold what they must: what follows from the story against what was read."""

from __future__ import annotations

from collections.abc import Iterator

from connector.demo.both.story import STORY, Held, Shown, expect


def judge(shown: tuple[Shown, ...]) -> tuple[str, ...]:
    """Every difference as a sentence, after each step; none when all is as it must be."""
    if len(shown) != len(STORY):
        return (f"{len(shown)} of {len(STORY)} steps were played",)
    return tuple(
        f"after “{step.what}”: {difference}"
        for number, (step, seen) in enumerate(zip(STORY, shown, strict=True), start=1)
        for difference in _differences(expect(number), seen)
    )


def _differences(expected: Shown, seen: Shown) -> Iterator[str]:
    for crm, wanted, found in (
        ("HubSpot", expected.hubspot, seen.hubspot),
        ("Salesforce", expected.salesforce, seen.salesforce),
    ):
        if len(wanted) != len(found):
            yield f"{crm} must show {len(wanted)} records of her, not {len(found)}"
            continue
        for must, is_ in zip(wanted, found, strict=True):
            yield from (f"{crm}: {difference}" for difference in _held_differences(must, is_))


def _held_differences(wanted: Held, found: Held) -> Iterator[str]:
    for name in ("record", "score", "phase", "owner"):
        must, is_ = getattr(wanted, name), getattr(found, name)
        if must != is_:
            yield f"{name} must be “{must}”, not “{'' if is_ is None else is_}”"
    if len(wanted.tasks) != len(found.tasks) or not all(map(str.startswith, found.tasks, wanted.tasks)):
        yield f"tasks must be {_listed(wanted.tasks)}, not {_listed(found.tasks)}"


def _listed(tasks: tuple[str, ...]) -> str:
    return ", ".join(f"“{task}”" for task in tasks) or "none"
