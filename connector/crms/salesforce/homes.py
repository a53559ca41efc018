"""Records that are gone, and as which they live on: what a merge or a conversion took away is somebody still.

SOQL: ALL ROWS by QueryAll; Object Reference: Lead, Contact, MasterRecordId.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from connector.crms.salesforce.batches import Outcome
from connector.crms.salesforce.client import SalesforceClient
from connector.crms.salesforce.errors import CONVERTED, GONE
from connector.crms.salesforce.soql import lists_of
from connector.crms.salesforce.translate import CONTACT, LEAD, OBJECTS, object_type_of, to_long_id
from connector.ports import RecordReply, ReplyState

#: Where a record of an object says as which other it lives on, besides the survivor of a merge.
_ALSO: Final = {LEAD: ", ConvertedContactId", CONTACT: ""}


class Home(NamedTuple):
    """As which record another lives on, and how it came about."""

    record_id: str
    #: `merged` or `converted`.
    way: str

    def refuse(self, outcome: Outcome) -> RecordReply:
        """The refusal, with where to turn."""
        where = f"It was {self.way} and lives on as the {object_type_of(self.record_id)} {self.record_id}."
        return RecordReply(ReplyState.REFUSED, f"{where} {outcome.reply.words}", remote_id=self.record_id)


def find_homes(
    client: SalesforceClient, outcomes: Mapping[str, Outcome], records: Mapping[str, str]
) -> dict[str, Home]:
    """Of those that failed because their record is gone: where it lives on, if anywhere. `records`: key -> record id.

    Costs no call where nothing failed for that reason.
    """
    lost = {key: to_long_id(records[key]) for key, outcome in outcomes.items() if outcome.has(CONVERTED, *GONE)}
    homes = _look(client, set(lost.values())) if lost else {}
    return {key: homes[record_id] for key, record_id in lost.items() if record_id in homes}


def _look(client: SalesforceClient, record_ids: Iterable[str]) -> dict[str, Home]:
    homes = {}
    for object_type, also in _ALSO.items():
        for listed in lists_of(sorted(one for one in record_ids if object_type_of(one) == object_type)):
            soql = f"SELECT Id, MasterRecordId{also} FROM {OBJECTS[object_type]} WHERE Id IN {listed}"
            for row in client.query(soql, with_deleted=True):
                merged, converted = (
                    to_long_id(row.get(name) or "") for name in ("MasterRecordId", "ConvertedContactId")
                )
                if home := merged or converted:
                    homes[to_long_id(row["Id"])] = Home(home, "merged" if merged else "converted")
    return homes
