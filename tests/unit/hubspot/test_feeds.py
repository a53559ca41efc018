"""The feeds of HubSpot are those of the mapping language."""

from __future__ import annotations

from connector.crms.hubspot.client import HubSpotClient
from connector.crms.hubspot.feeds import Feeds
from connector.mapping.feeds import FEEDS
from tests.office import FakeClock


def test_every_feed_of_the_language_can_be_read_and_no_other() -> None:
    feeds = Feeds(HubSpotClient("a token", FakeClock()))

    assert set(feeds.names) == set(FEEDS["hubspot"])
