"""What HubSpot answers about happenings, as far as we look at it. Unknown fields are passed over.

The records of a page are read one by one: one that is not as it should be must not take the others with it.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

#: What a record, a form or an event is called by: never nothing, and in plain characters.
Id = Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,200}\Z")]


class _Next(msgspec.Struct):
    after: str = ""


class _Paging(msgspec.Struct):
    next: _Next | None = None


class Paged(msgspec.Struct):
    """A page that says where the next one begins."""

    paging: _Paging | None = None

    @property
    def after(self) -> str:
        """HubSpot's cursor of the next page; empty for none."""
        return self.paging.next.after if self.paging and self.paging.next else ""


class Form(msgspec.Struct):
    """A form."""

    id: Id
    name: str = ""


class Forms(Paged):
    """A page of forms."""

    results: list[msgspec.Raw] = []


class FilledIn(msgspec.Struct):
    """One field of a form that was filled in."""

    name: str = ""
    value: str | None = None


class Submission(msgspec.Struct, rename="camel"):
    """A form that was filled in."""

    submitted_at: int
    conversion_id: str = ""
    values: list[FilledIn] = []
    page_url: str = ""


class Submissions(Paged):
    """A page of one form's submissions, newest first."""

    results: list[msgspec.Raw] = []


class EmailEvent(msgspec.Struct, rename="camel"):
    """What happened to one email."""

    id: Id
    created: int
    recipient: str = ""
    app_id: int = 0
    email_campaign_id: int = 0
    url: str = ""
    portal_subscription_status: str = ""


class EmailEvents(msgspec.Struct, rename="camel"):
    """A page of email events."""

    events: list[msgspec.Raw] = []
    has_more: bool = False
    offset: str = ""


class Campaign(msgspec.Struct):
    """An email as it was sent to many."""

    name: str = ""
    subject: str = ""


class Member(msgspec.Struct, rename="camel"):
    """A record on a list."""

    record_id: Id
    membership_timestamp: str


class Members(Paged):
    """A page of a list's members."""

    results: list[msgspec.Raw] = []


class Record(msgspec.Struct):
    """A record that was found."""

    id: Id
    properties: dict[str, str | None] = {}


class Records(msgspec.Struct):
    """A page of records that were searched for."""

    results: list[msgspec.Raw] = []


class Visit(msgspec.Struct, rename="camel"):
    """A page that a contact looked at."""

    id: Id
    occurred_at: str
    properties: dict[str, str | None] = {}


class Visits(Paged):
    """A page of one contact's visits."""

    results: list[msgspec.Raw] = []
