"""Single sends: emails of the portal that an app has sent to one person. HubSpot: Single-send API guides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import count

from connector.sandbox.hubspot.crm import Crm
from connector.sandbox.hubspot.marketing import EmailEventType, Marketing
from connector.sandbox.hubspot.records import Record
from connector.sandbox.hubspot.refusals import invalid, not_found
from connector.sandbox.hubspot.vocabulary import CONTACT, Origin

_STATUS_ID = "{:08x}-0000-4000-8000-00000000e4a1"


class SendState(StrEnum):
    """How far a send has come."""

    PENDING = "PENDING"
    COMPLETE = "COMPLETE"


@dataclass(frozen=True, slots=True)
class SavedEmail:
    """An email of the portal that was saved for the single-send API."""

    id: int
    name: str
    is_transactional: bool = False
    #: The custom properties that its design cannot do without.
    needs: frozenset[str] = frozenset()


@dataclass(slots=True)
class SingleSend:
    """One email that was asked for, and what became of it."""

    status_id: str
    email: SavedEmail
    to: str
    send_id: str
    custom: Mapping[str, str]
    properties: Mapping[str, str]
    origin: Origin
    requested_at: datetime
    state: SendState = SendState.PENDING
    result: str = ""
    completed_at: datetime | None = None


@dataclass(slots=True)
class SingleSends:
    """The saved emails and all sends of one portal. Nothing is sent before `work_off`."""

    crm: Crm
    marketing: Marketing
    emails: dict[int, SavedEmail] = field(default_factory=dict)
    _sends: dict[str, SingleSend] = field(default_factory=dict)
    _done: set[str] = field(default_factory=set)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    @property
    def sent(self) -> list[SingleSend]:
        """The emails that left, oldest first."""
        return [send for send in self._sends.values() if send.result == "SENT"]

    def save(self, email: SavedEmail) -> None:
        """Save an email for the single-send API."""
        self.emails[email.id] = email

    def ask(
        self,
        email_id: int,
        to: str,
        send_id: str,
        *,
        is_transactional: bool,
        custom: Mapping[str, str],
        properties: Mapping[str, str],
        origin: Origin,
    ) -> SingleSend:
        """Take an email on; refuses one that was not saved for this kind of sending, and properties unknown here."""
        email = self.emails.get(email_id)
        if email is None or email.is_transactional is not is_transactional:
            kind = "transactional" if is_transactional else "marketing"
            raise invalid(f"Email {email_id} is not a {kind} email that was saved for the single-send API.")
        if "@" not in to:
            raise invalid(f"{to} is not a valid email address.")
        self.crm.tables[CONTACT.type_id].catalog.check_values(properties)
        status_id, now = _STATUS_ID.format(next(self._numbers)), self.crm.clock.now()
        send = SingleSend(status_id, email, to, send_id, custom, properties, origin, now)
        self._sends[status_id] = send
        return send

    def find(self, status_id: str) -> SingleSend:
        """A send by its status id; refuses an unknown one."""
        if status_id not in self._sends:
            raise not_found(f"No email send with status id {status_id}")
        return self._sends[status_id]

    def work_off(self) -> None:
        """Send what was asked for and waits. No more than one email leaves for each send id."""
        for send in list(self._sends.values()):
            if send.state is SendState.PENDING:
                send.result = self._result(send)
                send.state, send.completed_at = SendState.COMPLETE, self.crm.clock.now()

    def _result(self, send: SingleSend) -> str:
        with self.crm.lock:
            if send.send_id and send.send_id in self._done:
                return "IDEMPOTENT_IGNORE"
            if not send.email.needs <= set(send.custom):
                return "MISSING_TEMPLATE_PROPERTIES"
            record = self._contact(send)
            if self._has_bounced(send.to):
                return "PREVIOUSLY_BOUNCED"
        name, is_transactional = send.email.name, send.email.is_transactional
        if not self.marketing.send_email(record.id, name, despite_opt_out=is_transactional):
            return "PREVIOUSLY_UNSUBSCRIBED_PORTAL"
        self._done.add(send.send_id)
        return "SENT"

    def _contact(self, send: SingleSend) -> Record:
        """The contact of that address, made if there is none, with what the send sets on it."""
        contacts = self.crm.tables[CONTACT.type_id]
        record = contacts.find_by("email", send.to)
        if record is None:
            record = self.crm.create(contacts, {"email": send.to}, send.origin)
        if send.properties:
            self.crm.write(contacts, record, send.properties, send.origin)
        return record

    def _has_bounced(self, address: str) -> bool:
        events = self.marketing.email_events
        return any(event.type is EmailEventType.BOUNCE and event.recipient == address for event in events)
