"""By which means sales is told and leads are written to: whether the mapping reads of the CRM whose means they are."""

from __future__ import annotations

from collections.abc import Iterator

from connector.domain.definitions import Definitions
from connector.domain.field import FieldRole
from connector.mapping.acting import TELLS
from connector.mapping.models import MappingFile
from connector.mapping.places import Path, Problems
from connector.mapping.telling_models import TellingEntry

_OWNER = "add owner: {salesforce: [Lead.OwnerId, Contact.OwnerId], owner: true} to fields"
_READS = "add fields such as email: {salesforce: [Lead.Email, Contact.Email], identity: true}"


def check_means(mapping: MappingFile, definitions: Definitions, problems: Problems) -> None:
    """Report means of Salesforce that could reach nobody, and alerts with nothing that lasts beside them."""
    if problems.touch(("fields",)):
        return
    is_read = any(TELLS in field.properties for field in definitions.fields)
    has_owner = any(field.role is FieldRole.OWNER and TELLS in field.properties for field in definitions.fields)
    for path, entry in telling_entries(mapping):
        if entry.alert and not has_owner:
            message = "an alert is for whoever owns the lead in Salesforce, and no field says who that is"
            problems.error((*path, "alert", 0), message, _OWNER)
        elif entry.alert and not entry.task:
            message = "Salesforce drops an alert without a word when it has too many, and keeps none for long"
            problems.warn((*path, "alert", 0), message, "add task: beside it")
        if entry.post and not is_read:
            message = "a post is made in Salesforce, and no field is read from there"
            problems.error((*path, "post", 0), message, _READS)
    for name, email in mapping.emails.items():
        if email.salesforce is not None and not is_read and not problems.touch(("emails", name)):
            message = "Salesforce sends this email, and no field is read from there"
            problems.error(("emails", name, "salesforce"), message, _READS)


def telling_entries(mapping: MappingFile) -> Iterator[tuple[Path, TellingEntry]]:
    """Wherever sales is told something, with its place."""
    for name, notification in mapping.notifications.items():
        yield ("notifications", name), notification
    for name, program in mapping.programs.items():
        yield ("programs", name, "completed"), program.completed
    for name, rule in mapping.sales.hand_over.items() if mapping.sales else ():
        yield ("sales", "hand_over", name), rule
        for index, step in enumerate(rule.untouched.then if rule.untouched else ()):
            yield ("sales", "hand_over", name, "untouched", "then", index), step
