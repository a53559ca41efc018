"""What an org and its objects are like. Salesforce: REST API, "Describe Global", "sObject Describe", "Limits"."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime

from connector.sandbox.exchange import Reply
from connector.sandbox.salesforce.call import Call
from connector.sandbox.salesforce.fields import Field, FieldType
from connector.sandbox.salesforce.objects import ObjectType
from connector.sandbox.salesforce.permissions import Permissions, Right
from connector.sandbox.salesforce.refusals import Json

_SOAP_TYPES = {"boolean": "boolean", "int": "int", "date": "date", "datetime": "dateTime", "reference": "tns:ID"}
_DOUBLES = frozenset({FieldType.DOUBLE, FieldType.CURRENCY, FieldType.PERCENT})


def describe_global(call: Call) -> Reply:
    """`GET /sobjects`."""
    if (unchanged := _unchanged(call)) is not None:
        return unchanged
    seen = [one for one in call.database.schema if call.permissions.has(one.name, Right.READ)]
    told = [_summary(call, one) for one in sorted(seen, key=lambda one: one.name)]
    return Reply(body={"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": told}, headers=_dated(call))


def describe_basic(call: Call) -> Reply:
    """`GET /sobjects/{object}`."""
    return Reply(body={"objectDescribe": _summary(call, call.object_type()), "recentItems": []})


def describe(call: Call) -> Reply:
    """`GET /sobjects/{object}/describe`."""
    found = call.object_type()
    if (unchanged := _unchanged(call)) is not None:
        return unchanged
    permissions = call.permissions
    fields = [
        _field(found, one, permissions) for one in found.fields.values() if permissions.sees(found.name, one.name)
    ]
    body = {**_summary(call, found), "fields": fields, "childRelationships": [], "recordTypeInfos": []}
    return Reply(body=body, headers=_dated(call))


def limits(call: Call) -> Reply:
    """`GET /limits`."""
    now = call.org.clock.now()
    return Reply(
        body={
            "DailyApiRequests": call.org.pool.as_json(now),
            "DailyBulkApiBatches": {"Max": 15_000, "Remaining": 15_000},
            "DailyBulkV2QueryJobs": {"Max": 10_000, "Remaining": 10_000},
            "DailyDeliveredPlatformEvents": {"Max": 25_000, "Remaining": 25_000},
            "DailyWorkflowEmails": {"Max": 1_000, "Remaining": 1_000},
            "SingleEmail": {"Max": 5_000, "Remaining": max(0, 5_000 - len(call.org.sent.emails))},
            "DataStorageMB": {"Max": 10_240, "Remaining": 10_200},
        }
    )


def resources(call: Call) -> Reply:
    """`GET /services/data/{version}`."""
    names = ("sobjects", "query", "queryAll", "limits", "composite", "jobs", "actions")
    return Reply(body={name: f"{call.root}/{name}" for name in names})


def _summary(call: Call, one: ObjectType) -> Json:
    has, name = call.permissions.has, one.name
    label = one.label or name
    url = f"{call.root}/sobjects/{name}"
    return {
        "name": name,
        "label": label,
        "labelPlural": f"{label}s",
        "keyPrefix": one.prefix,
        "custom": name.endswith("__c"),
        "queryable": has(name, Right.READ),
        "retrieveable": has(name, Right.READ),
        "createable": one.is_writable and has(name, Right.CREATE),
        "updateable": one.is_writable and has(name, Right.EDIT),
        "deletable": one.is_writable and has(name, Right.DELETE),
        "undeletable": one.is_writable and has(name, Right.DELETE),
        "mergeable": name in ("Lead", "Contact", "Account"),
        "replicateable": True,
        "searchable": one.is_writable,
        "triggerable": one.is_writable,
        "urls": {"sobject": url, "describe": f"{url}/describe", "rowTemplate": f"{url}/{{ID}}"},
    }


def _field(object_type: ObjectType, one: Field, permissions: Permissions) -> Json:
    may_edit = permissions.edits(object_type.name, one.name) and one.formula is None
    has_default = one.default is not None or one.type == FieldType.BOOLEAN
    is_number = one.type in _DOUBLES
    options = [{"active": True, "defaultValue": o == one.default, "label": o, "value": o} for o in one.options]
    return {
        "name": one.name,
        "label": one.shown_label,
        "type": str(one.type),
        "soapType": f"xsd:{_SOAP_TYPES.get(one.type, 'double' if is_number else 'string')}".replace("xsd:tns", "tns"),
        "length": 0 if is_number or (one.type in _SOAP_TYPES and one.type != FieldType.REFERENCE) else one.length,
        "precision": one.precision if is_number else 0,
        "scale": one.scale if is_number else 0,
        "digits": 9 if one.type == FieldType.INT else 0,
        "nillable": not one.is_required and one.type not in (FieldType.BOOLEAN, FieldType.ID),
        "defaultedOnCreate": has_default or one.name == "OwnerId" or not one.is_createable,
        "createable": one.is_createable and may_edit,
        "updateable": one.is_updateable and may_edit,
        "calculated": one.is_custom and one.formula is not None,
        "permissionable": one.is_permissionable,
        "custom": one.is_custom,
        "externalId": one.is_external_id,
        "idLookup": one.is_external_id or one.type in (FieldType.ID, FieldType.EMAIL),
        "unique": one.is_unique,
        "caseSensitive": False,
        "filterable": not (one.type == FieldType.TEXTAREA and one.length > 255),
        "sortable": not (one.type == FieldType.TEXTAREA and one.length > 255),
        "restrictedPicklist": one.is_restricted,
        "picklistValues": options,
        "referenceTo": list(one.refers_to),
        "relationshipName": one.relationship or None,
        "polymorphicForeignKey": len(one.refers_to) > 1,
        "nameField": one.name == "Name",
        "deprecatedAndHidden": False,
    }


def _dated(call: Call) -> dict[str, str]:
    return {"Last-Modified": format_datetime(call.org.schema_changed_at.replace(microsecond=0), usegmt=True)}


def _unchanged(call: Call) -> Reply | None:
    """304 when nothing changed since the date that the caller names."""
    asked = call.headers.get("if-modified-since")
    if asked is None:
        return None
    try:
        since: datetime = parsedate_to_datetime(asked)
    except ValueError:
        return None
    changed = call.org.schema_changed_at.replace(microsecond=0)
    return Reply(304, headers=_dated(call)) if changed <= since else None
