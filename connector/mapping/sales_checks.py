"""Handing over as a whole: who cannot be given leads, what cannot be written, what would never end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connector.domain.definitions import Definitions
from connector.domain.field import Field, FieldRole, FieldType
from connector.domain.outward.own import to_crm, written_properties
from connector.domain.programs.program import TargetKind, Task, Telling
from connector.domain.sales.sales import HandOverRule, Rep, Sales
from connector.mapping.crms import CRMS, LABELS
from connector.mapping.models import MappingFile
from connector.mapping.places import Path, Problems
from connector.mapping.report import nearest, quoted
from connector.mapping.routes import targets_of
from connector.mapping.sales_models import ANY

_PATH: Path = ("sales",)
_OWNER_REMEDY = "add a field such as owner: {hubspot: hubspot_owner_id, owner: true}"


def check_sales(mapping: MappingFile, definitions: Definitions, problems: Problems) -> None:
    """Report what cannot work in the section; what is misshapen already is passed over."""
    sales = definitions.sales
    if mapping.sales is None or problems.touch(_PATH):
        return
    owner = next((field for field in definitions.fields if field.role is FieldRole.OWNER), None)
    _check_reps(sales, tuple(owner.properties) if owner else (), problems)
    _check_fields(mapping, definitions, owner, problems)
    handed = {target.name for program in definitions.programs for target in targets_of(program, TargetKind.SALES)}
    for rule in sales.hand_overs:
        path = (*_PATH, "hand_over", rule.name)
        if rule.name == ANY:
            message = f"{quoted(ANY)} stands for every hand-over and cannot be a name"
            problems.error(path, message, "give it another name", on_key=True)
        if rule.when is None and rule.name not in handed and not problems.touch(("programs",)):
            message = f"nothing hands leads over by {quoted(rule.name)}"
            problems.error(path, message, "add when:, or let a program lead to it with sales:", on_key=True)
        _check_end(rule, path, problems)
    _check_notifications(definitions, problems)


def _check_notifications(definitions: Definitions, problems: Problems) -> None:
    """Warn of tasks that are given twice: by a notification, and by handing over."""
    rules = [rule for rule in definitions.sales.hand_overs if rule.when is not None and _gives_task(rule.acts)]
    for one in definitions.notifications:
        also = next((rule for rule in rules if rule.when == one.when and _gives_task(one.acts)), None)
        if also is not None:
            message = f"leads of whom this holds are handed over by {quoted(also.name)}, too: two tasks for one thing"
            problems.warn(("notifications", one.name), message, "remove this notification, or its task", on_key=True)


def _gives_task(acts: Sequence[Telling]) -> bool:
    return any(isinstance(act, Task) for act in acts)


def _check_reps(sales: Sales, crms: tuple[str, ...], problems: Problems) -> None:
    """Report one rep in two teams, two reps who are one owner, and reps who are nobody where leads are owned."""
    seen: dict[str, str] = {}
    owners: dict[tuple[str, str], str] = {}
    for team in sales.teams:
        for rep in team.reps:
            path = (*_PATH, "teams", team.name, "reps", rep.name)
            if rep.name in seen:
                message = f"the team {quoted(seen[rep.name])} has a rep {quoted(rep.name)} already"
                problems.error(path, message, "name each rep in one team", on_key=True)
            else:
                _check_owners(rep, owners, path, problems)
            for crm in crms:
                if crm not in rep.owners:
                    message = f"leads have owners in {LABELS[crm]}, and nothing says who {quoted(rep.name)} is there"
                    problems.error(path, message, f"add {crm}:", on_key=True)
            seen.setdefault(rep.name, team.name)


def _check_owners(rep: Rep, owners: dict[tuple[str, str], str], path: Path, problems: Problems) -> None:
    for each in rep.owners.items():
        if each in owners:
            message = f"{quoted(owners[each])} is this owner in {LABELS[each[0]]} already"
            problems.error((*path, each[0]), message, "give each rep an owner id of its own")
        owners.setdefault(each, rep.name)


def _check_fields(mapping: MappingFile, definitions: Definitions, owner: Field | None, problems: Problems) -> None:
    sales = definitions.sales
    fields = {field.name: field for field in definitions.fields}
    if sales.hand_overs and (owner is None or not owner.properties):
        message = "no field says who owns a lead, so that nobody could be made its owner"
        problems.error((*_PATH, "hand_over"), message, _OWNER_REMEDY, on_key=True)
    for word, name in (("lifecycle", sales.lifecycle_field), ("status", sales.status_field)):
        if name:
            _check_writable(fields[name], (*_PATH, word), problems)
    for path, word, value in written_values(sales):
        name = sales.lifecycle_field if word == "lifecycle" else sales.status_field
        if not name:
            message = f"no field has the {'lifecycle stage' if word == 'lifecycle' else 'lead status'}"
            problems.error((*path, word), message, f"add {word}: and the field to sales")
        elif word == "lifecycle":
            _check_stage(fields[name], value, sales, (*path, word), problems)
    for crm in CRMS:
        ours = {name for field in _written(definitions, owner) for name in written_properties(field, crm)}
        for name in getattr(mapping.write_back, crm):
            if name in ours:
                message = f"{quoted(name)} is written when leads are handed over, too"
                problems.error(("write_back", crm, name), message, "remove it here", on_key=True)


def _written(definitions: Definitions, owner: Field | None) -> Iterator[Field]:
    """The fields whose properties hand-overs write."""
    sales = definitions.sales
    for field in definitions.fields:
        if field is owner or field.name in (sales.lifecycle_field, sales.status_field):
            yield field


def _check_writable(field: Field, path: Path, problems: Problems) -> None:
    if not field.properties or field.type is not FieldType.TEXT:
        message = f"{quoted(field.name)} cannot be written: it is no text that is read from a CRM"
        problems.error(path, message, "name a field with hubspot: and a property")
    elif any(len(names) > len(written_properties(field, crm)) for crm, names in field.properties.items()):
        message = f"{quoted(field.name)} is read from several properties: which one is to be written?"
        problems.error(path, message, "name a field with one property")


def written_values(sales: Sales) -> Iterator[tuple[Path, str, str]]:
    """Every stage and status that is to be written, with where it stands."""
    for rule in sales.hand_overs:
        path: Path = (*_PATH, "hand_over", rule.name)
        for word, value in (("lifecycle", rule.lifecycle), ("status", rule.status)):
            if value:
                yield path, word, value
        for index, rejection in enumerate(rule.rejected):
            for word, value in (("lifecycle", rejection.lifecycle), ("status", rejection.status)):
                if value:
                    yield (*path, "rejected", index), word, value


def _check_stage(field: Field, value: str, sales: Sales, path: Path, problems: Problems) -> None:
    """Report a stage of which the order is not known: whether it is a step forward could not be told."""
    order = [to_crm(field, stage) for stage in sales.stages]
    stage = to_crm(field, value)
    if stage not in order and not stage.isdigit():
        known = tuple(field.values.get(each, each) for each in order)
        hint = nearest(value, known) or "add stages: to sales, with all stages in their order"
        problems.error(path, f"unknown lifecycle stage {quoted(value)}", hint)


def _check_end(rule: HandOverRule, path: Path, problems: Problems) -> None:
    """Warn of programs that would stand still for ever once sales has a lead."""
    if rule.pauses and not rule.rejected and not rule.closed:
        message = "nothing ends this: programs of such a lead stand still for good"
        problems.warn(path, message, "add rejected: or closed:, or nurturing: continue", on_key=True)
