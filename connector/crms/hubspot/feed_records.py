"""Single records of HubSpot's feeds: what each tells, and those of a page that cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

import msgspec

from connector.crms.hubspot.feed_replies import EmailEvent, Form, Member, Record, Submission, Visit
from connector.domain.fact import Value
from connector.domain.ids import to_address
from connector.ports import Happening

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_MAX_TEXT: Final = 1_000
#: A wrong type or no id; half a character; no moment, or none that a calendar has.
_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, ValueError, OverflowError, RecursionError)

Shape = TypeVar("Shape")
Told = TypeVar("Told")


class Sieve:
    """Parts the records of a page: one that cannot be read holds up no other, and is kept as it came."""

    def __init__(self) -> None:
        self.unreadable: list[str] = []

    def read(self, records: Iterable[msgspec.Raw], shape: type[Shape], tell: Callable[[Shape], Told]) -> list[Told]:
        """What each tells that can be read."""
        told: list[Told] = []
        for record in records:
            try:
                told.append(tell(msgspec.json.decode(record, type=shape)))
            except _UNREADABLE:
                self.unreadable.append(bytes(record).decode("utf-8", "replace").replace("\0", "\ufffd"))
        return told


def to_submission(form: Form, one: Submission) -> Happening:
    """Who it was stands in the form itself."""
    email = to_address(next((value.value or "" for value in one.values if value.name == "email"), ""))
    attributes = known(form_name=form.name, form_id=form.id, page_url=one.page_url)
    key = one.conversion_id or f"{one.submitted_at}:{email}"
    return Happening(f"{form.id}:{key}", from_ms(one.submitted_at), attributes, email=email)


def to_joining(list_id: str, title: str, member: Member) -> Happening:
    """That a record came to a list."""
    key = f"{list_id}:{member.record_id}:{member.membership_timestamp}"
    return Happening(key, to_moment(member.membership_timestamp), {"list": title}, record_id=member.record_id)


def to_dated(event: EmailEvent) -> tuple[datetime, EmailEvent]:
    """What happened to an email, and when."""
    return from_ms(event.created), event


def to_booked(meeting: Record) -> Record:
    """A meeting of which is known when it was booked. Raises ValueError or OverflowError for others."""
    to_moment(meeting.properties.get("hs_createdate") or "")
    return meeting


def to_meeting(meeting: Record, contact_id: str) -> Happening:
    """A meeting with one of those who were invited."""
    held = meeting.properties
    attributes = known(
        title=held.get("hs_meeting_title"),
        starts_at=held.get("hs_meeting_start_time"),
        outcome=held.get("hs_meeting_outcome"),
        kind=held.get("hs_activity_type"),
    )
    at = to_moment(held.get("hs_createdate") or "")
    return Happening(f"{meeting.id}:{contact_id}", at, attributes, record_id=contact_id)


def to_visit(contact_id: str, visit: Visit) -> Happening:
    """A page that a contact looked at."""
    held = visit.properties
    attributes = known(url=held.get("hs_url"), title=held.get("hs_title"), source=held.get("hs_visit_source"))
    return Happening(visit.id, to_moment(visit.occurred_at), attributes, record_id=contact_id)


def known(**attributes: str | None) -> dict[str, Value]:
    """What has a value; a text that no condition would ask for is cut, and what no database holds taken out."""
    return {name: value.replace("\0", "")[:_MAX_TEXT] for name, value in attributes.items() if value}


def to_moment(text: str) -> datetime:
    """A moment as HubSpot writes it, in either way. Raises ValueError or OverflowError for none."""
    return from_ms(int(text)) if text.isdigit() else from_ms(to_ms(datetime.fromisoformat(text).astimezone(UTC)))


def from_ms(milliseconds: int) -> datetime:
    """A moment by milliseconds since 1970. Raises OverflowError for one that no calendar has."""
    return _EPOCH + milliseconds * _MILLISECOND


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return (moment - _EPOCH) // _MILLISECOND
