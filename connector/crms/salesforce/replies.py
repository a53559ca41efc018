"""What Salesforce answers, as far as we look at it. Unknown fields are passed over."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from connector.crms.salesforce.errors import ErrorDetail
from connector.errors import UnreadableReplyError

Shape = TypeVar("Shape")


class QueryPage(msgspec.Struct, rename="camel"):
    """One page of the rows of a query."""

    records: list[dict[str, Any]]
    done: bool = True
    next_records_url: str = ""


class BulkJobInfo(msgspec.Struct, rename="camel"):
    """A job that the org works off by itself: a query, or records to be written. Bulk API 2.0."""

    id: str
    state: str = ""
    number_records_processed: int = 0
    #: Of a job that writes.
    number_records_failed: int = 0


class Deleted(msgspec.Struct, rename="camel"):
    """A record that was deleted, and when."""

    id: str
    deleted_date: str


class DeletedRecords(msgspec.Struct, rename="camel"):
    """Records that were deleted. REST API: sObject Get Deleted."""

    deleted_records: list[Deleted]


class SaveResult(msgspec.Struct):
    """What became of one record of a batch."""

    success: bool
    id: str | None = ""
    errors: list[ErrorDetail] = []


class ActionResult(msgspec.Struct, rename="camel"):
    """What became of one input of an action."""

    is_success: bool
    errors: list[ErrorDetail] | None = None
    output_values: dict[str, Any] | None = None


class PicklistValue(msgspec.Struct):
    """One of the values that a field may have."""

    value: str
    label: str | None = ""
    active: bool = True


class FieldDescription(msgspec.Struct, rename="camel"):
    """A field, as the integration user sees it: one that the user may not see is not told of."""

    name: str
    type: str
    label: str = ""
    length: int = 0
    createable: bool = False
    updateable: bool = False
    calculated: bool = False
    external_id: bool = False
    unique: bool = False
    restricted_picklist: bool = False
    picklist_values: list[PicklistValue] = []


class ObjectDescription(msgspec.Struct, rename="camel"):
    """An object, as the integration user sees it."""

    name: str
    fields: list[FieldDescription] = []
    createable: bool = False
    deletable: bool = False
    queryable: bool = False
    updateable: bool = False


class ObjectList(msgspec.Struct):
    """All the objects that the integration user sees, without their fields."""

    sobjects: list[ObjectDescription]


def read(content: bytes, shape: type[Shape]) -> Shape:
    """An answer as a shape. Raises UnreadableReplyError."""
    try:
        return msgspec.json.decode(content, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        # Without its cause: that may quote a record.
        reason = type(error).__name__
        raise UnreadableReplyError(f"Salesforce answered something that cannot be read ({reason}).") from None
