"""What we set ourselves on a lead's record of what people set, too: its owner, its lifecycle stage, its status.

The CRM does not tell us of our own writes, so a field takes our value at once. A person's word counts more: when the
CRM says otherwise, we let go of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from connector.domain.book import Book
from connector.domain.draft import Draft
from connector.domain.fact import Fact, RecordName, Value
from connector.domain.field import Field, FieldRole, format_value
from connector.domain.frozen import replace
from connector.domain.history import HistoryKind
from connector.domain.lead import Own
from connector.domain.outward.change import BACKWARDS
from connector.domain.records.snapshot import each_held


def set_own(draft: Draft, name: str, value: str, *, may_go_back: bool = False) -> None:
    """Let every CRM hold this value of a field from here on, and judge the lead by it.

    A CRM whose records hold it already is not written to, whatever the others hold.
    """
    field = draft.book.fields.get(name)
    if field is None:
        return
    was, is_ours = format_value(draft.fields.get(name)), name in draft.own
    # What was ours until now may still be on its way, so that what was read last says nothing.
    held_by = () if is_ours else tuple(crm for crm in field.properties if _is_held(draft, field, crm, value))
    if was == value and (is_ours or len(held_by) == len(field.properties)):
        return
    draft.own[name] = Own(value, was, draft.now, may_go_back, _said_before(draft, field), held_by)
    draft.take_for_said(name, value)
    if was != value:
        draft.fields[name] = value
        draft.touch(f"field:{name}")
        draft.note(HistoryKind.FIELD_CHANGED, name, {"was": was, "now": value})


def _is_held(draft: Draft, field: Field, crm: str, value: str) -> bool:
    """Whether all that is known of the lead in the CRM holds the value."""
    texts = each_held(draft, written_properties(field, crm))
    if texts:
        return all(field.values.get(text, text) == value for text in texts)
    several = len(field.properties) > 1
    return format_value(draft.said.get(field.name, {}).get(crm) if several else draft.fields.get(field.name)) == value


def _said_before(draft: Draft, field: Field) -> Mapping[str, str]:
    said = draft.said.get(field.name, {})
    return {crm: format_value(said.get(crm)) for crm in field.properties} if len(field.properties) > 1 else {}


def outweighs(draft: Draft, fact: Fact, name: str, value: Value | None) -> bool:
    """Whether our own value stands against what a fact says of the field; else we let go of ours.

    A record that is read may still hold what was there before ours left.
    """
    own = draft.own.get(name)
    if own is None:
        return False
    text = format_value(value)
    if text == own.value:
        before = {**own.before, fact.source: text} if own.before else {}
        draft.own[name] = replace(own, before=before) if before else replace(own, was=text)
        return False
    if fact.name != RecordName.CHANGED and text == own.before.get(fact.source, own.was):
        return True
    del draft.own[name]
    return False


def written(draft: Draft, crm: str) -> dict[str, str]:
    """What the CRM is to hold of it: property -> text, in the CRM's own words."""
    found = {}
    for name, own in draft.own.items():
        field = draft.book.fields.get(name)
        if field is not None and crm not in own.held_by:
            sign = BACKWARDS if own.may_go_back else ""
            found.update({each + sign: to_crm(field, own.value, crm) for each in written_properties(field, crm)})
    return found


def written_properties(field: Field, crm: str) -> tuple[str, ...]:
    """The properties that hold our value: of several of one object the first, as `Lead.OwnerId`, `Contact.OwnerId`."""
    by_object: dict[str, str] = {}
    for property_ in field.properties.get(crm, ()):
        by_object.setdefault(property_.rpartition(".")[0], property_)
    return tuple(by_object.values())


def written_by_sales(book: Book, crm: str = "hubspot") -> tuple[str, ...]:
    """The properties that hand-overs write."""
    sales = book.definitions.sales
    names = (book.roles.get(FieldRole.OWNER, ""), sales.lifecycle_field, sales.status_field)
    fields = [book.fields[name] for name in names if name in book.fields] if sales.hand_overs else []
    return tuple(property_ for field in fields for property_ in written_properties(field, crm))


def to_crm(field: Field, value: str, crm: str = "") -> str:
    """Our word as the CRM's."""
    own_word = field.words.get(crm, {}).get(value)
    return own_word or next((word for word, ours in field.values.items() if ours == value), value)
