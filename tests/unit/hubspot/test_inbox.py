from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import connector.crms.hubspot as folder
from connector.crms.hubspot.inbox import HubSpotEndpoint
from connector.crms.hubspot.signature import sign_v3
from connector.domain.ids import CrmRef
from connector.errors import SignatureError
from connector.ports import CrmEvent, EventKind, Parsed, RawRequest

FIXTURES = Path(folder.__file__).parent / "fixtures"
APP = "50780459"
PORTAL = "247187887"
LEAD = "541935488729"
ENDPOINT = HubSpotEndpoint("a-secret", "https://app.example.com/", APP)


def payload(name: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads((FIXTURES / f"{name}.json").read_text("utf-8"))
    return items


def parsed(*items: object) -> Parsed:
    return ENDPOINT.parse(json.dumps(items).encode())


def event(name: str, **changes: object) -> CrmEvent:
    read = parsed(payload(name)[0] | changes)
    assert read.unreadable == []
    return read.events[0]


MEANINGS = {
    "contact_property_change": (EventKind.CHANGED, "contact", LEAD),
    "contact_property_change_redacted": (EventKind.CHANGED, "contact", LEAD),
    "object_property_change": (EventKind.CHANGED, "contact", LEAD),
    "object_property_change_sensitive": (EventKind.CHANGED, "contact", LEAD),
    "object_property_change_cleared": (EventKind.CHANGED, "contact", LEAD),
    "contact_creation": (EventKind.CREATED, "contact", LEAD),
    "object_creation": (EventKind.CREATED, "contact", LEAD),
    "object_creation_meeting": (EventKind.CREATED, "meeting", "77120001"),
    "object_creation_custom": (EventKind.CREATED, "2-3465404", "77120002"),
    "contact_deletion": (EventKind.DELETED, "contact", LEAD),
    "object_deletion": (EventKind.DELETED, "contact", LEAD),
    "contact_privacy_deletion": (EventKind.ERASED, "contact", LEAD),
    "contact_restore": (EventKind.RESTORED, "contact", LEAD),
    "object_restore": (EventKind.RESTORED, "contact", LEAD),
    "contact_merge": (EventKind.MERGED, "contact", LEAD),
    "object_merge_new_id": (EventKind.MERGED, "contact", "541935499001"),
    "contact_association_change": (EventKind.OTHER, "contact", LEAD),
    "object_association_change": (EventKind.OTHER, "task", "77120003"),
    "company_property_change": (EventKind.CHANGED, "company", "88"),
    "deal_property_change": (EventKind.CHANGED, "deal", "91"),
    "ticket_creation": (EventKind.CREATED, "ticket", "92"),
    "product_deletion": (EventKind.DELETED, "product", "93"),
    "line_item_restore": (EventKind.RESTORED, "line_item", "94"),
    "conversation_new_message": (EventKind.OTHER, "conversation", "3341"),
    "event_completed": (EventKind.OTHER, "event", LEAD),
    "event_type_key": (EventKind.CREATED, "contact", LEAD),
    "unknown_type": (EventKind.OTHER, "contact", LEAD),
}


def test_every_captured_payload_has_its_meaning_here() -> None:
    assert set(MEANINGS) == {path.stem for path in FIXTURES.glob("*.json")}


@pytest.mark.parametrize(("name", "meaning"), MEANINGS.items(), ids=MEANINGS)
def test_each_event_type_is_told_in_our_words(name: str, meaning: tuple[EventKind, str, str]) -> None:
    told = event(name)

    kind, object_type, record_id = meaning
    assert told.kind is kind
    assert told.ref == CrmRef("hubspot", PORTAL, object_type, record_id)
    sent = payload(name)[0]
    assert told.type == sent.get("subscriptionType", sent.get("eventType"))
    assert json.loads(told.raw) == sent


def test_a_changed_value_is_told_with_the_moment_it_changed() -> None:
    told = event("object_property_change", occurredAt=1790000000123)

    assert (told.property, told.value, told.has_value) == ("lifecyclestage", "marketingqualifiedlead", True)
    assert told.at == datetime(2026, 9, 21, 14, 13, 20, 123000, UTC)


def test_a_cleared_value_is_a_value() -> None:
    told = event("object_property_change_cleared")

    assert (told.value, told.has_value) == ("", True)


WITHHELD: dict[str, tuple[str, dict[str, object]]] = {
    "marked sensitive": ("object_property_change_sensitive", {}),
    "classic and redacted": ("contact_property_change_redacted", {}),
    "sent without a value": ("contact_property_change", {"propertyValue": None}),
}


@pytest.mark.parametrize(("name", "changes"), WITHHELD.values(), ids=WITHHELD)
def test_a_withheld_value_must_be_read_again(name: str, changes: dict[str, object]) -> None:
    told = event(name, **changes)

    assert (told.value, told.has_value) == ("", False)


def test_the_word_redacted_is_a_value_where_sensitivity_is_said_apart() -> None:
    assert event("object_property_change", propertyValue="REDACTED").value == "REDACTED"


def test_a_merge_names_the_new_survivor_and_every_old_id() -> None:
    told = event("object_merge_new_id")

    assert told.ref.record_id == "541935499001"
    assert [ref.record_id for ref in told.merged] == ["541935488729", "541935488730"]
    assert {ref.object_type for ref in told.merged} == {"contact"}


def test_a_merge_without_a_new_id_keeps_the_primary_record() -> None:
    told = event("contact_merge", newObjectId=None)

    assert told.ref.record_id == LEAD
    assert [ref.record_id for ref in told.merged] == ["541935488730"]


def test_a_merge_of_more_records_than_hubspot_merges_is_kept_aside_whole() -> None:
    (genuine,) = payload("contact_merge")
    ids = list(range(1, 1_003))
    told = parsed({**genuine, "primaryObjectId": 1, "objectId": 1, "newObjectId": 1, "mergedObjectIds": ids})

    assert not told.events
    (aside,) = told.unreadable
    assert aside.problem == "it merges 1,001 records, which is more than HubSpot merges into one"
    assert '"mergedObjectIds"' in aside.raw
    assert not told.is_broken


def test_as_many_records_as_hubspot_merges_are_merged() -> None:
    assert len(event("contact_merge", mergedObjectIds=list(range(1, 252))).merged) >= 250


def test_our_own_write_coming_back_is_an_echo() -> None:
    assert event("contact_property_change").is_echo
    assert event("contact_property_change", sourceId=int(APP)).is_echo


NOT_OURS: dict[str, dict[str, object]] = {
    "another app": {"sourceId": "1234"},
    "a person": {"changeSource": "CRM_UI", "sourceId": f"userId:{APP}"},
    "a person with the number of our app": {"changeSource": "CRM_UI"},
    "nobody named": {"sourceId": None},
}


@pytest.mark.parametrize("changes", NOT_OURS.values(), ids=NOT_OURS)
def test_what_others_wrote_is_no_echo(changes: dict[str, object]) -> None:
    assert not event("contact_property_change", **changes).is_echo


def test_without_our_app_id_nothing_passes_for_an_echo() -> None:
    nameless = HubSpotEndpoint("a-secret", "https://app.example.com", "")
    sent = payload("contact_property_change")[0]

    read = nameless.parse(json.dumps([sent, sent | {"sourceId": ""}, sent | {"sourceId": None}]).encode())

    assert [told.is_echo for told in read.events] == [False, False, False]


COPIES: dict[str, dict[str, object]] = {
    "another attempt": {"attemptNumber": 3},
    "another event id": {"eventId": 1},
    "another subscription": {"subscriptionId": 1},
    "a generic subscription": {"subscriptionType": "object.propertyChange", "objectTypeId": "0-1"},
    "another spelling of the type": {"eventType": "contact.propertyChange", "subscriptionType": ""},
}


@pytest.mark.parametrize("changes", COPIES.values(), ids=COPIES)
def test_copies_of_one_happening_share_their_key(changes: dict[str, object]) -> None:
    assert event("contact_property_change", **changes).key == event("contact_property_change").key


OTHERS: dict[str, tuple[str, dict[str, object]]] = {
    "portal": ("contact_property_change", {"portalId": 1}),
    "record": ("contact_property_change", {"objectId": 1}),
    "object type": ("contact_property_change", {"subscriptionType": "company.propertyChange"}),
    "moment": ("contact_property_change", {"occurredAt": 1787843156001}),
    "property": ("contact_property_change", {"propertyName": "firstname"}),
    "value": ("contact_property_change", {"propertyValue": ""}),
    "kind": ("contact_creation", {"subscriptionType": "contact.deletion"}),
    "merged ids": ("contact_merge", {"mergedObjectIds": [9]}),
    "end of an association": ("contact_association_change", {"toObjectId": 89}),
    "added or removed": ("contact_association_change", {"associationRemoved": True}),
    "label of an association": ("object_association_change", {"associationTypeId": 1}),
    "chat message": ("conversation_new_message", {"messageId": "other"}),
}


@pytest.mark.parametrize(("name", "changes"), OTHERS.values(), ids=OTHERS)
def test_different_happenings_differ_in_their_key(name: str, changes: dict[str, object]) -> None:
    assert event(name, **changes).key != event(name).key


def test_a_key_tells_nothing_of_the_person() -> None:
    assert "ada" not in event("contact_property_change").key


def test_a_delivery_may_speak_of_several_portals() -> None:
    first, second = payload("contact_creation")[0], payload("contact_creation")[0] | {"portalId": 5}

    read = parsed(first, second)

    assert [one.ref.account for one in read.events] == [PORTAL, "5"]


UNREADABLE_ITEMS: dict[str, object] = {
    "a number": 7,
    "a text": "contact.creation",
    "nothing": None,
    "an array": [1],
    "an empty object": {},
    "no portal": {"occurredAt": 1, "subscriptionType": "contact.creation", "objectId": 1},
    "no time": {"portalId": 1, "subscriptionType": "contact.creation", "objectId": 1},
    "no record": {"portalId": 1, "occurredAt": 1, "subscriptionType": "contact.creation"},
    "no type": {"portalId": 1, "occurredAt": 1, "objectId": 1},
    "a type without a dot": {"portalId": 1, "occurredAt": 1, "objectId": 1, "subscriptionType": "creation"},
    "no property": {"portalId": 1, "occurredAt": 1, "objectId": 1, "subscriptionType": "contact.propertyChange"},
    "no object type": {"portalId": 1, "occurredAt": 1, "objectId": 1, "subscriptionType": "object.creation"},
    "no survivor": {"portalId": 1, "occurredAt": 1, "subscriptionType": "contact.merge"},
    "a portal beyond 64 bits": {"portalId": 2**64, "occurredAt": 1, "subscriptionType": "contact.creation"},
    "a portal of 4,000 digits": {"portalId": 10**4000, "occurredAt": 1, "subscriptionType": "contact.creation"},
    "a time past the last year": payload("contact_creation")[0] | {"occurredAt": 2**62},
    "a time before 1970": payload("contact_creation")[0] | {"occurredAt": -1},
    "a value that is no text": payload("contact_property_change")[0] | {"propertyValue": {"a": 1}},
    "a character no database takes": payload("contact_property_change")[0] | {"propertyValue": "a\0b"},
}


@pytest.mark.parametrize("item", UNREADABLE_ITEMS.values(), ids=UNREADABLE_ITEMS)
def test_an_unreadable_item_is_kept_aside_and_the_others_go_on(item: object) -> None:
    good = payload("contact_creation")[0]

    read = parsed(good, item, good)

    assert [one.kind for one in read.events] == [EventKind.CREATED, EventKind.CREATED]
    assert not read.is_broken
    (kept,) = read.unreadable
    assert json.loads(kept.raw) == item
    assert kept.problem


def test_an_item_of_bad_characters_is_kept_aside_and_the_others_go_on() -> None:
    good = json.dumps(payload("contact_creation")[0]).encode()

    read = ENDPOINT.parse(b"[" + good + b"," + good.replace(b"NEW", b"\xff") + b"," + good + b"]")

    assert len(read.events) == 2
    assert "\ufffd" in read.unreadable[0].raw


def test_of_a_name_given_twice_the_last_counts() -> None:
    body = json.dumps(payload("contact_creation")).encode().replace(b'"objectId"', b'"objectId": 1, "objectId"')

    assert ENDPOINT.parse(body).events[0].ref.record_id == LEAD


def test_an_empty_array_is_readable_and_says_nothing() -> None:
    assert ENDPOINT.parse(b"[]") == Parsed([], [])


BROKEN = {
    "nothing": b"",
    "blanks": b"  \n",
    "no JSON": b"hello",
    "cut short": b'[{"portalId":1',
    "an object": b'{"portalId":1}',
    "a text": b'"contact.creation"',
    "null": b"null",
    "not a number": b"[NaN]",
    "something after the array": b"[] []",
    "version 1 extended": b"[]\x80\x00\x00[]",
    "bytes of another encoding": "[]".encode("utf-16"),
    "no text at all": bytes(range(256)),
    "a byte order mark": b"\xef\xbb\xbf[]",
    "nested too deeply": b"[" * 100_000,
    "nested too deeply inside": b"[" + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"]",
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_a_body_that_is_no_array_is_told_as_broken(body: bytes) -> None:
    read = ENDPOINT.parse(body)

    assert read.is_broken
    assert not read.events
    (kept,) = read.unreadable
    assert kept.problem
    assert "\0" not in kept.raw
    assert len(kept.raw) <= 2_000


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
anything = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10)
types = st.sampled_from([str(payload(name)[0].get("subscriptionType", "")) for name in MEANINGS]) | st.text()
names = sorted({key for name in MEANINGS for key in payload(name)[0]})
events = st.builds(
    lambda type_, known, rest: {"subscriptionType": type_} | known | rest,
    types,
    st.fixed_dictionaries({"portalId": st.integers(), "occurredAt": st.integers(), "objectId": st.integers()}),
    st.dictionaries(st.sampled_from(names), anything),
)


@given(st.binary())
def test_no_bytes_make_reading_fail(body: bytes) -> None:
    ENDPOINT.parse(body)


@given(st.lists(events | anything))
def test_every_item_is_either_told_or_kept_aside(items: list[object]) -> None:
    read = ENDPOINT.parse(json.dumps(items).encode())

    assert read.is_broken or len(read.events) + len(read.unreadable) == len(items)
    for told in read.events:
        assert (told.at.tzinfo, "\0" in told.raw, len(told.key)) == (UTC, False, 32)


@given(st.sampled_from(sorted(MEANINGS)), st.integers(0, 11), st.integers(0, 2**31))
def test_no_attempt_changes_a_key(name: str, attempt: int, event_id: int) -> None:
    assert event(name, attemptNumber=attempt, eventId=event_id).key == event(name).key


def request(target: str, signed_uri: str, now: datetime) -> RawRequest:
    sent = str(int(now.timestamp()) * 1000)
    v3 = sign_v3("a-secret", "POST", signed_uri, b"[]", sent).decode()
    return RawRequest("POST", target, {"x-hubspot-signature-v3": v3, "x-hubspot-request-timestamp": sent}, b"[]")


def test_the_url_that_counts_is_the_public_one_with_path_and_query_as_sent() -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    target = "/webhooks/hubspot?a=%20b&c=d"

    ENDPOINT.verify(request(target, f"https://app.example.com{target}", now), now)

    with pytest.raises(SignatureError):
        ENDPOINT.verify(request(target, f"http://10.0.0.7:8000{target}", now), now)


def test_the_largest_genuine_delivery_is_taken_and_ten_million_bytes_are_not() -> None:
    largest = [payload("contact_property_change")[0] | {"propertyValue": "x" * 65_536}] * 100

    assert len(json.dumps(largest)) < ENDPOINT.max_body < 10_000_000


def test_half_a_character_spoils_neither_its_event_nor_the_others() -> None:
    whole = '{"subscriptionType":"contact.propertyChange","portalId":1,"objectId":5,"occurredAt":1790000000000,'
    cut = whole + '"propertyName":"firstname","propertyValue":"Zo\\ud83d"}'
    good = whole + '"propertyName":"lastname","propertyValue":"Ro\\u00df"}'

    parsed = HubSpotEndpoint("secret", "https://app.example.com", "9").parse(f"[{cut},{good}]".encode())

    assert [event.value for event in parsed.events] == ["Zo?", "Roß"]
    assert not parsed.unreadable
    assert not parsed.is_broken


def test_a_backslash_that_only_looks_like_nul_is_text() -> None:
    event = (
        '[{"subscriptionType":"contact.propertyChange","portalId":1,"objectId":5,"occurredAt":1790000000000,'
        '"propertyName":"firstname","propertyValue":"C:\\\\u0000"}]'
    )

    parsed = HubSpotEndpoint("secret", "https://app.example.com", "9").parse(event.encode())

    assert [event.value for event in parsed.events] == ["C:\\u0000"]
