"""What an org's administrator has set up that may refuse or change a record when it is saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.sandbox.salesforce.fields import Row
from connector.sandbox.salesforce.happenings import Actor
from connector.sandbox.salesforce.refusals import Json, RefusalError
from connector.sandbox.salesforce.tables import Table


@dataclass(frozen=True, slots=True)
class ValidationRule:
    """Refuses a record for which the condition holds."""

    object_name: str
    is_bad: Callable[[Mapping[str, Any]], bool]
    message: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class DuplicateRule:
    """Refuses a new record whose field has the value of another record's, which may be of another object."""

    object_name: str
    name: str = ""
    field: str = "Email"
    against: str = ""
    #: Whether the rule only warns, so that `allowSave=true` passes it.
    allows_save: bool = True
    message: str = "Use one of these records?"


@dataclass(frozen=True, slots=True)
class Trigger:
    """Code of the customer's that runs before a record is saved; its error refuses the record."""

    object_name: str
    run: Callable[[Row], str | None]
    name: str = "LeadTrigger"


@dataclass(slots=True)
class Rules:
    """Everything that is set up in one org."""

    validations: list[ValidationRule] = field(default_factory=list)
    duplicates: list[DuplicateRule] = field(default_factory=list)
    triggers: list[Trigger] = field(default_factory=list)
    #: The active lead assignment rule: who is to own a lead; None leaves the owner.
    assign_lead: Callable[[Row], str | None] | None = None
    #: Ids of records that somebody else is writing; None is until unlocked, a number is for so many tries.
    locked: dict[str, int | None] = field(default_factory=dict)

    def check(self, table: Table, row: Row) -> None:
        """Refuse a record as it would be saved, by validation rules and triggers."""
        for trigger in self.triggers:
            if trigger.object_name == table.object.name and (error := trigger.run(row)) is not None:
                message = f"{trigger.name}: execution of BeforeUpdate\n\ncaused by: {error}"
                raise RefusalError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message, [])
        for rule in self.validations:
            if rule.object_name == table.object.name and rule.is_bad(row):
                fields = [rule.field] if rule.field else []
                raise RefusalError("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message, fields)

    def check_duplicates(self, tables: Mapping[str, Table], object_name: str, row: Row, actor: Actor) -> None:
        """Refuse a new record that a duplicate rule matches with another."""
        for rule in self.duplicates:
            if rule.object_name != object_name or (rule.allows_save and actor.saves_duplicates):
                continue
            other = tables[rule.against or object_name]
            value = row.get(rule.field)
            found = [one for one in other.find_by(rule.field, value) if one is not row] if value else []
            if found:
                raise _duplicates_detected(rule, other.object.name, found)

    def check_lock(self, record_ids: list[str]) -> None:
        """Refuse to write while one of these records is locked."""
        for record_id in record_ids:
            if record_id not in self.locked:
                continue
            left = self.locked[record_id]
            if left is not None and left <= 1:
                del self.locked[record_id]
            elif left is not None:
                self.locked[record_id] = left - 1
            message = f"unable to obtain exclusive access to this record or 1 records: {record_id}"
            raise RefusalError("UNABLE_TO_LOCK_ROW", message, [])


def _duplicates_detected(rule: DuplicateRule, object_name: str, found: list[Row]) -> RefusalError:
    """The live API spells the key of the details this way."""
    name = rule.name or f"Standard_{rule.object_name}_Duplicate_Rule"
    told: Json = {
        "allowSave": rule.allows_save,
        "duplicateRule": name,
        "duplicateRuleEntityType": rule.object_name,
        "errorMessage": rule.message,
        "matchResults": [
            {
                "entityType": object_name,
                "errors": [],
                "matchEngine": "ExactMatchEngine",
                "matchRecords": [_match(object_name, row) for row in found],
                "rule": f"Standard_{object_name}_Match_Rule_v1_0",
                "size": len(found),
                "success": True,
            }
        ],
    }
    return RefusalError("DUPLICATES_DETECTED", rule.message, [], details={"duplicateResut": told})


def _match(object_name: str, row: Row) -> Json:
    url = f"/services/data/v66.0/sobjects/{object_name}/{row['Id']}"
    record = {"attributes": {"type": object_name, "url": url}, "Id": row["Id"]}
    return {"additionalInformation": [], "fieldDiffs": [], "matchConfidence": 100.0, "record": record}
