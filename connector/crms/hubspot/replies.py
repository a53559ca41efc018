"""What HubSpot answers, as far as we look at it. Unknown fields are passed over."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from connector.crms.hubspot.client import Reply
from connector.errors import UnreadableReplyError

Shape = TypeVar("Shape")
_MAX_WORDS = 2_000


class RecordError(msgspec.Struct):
    """Why some records of a batch were not served."""

    message: str = ""
    category: str = ""
    context: dict[str, Any] = {}

    @property
    def ids(self) -> list[str]:
        """The records that it names."""
        named = self.context.get("ids")
        return [str(one) for one in named] if isinstance(named, list) else []

    @property
    def words(self) -> str:
        """HubSpot's own words."""
        return (self.message or self.category)[:_MAX_WORDS]


class Written(msgspec.Struct):
    """A record that was written."""

    id: str


class WrittenBatch(msgspec.Struct):
    """The reply to a batch of writes; `errors` comes under status 207 and under 200 alike."""

    results: list[Written]
    errors: list[RecordError] = []


class Read(msgspec.Struct):
    """A record that was read, or written with its properties told."""

    id: str
    properties: dict[str, str | None] = {}
    archived: bool = False


class ReadBatch(msgspec.Struct):
    """The reply to a batch of reads."""

    results: list[Read]
    errors: list[RecordError] = []


class AssociatedBatch(msgspec.Struct):
    """The reply to a batch of associations; the associations themselves are of no interest."""

    errors: list[RecordError] = []


class LinkedEnd(msgspec.Struct, rename="camel"):
    """One of the records that a record is associated with."""

    to_object_id: int | str


class LinkedRecord(msgspec.Struct):
    """A record."""

    id: str


class LinkedNext(msgspec.Struct):
    """Where the next page begins."""

    after: str = ""


class LinkedPaging(msgspec.Struct):
    """What follows a page, if anything does."""

    next: LinkedNext | None = None


class Linked(msgspec.Struct):
    """A record, and a page of what it is associated with."""

    from_: LinkedRecord = msgspec.field(name="from")
    to: list[LinkedEnd] = []
    paging: LinkedPaging | None = None

    @property
    def after(self) -> str:
        """Where its next page begins; empty for the last one."""
        return self.paging.next.after if self.paging and self.paging.next else ""


class LinkedBatch(msgspec.Struct):
    """The reply to reading associations; records without any are in `errors`, if anywhere."""

    results: list[Linked] = []


class ContactList(msgspec.Struct, rename="camel"):
    """A list of contacts."""

    list_id: str


class ContactListReply(msgspec.Struct):
    """The reply to making or finding a list."""

    list: ContactList


class MembershipReply(msgspec.Struct, rename="camel"):
    """The reply to a change of memberships."""

    record_ids_missing: list[str] = []


class ModificationMetadata(msgspec.Struct, rename="camel", frozen=True):
    """What may be changed about a property."""

    read_only_value: bool = False


class Option(msgspec.Struct, frozen=True):
    """One value of an enumeration."""

    value: str


class Definition(msgspec.Struct, rename="camel"):
    """A property of an object type."""

    name: str
    type: str
    field_type: str = ""
    options: list[Option] = []
    #: The values come from elsewhere: from owners, for example.
    external_options: bool = False
    has_unique_value: bool = False
    calculated: bool = False
    modification_metadata: ModificationMetadata = ModificationMetadata()


class DefinitionBatch(msgspec.Struct):
    """The reply to reading properties; those that are not there are left out."""

    results: list[Definition]


class SendStatus(msgspec.Struct, rename="camel"):
    """What is known of an email that was handed over."""

    status_id: str
    #: PENDING, PROCESSING, CANCELED or COMPLETE.
    status: str
    #: One of some fifty words, once it is known.
    send_result: str = ""
    message: str = ""


class AccountDetails(msgspec.Struct, rename="camel", frozen=True):
    """What HubSpot tells about an account."""

    portal_id: int
    time_zone: str = "UTC"
    account_type: str = ""
    ui_domain: str = ""


def read(reply: Reply, shape: type[Shape]) -> Shape:
    """A reply in its shape; raises UnreadableReplyError when it has another."""
    try:
        return msgspec.json.decode(reply.content, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        what = f"HubSpot's reply is not a {shape.__name__} ({reply.status})."
        raise UnreadableReplyError(what, status=reply.status) from error


class Stage(msgspec.Struct):
    """A stage of a pipeline."""

    id: str
    label: str = ""


class Pipeline(msgspec.Struct):
    """A pipeline with its stages."""

    id: str
    stages: list[Stage] = []


class Owner(msgspec.Struct):
    """Somebody who may own records."""

    id: str
    email: str | None = None


class Owners(msgspec.Struct):
    """A page of owners."""

    results: list[Owner] = []
    paging: LinkedPaging | None = None

    @property
    def after(self) -> str:
        """Where the next page begins; empty for the last one."""
        return self.paging.next.after if self.paging and self.paging.next else ""


class Pipelines(msgspec.Struct):
    """The reply to reading pipelines."""

    results: list[Pipeline] = []
