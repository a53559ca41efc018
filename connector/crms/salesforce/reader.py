"""Records, read in batches by id, and looked for by address.

REST API: Get Records With a Request Body Using sObject Collections; QueryAll.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connector.crms.salesforce.client import SalesforceClient
from connector.crms.salesforce.errors import RefusedCallError
from connector.crms.salesforce.replies import FieldDescription, read
from connector.crms.salesforce.schema import Schema
from connector.crms.salesforce.soql import lists_of
from connector.crms.salesforce.translate import OBJECTS, object_type_of, own_fields, to_long_id
from connector.crms.salesforce.values import parse_datetime, to_text
from connector.domain.ids import to_address
from connector.errors import UnreadableReplyError
from connector.log import get_logger
from connector.ports import CrmRecord

#: Tell since when the values are so, whether the record is there, and as which other it lives on.
_SYSTEM: Final = (
    "Id",
    "CreatedDate",
    "SystemModstamp",
    "IsDeleted",
    "MasterRecordId",
    "IsConverted",
    "ConvertedContactId",
)

log = get_logger()

Row = Mapping[str, Any]


class Reader:
    """Reads the records of one org."""

    def __init__(self, client: SalesforceClient, schema: Schema) -> None:
        self._client = client
        self._schema = schema
        #: What was told to be out of sight; once is enough.
        self._unseen: set[str] = set()

    def fetch_records(self, record_ids: Collection[str], properties: Sequence[str]) -> dict[str, CrmRecord]:
        """Up to 2,000 records of any of our objects, by the id asked for, with their own of the properties.

        What is not found is looked for in the recycle bin, and left out when it is not there either. A merge or a
        conversion is told by `became`. A property without a value is the empty text; one that the integration user
        may not see is left out. Raises UnreadableReplyError where it may not see the object at all.
        """
        by_object: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for asked in record_ids:
            long_id = to_long_id(asked)
            if object_type := object_type_of(long_id):
                by_object[OBJECTS[object_type]][long_id] = asked
        return {
            asked[record.record_id]: record
            for sobject, asked in by_object.items()
            for record in self._fetch(sobject, list(asked), properties)
            if record.record_id in asked
        }

    def find_people(self, emails: Sequence[str]) -> dict[str, str]:
        """The record of each address in lower case; contacts before leads, the oldest first; no converted leads."""
        found: dict[str, str] = {}
        for sobject, condition in (("Contact", ""), ("Lead", " AND IsConverted = false")):
            missing = [email for email in emails if email not in found]
            for listed in lists_of(missing):
                soql = f"SELECT Id, Email FROM {sobject} WHERE Email IN {listed}{condition} ORDER BY CreatedDate, Id"
                for row in self._client.query(soql):
                    found.setdefault(to_address(str(row["Email"])), to_long_id(row["Id"]))
        return {email: found[email] for email in emails if email in found}

    def _fetch(self, sobject: str, ids: Sequence[str], properties: Sequence[str]) -> Iterator[CrmRecord]:
        view, rows = self._retrieve(sobject, ids, properties)
        found = set()
        for row in rows:
            record = view.to_record(row)
            found.add(record.record_id)
            yield record
        for listed in lists_of(one for one in ids if one not in found):
            soql = f"SELECT {', '.join(view.names)} FROM {sobject} WHERE Id IN {listed}"
            for row in self._client.query(soql, with_deleted=True):
                yield view.to_record(row)

    def _retrieve(self, sobject: str, ids: Sequence[str], properties: Sequence[str]) -> tuple[View, Sequence[Row]]:
        """What can be seen, and the records that are there. A field may go out of sight at any time."""
        try:
            return self._try(sobject, ids, properties)
        except RefusedCallError:
            self._schema.doubt()
        try:
            return self._try(sobject, ids, properties)
        except RefusedCallError as refusal:
            raise UnreadableReplyError(str(refusal), operation=refusal.operation, status=refusal.status) from refusal

    def _try(self, sobject: str, ids: Sequence[str], properties: Sequence[str]) -> tuple[View, Sequence[Row]]:
        view = self.look(sobject, properties)
        answer = self._client.send("POST", f"composite/sobjects/{sobject}", {"ids": ids, "fields": view.names})
        return view, [row for row in read(answer, list[dict[str, Any] | None]) if row]

    def look(self, sobject: str, properties: Sequence[str]) -> View:
        """What of an object is read for these properties. Raises UnreadableReplyError where it is out of sight."""
        fields = self._schema.fields(sobject)
        if not fields:
            raise UnreadableReplyError(f"The integration user may not see the object {sobject}.")
        wanted = own_fields(sobject, properties)
        unseen = {f"{sobject}.{name}" for name in wanted.values() if name not in fields} - self._unseen
        if unseen:
            log.warning("fields.unseen", fields=sorted(unseen))
            self._unseen |= unseen
        system = [name for name in _SYSTEM if name in fields]
        return View(sobject, system, {name: fields[field] for name, field in wanted.items() if field in fields})


@dataclass(frozen=True, slots=True)
class View:
    """What of an object is read."""

    sobject: str
    system: Sequence[str]
    #: By the property's name as it was asked for.
    wanted: Mapping[str, FieldDescription]

    @property
    def names(self) -> list[str]:
        """The fields to ask for."""
        return list(dict.fromkeys([*self.system, *(field.name for field in self.wanted.values())]))

    def to_record(self, row: Row) -> CrmRecord:
        """Raises UnreadableReplyError."""
        try:
            return CrmRecord(
                record_id=to_long_id(row["Id"]),
                properties={name: to_text(field.type, row.get(field.name)) for name, field in self.wanted.items()},
                archived=bool(row.get("IsDeleted")),
                read_as_of=parse_datetime(row["SystemModstamp"]),
                created_at=parse_datetime(row["CreatedDate"]) if row.get("CreatedDate") else None,
                became=_became(row),
            )
        except (KeyError, TypeError, ValueError) as error:
            message = f"Salesforce told a record of {self.sobject} that cannot be read ({type(error).__name__})."
            raise UnreadableReplyError(message) from None


def _became(row: Row) -> str:
    converted = row.get("ConvertedContactId") if row.get("IsConverted") else None
    home = row.get("MasterRecordId") or converted
    return to_long_id(home) if home else ""
