"""Teams and hand-overs, from the file to the domain's terms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from textwrap import shorten
from zoneinfo import ZoneInfo, available_timezones

from connector.domain.calendar import ALWAYS_OPEN, SendWindow
from connector.domain.programs.program import Target, TargetKind, Task, Trigger
from connector.domain.sales.sales import (
    LIFECYCLE_STAGES,
    NO_SALES,
    Escalation,
    HandOverRule,
    OwnerRule,
    Rejection,
    Rep,
    Sales,
    Team,
)
from connector.domain.sales.working import WorkingHours
from connector.mapping.acting import to_acts
from connector.mapping.conditions import ConditionReader
from connector.mapping.models import MappingFile
from connector.mapping.places import Path
from connector.mapping.programs import to_window
from connector.mapping.report import nearest, quoted
from connector.mapping.sales_models import (
    KEEP,
    NEXT,
    RESERVED,
    ROUND_ROBIN,
    HandOverEntry,
    OwnerEntry,
    RejectedEntry,
    RepEntry,
    TeamEntry,
    UntouchedEntry,
)
from connector.mapping.sentences import to_sentence
from connector.mapping.templates import Message
from connector.mapping.triggers import to_triggers
from connector.mapping.ways import know_phase
from connector.mapping.windows import union

#: A reason stands in the subject of a task.
_WIDEST_REASON = 100
#: What a rep is told where the mapping does not say it.
_TOLD = Task(
    Message("{{ name }} is ready for sales: {{ because }}"),
    Message(
        "<p><b>Why now:</b> {{ because }}.</p>"
        "{% if why %}<ul>{% for one in why[:8] %}<li>{{ one.points }} {{ one.score }}: {{ one.rule }}</li>{% endfor %}"
        "</ul>{% endif %}"
        "{% if recent %}<p><b>What they did:</b></p><ul>{% for deed in recent[:8] %}"
        "<li>{{ deed.at | date }}: {{ deed.signal }}{% if deed.words %} ({{ deed.words }}){% endif %}</li>"
        "{% endfor %}</ul>{% endif %}"
        "{% if next_step %}<p><b>Next step:</b> {{ next_step }}</p>{% endif %}",
        html=True,
    ),
    priority="HIGH",
    remind=timedelta(hours=1),
)
#: What whoever is to look after a forgotten lead is told.
_LATE = Task(
    Message("{{ name }} still waits for {{ rep }}"),
    Message("{{ rep }} has had this lead since it was handed over ({{ because }}), and nothing was done.", html=True),
    priority="HIGH",
    remind=timedelta(hours=1),
)


def to_sales(mapping: MappingFile, zone: ZoneInfo, reader: ConditionReader) -> Sales:
    """The whole section; reports unknown names."""
    entry = mapping.sales
    if entry is None:
        return NO_SALES
    around = replace(ALWAYS_OPEN, holidays=union(mapping.holidays))
    path: Path = ("sales",)
    for word in ("lifecycle", "status"):
        if getattr(entry, word) is not None:
            reader.know_field(getattr(entry, word), (*path, word))
    return Sales(
        teams=tuple(
            _to_team(name, team, around, zone, (*path, "teams", name), reader) for name, team in entry.teams.items()
        ),
        hand_overs=tuple(
            _to_hand_over(name, one, (*path, "hand_over", name), reader) for name, one in entry.hand_over.items()
        ),
        lifecycle_field=entry.lifecycle or "",
        status_field=entry.status or "",
        stages=entry.stages or LIFECYCLE_STAGES,
    )


# --- teams --------------------------------------------------------------------------------------------------


def _to_team(
    name: str, entry: TeamEntry, around: SendWindow, zone: ZoneInfo, path: Path, reader: ConditionReader
) -> Team:
    window = to_window(entry.hours, around, (*path, "hours"), reader)
    home = _zone(entry.timezone, zone, (*path, "timezone"), reader)
    if entry.otherwise is not None:
        _know_rep(entry.otherwise, (*path, "otherwise"), reader)
    reps = (_to_rep(rep, each, window, home, (*path, "reps", rep), reader) for rep, each in entry.reps.items())
    return Team(name, tuple(reps), entry.otherwise or "")


def _to_rep(name: str, entry: RepEntry, around: SendWindow, zone: ZoneInfo, path: Path, reader: ConditionReader) -> Rep:
    if name in RESERVED:
        message = f"{quoted(name)} has a meaning of its own and cannot be a rep's name"
        reader.problems.error(path, message, "give the rep another name", on_key=True)
    hours = WorkingHours(
        _zone(entry.timezone, zone, (*path, "timezone"), reader),
        to_window(entry.hours, around, (*path, "hours"), reader),
        entry.away,
    )
    takes = None if entry.takes is None else reader.read(entry.takes, (*path, "takes"))
    return Rep(name, entry.owners, hours, entry.weight, takes)


def _zone(name: str | None, around: ZoneInfo, path: Path, reader: ConditionReader) -> ZoneInfo:
    if name is None:
        return around
    known = available_timezones()
    if name not in known:
        hint = nearest(name, frozenset(known)) or "write a name such as Europe/Rome"
        reader.problems.error(path, f"unknown time zone {quoted(name)}", hint)
        return around
    return ZoneInfo(name)


def _know_rep(name: str, path: Path, reader: ConditionReader, *words: str) -> None:
    """Report a rep that no team has; `words` may stand in its place."""
    if name not in reader.names.reps:
        hint = nearest(name, (*sorted(reader.names.reps), *words)) or "add the rep to a team"
        reader.problems.error(path, f"unknown rep {quoted(name)}", hint)


# --- hand-overs ---------------------------------------------------------------------------------------------


def _to_hand_over(name: str, entry: HandOverEntry, path: Path, reader: ConditionReader) -> HandOverRule:
    acts = to_acts(entry, path, reader)
    when = None if entry.when is None else reader.read(entry.when, (*path, "when"))
    return HandOverRule(
        name=name,
        owner=tuple(_to_owner(one, (*path, "owner", index), reader) for index, one in enumerate(entry.owner)),
        when=when,
        reason=shorten(to_sentence(when), _WIDEST_REASON, placeholder=" …") if when else "",
        again_after=entry.again,
        lifecycle=entry.lifecycle or "",
        status=entry.status or "",
        acts=acts or (_TOLD,),
        next_step=entry.next_step or "",
        touched=tuple(_touched(entry.untouched, path, reader)),
        escalations=tuple(_escalations(entry.untouched, path, reader)),
        accepted=tuple(to_triggers(entry.accepted, (*path, "accepted"), reader)),
        rejected=tuple(_rejections(entry.rejected, (*path, "rejected"), reader)),
        closed=tuple(to_triggers(entry.closed, (*path, "closed"), reader)),
        pauses=entry.nurturing == "pause",
    )


def _to_owner(entry: OwnerEntry, path: Path, reader: ConditionReader) -> OwnerRule:
    when = None if entry.when is None else reader.read(entry.when, (*path, "when"))
    if entry.rep not in (None, KEEP, ROUND_ROBIN):
        _know_rep(entry.rep or "", (*path, "rep"), reader, KEEP, ROUND_ROBIN)
        return OwnerRule(rep=entry.rep or "", when=when)
    return OwnerRule(_team(entry, path, reader), keeps=entry.rep == KEEP, when=when)


def _team(entry: OwnerEntry, path: Path, reader: ConditionReader) -> str:
    """The team whose turn it is: the only one where none is named."""
    teams = reader.names.teams
    if entry.team is None:
        if len(teams) != 1:
            hint = "add team: and its name" if teams else "add teams: to sales, with its reps"
            message = "nothing says which team" if teams else "there is no team to give leads to"
            reader.problems.error(path, message, hint)
        return next(iter(teams), "")
    if entry.team not in teams:
        hint = nearest(entry.team, teams)
        reader.problems.error((*path, "team"), f"unknown team {quoted(entry.team)}", hint)
    return entry.team


def _touched(entry: UntouchedEntry | None, path: Path, reader: ConditionReader) -> Iterator[Trigger]:
    if entry is not None:
        yield from to_triggers(entry.touched_by, (*path, "untouched", "touched_by"), reader)


def _escalations(entry: UntouchedEntry | None, path: Path, reader: ConditionReader) -> Iterator[Escalation]:
    if entry is None:
        return
    for index, step in enumerate(entry.then):
        here = (*path, "untouched", "then", index)
        passes_on = step.to == NEXT
        if step.to is not None and not passes_on:
            _know_rep(step.to, (*here, "to"), reader, NEXT)
        acts = to_acts(step, here, reader)
        yield Escalation(
            after=step.after or entry.within,
            acts=acts or (() if passes_on else (_LATE,)),
            to="" if passes_on else step.to or "",
            passes_on=passes_on,
        )


def _rejections(entries: tuple[RejectedEntry, ...], path: Path, reader: ConditionReader) -> Iterator[Rejection]:
    for index, entry in enumerate(entries):
        here = (*path, index)
        target = None
        if entry.program is not None:
            know_phase(entry.program, entry.phase, here, reader)
            target = Target(TargetKind.PROGRAM, entry.program, entry.phase or "")
        for trigger in to_triggers((entry,), here, reader):
            yield Rejection(trigger, target, entry.lifecycle or "", entry.status or "")
