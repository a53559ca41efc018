"""Fields: from the file to the domain's terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector.domain.field import Field, FieldRole, FieldType, format_value, parse_value
from connector.domain.traits import rfm
from connector.domain.traits.deal import Measure, type_of
from connector.mapping.conditions import LATER, WORDS
from connector.mapping.crms import CRMS
from connector.mapping.deal_models import MEASURES
from connector.mapping.models import FieldEntry, MappingFile
from connector.mapping.places import Problems
from connector.mapping.report import quoted
from connector.mapping.trait_models import NUMBERS

_ROLES = {
    "identity": FieldRole.IDENTITY,
    "timezone": FieldRole.TIMEZONE,
    "owner": FieldRole.OWNER,
    "consent": FieldRole.CONSENT,
}


def to_fields(mapping: MappingFile, problems: Problems) -> tuple[Field, ...]:
    """The lead fields; reports values that are not of their field's type, and roles given twice."""
    fields = tuple(_to_field(name, entry, mapping, problems) for name, entry in mapping.fields.items())
    _check_roles(fields, problems)
    for name in mapping.fields:
        if name in WORDS and (name not in LATER or getattr(mapping, LATER[name])):
            hint = "give it another name"
            problems.error(
                ("fields", name), f"{quoted(name)} is a word of conditions and cannot be a field", hint, on_key=True
            )
    return (*fields, *(Field(name, kind) for name, kind in rfm.FIELDS.items() if mapping.rfm))


def _to_field(name: str, entry: FieldEntry, mapping: MappingFile, problems: Problems) -> Field:
    properties = {crm: getattr(entry, crm) for crm in CRMS}
    is_owner = entry.owner and mapping.sales is not None
    words = _words_for_owners(mapping, [crm for crm in CRMS if properties[crm]]) if is_owner else {}
    field = Field(
        name=name,
        type=_type(entry),
        properties={crm: found for crm, found in properties.items() if found},
        values=_one_word(words) | {theirs: to_text(ours) for theirs, ours in entry.values.items()},
        words=words,
        role=next((role for key, role in _ROLES.items() if getattr(entry, key)), None),
        prefer=entry.prefer or "",
    )
    if not field.properties and not entry.reckoning and not entry.deals and not problems.touch(("fields", name)):
        problems.warn(
            ("fields", name), f"nothing fills the field {quoted(name)}", "add hubspot: and a property", on_key=True
        )
    for theirs, ours in field.values.items():
        _check_value(field, theirs, ours, problems)
    return field


def _words_for_owners(mapping: MappingFile, crms: Sequence[str]) -> dict[str, dict[str, str]]:
    """Where several CRMs say who owns a lead: CRM -> the rep in the first of them -> the rep in this one."""
    if len(crms) < 2 or mapping.sales is None:
        return {}
    reps = [rep.owners for team in mapping.sales.teams.values() for rep in team.reps.values()]
    return {crm: {rep[crms[0]]: rep[crm] for rep in reps if {crms[0], crm} <= rep.keys()} for crm in crms}


def _one_word(words: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The CRMs' words -> ours."""
    return {theirs: ours for spoken in words.values() for ours, theirs in spoken.items() if theirs != ours}


def _type(entry: FieldEntry) -> FieldType:
    """What the file says, or what follows from signals or deals."""
    measure = next((name for name in MEASURES if entry.deals and getattr(entry.deals, name)), None)
    if measure:
        return type_of(Measure(measure))
    return FieldType.NUMBER if entry.reckoning in NUMBERS else FieldType(entry.type)


def to_text(value: str | float | bool) -> str:
    """A scalar of the file as the CRM would write it; whole numbers without a point."""
    return format_value(value if isinstance(value, bool | str) else float(value))


def _check_value(field: Field, theirs: str, ours: str, problems: Problems) -> None:
    try:
        parse_value(Field(field.name, field.type), ours)
    except ValueError:
        message = f"{quoted(field.name)} is of type {field.type}, and {quoted(ours)} is not"
        problems.error(("fields", field.name, "values", theirs), message)


def _check_roles(fields: tuple[Field, ...], problems: Problems) -> None:
    first: dict[FieldRole, str] = {}
    for field in fields:
        if field.role is None:
            continue
        if field.role in first:
            message = f"a second field for {field.role}; the first is {quoted(first[field.role])}"
            problems.error(("fields", field.name, field.role.value), message, on_key=True)
        first.setdefault(field.role, field.name)
