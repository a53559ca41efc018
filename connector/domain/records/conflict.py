"""Conflict: which word counts where several CRMs fill one field.

An opt-out in any of them counts. Otherwise the CRM that the mapping prefers has the say as long as it says anything;
without one the latest word counts. A CRM that says nothing never takes away what another one says. Who only repeats
itself, or what we had told it, says nothing new; and a CRM in which all records were deleted has no say, but for an
opt-out.
"""

from __future__ import annotations

from connector.domain.draft import Draft
from connector.domain.fact import Fact, RecordName, Value
from connector.domain.field import Field, FieldRole, format_value, parse_value
from connector.domain.history import HistoryKind
from connector.domain.records.carrying import is_echo
from connector.domain.records.presence import crms_gone
from connector.domain.records.snapshot import held_of, tells_all


def settle(draft: Draft, field: Field, fact: Fact, value: Value | None, *, was_read: bool) -> Value | None:
    """The field's value now that a CRM says this of it; what every CRM said is remembered.

    A CRM that tells of changes tells us which were our own; of what `was_read` nobody says.
    """
    crm, before = fact.source, draft.said.get(field.name, {})
    others = {name: word for name, word in before.items() if name != crm}
    if value is None:
        draft.said[field.name] = others
    elif was_read and is_echo(draft, field, crm, value):
        draft.said[field.name] = {crm: value, **others}
    elif fact.name == RecordName.CHANGED or before.get(crm) != value:
        draft.said[field.name] = {**others, crm: value}  # the latest comes last
    counts = weigh(draft, field)
    if field.prefer in draft.said[field.name] and crm != field.prefer and value not in (None, counts):
        draft.note(HistoryKind.FIELD_KEPT, field.name, {"crm": crm, "said": format_value(value)})
    return counts


def weigh(draft: Draft, field: Field) -> Value | None:
    """Which of the words counts that the CRMs said of a field."""
    said = draft.said.get(field.name, {})
    if field.role is FieldRole.CONSENT and True in said.values():
        return True
    gone = crms_gone(draft)
    there = {crm: word for crm, word in said.items() if crm not in gone}
    if field.prefer in there:
        return there[field.prefer]
    return next(reversed(there.values()), None)


def hold_anew(draft: Draft, field: Field, crm: str) -> Value | None:
    """The field's value now that one of the CRM's records was deleted, or came back.

    Of a record whose CRM tells changes alone it is known again what it held when it was read.
    """
    is_gone, is_shared = crm in crms_gone(draft), len(field.properties) > 1
    if tells_all(draft, crm) and not is_gone:
        value = _held(draft, field, crm)
        if not is_shared:
            return value
        words: dict[str, Value | None] = {crm: None, **draft.said.get(field.name, {})}
        words[crm] = value  # in its old place
        draft.said[field.name] = {name: word for name, word in words.items() if word is not None}
    elif not is_shared:
        return None if is_gone else draft.fields.get(field.name)
    return weigh(draft, field)


def _held(draft: Draft, field: Field, crm: str) -> Value | None:
    try:
        return parse_value(field, held_of(draft, field.properties[crm]))
    except ValueError:  # was told when it was read
        return None
