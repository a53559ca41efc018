"""Lists and memberships. HubSpot: Lists API guide."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connector.sandbox.exchange import Reply
from connector.sandbox.hubspot.batch_api import batch_reply
from connector.sandbox.hubspot.call import Call
from connector.sandbox.hubspot.lists import MembershipChange, RecordList, list_body
from connector.sandbox.hubspot.refusals import invalid
from connector.sandbox.hubspot.shapes import Body, Json
from connector.sandbox.hubspot.vocabulary import iso

_MAX_FOUND, _MAX_MEMBERS = 500, 250
MAX_DELETE_ALL = 100_000


class ListCreate(Body):
    """A new list."""

    name: str
    object_type_id: str
    processing_type: str
    filter_branch: dict[str, Any] | None = None
    list_folder_id: int | None = None
    list_permissions: dict[str, Any] | None = None
    membership_settings: dict[str, Any] | None = None
    custom_properties: dict[str, str] | None = None


class ListSearch(Body):
    """A search for lists."""

    query: str | None = None
    processing_types: tuple[str, ...] = ()
    object_type_id: str | None = None
    list_ids: tuple[str, ...] = ()
    additional_properties: tuple[str, ...] = ()
    offset: int = 0
    count: int = 20
    sort: str | None = None


class MembershipRequest(Body):
    """Members to add and to remove."""

    record_ids_to_add: tuple[str, ...] = ()
    record_ids_to_remove: tuple[str, ...] = ()


class RecordIdInput(Body):
    """A record of a type."""

    object_type_id: str
    record_id: str


class BatchRecordIds(Body):
    """Some records."""

    inputs: list[RecordIdInput]


def create_list(call: Call) -> Reply:
    """A new list."""
    wanted = call.read(ListCreate)
    type_id = call.crm.table(wanted.object_type_id).object_type.type_id
    if wanted.processing_type == "DYNAMIC" and wanted.filter_branch is None:
        raise invalid("A DYNAMIC list needs a filterBranch.")
    now = call.crm.clock.now()
    made = call.crm.lists.create(wanted.name, type_id, wanted.processing_type, now, wanted.filter_branch)
    return Reply(200, {"list": _shown(call, made)}, written=1)


def get_lists(call: Call) -> Reply:
    """The lists of the ids given; unknown ids are passed over."""
    wanted = set(call.many("listIds"))
    return Reply(200, {"lists": [_shown(call, one) for one in call.crm.lists if one.id in wanted]})


def get_list(call: Call) -> Reply:
    """One list."""
    return Reply(200, {"list": _shown(call, _asked(call))})


def get_list_by_name(call: Call) -> Reply:
    """One list by its name."""
    found = call.crm.lists.by_name(call.path["list_name"], call.path["object_type_id"])
    return Reply(200, {"list": _shown(call, found)})


def search_lists(call: Call) -> Reply:
    """Lists whose name holds a text."""
    wanted = call.read(ListSearch)
    if not 0 < wanted.count <= _MAX_FOUND:
        raise invalid(f"count must be from 1 to {_MAX_FOUND}.")
    found = [one for one in call.crm.lists if _is_wanted(one, wanted)]
    page = found[wanted.offset : wanted.offset + wanted.count]
    end = wanted.offset + len(page)
    lists = [_found(one) for one in page]
    return Reply(200, {"lists": lists, "offset": end, "hasMore": end < len(found), "total": len(found)})


def rename_list(call: Call) -> Reply:
    """Another name for a list."""
    changed = call.crm.lists.rename(_asked(call).id, call.one("listName"), call.crm.clock.now())
    return Reply(200, {"updatedList": _shown(call, changed)}, written=1)


def delete_list(call: Call) -> Reply:
    """Delete a list so that it can be restored."""
    call.crm.lists.delete(_asked(call).id, call.crm.clock.now())
    return Reply(204, written=1)


def restore_list(call: Call) -> Reply:
    """Bring a deleted list back."""
    call.crm.lists.restore(call.path["list_id"])
    return Reply(204, written=1)


def add_members(call: Call) -> Reply:
    """Put records into a list."""
    return _change(call, add=call.read(list[str]))


def remove_members(call: Call) -> Reply:
    """Take records out of a list."""
    return _change(call, remove=call.read(list[str]))


def add_and_remove_members(call: Call) -> Reply:
    """Both at once."""
    wanted = call.read(MembershipRequest)
    return _change(call, add=wanted.record_ids_to_add, remove=wanted.record_ids_to_remove)


def remove_all_members(call: Call) -> Reply:
    """Empty a list that is not huge."""
    found = _asked(call)
    if len(found.members) >= MAX_DELETE_ALL:
        raise invalid(f"Only lists of fewer than {MAX_DELETE_ALL} members can be emptied at once.")
    return Reply(204, written=_change(call, remove=list(found.members)).written)


def add_members_of(call: Call) -> Reply:
    """Put all members of another list into this one."""
    source = call.crm.lists.get(call.path["source_list_id"])
    return Reply(204, written=_change(call, add=list(source.members)).written)


def list_members(call: Call) -> Reply:
    """A page of members by id."""
    return _members_page(call, sorted(_asked(call).members.items(), key=lambda member: int(member[0])))


def list_members_by_joining(call: Call) -> Reply:
    """A page of members in the order they joined."""
    return _members_page(call, sorted(_asked(call).members.items(), key=lambda member: member[1]))


def lists_of_record(call: Call) -> Reply:
    """The lists that a record is in."""
    results = _memberships(call, call.path["object_type_id"], call.path["record_id"])
    return Reply(200, {"results": results, "total": len(results)})


def lists_of_records(call: Call) -> Reply:
    """The lists that each of some records is in."""
    results = [
        {
            "objectTypeId": one.object_type_id,
            "recordId": one.record_id,
            "recordListMemberships": _memberships(call, one.object_type_id, one.record_id),
        }
        for one in call.read(BatchRecordIds).inputs
    ]
    return batch_reply(call, results, [])


def _asked(call: Call) -> RecordList:
    return call.crm.lists.get(call.path["list_id"])


def _change(call: Call, *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> Reply:
    found = _asked(call)
    table = call.crm.table(found.object_type_id)
    # A merged-away id is not followed here: the survivor must be named by its own id.
    done = call.crm.lists.change(found, add=add, remove=remove, exists=table.has, now=call.crm.clock.now())
    return Reply(200, _change_body(done), written=len(done.added) + len(done.removed))


def _change_body(done: MembershipChange) -> Json:
    """`recordsIdsAdded` is HubSpot's spelling."""
    return {"recordsIdsAdded": done.added, "recordIdsRemoved": done.removed, "recordIdsMissing": done.missing}


