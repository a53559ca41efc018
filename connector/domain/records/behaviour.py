"""What a fact says about a lead: fields filled, signals given, points earned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connector.domain.definitions import SignalSource
from connector.domain.draft import Draft
from connector.domain.fact import SNAPSHOT_OF, Fact, RecordName, Value
from connector.domain.field import Field, FieldRole, format_value, parse_value
from connector.domain.history import HistoryKind
from connector.domain.lead import Deed, Standing
from connector.domain.outward import consent
from connector.domain.outward.own import outweighs
from connector.domain.programs.compiled import CHANGED
from connector.domain.records import presence
from connector.domain.records.carrying import take_turn
from connector.domain.records.conflict import hold_anew, settle
from connector.domain.records.snapshot import held_of, is_of_deleted, take_snapshot
from connector.domain.traits import ledger
from connector.domain.traits.computed import Computed, mentions_in
from connector.domain.traits.memory import Memory

#: So many of the latest signals are told to whoever is to call the lead, in so many words each.
_MOST_DEEDS = 10
_LONGEST_WORDS = 200
#: A signal's name and its attributes.
Signal = tuple[str, Mapping[str, Value]]

_TURNS = frozenset({RecordName.ARCHIVED, RecordName.RESTORED})
_CHANGED = str(RecordName.CHANGED)
_SIGNAL, _FIELD_CHANGED = HistoryKind.SIGNAL, HistoryKind.FIELD_CHANGED


def take_record(draft: Draft, fact: Fact) -> list[Signal]:
    """Take over what a CRM says of the lead's record; returns the signals that this gives."""
    is_baseline = fact.is_baseline
    is_compared = SNAPSHOT_OF in fact.data
    if is_compared:
        if presence.find_again(draft, fact):
            _weigh_anew(draft, fact)
        says_nothing = is_of_deleted(draft, fact)
        fact = take_snapshot(draft, fact)
        if says_nothing:
            return []
    if fact.name in _TURNS:
        presence.turn(draft, fact)
        _weigh_anew(draft, fact)
    if is_baseline:
        presence.become_known(draft, fact)
        draft.note(HistoryKind.KNOWN, fact.source)
    before = _fill_fields(draft, fact, is_compared=is_compared)
    if is_baseline:
        return []
    told = _signals_of(draft, fact) if fact.name == _CHANGED else ()
    return [*told, *_changes(draft, before)] if before else list(told)


def _changes(draft: Draft, before: Mapping[str, Value | None]) -> Iterator[Signal]:
    """Of the fields that the fact changed, those that programs listen to."""
    for name in draft.book.listened_to:
        if name in before:
            both = {"was": before[name], "now": draft.fields.get(name)}
            yield CHANGED + name, {key: value for key, value in both.items() if value is not None}


def _fill_fields(draft: Draft, fact: Fact, *, is_compared: bool) -> Mapping[str, Value | None]:
    """Fill what the fact tells of; the fields that it changed, each with what it was."""
    before: dict[str, Value | None] = {}
    fills = draft.book.fills.get(fact.source, {})
    concerned = {field.name: field for name in fact.data for field in fills.get(name, ())}
    for field in concerned.values():
        properties = field.properties[fact.source]
        told = [str(fact.data[name]).strip() for name in properties if name in fact.data]
        raw = next(filter(None, told), "")
        if not raw and is_compared:
            raw = held_of(draft, properties)
        if raw or is_compared or len(told) == len(properties):  # else another of its properties may still hold a value
            was = draft.fields.get(field.name)
            _fill(draft, fact, field, raw, was_read=is_compared or fact.name != _CHANGED)
            if draft.fields.get(field.name) != was:
                before[field.name] = was
    return before


