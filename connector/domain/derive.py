"""What follows from fields, deals and behaviour: fit points, segments, lists, notifications; when time changes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from connector.domain.conditions.predicate import earliest
from connector.domain.draft import Draft
from connector.domain.field import format_value
from connector.domain.history import HistoryKind
from connector.domain.lead import Standing
from connector.domain.nodes import CarryNode, DateNode, ExpiryNode, FitNode, FreezeNode, SumNode, Watcher
from connector.domain.records import carrying, presence
from connector.domain.traits import ledger, tagging
from connector.domain.traits.memory import Memory
from connector.domain.traits.score import Part
from connector.domain.traits.traits import ComputedNode, DealsNode, PersonaNode, TagNode

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)


def derive(draft: Draft) -> None:
    """Bring all that is concerned of computed fields, segments, persona, tags and points for fit up to date."""
    end = draft.book.nodes.journeys_at
    while (node := draft.take_before(end)) is not None:
        _LOOK_AT[type(node)](draft, node)


def watch(draft: Draft) -> list[str]:
    """Bring the lists, notifications and enrolment conditions that are concerned up to date.

    Returns the ids of those that came to hold, and of the days that came.
    """
    arisen: list[str] = []
    while (node := draft.take_before(len(draft.book.nodes.ordered))) is not None:
        if isinstance(node, Watcher):
            if _watch(draft, node) and node.id in draft.holding:
                arisen.append(node.id)
        elif isinstance(node, DateNode) and node.id in draft.rung:
            draft.rung.discard(node.id)
            arisen.append(node.id)
    return arisen


def _fit(draft: Draft, node: FitNode) -> None:
    holds, rule = node.test.holds(draft), node.rule
    if draft.frozen_since(node.score) is not None or holds == (rule.id in draft.parts.get(node.score.name, {})):
        return
    draft.set_part(node.score, rule.id, Part(rule.points, draft.now, fades=False) if holds else None)
    ledger.note_points(draft, node.score, rule.id, rule.points if holds else -rule.points)


def _freeze(draft: Draft, node: FreezeNode) -> None:
    since = draft.holding.get(node.id)
    if not _watch(draft, node):
        return
    if since is None:
        ledger.freeze(draft, node.score)
    else:
        ledger.thaw(draft, node.score, since)
    draft.touch(node.id)


def _compute(draft: Draft, node: ComputedNode) -> None:
    """Bring a field that follows from signals up to date; how a number grew is told by the signals themselves."""
    computed, name = node.computed, node.computed.name
    memory = draft.mentions.get(name) or Memory()
    was, value = draft.fields.get(name), memory.value(computed, draft.now)
    if was == value:
        return
    if value is None:
        del draft.fields[name]
    else:
        draft.fields[name] = value
    draft.touch(node.id)
    if not computed.is_number:
        draft.note(HistoryKind.FIELD_CHANGED, name, {"was": format_value(was), "now": format_value(value)})


def _assign(draft: Draft, node: PersonaNode) -> None:
    """Give the lead the first persona whose condition holds; none where none does."""
    was, persona = draft.persona, next((name for name, test in node.tests if test.holds(draft)), "")
    if was == persona:
        return
    draft.persona, draft.persona_since = persona, draft.now if persona else None
    draft.touch(node.id)
    draft.note(HistoryKind.PERSONA, persona, {"was": was})


def _fill(draft: Draft, node: DealsNode) -> None:
    """Bring a field up to date. That a lead has none of something to begin with is nothing to tell."""
    value, was = node.value_of(draft), draft.fields.get(node.field)
    if value == was:
        return
    if value is None:
        del draft.fields[node.field]
    else:
        draft.fields[node.field] = value
    draft.touch(node.id)
    if was is not None or value:
        draft.note(HistoryKind.FIELD_CHANGED, node.field, {"was": format_value(was), "now": format_value(value)})


def _segment(draft: Draft, node: Watcher) -> None:
    if _watch(draft, node):
        draft.touch(node.id)


def _expire(draft: Draft, node: ExpiryNode) -> None:
    ledger.expire(draft, node.score)


def _sum(draft: Draft, node: SumNode) -> None:
    draft.touch(node.id)


_LOOK_AT: Mapping[type, Callable[[Draft, Any], None]] = {
    FitNode: _fit,
    ComputedNode: _compute,
    PersonaNode: _assign,
    TagNode: tagging.look_at,
    FreezeNode: _freeze,
    ExpiryNode: _expire,
    DealsNode: _fill,
    SumNode: _sum,
    CarryNode: carrying.look_at,
    Watcher: _segment,
}


def _watch(draft: Draft, watcher: Watcher) -> bool:
    """Bring one watcher's truth up to date; whether it changed."""
    was = watcher.id in draft.holding
    holds = (watcher.held if was else watcher.test).holds(draft)
    if holds == was:
        return False
    if holds:
        draft.holding[watcher.id] = draft.now
    else:
        del draft.holding[watcher.id]
    if watcher.is_told:
        draft.note(HistoryKind.JOINED if holds else HistoryKind.LEFT, watcher.id)
    return True


def derive_quietly(draft: Draft) -> None:
    """What `derive` does, and beside it the watchers that remember whether they held; nothing is done about them."""
    derive(draft)
    while (node := draft.take_before(len(draft.book.nodes.ordered))) is not None:
        if isinstance(node, Watcher) and node.held is not node.test:
            _watch(draft, node)


def pass_quietly(draft: Draft, until: datetime) -> None:
    """Ring the alarms before this moment, of which only `derive_quietly` hears."""
    back_at = presence.back_at(draft) if draft.standing is not Standing.ACTIVE else None
    if back_at is not None and back_at < until:
        draft.begin("", back_at)
        presence.come_back(draft)
        draft.touch_all()
        derive_quietly(draft)
    while draft.standing is Standing.ACTIVE:
        ask_alarms(draft)
        rings_at = earliest(draft.alarms.values())
        if rings_at is None or rings_at >= until:
            return
        draft.begin("", max(rings_at, draft.now))
        for id_ in [id_ for id_, at in draft.alarms.items() if at <= draft.now]:
            draft.touch_node(id_)
        derive_quietly(draft)


def ask_alarms(draft: Draft) -> None:
    """Ask the nodes that were looked at when time alone may change their answer, on the full minute.

    Conditions flip to the millisecond; what follows from that is done within a minute.
    """
    if not draft.unasked:
        return
    now = draft.now
    draft.now = to_minute(now)  # what flips in this minute is looked at when it is full
    for node in draft.unasked.values():
        flips_at = node.flips_at(draft) if node.flips_at else None
        if flips_at is None:
            draft.alarms.pop(node.id, None)
        else:
            draft.alarms[node.id] = _full_minute(flips_at)
    draft.unasked.clear()
    draft.now = now


def to_minute(moment: datetime) -> datetime:
    """The full minute that the moment lies in."""
    return moment - (moment - _EPOCH) % _MINUTE


def _full_minute(moment: datetime) -> datetime:
    """The first full minute that is not before the moment."""
    over = (moment - _EPOCH) % _MINUTE
    return moment + (_MINUTE - over) if over else moment
