"""What people do in the portal, moment by moment, written down in a diary as it happens."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from connector.demo.cast import LISTS, Deed, Email
from connector.demo.people import Person
from connector.sandbox.portal import Portal
from connector.sandbox.properties import Property

#: When somebody did something.
Diary = list[tuple[datetime, Deed]]

#: ACME's own contact properties.
OWN_PROPERTIES = (
    Property("last_report_topic", "Last report read", hubspot_defined=False),
    Property("events_attended", "Events attended", "number", "number", hubspot_defined=False),
    Property("renewal_date", "Contract ends on", "date", "date", hubspot_defined=False),
)


class Life:
    """Everybody's life in one portal. Emails that the portal sends make their readers act."""

    def __init__(self, portal: Portal, people: Sequence[Person]) -> None:
        self._portal = portal
        self._people = people
        self._by_contact: dict[str, Person] = {}
        self._received: Counter[tuple[str, str]] = Counter()
        #: Email address -> what the person did.
        self.diaries: defaultdict[str, Diary] = defaultdict(list)
        #: Email address -> the contact's id.
        self.contact_ids: dict[str, str] = {}

    def furnish(self) -> None:
        """Give the portal ACME's properties, and a workflow for each list that sends its email."""
        for definition in OWN_PROPERTIES:
            self._portal.contacts.catalog.create(definition)
        for title, email in LISTS.items():
            self._portal.send_email_when_joined(title, email)
        self._portal.marketing.on_email_sent(self._receive)

    def begin(self) -> None:
        """Add everybody to the portal and plan what they will do."""
        for person in self._people:
            contact_id = self._portal.create_contact(person.email, user=None, **person.properties)
            self.contact_ids[person.email] = contact_id
            self._by_contact[contact_id] = person
            for after, deed in person.role.deeds:
                self._plan(person.begins_at + after, person, deed)

    def _plan(self, at: datetime, person: Person, deed: Deed) -> None:
        wait = max(timedelta(), at - self._portal.clock.now())
        self._portal.plan(wait, partial(self._do, person, deed))

    def _receive(self, contact_id: str, email_name: str) -> None:
        """Somebody was sent an email: it may bounce, or be clicked a while later."""
        person = self._by_contact[contact_id]
        self._received[contact_id, email_name] += 1
        if person.role.bounces == email_name:
            self._portal.plan(timedelta(minutes=5), partial(self._do, person, Deed.BOUNCE, email_name))
        if self._received[contact_id, email_name] in person.role.clicks.get(Email(email_name), ()):
            self._portal.plan(person.clicks_after, partial(self._do, person, Deed.CLICK, email_name))

    def _do(self, person: Person, deed: Deed, email_name: str = "") -> None:
        contact_id, now = self.contact_ids[person.email], self._portal.clock.now()
        self.diaries[person.email].append((now, deed))
        marketing = self._portal.marketing
        match deed:
            case Deed.READ_REPORT:
                marketing.submit_form(person.email, "Report 2026", last_report_topic=person.topic)
            case Deed.ATTEND_EVENT:
                attended = sum(each is deed for _, each in self.diaries[person.email])
                self._portal.set_property(contact_id, "events_attended", str(attended))
            case Deed.BOOK_MEETING:
                marketing.book_meeting(contact_id, "Half an hour with a planner", now + timedelta(days=3))
            case Deed.OPT_OUT:
                marketing.opt_out(contact_id)
            case Deed.BUY:
                self._portal.set_property(contact_id, "lifecyclestage", "customer")
            case Deed.RENEW:
                self._renew(person, contact_id)
            case Deed.CLICK:
                marketing.click_email(contact_id, email_name)
            case Deed.BOUNCE:
                marketing.bounce_email(contact_id, email_name)

    def _renew(self, person: Person, contact_id: str) -> None:
        if person.renewal_on:
            renewed = person.renewal_on.replace(year=person.renewal_on.year + 1)
            self._portal.set_property(contact_id, "renewal_date", renewed.isoformat())
