"""The portal's own marketing machinery: forms, marketing emails, meetings, tracking, consent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import count

from connector.sandbox.hubspot.crm import Crm
from connector.sandbox.hubspot.records import Record, RecordTable
from connector.sandbox.hubspot.vocabulary import CONTACT, DEFAULT_ASSOCIATIONS, MEETING, ChangeSource, Origin, iso

_FIRST_CAMPAIGN_ID = 310_400_001
_FORM_NAMESPACE = "5f1e0000-0000-4000-8000-{:012d}"
_SUBMISSION_NAMESPACE = "c0de0000-0000-4000-8000-{:012d}"


class EmailEventType(StrEnum):
    """What happens to one marketing email. HubSpot: Email Events API."""

    SENT = "SENT"
    DROPPED = "DROPPED"
    DELIVERED = "DELIVERED"
    OPEN = "OPEN"
    CLICK = "CLICK"
    BOUNCE = "BOUNCE"
    STATUSCHANGE = "STATUSCHANGE"


@dataclass(frozen=True, slots=True)
class EmailEvent:
    """One line of the email event log."""

    id: str
    type: EmailEventType
    at: datetime
    recipient: str
    contact_id: str
    email_name: str
    campaign_id: int
    url: str | None = None
    #: Of STATUSCHANGE: whether the recipient still wants email.
    subscription: str | None = None


@dataclass(frozen=True, slots=True)
class PageVisit:
    """One look at a page of the customer's site."""

    id: str
    at: datetime
    contact_id: str
    url: str
    title: str


@dataclass(frozen=True, slots=True)
class Form:
    """A form that visitors fill in."""

    guid: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Submission:
    """One form that was filled in."""

    conversion_id: str
    form: Form
    at: datetime
    values: dict[str, str]
    page_url: str
    contact_id: str


#: Properties that an email event touches: the date, the counter.
_EMAIL_PROPERTIES = {
    EmailEventType.SENT: ("hs_email_last_send_date", "hs_email_delivered"),
    EmailEventType.OPEN: ("hs_email_last_open_date", "hs_email_open"),
    EmailEventType.CLICK: ("hs_email_last_click_date", "hs_email_click"),
    EmailEventType.BOUNCE: (None, "hs_email_bounce"),
}
#: Properties that a booked meeting dates.
_MEETING_PROPERTIES = ("engagements_last_meeting_booked", "hs_latest_meeting_activity")


