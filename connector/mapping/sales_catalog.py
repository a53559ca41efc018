"""Handing over beside what a CRM account has: its owners, and the stages and statuses that may be set."""

from __future__ import annotations

from connector.domain.definitions import Definitions
from connector.domain.outward.own import to_crm
from connector.mapping.places import Path, Problems
from connector.mapping.report import nearest, quoted
from connector.mapping.sales_checks import written_values
from connector.ports import Catalog


def compare_sales(definitions: Definitions, catalog: Catalog, problems: Problems) -> None:
    """Report reps who are no owners there, and values that its properties cannot have."""
    for team in definitions.sales.teams if catalog.owners is not None else ():
        for rep in team.reps:
            _compare_owner(
                rep.owners.get(catalog.crm, ""), ("sales", "teams", team.name, "reps", rep.name), catalog, problems
            )
    fields = {field.name: field for field in definitions.fields}
    for path, word, value in written_values(definitions.sales):
        is_stage = word == "lifecycle"
        field = fields.get(definitions.sales.lifecycle_field if is_stage else definitions.sales.status_field)
        found = catalog.properties.get(field.properties[catalog.crm][0]) if field and field.properties else None
        if field is not None and found is not None and found.options and to_crm(field, value) not in found.options:
            message = f"{quoted(value)} is none of the options of {quoted(found.name)} in {catalog.label}"
            problems.error((*path, word), message, nearest(to_crm(field, value), found.options))


def _compare_owner(owner: str, path: Path, catalog: Catalog, problems: Problems) -> None:
    owners = catalog.owners or {}
    if owner and owner not in owners:
        known = ", ".join(f"{id_} ({email})" for id_, email in sorted(owners.items())[:10])
        hint = f"known: {known}" if known else "invite the rep there"
        problems.error((*path, catalog.crm), f"{catalog.label} has no owner {quoted(owner)}", hint)
