"""The feeds of HubSpot are those of the mapping language."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from connector.crms.hubspot.client import HubSpotClient
from connector.crms.hubspot.feeds import Feeds
from connector.mapping.feeds import FEEDS
from connector.ports import Feed, FeedPage
from tests.builders import START
from tests.office import FakeClock
from tests.unit.hubspot.scripted import Script, scripted

ASKED_AT = 1_788_768_000_000


def test_every_feed_of_the_language_can_be_read_and_no_other() -> None:
    feeds = Feeds(HubSpotClient("a token", FakeClock()))

    assert set(feeds.names) == set(FEEDS["hubspot"])


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