def _members_page(call: Call, members: list[tuple[str, Any]]) -> Reply:
    limit = call.number("limit", 100, maximum=_MAX_MEMBERS)
    after = call.offset()
    page = members[after : after + limit]
    body: Json = {
        "results": [{"recordId": record_id, "membershipTimestamp": iso(at)} for record_id, at in page],
        "total": len(members),
    }
    if after + limit < len(members):
        body["paging"] = {"next": {"after": str(after + limit)}}
    return Reply(200, body)


def _memberships(call: Call, object_type_id: str, record_id: str) -> list[Json]:
    return [
        {
            "listId": one.id,
            "listVersion": one.version,
            "firstAddedTimestamp": iso(one.members[record_id]),
            "lastAddedTimestamp": iso(one.members[record_id]),
        }
        for one in call.crm.lists.lists_of(record_id, object_type_id)
    ]


def _shown(call: Call, one: RecordList) -> Json:
    body = list_body(one)
    if call.flag("includeFilters") and one.filter_branch is not None:
        body["filterBranch"] = one.filter_branch
    return body


def _is_wanted(one: RecordList, wanted: ListSearch) -> bool:
    return (
        (wanted.query or "").lower() in one.name.lower()
        and (not wanted.processing_types or one.processing_type in wanted.processing_types)
        and wanted.object_type_id in (None, one.object_type_id)
        and (not wanted.list_ids or one.id in wanted.list_ids)
    )


def _found(one: RecordList) -> Json:
    body = list_body(one)
    size = str(body.pop("size"))
    return {**body, "additionalProperties": {"hs_list_size": size}}
