"""Associations between records. HubSpot: Associations API guide, v4 and date-based."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import msgspec

from connector.sandbox.exchange import Reply
from connector.sandbox.hubspot.associations import check_type, default_type, label_of
from connector.sandbox.hubspot.batch_api import batch_reply
from connector.sandbox.hubspot.call import Call
from connector.sandbox.hubspot.refusals import Category, invalid, not_found, record_error
from connector.sandbox.hubspot.shapes import AssociationSpec, Body, Json, RecordId

MAX_CREATE, MAX_READ = 2_000, 1_000
#: Associations of one record in one reply.
PAGE = 500


class DefaultLink(Body):
    """Two records to associate without a label."""

    from_: RecordId = msgspec.field(name="from")
    to: RecordId


class TypedLink(Body):
    """Two records to associate in stated ways."""

    from_: RecordId = msgspec.field(name="from")
    to: RecordId
    types: list[AssociationSpec]


class Unlink(Body):
    """A record and those that it is no longer associated with."""

    from_: RecordId = msgspec.field(name="from")
    to: list[RecordId]


class ReadInput(Body):
    """A record whose associations are asked for."""

    id: str
    after: str | None = None


class BatchDefaultLinks(Body):
    """Pairs to associate without a label."""

    inputs: list[DefaultLink]


class BatchTypedLinks(Body):
    """Pairs to associate in stated ways."""

    inputs: list[TypedLink]


class BatchUnlinks(Body):
    """Pairs to part."""

    inputs: list[Unlink]


class BatchAssociationRead(Body):
    """Records whose associations are asked for."""

    inputs: list[ReadInput]


def read_associations(call: Call) -> Reply:
    """What each of some records is associated with; those with nothing are named in `errors`."""
    wanted = call.read(BatchAssociationRead).inputs
    _check_size(wanted, MAX_READ)
    from_type, to_type = _ends(call)
    results: list[Json] = []
    errors: list[Json] = []
    for one in wanted:
        linked = _linked(call, from_type, one.id, to_type)
        if linked:
            results.append({"from": {"id": one.id}, **_page(linked, one.after)})
        else:
            message = f"No {to_type} is associated with {one.id}."
            errors.append(record_error(Category.NOT_FOUND, message, {"fromObjectId": [one.id]}))
    return batch_reply(call, results, errors)


def _page(linked: dict[str, set[int]], after: str | None) -> Json:
    """A page of what a record is associated with; where the next one begins, if there is one."""
    begin = int(after) if after and after.isdigit() else 0
    page = dict(islice(linked.items(), begin, begin + PAGE))
    body: Json = {"to": _linked_bodies(page)}
    if begin + PAGE < len(linked):
        body["paging"] = {"next": {"after": str(begin + PAGE), "link": ""}}
    return body


def list_associations(call: Call) -> Reply:
    """What one record is associated with."""
    from_type, to_type = _ends(call)
    linked = _linked(call, from_type, call.path["from_id"], to_type)
    return Reply(200, {"results": _linked_bodies(linked)})


def create_associations(call: Call) -> Reply:
    """Associate pairs of records in stated ways; pairs with a missing record are named in `errors`."""
    wanted = call.read(BatchTypedLinks).inputs
    _check_size(wanted, MAX_CREATE)
    from_type, to_type = _ends(call)
    for one in wanted:
        _check_types(from_type, to_type, one.types)
    results: list[Json] = []
    errors: list[Json] = []
    for one in wanted:
        if (error := _missing_end(call, one.from_.id, one.to.id)) is not None:
            errors.append(error)
            continue
        results.append(_link(call, one.from_.id, one.to.id, one.types))
    return batch_reply(call, results, errors, status=200 if call.is_dated else 201, written=len(results))


def create_default_associations(call: Call) -> Reply:
    """Associate pairs of records without a label; pairs with a missing record are named in `errors`."""
    wanted = call.read(BatchDefaultLinks).inputs
    _check_size(wanted, MAX_CREATE)
    results: list[Json] = []
    errors: list[Json] = []
    for one in wanted:
        if (error := _missing_end(call, one.from_.id, one.to.id)) is not None:
            errors.append(error)
        else:
            results.extend(_link_default(call, one.from_.id, one.to.id))
    return batch_reply(call, results, errors, written=len(results) // 2)


def create_default_association(call: Call) -> Reply:
    """Associate two records without a label."""
    from_id, to_id = call.path["from_id"], call.path["to_id"]
    _check_ends(call, from_id, to_id)
    return batch_reply(call, _link_default(call, from_id, to_id), [], written=1)


def create_association(call: Call) -> Reply:
    """Associate two records in stated ways."""
    types = call.read(list[AssociationSpec])
    from_id, to_id = call.path["from_id"], call.path["to_id"]
    _check_types(*_ends(call), types)
    _check_ends(call, from_id, to_id)
    return Reply(201, _link(call, from_id, to_id, types), written=1)


def delete_association(call: Call) -> Reply:
    """Part two records."""
    from_type, to_type = _ends(call)
    call.crm.associations.unlink(from_type, call.path["from_id"], to_type, call.path["to_id"], call.origin)
    return Reply(204, written=1)


def delete_associations(call: Call) -> Reply:
    """Part pairs of records."""
    wanted = call.read(BatchUnlinks).inputs
    from_type, to_type = _ends(call)
    pairs = [(one.from_.id, other.id) for one in wanted for other in one.to]
    for from_id, to_id in pairs:
        call.crm.associations.unlink(from_type, from_id, to_type, to_id, call.origin)
    return batch_reply(call, [], [], written=len(pairs)) if call.is_dated else Reply(204, written=len(pairs))


def _ends(call: Call) -> tuple[str, str]:
    first = call.crm.table(call.path["from_type"]).object_type.type_id
    second = call.crm.table(call.path["to_type"]).object_type.type_id
    return first, second


def _check_size(inputs: Sequence[object], maximum: int) -> None:
    if len(inputs) > maximum:
        raise invalid(f"The maximum number of inputs is {maximum}, got {len(inputs)}.")


def _check_types(from_type: str, to_type: str, types: Sequence[AssociationSpec]) -> None:
    if not types:
        raise invalid("At least one association type is needed.")
    for spec in types:
        check_type(from_type, to_type, spec.association_category, spec.association_type_id)


def _check_ends(call: Call, from_id: str, to_id: str) -> None:
    if (error := _missing_end(call, from_id, to_id)) is not None:
        raise not_found(error["message"])


def _missing_end(call: Call, from_id: str, to_id: str) -> Json | None:
    for type_id, record_id in zip(_ends(call), (from_id, to_id), strict=True):
        table = call.crm.tables[type_id]
        if table.find(record_id) is None:
            message = f"{table.object_type.name} {record_id} does not exist."
            return record_error(Category.NOT_FOUND, message, {"objectId": [record_id]})
    return None


def _link(call: Call, from_id: str, to_id: str, types: Sequence[AssociationSpec]) -> Json:
    from_type, to_type = _ends(call)
    ends = _surviving(call, from_id, to_id)
    for spec in types:
        call.crm.associations.link(from_type, ends[0], to_type, ends[1], spec.association_type_id, call.origin)
    labels = [label for spec in types if (label := label_of(spec.association_type_id)) is not None]
    return {
        "fromObjectTypeId": from_type,
        "fromObjectId": from_id,
        "toObjectTypeId": to_type,
        "toObjectId": to_id,
        "labels": labels,
    }


def _link_default(call: Call, from_id: str, to_id: str) -> list[Json]:
    from_type, to_type = _ends(call)
    ends = _surviving(call, from_id, to_id)
    type_id = default_type(from_type, to_type)
    call.crm.associations.link(from_type, ends[0], to_type, ends[1], type_id, call.origin)
    return [
        _default_body(from_id, to_id, type_id),
        _default_body(to_id, from_id, default_type(to_type, from_type)),
    ]


def _linked(call: Call, from_type: str, from_id: str, to_type: str) -> dict[str, set[int]]:
    record = call.crm.tables[from_type].find(from_id)
    return call.crm.associations.linked(from_type, record.id, to_type) if record is not None else {}


def _surviving(call: Call, from_id: str, to_id: str) -> tuple[str, str]:
    """Both ids after merges."""
    from_type, to_type = _ends(call)
    return call.crm.record(from_type, from_id).id, call.crm.record(to_type, to_id).id


def _default_body(from_id: str, to_id: str, type_id: int) -> Json:
    spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}
    return {"from": {"id": from_id}, "to": {"id": to_id}, "associationSpec": spec}


def _linked_bodies(linked: dict[str, set[int]]) -> list[Json]:
    return [
        {"toObjectId": other, "associationTypes": [_type_body(one) for one in sorted(types)]}
        for other, types in linked.items()
    ]


def _type_body(type_id: int) -> Json:
    label = label_of(type_id)
    body: Json = {"category": "HUBSPOT_DEFINED", "typeId": type_id}
    return body if label is None else {**body, "label": label}