class Marketing:
    """What the portal does by itself when contacts act. Contact ids may be ones that a merge took away."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm
        self.email_events: list[EmailEvent] = []
        self.submissions: list[Submission] = []
        self.visits: list[PageVisit] = []
        self._forms: dict[str, Form] = {}
        self._campaigns: dict[str, int] = {}
        self._numbers = count(1)
        self._on_sent: list[Callable[[str, str], object]] = []

    @property
    def forms(self) -> list[Form]:
        """All forms, oldest first."""
        return list(self._forms.values())

    def on_email_sent(self, listener: Callable[[str, str], object]) -> None:
        """Be told the contact id and the name of every email that was sent, to simulate reactions."""
        self._on_sent.append(listener)

    def form(self, name: str) -> Form:
        """The form of a name, made when it is new."""
        if name not in self._forms:
            guid = _FORM_NAMESPACE.format(len(self._forms) + 1)
            self._forms[name] = Form(guid, name, self._crm.clock.now())
        return self._forms[name]

    def submit_form(self, email: str, form_name: str, page_url: str = "", **values: str) -> str:
        """A visitor fills in a form: creates or updates the contact, gives its id.

        HubSpot sends no webhook for the submission itself, and none for the calculated conversion properties.
        """
        with self._crm.lock:
            form, now = self.form(form_name), self._crm.clock.now()
            origin = Origin(ChangeSource.FORM, form.guid)
            checked = self._contacts.catalog.check_values({"email": email, **values}, through_api=False)
            record = self._contacts.find_by("email", email) or self._crm.create(self._contacts, checked, origin)
            self._set(record, {**checked, **_conversion(record, form, now)}, origin)
            conversion_id = _SUBMISSION_NAMESPACE.format(next(self._numbers))
            filled = {"email": email, **values}
            self.submissions.append(Submission(conversion_id, form, now, filled, page_url, record.id))
            return record.id

    def send_email(self, contact_id: str, email_name: str, *, despite_opt_out: bool = False) -> bool:
        """Send an email, unless the contact is gone or has opted out; says whether it was sent."""
        with self._crm.lock:
            record = self._contacts.find(contact_id)
            if record is None or "email" not in record.properties:
                return False
            if record.properties.get("hs_email_optout") == "true" and not despite_opt_out:
                self._log(record, EmailEventType.DROPPED, email_name)
                return False
            self._email_event(record, EmailEventType.SENT, email_name, {"hs_email_last_email_name": email_name})
            self._log(record, EmailEventType.DELIVERED, email_name)
        for listener in self._on_sent:
            listener(record.id, email_name)
        return True

    def open_email(self, contact_id: str, email_name: str) -> None:
        """The contact opens a marketing email."""
        with self._crm.lock:
            self._email_event(self._contact(contact_id), EmailEventType.OPEN, email_name)

    def click_email(self, contact_id: str, email_name: str, url: str = "https://www.example.com/") -> None:
        """The contact clicks a link in a marketing email, having opened it."""
        with self._crm.lock:
            record = self._contact(contact_id)
            self._email_event(record, EmailEventType.OPEN, email_name)
            self._email_event(record, EmailEventType.CLICK, email_name, url=url)

    def bounce_email(self, contact_id: str, email_name: str) -> None:
        """A marketing email to the contact bounces for good: nobody is there."""
        with self._crm.lock:
            dead = {"hs_email_hard_bounce_reason_enum": "UNKNOWN_USER"}
            self._email_event(self._contact(contact_id), EmailEventType.BOUNCE, email_name, dead)

    def opt_out(self, contact_id: str) -> None:
        """The contact unsubscribes from all email."""
        with self._crm.lock:
            record = self._contact(contact_id)
            last_email = record.properties.get("hs_email_last_email_name", "")
            self._log(record, EmailEventType.STATUSCHANGE, last_email, subscription="UNSUBSCRIBED")
            self._set(record, {"hs_email_optout": "true"}, Origin(ChangeSource.EMAIL))

    def book_meeting(self, contact_id: str, title: str, starts_at: datetime) -> str:
        """The contact books a meeting on a scheduling page; gives the meeting's id."""
        with self._crm.lock:
            record, origin, now = self._contact(contact_id), Origin(ChangeSource.MEETING), self._crm.clock.now()
            meetings = self._crm.tables[MEETING.type_id]
            values = dict.fromkeys(("hs_timestamp", "hs_meeting_start_time"), iso(starts_at))
            meeting = self._crm.create(meetings, {**values, "hs_meeting_title": title}, origin)
            link = (MEETING.type_id, meeting.id, CONTACT.type_id, record.id)
            self._crm.associations.link(*link, DEFAULT_ASSOCIATIONS[MEETING.type_id, CONTACT.type_id], origin)
            booked = (*_MEETING_PROPERTIES, "hs_last_sales_activity_timestamp")
            changes = dict.fromkeys(booked, iso(now)) | {"hs_last_sales_activity_type": "MEETING_BOOKED"}
            self._set(record, changes, origin)
            return meeting.id

    def visit_page(self, contact_id: str, url: str, title: str = "") -> None:
        """The contact, known by cookie, looks at a page of the customer's site."""
        with self._crm.lock:
            record = self._contact(contact_id)
            id_ = f"{next(self._numbers):08x}-0000-4000-8000-00000000e000"
            self.visits.append(PageVisit(id_, self._crm.clock.now(), record.id, url, title))
            changes = {
                "hs_analytics_last_url": url,
                "hs_analytics_last_timestamp": iso(self._crm.clock.now()),
                "hs_analytics_num_page_views": _one_more(record, "hs_analytics_num_page_views"),
            }
            self._set(record, changes, Origin(ChangeSource.ANALYTICS))

    @property
    def _contacts(self) -> RecordTable:
        return self._crm.tables[CONTACT.type_id]

    def _contact(self, contact_id: str) -> Record:
        return self._crm.record(CONTACT.name, contact_id)

    def _set(self, record: Record, changes: Mapping[str, str], origin: Origin) -> None:
        self._crm.write(self._contacts, record, changes, origin)

    def _email_event(
        self,
        record: Record,
        event_type: EmailEventType,
        email_name: str,
        changes: Mapping[str, str] | None = None,
        url: str | None = None,
    ) -> None:
        self._log(record, event_type, email_name, url)
        date_property, counter = _EMAIL_PROPERTIES[event_type]
        touched = {counter: _one_more(record, counter), **(changes or {})}
        if date_property is not None:
            touched[date_property] = iso(self._crm.clock.now())
        self._set(record, touched, Origin(ChangeSource.EMAIL))

    def _log(
        self,
        record: Record,
        event_type: EmailEventType,
        email_name: str,
        url: str | None = None,
        subscription: str | None = None,
    ) -> None:
        campaign_id = self._campaigns.setdefault(email_name, _FIRST_CAMPAIGN_ID + len(self._campaigns))
        event = EmailEvent(
            f"{next(self._numbers):08x}-0000-4000-8000-000000000000",
            event_type,
            self._crm.clock.now(),
            record.properties.get("email", ""),
            record.id,
            email_name,
            campaign_id,
            url,
            subscription,
        )
        self.email_events.append(event)


def _one_more(record: Record, counter: str) -> str:
    return str(int(record.properties.get(counter, "0")) + 1)


def _conversion(record: Record, form: Form, now: datetime) -> dict[str, str]:
    moment = iso(now)
    changes = {
        "recent_conversion_date": moment,
        "recent_conversion_event_name": form.name,
        "num_conversion_events": _one_more(record, "num_conversion_events"),
        "hs_latest_source_timestamp": moment,
        "hs_last_sales_activity_timestamp": moment,
        "hs_last_sales_activity_type": "FORM_SUBMITTED",
    }
    if "first_conversion_date" not in record.properties:
        changes |= {"first_conversion_date": moment, "first_conversion_event_name": form.name}
    return changes
