"""The records of one object: live ones, deleted ones, and ways to find them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from connector.sandbox.salesforce.fields import Row
from connector.sandbox.salesforce.ids import to_id
from connector.sandbox.salesforce.objects import ObjectType
from connector.sandbox.salesforce.refusals import RefusalError


class Table:
    """Rows by id. A row holds what is not empty; deleted rows stay, as in the recycle bin."""

    def __init__(self, object_type: ObjectType) -> None:
        self.object = object_type
        self.rows: dict[str, Row] = {}
        #: Id to the moment of deletion, of records in the recycle bin.
        self.deleted: dict[str, datetime] = {}
        self._indexes: dict[str, dict[str, set[str]]] = {}

    def __iter__(self) -> Iterator[Row]:
        return (row for record_id, row in self.rows.items() if record_id not in self.deleted)

    def find(self, record_id: object) -> Row | None:
        """A row by either form of its id, also a deleted one."""
        if isinstance(record_id, str) and (row := self.rows.get(record_id)) is not None:
            return row
        known = to_id(record_id)
        return None if known is None else self.rows.get(known)

    def live(self, record_id: object) -> Row | None:
        """Like `find`, but not a deleted one."""
        row = self.find(record_id)
        return None if row is None or row["Id"] in self.deleted else row

    def find_by(self, field: str, value: object) -> list[Row]:
        """Live rows with this value in any case, in an indexed field."""
        ids = self._index(field).get(str(value).lower(), ())
        return [self.rows[one] for one in sorted(ids)]

    def is_indexed(self, field: str) -> bool:
        """Whether `find_by` knows the field."""
        return field in self.object.indexed

    def put(self, row: Row) -> None:
        """Add a row."""
        self.rows[row["Id"]] = row
        self._enter(row, row)

    def change(self, row: Row, changes: Mapping[str, Any]) -> None:
        """Change values; None empties a field."""
        self._leave(row, changes)
        for name, value in changes.items():
            if value is None:
                row.pop(name, None)
            else:
                row[name] = value
        self._enter(row, changes)

    def bury(self, row: Row, at: datetime) -> None:
        """Move a row into the recycle bin."""
        self._leave(row, row)
        self.deleted[row["Id"]] = at

    def raise_up(self, row: Row) -> None:
        """Bring a row back from the recycle bin."""
        self.deleted.pop(row["Id"], None)
        self._enter(row, row)

    def forget(self, row: Row) -> None:
        """Take a row away without a trace, as a rollback does."""
        self._leave(row, row)
        self.deleted.pop(row["Id"], None)
        del self.rows[row["Id"]]

    def check_unique(self, values: Mapping[str, Any], record_id: str = "") -> None:
        """Refuse values of unique fields that another live record has."""
        for name in self.object.unique:
            if (value := values.get(name)) is None:
                continue
            holder = next((one for one in self._index(name).get(str(value).lower(), ()) if one != record_id), None)
            if holder is not None:
                message = f"duplicate value found: {name} duplicates value on record with id: {holder}"
                raise RefusalError("DUPLICATE_VALUE", message, [])

    def _index(self, field: str) -> dict[str, set[str]]:
        found = self._indexes.get(field)
        if found is None:
            found = self._indexes[field] = {}
            for row in self:
                if (value := row.get(field)) is not None:
                    found.setdefault(str(value).lower(), set()).add(row["Id"])
        return found

    def _enter(self, row: Row, changed: Mapping[str, Any]) -> None:
        for name in self.object.indexed:
            if name in changed and (value := row.get(name)) is not None:
                self._index(name).setdefault(str(value).lower(), set()).add(row["Id"])

    def _leave(self, row: Row, changed: Mapping[str, Any]) -> None:
        for name in self.object.indexed:
            if name in changed and (value := row.get(name)) is not None:
                self._index(name).get(str(value).lower(), set()).discard(row["Id"])
