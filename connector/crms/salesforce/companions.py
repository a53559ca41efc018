"""Campaign members, tasks and contact roles: what they say of leads and contacts. The port CompanionReader.

Object Reference: CampaignMember, Task, OpportunityContactRole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from connector.crms.salesforce.client import SalesforceClient
from connector.crms.salesforce.errors import RefusedCallError
from connector.crms.salesforce.schema import Schema
from connector.crms.salesforce.soql import lists_of, quoted
from connector.crms.salesforce.translate import (
    CAMPAIGN_MEMBER,
    COMPANIONS,
    CONTACT,
    CONTACT_ROLE,
    LEAD,
    OBJECTS,
    TASK,
    object_type_of,
    to_long_id,
)
from connector.crms.salesforce.values import parse_datetime, to_text
from connector.domain.fact import Value
from connector.domain.records.sources import CompanionKind
from connector.errors import UnreadableReplyError
from connector.ports import Companion, CompanionPage

Row = Mapping[str, Any]

_PAGE: Final = 2_000
_STAMPS: Final = ("Id", "CreatedDate", "CreatedById", "LastModifiedById", "SystemModstamp", "IsDeleted")
#: What of each type is read; fields that the org lacks, or does not show, are left out.
_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    CAMPAIGN_MEMBER: ("CampaignId", "LeadId", "ContactId", "Status", "HasResponded"),
    TASK: (
        "WhoId", "Subject", "Status", "Type", "TaskSubtype", "Priority", "OwnerId", "IsClosed", "CompletedDateTime",
        "CallDisposition", "CallDurationInSeconds",
    ),
    CONTACT_ROLE: ("OpportunityId", "ContactId", "Role", "IsPrimary"),
}  # fmt: skip
_CAMPAIGN_NAME: Final = "Campaign.Name"


class OrgCompanions:
    """The companions of one org."""

    kinds: Mapping[str, CompanionKind] = COMPANIONS
    #: A task says itself when it was completed, a role only whose deal it is.
    compared: frozenset[str] = frozenset({CAMPAIGN_MEMBER})

    def __init__(self, client: SalesforceClient, schema: Schema) -> None:
        self._client = client
        self._schema = schema

    def fetch(self, record_ids: Sequence[str]) -> Mapping[str, Companion]:
        """Read up to 200 of them, by the id asked for, those in the recycle bin and archived tasks, too.

        Raises UnreadableReplyError where the integration user may not see the object.
        """
        asked = {to_long_id(one): one for one in record_ids}
        by_type: defaultdict[str, list[str]] = defaultdict(list)
        for long_id in asked:
            by_type[object_type_of(long_id)].append(long_id)
        return {
            asked[one.record_id]: one
            for object_type, ids in by_type.items()
            if object_type in self.kinds
            for listed in lists_of(ids)
            for one in self._query(object_type, f"WHERE Id IN {listed}", with_deleted=True)
        }

    def fetch_all(self, object_type: str, place: str) -> CompanionPage:
        """One page of all there are of a type, by their ids; `place` is the last id of the page before."""
        condition = f"WHERE Id > {quoted(place)} " if place else ""
        found = list(self._query(object_type, f"{condition}ORDER BY Id LIMIT {_PAGE}"))
        is_last = len(found) < _PAGE
        return CompanionPage(found, "" if is_last else found[-1].record_id, is_last)

    def _query(self, object_type: str, rest: str, *, with_deleted: bool = False) -> Iterator[Companion]:
        sobject = OBJECTS[object_type]
        known = self._schema.fields(sobject)
        if not known:
            raise UnreadableReplyError(f"The integration user may not see the object {sobject}.")
        names = [name for name in (*_STAMPS, *_FIELDS[object_type]) if name in known]
        names += [_CAMPAIGN_NAME] if "CampaignId" in names else []
        try:
            for row in self._client.query(
                f"SELECT {', '.join(names)} FROM {sobject} {rest}", with_deleted=with_deleted
            ):
                yield self._to_companion(object_type, row)
        except RefusedCallError as refusal:
            self._schema.doubt()  # a field may have gone out of sight
            raise UnreadableReplyError(str(refusal), operation=refusal.operation, status=refusal.status) from refusal

    def _to_companion(self, object_type: str, row: Row) -> Companion:
        try:
            return _READERS[object_type](row, self._client.grant.user_id)
        except (KeyError, TypeError, ValueError) as error:
            # Without its cause: that may quote a record.
            message = (
                f"Salesforce told a record of {OBJECTS[object_type]} that cannot be read ({type(error).__name__})."
            )
            raise UnreadableReplyError(message) from None


def _to_member(row: Row, us: str) -> Companion:
    campaign = (row.get("Campaign") or {}).get("Name") or ""
    status = _text(row, "Status")
    return Companion(
        **_stamps(row, us),
        kind=CompanionKind.MEMBER,
        person=_id(row, "ContactId") or _id(row, "LeadId"),
        status=status,
        is_done=row.get("HasResponded") is True,
        sorts=frozenset({campaign} - {""}),
        tells=_known(campaign=campaign, campaign_id=_id(row, "CampaignId"), status=status),
    )


def _to_task(row: Row, us: str) -> Companion:
    done_at = _moment(row, "CompletedDateTime")
    types = _text(row, "Type"), _text(row, "TaskSubtype")
    status = _text(row, "Status")
    return Companion(
        **_stamps(row, us),
        kind=CompanionKind.TASK,
        person=_person(row, "WhoId"),
        status=status,
        is_done=row.get("IsClosed") is True,
        done_at=done_at,
        sorts=frozenset(types) - {""},
        tells=_known(
            subject=_text(row, "Subject"),
            type=types[0] or types[1],
            status=status,
            priority=_text(row, "Priority"),
            owner=_id(row, "OwnerId"),
            result=_text(row, "CallDisposition"),
            seconds=_text(row, "CallDurationInSeconds"),
        ),
    )


def _to_role(row: Row, us: str) -> Companion:
    return Companion(
        **_stamps(row, us),
        kind=CompanionKind.ROLE,
        person=_id(row, "ContactId"),
        deal=_id(row, "OpportunityId"),
        status=_text(row, "Role"),
    )


_READERS: Final[Mapping[str, Callable[[Row, str], Companion]]] = {
    CAMPAIGN_MEMBER: _to_member,
    TASK: _to_task,
    CONTACT_ROLE: _to_role,
}


def _stamps(row: Row, us: str) -> dict[str, Any]:
    """What every record has."""
    return {
        "record_id": to_long_id(row["Id"]),
        "made_at": parse_datetime(row["CreatedDate"]),
        "as_of": parse_datetime(row["SystemModstamp"]),
        "is_our_own": _id(row, "CreatedById") == us,
        "is_our_change": _id(row, "LastModifiedById") == us,
        "is_gone": bool(row.get("IsDeleted")),
    }


def _person(row: Row, name: str) -> str:
    """A task may be about somebody who is neither a lead nor a contact."""
    record_id = _id(row, name)
    return record_id if object_type_of(record_id) in (LEAD, CONTACT) else ""


def _id(row: Row, name: str) -> str:
    return to_long_id(row.get(name) or "")


def _text(row: Row, name: str) -> str:
    return to_text("", row.get(name))


def _moment(row: Row, name: str) -> datetime | None:
    return parse_datetime(row[name]) if row.get(name) else None


def _known(**values: str) -> Mapping[str, Value]:
    """What there is of these."""
    return {name: value for name, value in values.items() if value}
