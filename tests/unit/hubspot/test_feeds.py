"""The feeds of HubSpot are those of the mapping language."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from connector.crms.hubspot.client import HubSpotClient
from connector.crms.hubspot.feeds import Feeds
from connector.crms.hubspot.words import WORDS
from connector.errors import UnreadableReplyError
from connector.ports import Feed, FeedPage
from tests.builders import START
from tests.office import FakeClock
from tests.unit.hubspot.scripted import Script, scripted

ASKED_AT = 1_788_768_000_000


def test_every_feed_of_the_language_can_be_read_and_no_other() -> None:
    feeds = Feeds(HubSpotClient("a token", FakeClock()))

    assert set(feeds.names) == set(WORDS.feeds)


def fetch(script: Script, feed: str) -> FeedPage:
    feeds = Feeds(HubSpotClient("a token", FakeClock(), base_url=script.url))
    return feeds.fetch(Feed(feed), START - timedelta(days=9), START + timedelta(days=9), "")


def submission(**more: Any) -> dict[str, Any]:
    return {"submittedAt": ASKED_AT, "values": [{"name": "email", "value": " Ada@Example.com "}], **more}


def test_submissions_without_an_id_are_told_apart_by_person_and_moment() -> None:
    nobody = {"submittedAt": ASKED_AT, "values": [{"name": "email", "value": None}, {"name": "colour"}]}
    with scripted() as script:
        script.answer(200, {"results": [{"id": "f1", "name": "Report"}]})
        script.answer(200, {"results": [submission(), submission(submittedAt=ASKED_AT + 1), nobody]})

        page = fetch(script, "form_submissions")

    assert [one.email for one in page.happenings] == ["ada@example.com", "ada@example.com", ""]
    assert len({one.key for one in page.happenings}) == 3


def test_a_list_of_forms_that_leads_to_itself_is_read_once() -> None:
    circle = {"results": [{"id": "f1", "name": "Report"}], "paging": {"next": {"after": "1"}}}
    with scripted() as script:
        script.answer(200, circle)
        script.answer(200, circle)
        script.answer(200, {"results": [submission(conversionId="c1")]})

        page = fetch(script, "form_submissions")

    assert [one.key for one in page.happenings] == ["f1:c1"]


# --- one record that cannot be read -------------------------------------------------------------------------------

NONSENSE: list[Any] = [
    "soon", None, 1.5, 10**400, -(10**17), 10**17, [], {}, True, "\0", "²", "0000-00-00", "9999-12-31T23:59:59-23:59",
]  # fmt: skip
LINKS = {"results": [{"from": {"id": "7"}, "to": [{"toObjectId": 51}]}]}


def read(feed: Feed, *answers: object) -> FeedPage:
    """The page that comes of these answers."""
    with scripted() as script:
        for answer in answers:
            script.answer(200, answer)
        feeds = Feeds(HubSpotClient("a token", FakeClock(), base_url=script.url))
        return feeds.fetch(feed, START - timedelta(days=9), START + timedelta(days=9), "")


@pytest.mark.parametrize("at", NONSENSE, ids=lambda at: repr(at)[:20])
def test_a_submission_at_no_moment_is_kept_aside_and_the_others_count(at: Any) -> None:
    forms = {"results": [{"id": "f1", "name": "Report"}]}
    odd = submission(submittedAt=at)

    page = read(Feed("form_submissions"), forms, {"results": [odd, submission(conversionId="c1")]})

    assert [one.key for one in page.happenings] == ["f1:c1"]
    assert [json.loads(raw) for raw in page.unreadable] == [odd]


@pytest.mark.parametrize("odd", ["x", None, 7, [], {"name": "Report"}, {"id": ""}, {"id": 5}])
def test_a_form_without_an_id_hides_no_other_form(odd: Any) -> None:
    forms = {"results": [odd, {"id": "f1", "name": "Report"}]}

    page = read(Feed("form_submissions"), forms, {"results": [submission(conversionId="c1")]})

    assert [one.key for one in page.happenings] == ["f1:c1"]
    assert [json.loads(raw) for raw in page.unreadable] == [odd]


@pytest.mark.parametrize(
    "odd",
    [{"created": ASKED_AT}, {"id": 5, "created": ASKED_AT}, {"id": "e2"}, "click", {"id": "", "created": ASKED_AT}]
    + [{"id": "e2", "created": at} for at in NONSENSE]
    + [{"id": "e2", "created": ASKED_AT, "recipient": ["ada@example.com"]}],
    ids=lambda odd: repr(odd)[:50],
)
def test_an_event_of_an_email_that_cannot_be_read_is_kept_aside_and_the_others_count(odd: Any) -> None:
    good = {"id": "e1", "created": ASKED_AT, "recipient": "ada@example.com"}

    page = read(Feed("email_events", "CLICK"), {"events": [odd, good], "hasMore": False})

    assert [one.email for one in page.happenings] == ["ada@example.com"]
    assert [json.loads(raw) for raw in page.unreadable] == [odd]


@pytest.mark.parametrize(
    "odd",
    [{"membershipTimestamp": "2026-09-07T08:00:00Z"}, {"recordId": "5\0", "membershipTimestamp": str(ASKED_AT)}, []]
    + [{"recordId": "52", "membershipTimestamp": at} for at in NONSENSE],
    ids=lambda odd: repr(odd)[:60],
)
def test_a_member_of_a_list_that_cannot_be_read_is_kept_aside_and_the_others_count(odd: Any) -> None:
    good = {"recordId": "51", "membershipTimestamp": "2026-09-07T08:00:00Z"}
    named = {"list": {"listId": "9", "name": "News", "objectTypeId": "0-1", "processingType": "MANUAL"}}

    page = read(Feed("list_memberships", "News"), named, {"results": [odd, good]})

    assert [one.record_id for one in page.happenings] == ["51"]
    assert [json.loads(raw) for raw in page.unreadable] == [odd]


def meeting(**more: Any) -> dict[str, Any]:
    return {"id": "7", "properties": {"hs_createdate": "2026-09-07T08:00:00Z"}, **more}


@pytest.mark.parametrize(
    "odd",
    [
        {"properties": {}},
        meeting(id="8", properties={}),
        meeting(id=""),
        meeting(id="8\n"),
        meeting(properties=[]),
        None,
    ]
    + [meeting(id="8", properties={"hs_createdate": at}) for at in NONSENSE],
    ids=lambda odd: repr(odd)[:60],
)
def test_a_meeting_that_cannot_be_read_is_kept_aside_and_the_others_count(odd: Any) -> None:
    page = read(Feed("meetings"), {"results": [meeting(), odd]}, LINKS)

    assert [one.key for one in page.happenings] == ["7:51"]
    assert [json.loads(raw) for raw in page.unreadable] == [odd]


def test_a_full_page_that_ends_with_a_meeting_at_no_moment_goes_on_after_the_last_that_has_one() -> None:
    odd = [meeting(id=str(number), properties={"hs_createdate": "1970-01-01T00:00:00Z"}) for number in range(50)]
    unread = [meeting(id=str(number), properties={"hs_createdate": "soon"}) for number in range(49)]

    page = read(Feed("meetings"), {"results": [meeting(), *odd, *unread]}, LINKS)

    assert json.loads(page.place)["at"] == str(ASKED_AT)
    assert not page.is_last
    assert len(page.unreadable) == 49


def test_a_full_page_of_meetings_at_no_moment_is_passed_by_counting() -> None:
    unread = [meeting(id=str(number), properties={"hs_createdate": "soon"}) for number in range(100)]

    page = read(Feed("meetings"), {"results": unread})

    assert json.loads(page.place)["after"] == "100"
    assert len(page.unreadable) == 100


@pytest.mark.parametrize("odd", [{}, None, {"id": "v2", "occurredAt": "soon"}, {"occurredAt": "2026-09-07T08:00:00Z"}])
def test_a_visit_or_visitor_that_cannot_be_read_is_kept_aside_and_the_others_count(odd: Any) -> None:
    visitor = {"id": "51", "properties": {"hs_analytics_last_timestamp": "soon"}}
    good = {"id": "v1", "occurredAt": "2026-09-07T08:00:00Z", "properties": {}}
    nobody: dict[str, Any] = {"properties": {}}

    page = read(Feed("page_visits"), {"results": [nobody, visitor]}, {"results": [odd, good]})

    assert [one.key for one in page.happenings] == ["v1"]
    assert [json.loads(raw) for raw in page.unreadable] == [nobody, odd]


@pytest.mark.parametrize("body", [{"events": "none"}, [], b"<html>", {"events": [], "hasMore": "perhaps"}])
def test_a_page_that_cannot_be_read_at_all_is_no_page(body: Any) -> None:
    with pytest.raises(UnreadableReplyError):
        read(Feed("email_events", "CLICK"), body)
