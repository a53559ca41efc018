"""What HubSpot tells only when it is asked: one function a feed, each reads one page.

A place says where the next page begins: it is ours, and HubSpot's cursors are inside it. What an account does not offer
is told as FeedRefusedError, so that the rest of the connection goes on; a single record that cannot be read is handed
on as it came, beside those that can.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import msgspec

from connector.crms.hubspot.client import VERSION, HubSpotClient
from connector.crms.hubspot.errors import RefusedCallError
from connector.crms.hubspot.feed_records import (
    Sieve,
    known,
    to_booked,
    to_dated,
    to_joining,
    to_meeting,
    to_moment,
    to_ms,
    to_submission,
    to_visit,
)
from connector.crms.hubspot.feed_replies import (
    Campaign,
    EmailEvent,
    EmailEvents,
    Form,
    Forms,
    Member,
    Members,
    Record,
    Records,
    Submission,
    Submissions,
    Visit,
    Visits,
)
from connector.crms.hubspot.links import fetch_links
from connector.crms.hubspot.replies import ContactListReply, read
from connector.crms.hubspot.translate import CONTACT_TYPE_ID, CONTACTS
from connector.domain.ids import to_address
from connector.errors import CredentialsError, FeedRefusedError
from connector.ports import Feed, FeedPage, Happening

_FORMS: Final = f"/marketing/forms/{VERSION}-beta"
_SUBMISSIONS: Final = "/form-integrations/v1/submissions/forms"
_EMAIL_EVENTS: Final = "/email/public/v1/events"
_CAMPAIGNS: Final = "/email/public/v1/campaigns"
_EVENTS: Final = f"/events/event-occurrences/{VERSION}"
_MEETINGS: Final = "meetings"
_VISITED: Final = "e_visited_page"
_LAST_SEEN: Final = "hs_analytics_last_timestamp"

#: The largest pages that HubSpot gives, or, of visits, what one call each is made for.
_FORMS_A_PAGE: Final = 500
_SUBMISSIONS_A_PAGE: Final = 50
_EMAIL_EVENTS_A_PAGE: Final = 300
_MEMBERS_A_PAGE: Final = 250
_MEETINGS_A_PAGE: Final = 100
_VISITORS_A_PAGE: Final = 10
_VISITS_A_PAGE: Final = 100
#: HubSpot notes when somebody was seen last at the end of a session: their visits may be so much older.
_SESSION: Final = timedelta(days=1)
#: Feeds of several forms are read one after the other: for so long they share the list of forms.
_FORMS_FRESH: Final = timedelta(minutes=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Shape = TypeVar("Shape")


class _Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a page begins."""

    #: The form, or the first moment in milliseconds.
    at: str = ""
    #: HubSpot's own cursor there.
    after: str = ""
    #: Whether a sweep begins here.
    is_begin: bool = False


