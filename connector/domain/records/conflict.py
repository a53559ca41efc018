"""Conflict: which word counts where several CRMs fill one field.

An opt-out in any of them counts. Otherwise the CRM that the mapping prefers has the say as long as it says anything;
without one the latest word counts. A CRM that says nothing never takes away what another one says.
"""

from __future__ import annotations

from connector.domain.draft import Draft
from connector.domain.fact import Value
from connector.domain.field import Field, FieldRole, format_value
from connector.domain.history import HistoryKind


def settle(draft: Draft, field: Field, crm: str, value: Value | None) -> Value | None:
    """The field's value now that this CRM says this of it; what every CRM said is remembered."""
    said = {name: word for name, word in draft.said.get(field.name, {}).items() if name != crm}
    if value is not None:
        said[crm] = value  # the latest comes last
    draft.said[field.name] = said
    if field.role is FieldRole.CONSENT and True in said.values():
        return True
    counts = said.get(field.prefer)
    if counts is None:
        return _latest(said)
    if crm != field.prefer and value not in (None, counts):
        draft.note(HistoryKind.FIELD_KEPT, field.name, {"crm": crm, "said": format_value(value)})
    return counts


def _latest(said: dict[str, Value]) -> Value | None:
    return next(reversed(said.values()), None)
