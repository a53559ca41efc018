"""Handing over as a whole: who cannot be given leads, what cannot be written, what would never end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connector.domain.definitions import Definitions
from connector.domain.field import Field, FieldRole, FieldType
from connector.domain.own import to_crm
from connector.domain.program import Note, TargetKind, Task
from connector.domain.sales import HandOverRule, Sales
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
    _check_reps(sales, problems)
    _check_fields(mapping, definitions, problems)
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
    told = {rule.when: rule.name for rule in definitions.sales.hand_overs if rule.when and _gives_task(rule.acts)}
    for one in definitions.notifications:
        if one.when in told and _gives_task(one.acts):
            name = quoted(told[one.when])
            message = f"leads of whom this holds are handed over by {name}, too: two tasks for one thing"
            problems.warn(("notifications", one.name), message, "remove this notification, or its task", on_key=True)


def _gives_task(acts: Sequence[Task | Note]) -> bool:
    return any(isinstance(act, Task) for act in acts)


def _check_reps(sales: Sales, problems: Problems) -> None:
    """Report one rep in two teams, and two reps who are one owner."""
    seen: dict[str, str] = {}
    owners: dict[str, str] = {}
    for team in sales.teams:
        for rep in team.reps:
            path = (*_PATH, "teams", team.name, "reps", rep.name)
            if rep.name in seen:
                message = f"the team {quoted(seen[rep.name])} has a rep {quoted(rep.name)} already"
                problems.error(path, message, "name each rep in one team", on_key=True)
            elif (owner := rep.owners["hubspot"]) in owners:
                message = f"{quoted(owners[owner])} is this owner in HubSpot already"
                problems.error((*path, "hubspot"), message, "give each rep an owner id of its own")
            seen.setdefault(rep.name, team.name)
            owners.setdefault(rep.owners["hubspot"], rep.name)


def _check_fields(mapping: MappingFile, definitions: Definitions, problems: Problems) -> None:
    sales = definitions.sales
    fields = {field.name: field for field in definitions.fields}
    owner = next((field for field in definitions.fields if field.role is FieldRole.OWNER), None)
    if sales.hand_overs and (owner is None or "hubspot" not in owner.properties):
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
    ours = {field.properties["hubspot"][0] for field in _written(definitions, owner) if "hubspot" in field.properties}
    for name in mapping.write_back.hubspot:
        if name in ours:
            message = f"{quoted(name)} is written when leads are handed over, too"
            problems.error(("write_back", "hubspot", name), message, "remove it here", on_key=True)


def _written(definitions: Definitions, owner: Field | None) -> Iterator[Field]:
    """The fields whose properties hand-overs write."""
    sales = definitions.sales
    for field in definitions.fields:
        if field is owner or field.name in (sales.lifecycle_field, sales.status_field):
            yield field


def _check_writable(field: Field, path: Path, problems: Problems) -> None:
    if "hubspot" not in field.properties or field.type is not FieldType.TEXT:
        message = f"{quoted(field.name)} cannot be written: it is no text that is read from HubSpot"
        problems.error(path, message, "name a field with hubspot: and a property")
    elif len(field.properties["hubspot"]) > 1:
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
