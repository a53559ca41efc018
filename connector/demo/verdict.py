"""Whether the portal is as the programs demand: what was expected of each contact against what HubSpot shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connector.demo.expected import TOLERANCE, Expected
from connector.demo.readback import Seen

#: What tells the tasks of `mappings/acme` apart: a part of their subject.
TASKS: Mapping[str, str] = {
    "hot_tasks": "Hot lead: ",
    "calls": "interested in ",
    "offers": "contract ends on ",
    "comebacks": "may come back",
}


def judge(expected: Mapping[str, Expected], seen: Mapping[str, Seen]) -> list[str]:
    """Every difference as a sentence; none when all is as it must be."""
    differences = [f"{email}: {what}" for email in expected for what in _differences(expected[email], seen.get(email))]
    return differences + [f"{email}: is in the portal and in no story" for email in seen.keys() - expected.keys()]


def _differences(expected: Expected, seen: Seen | None) -> Iterator[str]:
    if seen is None:
        yield "is not in the portal"
        return
    yield from _property_differences(expected, seen)
    for title in sorted((expected.lists ^ seen.lists) - expected.uncertain_lists):
        yield f"must be on {title}" if title in expected.lists else f"must not be on {title}"
    for name, words in TASKS.items():
        wanted, found = getattr(expected, name), sum(words in subject for subject in seen.tasks)
        if wanted != found:
            yield f'must have {wanted} tasks "{words.strip()}", not {found}'
    if len(seen.tasks) != sum(getattr(expected, name) for name in TASKS):
        yield f"has other tasks than expected: {', '.join(seen.tasks)}"
    if len(seen.notes) != expected.notes:
        yield f"must have {expected.notes} notes, not {len(seen.notes)}"


def _property_differences(expected: Expected, seen: Seen) -> Iterator[str]:
    wanted = {
        "coltiva_phase": expected.phase,
        "coltiva_renewal_phase": expected.renewal_phase,
        "coltiva_segments": ";".join(expected.segments),
    }
    for name, value in wanted.items():
        if seen.properties[name] != value:
            yield f'{name} must be "{value}", not "{seen.properties[name]}"'
    score = seen.properties["coltiva_score"]
    if not score or abs(float(score) - expected.score) > TOLERANCE + 1:
        yield f"coltiva_score must be about {expected.score:.0f}, not {score or 'empty'}"
    elif seen.properties["coltiva_grade"] != _grade(float(score)):
        yield f"coltiva_grade must be {_grade(float(score))} with {score} points"


def _grade(score: float) -> str:
    return next((grade for grade, least in (("A", 70), ("B", 40), ("C", 0)) if score >= least), "")
