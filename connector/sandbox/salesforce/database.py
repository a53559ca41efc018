"""An org's records, and what Salesforce sees to whenever one is saved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from connector.sandbox.clock import SandboxClock
from connector.sandbox.salesforce.fields import Field, Row, to_stamp
from connector.sandbox.salesforce.happenings import Actor, Happening, Kind
from connector.sandbox.salesforce.ids import IdMaker
from connector.sandbox.salesforce.objects import Schema
from connector.sandbox.salesforce.refusals import RefusalError, entity_deleted
from connector.sandbox.salesforce.rules import Rules
from connector.sandbox.salesforce.standard_objects import (
    CAMPAIGN,
    CAMPAIGN_MEMBER,
    CAMPAIGN_STATUS,
    DELETED_WITH,
    LEAD,
    TASK,
    standard_objects,
)
from connector.sandbox.salesforce.tables import Table
from connector.sandbox.salesforce.upkeep import first_statuses, keep_campaign_member, keep_task

#: Saving a record locks those that it hangs on. Salesforce: "Record Locking Cheat Sheet".
_LOCKED_WITH = ("AccountId", "CampaignId", "OpportunityId")
#: With which record another was deleted. No field of Salesforce's.
_BURIED_WITH = "_buried_with"
_STAMPS = frozenset({"LastModifiedDate", "LastModifiedById", "SystemModstamp"})


class Database:
    """All tables of an org. Not safe for threads by itself: the org holds the lock."""

    def __init__(self, clock: SandboxClock) -> None:
        self.schema = Schema(standard_objects())
        self.rules = Rules()
        self.ids = IdMaker()
        self.tables = {one.name: Table(one) for one in self.schema}
        self._clock = clock
        self._by_prefix = {one.prefix: self.tables[one.name] for one in self.schema}
        self._undo: list[Callable[[], None]] | None = None
        #: Changes not told yet.
        self.happenings: list[Happening] = []

    def now(self) -> datetime:
        """The org's present moment."""
        return self._clock.now()

    def table_of(self, record_id: str) -> Table | None:
        """The table that an id's prefix tells."""
        return self._by_prefix.get(record_id[:3])

    def row(self, record_id: str | None) -> Row | None:
        """Any record by its 18-character id, deleted or not."""
        table = self._by_prefix.get(record_id[:3]) if record_id else None
        return None if table is None or record_id is None else table.rows.get(record_id)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Changes that are taken back together when an error ends them."""
        outer, told = self._undo, len(self.happenings)
        self._undo = []
        try:
            yield
        except BaseException:
            for step in reversed(self._undo):
                step()
            del self.happenings[told:]
            self._undo = None
            raise
        finally:
            if outer is not None and self._undo is not None:
                outer.extend(self._undo)
            self._undo = outer

    # --- saving -----------------------------------------------------------------------------

    def insert(self, table: Table, values: Mapping[str, Any], actor: Actor) -> str:
        """Save a new record from parsed values; gives its id. Raises RefusalError."""
        row = {**table.object.defaults}
        row.update((name, value) for name, value in values.items() if value is not None)
        now = self._clock.now()
        self._complete(table, row, actor, is_new=True)
        self._check_required(table, row)
        self._check_references(table, values)
        table.check_unique(row)
        self.rules.check(table, row)
        self.rules.check_duplicates(self.tables, table.object.name, row, actor)
        stamp, row["Id"] = to_stamp(now), self.ids.next(table.object.prefix)
        row.update(CreatedDate=stamp, CreatedById=actor.user_id, LastModifiedDate=stamp, IsDeleted=False)
        row.update(LastModifiedById=actor.user_id, SystemModstamp=stamp)
        table.put(row)
        self._remember(lambda: table.forget(row))
        self._tell(Kind.CREATE, table, row, now, actor, tuple(row))
        record_id: str = row["Id"]
        if table.object.name == CAMPAIGN:
            for status in first_statuses(record_id):
                self.insert(self.tables[CAMPAIGN_STATUS], status, actor)
        return record_id

    def update(self, table: Table, row: Row, values: Mapping[str, Any], actor: Actor) -> None:
        """Save changes of parsed values; None empties a field. Raises RefusalError."""
        self._check_changeable(table, row)
        self.rules.check_lock([row["Id"], *self._hangs_on(row)])
        after = {**row, **values}
        self._complete(table, after, actor, is_new=False)
        changes = {name: value for name, value in after.items() if row.get(name) != value}
        changes.update((name, None) for name in row if name not in after)
        self._check_required(table, after, values)
        self._check_references(table, {name: changes[name] for name in values if name in changes})
        table.check_unique(changes, row["Id"])
        self.rules.check(table, after)
        self._change(table, row, changes, actor)

    def delete(self, table: Table, row: Row, actor: Actor, *, master_id: str = "") -> None:
        """Move a record into the recycle bin."""
        if row["Id"] in table.deleted:
            raise entity_deleted()
        self.rules.check_lock([row["Id"], *self._hangs_on(row)])
        now = self._clock.now()
        before = dict(row)
        table.bury(row, now)
        row.update(IsDeleted=True, SystemModstamp=to_stamp(now), LastModifiedById=actor.user_id)
        row["LastModifiedDate"] = row["SystemModstamp"]
        if master_id:
            row["MasterRecordId"] = master_id
        self._remember(lambda: self._put_back(table, row, before))
        self._tell(Kind.DELETE, table, row, now, actor, master_id=master_id)
        for child_table, child in self._children(table, row):
            self.delete(child_table, child, actor)
            child[_BURIED_WITH] = row["Id"]

    def undelete(self, table: Table, row: Row, actor: Actor) -> None:
        """Bring a record back from the recycle bin."""
        if row["Id"] not in table.deleted:
            raise RefusalError("UNDELETE_FAILED", "entity is not in the recycle bin", [])
        table.check_unique(row, row["Id"])
        now = self._clock.now()
        row.update(IsDeleted=False, SystemModstamp=to_stamp(now), LastModifiedById=actor.user_id)
        row["LastModifiedDate"] = row["SystemModstamp"]
        row.pop("MasterRecordId", None)
        row.pop(_BURIED_WITH, None)
        table.raise_up(row)
        self._tell(Kind.UNDELETE, table, row, now, actor, tuple(row))
        for child_table, child in self._buried_with(table, row):
            self.undelete(child_table, child, actor)

    def set_by_system(self, table: Table, row: Row, values: Mapping[str, Any], actor: Actor) -> None:
        """Change what only Salesforce itself may, such as what becomes of a converted lead."""
        self._change(table, row, values, actor)

    # --- inside -----------------------------------------------------------------------------

    def _children(self, table: Table, row: Row) -> list[tuple[Table, Row]]:
        """What is deleted along with a record."""
        ways = [(self.tables[name], field) for name, field in DELETED_WITH.get(table.object.name, ())]
        return [(child_table, child) for child_table, field in ways for child in child_table.find_by(field, row["Id"])]

    def _buried_with(self, table: Table, row: Row) -> list[tuple[Table, Row]]:
        """What was deleted along with a record, and comes back with it."""
        names = dict.fromkeys(name for name, _ in DELETED_WITH.get(table.object.name, ()))
        buried = [
            (self.tables[name], self.tables[name].rows[one]) for name in names for one in self.tables[name].deleted
        ]
        return [(child_table, child) for child_table, child in buried if child.get(_BURIED_WITH) == row["Id"]]

    def _change(self, table: Table, row: Row, changes: Mapping[str, Any], actor: Actor) -> None:
        now = self._clock.now()
        stamp = to_stamp(now)
        told = tuple(name for name in changes if name not in _STAMPS)
        all_changes = {
            **changes,
            "LastModifiedDate": stamp,
            "LastModifiedById": actor.user_id,
            "SystemModstamp": stamp,
        }
        before = {name: row.get(name) for name in all_changes} if self._undo is not None else {}
        table.change(row, all_changes)
        self._remember(lambda: table.change(row, before))
        self._tell(Kind.UPDATE, table, row, now, actor, told)

    def _complete(self, table: Table, row: Row, actor: Actor, *, is_new: bool) -> None:
        """Fill in what nobody gives: the owner, what rules and formulas say."""
        name = table.object.name
        if "OwnerId" in table.object.fields and not row.get("OwnerId"):
            row["OwnerId"] = actor.user_id
        if name == LEAD and actor.assigns and self.rules.assign_lead is not None:
            row["OwnerId"] = self.rules.assign_lead(row) or row["OwnerId"]
        if name == CAMPAIGN_MEMBER:
            keep_campaign_member(self.tables, row, self._clock.now(), is_new=is_new)
        elif name == TASK:
            keep_task(row, self._clock.now())
        table.object.compute(row)

    def _check_required(self, table: Table, row: Row, given: Mapping[str, Any] | None = None) -> None:
        missing = [one.name for one in table.object.required if row.get(one.name) is None]
        emptied = [name for name, value in (given or {}).items() if value is None and _needs(table, name)]
        if missing := list(dict.fromkeys([*missing, *emptied])):
            message = f"Required fields are missing: [{', '.join(missing)}]"
            raise RefusalError("REQUIRED_FIELD_MISSING", message, missing)

    def _check_references(self, table: Table, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            field = table.object.fields[name]
            if field.refers_to and value is not None:
                self._check_reference(field, value)

    def _check_reference(self, field: Field, value: str) -> None:
        target = self._by_prefix.get(value[:3])
        if target is None or target.object.name not in field.refers_to:
            message = f"{field.shown_label}: id value of incorrect type: {value}"
            raise RefusalError("FIELD_INTEGRITY_EXCEPTION", message, [field.name])
        row = target.rows.get(value)
        if row is None:
            raise RefusalError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [])
        if value in target.deleted:
            raise entity_deleted()
        if field.name == "OwnerId" and row.get("IsActive") is False:
            raise RefusalError(
                "INACTIVE_OWNER_OR_USER", "operation performed with inactive user [" + value + "] as owner", []
            )
        if target.object.name == LEAD and row.get("IsConverted"):
            raise _converted()
        self.rules.check_lock([value] if field.name in _LOCKED_WITH else [])

    def _check_changeable(self, table: Table, row: Row) -> None:
        if row["Id"] in table.deleted:
            raise entity_deleted()
        if row.get("IsConverted"):
            raise _converted()

    def _hangs_on(self, row: Row) -> list[str]:
        return [row[name] for name in _LOCKED_WITH if name in row] if self.rules.locked else []

    def _put_back(self, table: Table, row: Row, before: Row) -> None:
        row.clear()
        row.update(before)
        table.raise_up(row)

    def _remember(self, step: Callable[[], None]) -> None:
        if self._undo is not None:
            self._undo.append(step)

    def _tell(
        self,
        kind: Kind,
        table: Table,
        row: Row,
        at: datetime,
        actor: Actor,
        changed: tuple[str, ...] = (),
        *,
        master_id: str = "",
    ) -> None:
        self.happenings.append(Happening(kind, table.object.name, row["Id"], at, actor, changed, master_id))


def _needs(table: Table, name: str) -> bool:
    field = table.object.fields.get(name)
    return field is not None and field.is_required


def _converted() -> RefusalError:
    return RefusalError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", [])
