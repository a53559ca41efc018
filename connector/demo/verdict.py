"""Whether the portal is as the programs demand: what was expected of each contact against what HubSpot shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from connector.demo.expected import TOLERANCE, Due, Expected
from connector.demo.people import ZONE
from connector.demo.readback import Seen, SentEmail

#: What tells the tasks of `mappings/programs` apart: a part of their subject.
TASKS: Mapping[str, str] = {"hot_tasks": "Hot lead: ", "calls": "looked at our renewal offer"}


def judge(expected: Mapping[str, Expected], seen: Mapping[str, Seen]) -> list[str]:
    """Every difference as a sentence; none when all is as it must be."""
    differences = [f"{email}: {what}" for email in expected for what in _differences(expected[email], seen.get(email))]
    return differences + [f"{email}: is in the portal and in no story" for email in seen.keys() - expected.keys()]


def _differences(expected: Expected, seen: Seen | None) -> Iterator[str]:
    if seen is None:
        yield "is not in the portal"
        return
    due = as_far_as_certain(expected.messages, seen.emails)
    yield from _message_differences(due, seen.emails)
    yield from _property_differences(expected, seen)
    wanted = expected.lists - {one.message.list_title for one in expected.messages if one not in due}
    for title in sorted(wanted ^ seen.lists):
        yield f"must be on {title}" if title in wanted else f"must not be on {title}"
    yield from _act_differences(expected, seen)


def as_far_as_certain(due: Sequence[Due], sent: Sequence[SentEmail]) -> Sequence[Due]:
    """Without what a person who is held out is not sent, where it was not sent."""
    certain = [one for one in due if one.is_sure]
    return certain if len(sent) == len(certain) else due


def _message_differences(due: Sequence[Due], sent: Sequence[SentEmail]) -> Iterator[str]:
    wanted = [_dated(one.message, one.day) for one in due]
    found = [_dated(one.name, one.at.astimezone(ZONE).date()) for one in sent]
    if wanted != found:
        yield f"must have been sent {', '.join(wanted) or 'nothing'}; was sent {', '.join(found) or 'nothing'}"


def _dated(name: str, day: date) -> str:
    return f'"{name}" on {day.day} {day:%b}'


def _act_differences(expected: Expected, seen: Seen) -> Iterator[str]:
    for name, words in TASKS.items():
        wanted, found = getattr(expected, name), sum(words in subject for subject in seen.tasks)
        if wanted != found:
            yield f'must have {wanted} tasks "{words.strip()}", not {found}'
    if len(seen.tasks) != sum(getattr(expected, name) for name in TASKS):
        yield f"has other tasks than expected: {', '.join(seen.tasks)}"
    if len(seen.notes) != expected.notes:
        yield f"must have {expected.notes} notes, not {len(seen.notes)}"


def _property_differences(expected: Expected, seen: Seen) -> Iterator[str]:
    wanted = {"coltiva_segments": ";".join(expected.segments), "coltiva_interest": expected.interest}
    for program, (phase, state) in expected.ends.items():
        wanted |= {f"coltiva_{program}": phase, f"coltiva_{program}_state": state}
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
