"""What the page for administrators of orgs shows is what the doors take."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from connector.crms.salesforce import signature
from connector.crms.salesforce.events_inbox import MAX_EVENTS, SignedEvents
from connector.crms.salesforce.outbound import OutboundMessages
from connector.ports import EventKind
from tests.org_door import SECRET, batch

PAGE = (Path(__file__).parents[3] / "docs" / "install-salesforce.md").read_text("utf-8")
EVENTS = SignedEvents(lambda org, now: ())


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_signature_that_is_shown_is_the_one_that_is_taken() -> None:
    shown: dict[str, Any] = {}
    exec(examples("python")[0], shown)

    assert shown["sign"](SECRET, "1795339200", batch()) == signature.sign(SECRET, "1795339200", batch())


def test_the_events_that_are_shown_are_understood() -> None:
    parsed = EVENTS.parse(examples("json")[0].encode())

    assert [event.kind for event in parsed.events] == [EventKind.HINTED, EventKind.MERGED, EventKind.MERGED]
    assert not parsed.unreadable


def test_every_change_that_is_listed_is_understood() -> None:
    listed = re.search(r"^\| `change` \| all \| (.*)$", PAGE, re.MULTILINE)
    assert listed is not None
    example = json.loads(examples("json")[0])

    for change in re.findall(r"`([A-Z]+)`", listed[1]):
        event = {**example["events"][1], **example["events"][2], "change": change}
        parsed = EVENTS.parse(json.dumps({**example, "events": [event]}).encode())
        assert EventKind.OTHER not in {one.kind for one in parsed.events}, change
        assert parsed.events, change


def test_the_headers_are_the_ones_that_are_read() -> None:
    shown = {name.lower() for name in re.findall(r"^\| `(X-[\w-]+)` \|", PAGE, re.MULTILINE)}

    assert shown == {
        signature.ORG_HEADER,
        signature.TIMESTAMP_HEADER,
        signature.DELIVERY_HEADER,
        signature.SIGNATURE_HEADER,
    }


def test_the_paths_and_limits_are_what_they_are() -> None:
    for endpoint in (EVENTS, OutboundMessages(lambda org, now: True)):
        assert f"/webhooks/{endpoint.name}" in PAGE
        assert f"{endpoint.max_body // 2**20} MiB" in PAGE
    assert f"{MAX_EVENTS:,} events" in PAGE


@pytest.mark.parametrize("text", examples("xml"))
def test_the_files_that_are_shown_are_whole(text: str) -> None:
    root = ElementTree.fromstring(text)

    assert root.tag.startswith("{http://soap.sforce.com/2006/04/metadata}")