class Feeds:
    """The feeds of one connection, with the names that were looked up for them."""

    def __init__(self, client: HubSpotClient) -> None:
        self._client = client
        self._forms: list[Form] = []
        self._forms_until = _EPOCH
        self._campaigns: dict[int, str] = {}
        self._feeds: Mapping[str, Callable[[Feed, datetime, datetime, _Place, Sieve], FeedPage]] = {
            "form_submissions": self._form_submissions,
            "email_events": self._email_events,
            "list_memberships": self._list_memberships,
            "meetings": self._meetings,
            "page_visits": self._page_visits,
        }

    @property
    def names(self) -> Collection[str]:
        """Every feed that can be read."""
        return self._feeds.keys()

    def fetch(self, feed: Feed, since: datetime, until: datetime, place: str) -> FeedPage:
        """One page. Raises FeedRefusedError where the account does not offer it, or what of it is asked for."""
        at = msgspec.json.decode(place, type=_Place) if place else _Place()
        sieve = Sieve()
        try:
            page = self._feeds[feed.name](feed, since, until, at, sieve)
            return replace(page, unreadable=sieve.unreadable)
        except RefusedCallError as refusal:
            raise FeedRefusedError(refusal.words, operation=refusal.operation, status=refusal.status) from refusal
        except CredentialsError as error:
            if error.status != 403:  # 403: a scope is missing, for this feed alone
                raise
            raise FeedRefusedError(str(error), operation=error.operation, status=error.status) from error

    def find_problems(self, names: Collection[str]) -> Mapping[str, str]:
        """Feed -> why the account does not offer it; empty where it does. Page visits are tried on one visitor."""
        return {name: self._find_problem(name) for name in sorted(names)}

    def _find_problem(self, name: str) -> str:
        try:
            self._try(name)
        except RefusedCallError as refusal:
            return refusal.words
        except CredentialsError as error:
            if error.status != 403:
                raise
            return str(error)
        return ""

    def _try(self, name: str) -> None:
        match name:
            case "form_submissions":
                self._get(_FORMS, Forms, limit=1)
            case "email_events":
                self._get(_EMAIL_EVENTS, EmailEvents, limit=1)
            case "list_memberships":
                pass  # what lists take, everything takes
            case "meetings":
                self._search(_MEETINGS, "hs_createdate", (0, None), (), 1, "")
            case "page_visits":
                found = self._search(CONTACTS, _LAST_SEEN, (0, None), (), 1, "")
                for visitor in Sieve().read(found.results, Record, lambda one: one):
                    self._get(_EVENTS, Visits, objectType="contact", objectId=visitor.id, eventType=_VISITED, limit=1)

    # --- forms: HubSpot: Forms API, and form submissions (v1, newest first) ---

    def _form_submissions(self, feed: Feed, since: datetime, until: datetime, place: _Place, sieve: Sieve) -> FeedPage:
        forms = self._wanted_forms(feed, until, sieve)  # of submissions, what came meanwhile comes first
        left = [form for form in forms if form.id >= place.at]
        if not left:
            return FeedPage((), "", is_last=True)
        form = left[0]
        after = place.after if form.id == place.at else ""
        page = self._get(f"{_SUBMISSIONS}/{form.id}", Submissions, limit=_SUBMISSIONS_A_PAGE, after=after)
        happened = sieve.read(page.results, Submission, lambda one: to_submission(form, one))
        goes_on = page.after and all(one.at >= since for one in happened)
        if goes_on:
            return _page(happened, _Place(form.id, page.after))
        return _page(happened, _Place(left[1].id)) if len(left) > 1 else _page(happened)

    def _wanted_forms(self, feed: Feed, until: datetime, sieve: Sieve) -> list[Form]:
        """The forms of this name, or all, in an order that new ones do not disturb; sweeps of one minute share them."""
        if until >= self._forms_until or not self._forms:
            self._forms = sorted(self._all_forms(sieve), key=lambda form: form.id)
            self._forms_until = until + _FORMS_FRESH
        wanted = [form for form in self._forms if feed.only in ("", form.name)]
        if feed.only and not wanted:
            raise FeedRefusedError(f"HubSpot has no form {feed.only!r}.")
        return wanted

    def _all_forms(self, sieve: Sieve) -> Iterator[Form]:
        after = ""
        while True:
            page = self._get(_FORMS, Forms, limit=_FORMS_A_PAGE, after=after)
            yield from sieve.read(page.results, Form, lambda form: form)
            if page.after in ("", after):  # a page that leads to itself is the last one that can be read
                return
            after = page.after

    # --- marketing emails: HubSpot: Email Analytics API (v1) ---

    def _email_events(self, feed: Feed, since: datetime, until: datetime, place: _Place, sieve: Sieve) -> FeedPage:
        page = self._get(
            _EMAIL_EVENTS,
            EmailEvents,
            eventType=feed.only,
            startTimestamp=to_ms(since),
            endTimestamp=to_ms(until),
            limit=_EMAIL_EVENTS_A_PAGE,
            offset=place.after,
        )
        happened = [self._to_email_event(at, event) for at, event in sieve.read(page.events, EmailEvent, to_dated)]
        return _page(happened, _Place(after=page.offset)) if page.has_more and page.offset else _page(happened)

    def _to_email_event(self, at: datetime, event: EmailEvent) -> Happening:
        attributes = known(
            campaign=self._campaign(event.email_campaign_id, event.app_id),
            campaign_id=str(event.email_campaign_id or ""),
            url=event.url,
            status=event.portal_subscription_status,
        )
        return Happening(f"{event.created}:{event.id}", at, attributes, email=to_address(event.recipient))

    def _campaign(self, campaign_id: int, app_id: int) -> str:
        """The name of an email; asked for once."""
        if campaign_id and campaign_id not in self._campaigns:
            try:
                found = self._get(f"{_CAMPAIGNS}/{campaign_id}", Campaign, appId=app_id)
            except RefusedCallError as refusal:
                if refusal.status != 404:
                    raise
                found = Campaign()
            self._campaigns[campaign_id] = found.name or found.subject
        return self._campaigns.get(campaign_id, "")

    # --- lists: HubSpot: Lists API guide, memberships by the date they were added, oldest first ---

    def _list_memberships(self, feed: Feed, since: datetime, until: datetime, place: _Place, sieve: Sieve) -> FeedPage:
        """Joins since then. The last page is where the next sweep begins, so that a long list is walked once.

        Members who leave move the others up. A page that is empty, or begins with somebody who joined lately, may
        therefore have new members before it: then the list is walked from its beginning.
        """
        del until
        lists = self._client.crm.lists
        try:
            list_id = read(lists.lists_api.get_by_name(feed.only, CONTACT_TYPE_ID), ContactListReply).list.list_id
        except RefusedCallError as refusal:
            if refusal.status != 404:
                raise
            raise FeedRefusedError(f"HubSpot has no list {feed.only!r}.", status=404) from refusal
        at = place if place.at == list_id else _Place(list_id)
        page = self._members(list_id, at.after)
        joined = sieve.read(page.results, Member, lambda member: to_joining(list_id, feed.only, member))
        if at.is_begin and (not page.results or (joined and joined[0].at >= since)):
            at = _Place(list_id)
            page = self._members(list_id, at.after)
            joined = sieve.read(page.results, Member, lambda member: to_joining(list_id, feed.only, member))
        fresh = [one for one in joined if one.at >= since]
        if page.after:
            return _page(fresh, _Place(list_id, page.after))
        return FeedPage(fresh, _to_text(_Place(list_id, at.after, is_begin=True)), is_last=True)

    def _members(self, list_id: str, after: str) -> Members:
        options = {"after": after} if after else {}
        memberships = self._client.crm.lists.memberships_api
        reply = memberships.get_page_ordered_by_added_to_list_date(list_id, limit=_MEMBERS_A_PAGE, **options)
        return read(reply, Members)

    # --- meetings: HubSpot: Search the CRM, Meetings, Associations ---

    def _meetings(self, feed: Feed, since: datetime, until: datetime, place: _Place, sieve: Sieve) -> FeedPage:
        """Meetings that were booked since then, by the contacts that they are with."""
        del feed
        names = ("hs_createdate", "hs_meeting_title", "hs_meeting_start_time", "hs_meeting_outcome", "hs_activity_type")
        begin = int(place.at or to_ms(since))
        found = self._search(_MEETINGS, "hs_createdate", (begin, to_ms(until)), names, _MEETINGS_A_PAGE, place.after)
        booked = sieve.read(found.results, Record, to_booked)
        links = fetch_links(self._client, _MEETINGS, CONTACTS, [one.id for one in booked]) if booked else {}
        happened = [to_meeting(meeting, one) for meeting in booked for one in links.get(meeting.id, ())]
        return _next_by_time(happened, found, "hs_createdate", _Place(str(begin), place.after), _MEETINGS_A_PAGE)

    # --- visits: HubSpot: Search the CRM, Events API (Enterprise; one contact a call) ---

    def _page_visits(self, feed: Feed, since: datetime, until: datetime, place: _Place, sieve: Sieve) -> FeedPage:
        """Visits of the contacts who were seen since then. Without an upper bound: who is seen again moves on."""
        del feed
        begin = int(place.at or to_ms(since))
        found = self._search(CONTACTS, _LAST_SEEN, (begin, None), (_LAST_SEEN,), _VISITORS_A_PAGE, place.after)
        visitors = sieve.read(found.results, Record, lambda one: one)
        happened = [one for each in visitors for one in self._visits_of(each.id, since - _SESSION, until, sieve)]
        return _next_by_time(happened, found, _LAST_SEEN, _Place(str(begin), place.after), _VISITORS_A_PAGE)

    def _visits_of(self, contact_id: str, since: datetime, until: datetime, sieve: Sieve) -> Iterator[Happening]:
        after = ""
        while True:
            page = self._get(
                _EVENTS,
                Visits,
                objectType="contact",
                objectId=contact_id,
                eventType=_VISITED,
                occurredAfter=since.isoformat(),
                occurredBefore=until.isoformat(),
                limit=_VISITS_A_PAGE,
                after=after,
            )
            yield from sieve.read(page.results, Visit, lambda visit: to_visit(contact_id, visit))
            if page.after in ("", after):  # see above
                return
            after = page.after

    # --- what several have in common ---

    def _search(
        self,
        object_type: str,
        name: str,
        between: tuple[int, int | None],
        properties: Sequence[str],
        limit: int,
        after: str,
    ) -> Records:
        """Records by when this happened to them, the first ahead."""
        begin, end = between
        filters = [{"propertyName": name, "operator": "GTE", "value": str(begin)}]
        if end is not None:
            filters.append({"propertyName": name, "operator": "LTE", "value": str(end)})
        body: dict[str, Any] = {
            "filterGroups": [{"filters": filters}],
            "sorts": [{"propertyName": name, "direction": "ASCENDING"}],
            "properties": list(properties),
            "limit": limit,
            "after": after or "0",
        }
        return read(self._client.crm.objects.search_api.do_search(object_type, body), Records)

    def _get(self, path: str, shape: type[Shape], **query: str | int) -> Shape:
        given = {name: value for name, value in query.items() if value != ""}
        return read(self._client.get(path, given), shape)


def _next_by_time(happened: Sequence[Happening], found: Records, name: str, place: _Place, limit: int) -> FeedPage:
    """The next page begins with the moment at which this one ends: HubSpot finds no more than 10,000 by page.

    Only where all of a page are of one moment is it paged through. What is told of another moment than was asked for
    leads nowhere.
    """
    if len(found.results) < limit:
        return _page(happened)
    moments = Sieve().read(found.results, Record, lambda one: to_ms(to_moment(one.properties.get(name) or "")))
    end = str(next((at for at in reversed(moments) if at >= int(place.at)), place.at))
    after = str(int(place.after or 0) + limit) if end == place.at else ""
    return _page(happened, _Place(end, after))


def _page(happened: Sequence[Happening], place: _Place | None = None) -> FeedPage:
    return FeedPage(happened, _to_text(place) if place else "", is_last=place is None)


def _to_text(place: _Place) -> str:
    return msgspec.json.encode(place).decode()