def _fill(draft: Draft, fact: Fact, field: Field, raw: str, *, was_read: bool) -> None:
    try:
        value = parse_value(field, raw)
    except ValueError as error:
        draft.note(HistoryKind.FIELD_UNREADABLE, field.name, {"text": raw[:200], "problem": str(error)[:200]})
        return
    if outweighs(draft, fact, field.name, value):
        return
    if len(field.properties) > 1:
        value = settle(draft, field, fact, value, was_read=was_read)
    was = draft.fields.get(field.name)
    _set_field(draft, fact, field.name, value)
    if was != value and field.name in draft.book.carried:
        take_turn(draft, field, fact, was)


def _weigh_anew(draft: Draft, fact: Fact) -> None:
    """What a record held that was deleted counts no more, while the lead lives on by another one; until it is back.

    Whoever opted out of email has opted out all the same, and what we set ourselves stays.
    """
    if len(draft.records) < 2 or draft.standing is not Standing.ACTIVE:
        return
    for field in draft.book.fields.values():
        if fact.source in field.properties and field.role is not FieldRole.CONSENT and field.name not in draft.own:
            _set_field(draft, fact, field.name, hold_anew(draft, field, fact.source))


def _set_field(draft: Draft, fact: Fact, name: str, value: Value | None) -> None:
    was = draft.fields.get(name)
    if was == value:
        return
    if value is None:
        del draft.fields[name]
    else:
        draft.fields[name] = value
    draft.touch(f"field:{name}")
    if not fact.is_baseline:
        draft.note(_FIELD_CHANGED, name, {"was": format_value(was), "now": format_value(value)})


def _signals_of(draft: Draft, fact: Fact) -> Iterator[Signal]:
    watches = draft.book.watches.get(fact.source)
    if not watches:
        return
    for property_, raw in fact.data.items():
        for source in watches.get(property_, ()):
            if _gives(source, str(raw)):
                yield source.signal, _attributes(draft, source, str(raw))


def _gives(source: SignalSource, raw: str) -> bool:
    return raw in source.to if source.to else bool(raw)


def _attributes(draft: Draft, source: SignalSource, raw: str) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, wanted in source.attributes.items():
        value = raw if wanted == "value" else draft.fields.get(wanted)
        if value is not None:
            found[name] = value
    return found


def take_signal(draft: Draft, signal: Signal) -> None:
    """Remember the signal and give the points that it earns, from nothing where it resets a score.

    The change of a field is told already.
    """
    name, attributes = signal
    if name.startswith(CHANGED):
        return
    draft.note(_SIGNAL, name, {key: format_value(value) for key, value in attributes.items()})
    draft.touch(f"signal:{name}")
    consent.take_signal(draft, name, attributes)
    _remember_deed(draft, signal)
    for counter, kept, matches in draft.book.counters.get(name, ()):
        if matches(attributes):
            draft.seen[counter] = (*draft.seen.get(counter, ()), draft.now)[-kept:]
    for computed, matches in draft.book.computed.get(name, ()):
        if matches(attributes):
            _remember(draft, computed, attributes)
    for score, matches in draft.book.resets.get(name, ()):
        if matches(attributes):
            ledger.reset(draft, score, name)
    for score, rule, matches in draft.book.engagement.get(name, ()):
        if matches(attributes):
            ledger.give_points(draft, score, rule)


def _remember_deed(draft: Draft, signal: Signal) -> None:
    """Remember what the lead did, for whoever is to call it."""
    if draft.book.hand_overs:
        name, attributes = signal
        words = ", ".join(f"{key} {format_value(value)}" for key, value in attributes.items())
        draft.recent = (*draft.recent, Deed(draft.now, name, words[:_LONGEST_WORDS]))[-_MOST_DEEDS:]


def _remember(draft: Draft, computed: Computed, attributes: Mapping[str, Value]) -> None:
    """Remember what the signal says for a field; `derive` makes its value of that."""
    try:
        mentioned = mentions_in(computed, attributes)
    except ValueError as error:
        draft.note(HistoryKind.FIELD_UNREADABLE, computed.name, {"problem": str(error)[:200]})
        return
    memory = draft.mentions.get(computed.name) or Memory()
    for value, weight in mentioned:
        memory.take(computed, value, weight, draft.now)
    if mentioned:
        draft.mentions[computed.name] = memory
