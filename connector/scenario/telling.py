"""What people read of a scenario that did not go as expected: the difference, and what happened around it and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from connector.domain.history import HistoryKind
from connector.engine.telling.timeline import tell
from connector.mapping.report import printable
from connector.scenario.moments import is_about, tell_moment
from connector.scenario.play import Life, Play
from connector.scenario.verdict import Difference, Pair

_BEFORE, _AFTER = 15, 4
#: Expectations look at the end of their minute.
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened."""

    at: datetime
    text: str
    #: The step that made it happen; 0 for the passing of time.
    line: int = 0


def tell_failure(played: Play, differences: Sequence[Difference]) -> str:
    """Everything that was not as expected in one scenario, with the story of the leads concerned."""
    parts = [f"✗ {printable(played.scenario.title)}"]
    for (lead, at), group in groupby(differences, key=lambda one: (one.lead, one.at)):
        several = list(group)
        parts.append(f"  {played.scenario.file}:{several[0].line}  {_when(played, at)}  {lead}")
        parts += [line for one in several for line in _difference(played, one)]
        parts += _story(played, lead, at, {one.kind for one in several})
    return "\n".join(parts)


def _difference(played: Play, one: Difference) -> Iterator[str]:
    zone = played.scenario.book.definitions.zone
    yield f"    {one.what}:"
    if one.pairs:
        yield from (f"      {line}" for pair in one.pairs if (line := _pair(pair, one, zone)))
    else:
        yield from (f"      - expected  {printable(text)}" for text in one.expected)
        yield from (f"      + found     {printable(text)}" for text in one.happened)


def _when(played: Play, at: datetime) -> str:
    zone = played.scenario.book.definitions.zone
    day = (at.astimezone(zone).date() - played.scenario.begins_at.astimezone(zone).date()).days + 1
    return f"day {day}, {tell_moment(at, zone)}"


def _pair(pair: Pair, one: Difference, zone: ZoneInfo) -> str:
    wanted, event = pair
    if wanted is None and event is not None:
        return "" if one.is_open else f"+ {printable(event.name)}  {tell_moment(event.at, zone)}  was not expected"
    if wanted is not None and event is None:
        at = f"  {tell_moment(wanted.at, zone)}" if wanted.at else ""
        return f"- {printable(wanted.name)}{at}  did not happen"
    if wanted is None or event is None:
        return ""
    if wanted.at and not is_about(wanted.at, event.at):
        return f"~ {printable(event.name)}  {tell_moment(event.at, zone)}  expected {tell_moment(wanted.at, zone)}"
    return f"  {printable(event.name)}  {tell_moment(event.at, zone)}"


# --- what happened around it --------------------------------------------------------------------------------


def _story(played: Play, lead: str, at: datetime, kinds: Collection[str]) -> Iterator[str]:
    zone, life = played.scenario.book.definitions.zone, played.lives[lead]
    lines = story_of(life, with_writes=not {"hubspot", "salesforce"}.isdisjoint(kinds))
    before = [line for line in lines if line.at < at + _MINUTE]
    yield f"    What happened to {lead}, and why:" if lines else f"    Nothing happened to {lead}."
    if len(before) > _BEFORE:
        yield f"      … {len(before) - _BEFORE} more before"
    yield from (_told(line, zone) for line in before[-_BEFORE:])
    yield f"      {tell_moment(at, zone):<24}◂ here"
    yield from (_told(line, zone) for line in lines[len(before) :][:_AFTER])
    yield from (f"      {text}" for text in _waits(life, zone))


def _told(line: Line, zone: ZoneInfo) -> str:
    cause = f"  (line {line.line})" if line.line else ""
    return f"      {tell_moment(line.at, zone):<24}{printable(line.text)}{cause}"


def story_of(life: Life, *, with_writes: bool) -> list[Line]:
    """All that happened to a lead, in the order of time; where asked for, with what CRMs were told."""
    told = [Line(entry.at, tell(entry), _line(entry.cause)) for entry in life.history if entry.kind in _TOLD]
    if with_writes:
        told += [Line(one.at, f"{one.crm} is told {one.property} = {one.text or 'nothing'}") for one in life.written]
    return sorted(told, key=lambda line: line.at)


#: That we heard of a lead says nothing here.
_TOLD = frozenset(HistoryKind) - {HistoryKind.KNOWN}


def _line(cause: str) -> int:
    """The line that a fact's key carries."""
    parts = cause.split(":")
    return int(parts[1]) if len(parts) == 3 else 0


def _waits(life: Life, zone: ZoneInfo) -> Iterator[str]:
    """What the lead's programs wait for when the scenario ends."""
    for enrolment in life.lead.enrolments:
        if enrolment.is_open and enrolment.due_at is not None:
            what = f"sends {enrolment.next_activity}" if enrolment.send_at == enrolment.due_at else "goes on"
            yield f"{tell_moment(enrolment.due_at, zone):<24}{enrolment.program} {what} next, if nothing else happens"
