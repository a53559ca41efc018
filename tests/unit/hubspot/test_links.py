"""Associations of records, page after page."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from connector.crms.hubspot.client import HubSpotClient
from connector.crms.hubspot.links import fetch_links
from connector.errors import UnreadableReplyError
from tests.clocks import HandClock
from tests.contract.crm.rules import NOW
from tests.unit.hubspot.scripted import Script, scripted


@pytest.fixture
def script() -> Iterator[Script]:
    with scripted() as script:
        yield script


def linked(from_: str, *to: str, after: str = "") -> dict[str, object]:
    """One record's page."""
    page = {"from": {"id": from_}, "to": [{"toObjectId": one, "associationTypes": []} for one in to]}
    return {**page, "paging": {"next": {"after": after, "link": ""}}} if after else page


def fetch(script: Script, *ids: str) -> dict[str, list[str]]:
    return fetch_links(HubSpotClient("token", HandClock(NOW), script.url), "contacts", "deals", ids)


def test_only_the_records_with_more_are_asked_for_more(script: Script) -> None:
    script.answer(200, {"results": [linked("51", "1", "2", after="MC0y"), linked("52", "9")]})
    script.answer(200, {"results": [linked("51", "2", "3")]})

    found = fetch(script, "51", "52", "53")

    assert found == {"51": ["1", "2", "3"], "52": ["9"]}
    assert [json.loads(body)["inputs"] for _, _, _, body in script.requests] == [
        [{"id": "51"}, {"id": "52"}, {"id": "53"}],
        [{"id": "51", "after": "MC0y"}],
    ]


def test_pages_that_never_end_are_given_up(script: Script) -> None:
    for after in ("a", "b", "a"):
        script.answer(200, {"results": [linked("51", "1", after=after)]})

    with pytest.raises(UnreadableReplyError, match="never end"):
        fetch(script, "51")
