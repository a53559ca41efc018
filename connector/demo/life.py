"""What people do in the portal, moment by moment, as their scripts say; a diary keeps what was done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from connector.demo.people import Person
from connector.demo.script import SINGLE_SENDS, Beat, Deed, Does, Gets, Message
from connector.demo.site import Site
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.properties import Property

#: When somebody did something.
Diary = list[tuple[datetime, Deed]]

#: ACME's own contact properties, as far as the story has to do with them.
OWN_PROPERTIES = (
    Property("contract_state", "State of the contract", hubspot_defined=False),
    Property("events_attended", "Events attended", "number", "number", hubspot_defined=False),
)
#: Deed -> the form that is filled in.
FORMS: Mapping[Deed, str] = {Deed.ASK_REPORT: "Report", Deed.ORDER_NEWSLETTER: "Newsletter"}

#: Deed -> the signal that ACME's own tools tell, and what it carries.
TOLD: Mapping[Deed, tuple[str, Mapping[str, str | int]]] = {
    Deed.READ_ENERGY: ("topic_read", {"topic": "energy", "seconds": 300}),
    Deed.SKIM_ENERGY: ("topic_read", {"topic": "energy", "seconds": 40}),
    Deed.READ_PLANNING: ("topic_read", {"topic": "planning", "seconds": 200}),
    Deed.FOLLOW: ("company_followed", {"network": "LinkedIn"}),
    Deed.GIVE_FEEDBACK: ("feedback_given", {"event": "Open day"}),
    Deed.BLAME_PRICE: ("survey_answered", {"survey": "why", "reason": "price"}),
    Deed.BLAME_PRODUCT: ("survey_answered", {"survey": "why", "reason": "product"}),
    Deed.LEAVE_SURVEY: ("survey_answered", {"survey": "why", "reason": "moved"}),
    Deed.LEAVE_CART: ("cart_left", {"value": 20}),
    Deed.ORDER: ("order_placed", {"value": 20}),
}


def furnish(portal: Portal) -> None:
    """Give the portal ACME's properties, forms and emails, and a workflow for each list that sends its email."""
    for definition in OWN_PROPERTIES:
        portal.contacts.catalog.create(definition)
    for form in FORMS.values():
        portal.marketing.form(form)
    for message in Message:
        if message in SINGLE_SENDS:
            portal.save_email(SINGLE_SENDS[message], message)
        else:
            portal.send_email_when_joined(message.list_title, message)


class Life:
    """Everybody's life in one portal. Messages that the portal sends make their readers go on in their scripts."""

    def __init__(self, portal: Portal, site: Site, people: Sequence[Person]) -> None:
        self._portal = portal
        self._site = site
        self._people = {person.email: person for person in people}
        #: Email address -> how much of the script is behind them.
        self._places: defaultdict[str, int] = defaultdict(int)
        #: Email address -> what the person did.
        self.diaries: defaultdict[str, Diary] = defaultdict(list)

    def begin(self) -> None:
        """Add everybody but strangers to the portal, and plan what they will do of themselves."""
        self._portal.marketing.on_email_sent(self._receive)
        for person in self._people.values():
            if not person.role.is_stranger:
                self._portal.create_contact(person.email, user=None, **person.properties)
            self._plan(person, next_deeds(person.role.script), person.begins_at)

    def _receive(self, contact_id: str, email_name: str) -> None:
        """Somebody was sent an email: what the script has them do after it is planned."""
        person = self._people[self._portal.contact(contact_id)["email"]]
        script = person.role.script
        for place in range(self._places[person.email], len(script)):
            beat = script[place]
            if isinstance(beat, Gets) and beat.message == email_name:
                self._places[person.email] = place + 1
                self._plan(person, next_deeds(script[place + 1 :]), self._portal.clock.now())
                return

    def _plan(self, person: Person, deeds: Sequence[Does], since: datetime) -> None:
        for deed in deeds:
            after = person.clicks_after if deed.after is None else timedelta(days=deed.after)
            wait = max(timedelta(), since + after - self._portal.clock.now())
            self._portal.plan(wait, partial(self._do, person, deed.deed))

    def _do(self, person: Person, deed: Deed) -> None:
        now = self._portal.clock.now()
        self.diaries[person.email].append((now, deed))
        if deed in TOLD:
            signal, attributes = TOLD[deed]
            self._site.tell(signal, person.email, now, attributes)
        elif deed in FORMS:
            filled = person.properties if person.role.is_stranger else {}
            self._portal.marketing.submit_form(person.email, FORMS[deed], **filled)
        else:
            self._act(person.email, deed, now)

    def _act(self, email: str, deed: Deed, now: datetime) -> None:
        """What the portal itself sees."""
        portal, contact_id = self._portal, self._portal.contact_id(email) or ""
        match deed:
            case Deed.ATTEND:
                attended = sum(each is deed for _, each in self.diaries[email])
                portal.set_property(contact_id, "events_attended", str(attended))
            case Deed.END_CONTRACT | Deed.SIGN:
                state = "active" if deed is Deed.SIGN else "ended"
                portal.set_property(contact_id, "contract_state", state)
            case Deed.BOOK:
                portal.marketing.book_meeting(contact_id, "Half an hour with a planner", now + timedelta(days=3))
            case Deed.OPT_OUT:
                portal.marketing.opt_out(contact_id)
            case Deed.CLICK:
                portal.marketing.click_email(contact_id, self._last_email(contact_id))
            case Deed.BOUNCE:
                portal.marketing.bounce_email(contact_id, self._last_email(contact_id))

    def _last_email(self, contact_id: str) -> str:
        return self._portal.contact(contact_id)["hs_email_last_email_name"]


def next_deeds(script: Sequence[Beat]) -> Sequence[Does]:
    """What is done before the next message comes."""
    deeds: list[Does] = []
    for beat in script:
        if isinstance(beat, Gets):
            break
        if isinstance(beat, Does):
            deeds.append(beat)
    return deeds
