"""Carrying: what one CRM says of a field is written to others, where the mapping says so; and when that must stop.

Two CRMs, or a workflow in one of them, may keep putting back what was there before. Each such change takes the other
CRM's word back through us: so many of them within an hour freeze the field, and nothing of it is written until the
time is over or a person says so. The lead itself goes on by the latest word.
"""

from __future__ import annotations

from datetime import timedelta

from connector.domain.definitions import WriteBack
from connector.domain.draft import Draft
from connector.domain.fact import CommandName, Fact, FactKind, Value
from connector.domain.field import Field, FieldType, format_moment, format_value
from connector.domain.history import HistoryKind
from connector.domain.lead import Turn
from connector.domain.nodes import CarryNode
from connector.domain.outward.own import to_crm
from connector.domain.records.presence import living_in

#: So many times within an hour a word may be taken back; once more freezes the field.
MOST_FLIPS = 5
WITHIN = timedelta(hours=1)
FROZEN_FOR = timedelta(hours=24)
#: Of a field that changes all the time for other reasons, no more of its values are remembered.
_MOST_TURNS = 30


def take_turn(draft: Draft, field: Field, fact: Fact, was: Value | None) -> None:
    """Remember whose word changed a carried field, and freeze it where words keep being taken back."""
    since = draft.now - WITHIN
    before = tuple(turn for turn in draft.turns.get(field.name, ()) if turn.at > since)[-_MOST_TURNS:]
    turn = Turn(draft.now, fact.source, format_value(draft.fields.get(field.name)))
    if not fact.is_baseline and _takes_back(field, before, turn, format_value(was)):
        turn = Turn(turn.at, turn.crm, turn.value, is_flip=True)
    elif len(field.properties) == 1:
        before = before[-1:]  # it goes on to something new
    draft.turns[field.name] = turns = (*before, turn)
    times = sum(each.is_flip for each in turns)
    if times > MOST_FLIPS and field.name not in draft.frozen_until:
        _freeze(draft, field.name, times)


def _takes_back(field: Field, before: tuple[Turn, ...], turn: Turn, was: str) -> bool:
    """Whether it takes back the turn before it: by another CRM's word or, where one has them all, by the former one."""
    if not before or before[-1].value != was:
        return False
    if len(field.properties) > 1:
        return before[-1].crm != turn.crm
    return len(before) > 1 and before[-2].value == turn.value


def is_echo(draft: Draft, field: Field, crm: str, value: Value | None) -> bool:
    """Whether a CRM only says what we carried to it, and what has been something else since.

    That is so where another CRM's word was that lately, and this one has said nothing of its own after that, nor what
    was carried to it later.
    """
    text, last = format_value(value), format_value(draft.said.get(field.name, {}).get(crm))
    turns = [turn for turn in draft.turns.get(field.name, ()) if turn.at > draft.now - WITHIN]
    for turn in reversed(turns):
        if turn.value == text and turn.crm != crm:
            return turn is not turns[-1]
        if turn.crm == crm or turn.value == last:
            return False
    return False


def look_at(draft: Draft, node: CarryNode) -> None:
    """Carry a field again whose time is over."""
    until = draft.frozen_until.get(node.field)
    if until is not None and until <= draft.now:
        _thaw(draft, node.field, "time")


def is_order(fact: Fact) -> bool:
    """Whether a person has a field carried again."""
    return fact.kind is FactKind.COMMAND and fact.name == CommandName.THAW


def take_order(draft: Draft, fact: Fact) -> None:
    """Carry the field again that a person names; one that is not frozen stays as it is."""
    name = str(fact.data.get("field", ""))
    if name in draft.frozen_until:
        _thaw(draft, name, fact.source)
        draft.touch_node(f"carried:{name}")


def carried(draft: Draft, rule: WriteBack) -> str | None:
    """What a CRM's property is to hold of a field; None where nothing is to be written.

    A field that is frozen is not, one of CRMs without a value only where the mapping says so. A CRM is not told what it
    said last itself, unless several of its records are to hold it.
    """
    name = rule.source[1]
    field, value = draft.book.fields[name], draft.fields.get(name)
    if name in draft.frozen_until or (value is None and field.properties and not rule.clears):
        return None
    if len(field.properties) < 2 or not _is_read_there(field, rule):
        return format_value(value)
    if _said_last(draft, field, rule.crm) and living_in(draft, rule.crm) < 2:
        return None
    return _in_its_words(field, value, rule.crm)


def _is_read_there(field: Field, rule: WriteBack) -> bool:
    """Whether the field is read from the very property; one without an object is that of every object."""
    read = field.properties.get(rule.crm, ())
    return rule.property in read or rule.property in {name.rpartition(".")[2] for name in read}


def _said_last(draft: Draft, field: Field, crm: str) -> bool:
    """Whether the value is this CRM's word, which it has in one place alone."""
    turns, read = draft.turns.get(field.name), field.properties[crm]
    objects = [name.rpartition(".")[0] for name in read]
    is_in_one_place = len(set(objects)) == len(objects)
    return is_in_one_place and turns is not None and turns[-1].crm == crm


def _in_its_words(field: Field, value: Value | None, crm: str) -> str:
    if isinstance(value, tuple):
        return ";".join(to_crm(field, choice, crm) for choice in value)
    text = format_value(value)
    return text if field.type is FieldType.BOOLEAN else to_crm(field, text, crm)


def _freeze(draft: Draft, name: str, times: int) -> None:
    until = draft.now + FROZEN_FOR
    draft.frozen_until[name] = until
    draft.note(HistoryKind.FIELD_FROZEN, name, {"times": times, "until": format_moment(until)})
    draft.touch_node(f"carried:{name}")


def _thaw(draft: Draft, name: str, by: str) -> None:
    """From here on it is counted anew."""
    del draft.frozen_until[name]
    draft.turns[name] = tuple(Turn(turn.at, turn.crm, turn.value) for turn in draft.turns.get(name, ()))[-1:]
    draft.note(HistoryKind.FIELD_THAWED, name, {"by": by})
