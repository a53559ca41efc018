"""Batches of signals: what can be read, and how the rest is told."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from connector.engine.inward.batch import MAX_SIGNALS, Batch, parse_batch
from connector.errors import MalformedRequestError
from tests.builders import START, after

ADA = "ada@example.com"


def batch(*signals: Any) -> Batch:
    return parse_batch(json.dumps({"signals": signals}).encode(), START)


def told(**parts: Any) -> dict[str, Any]:
    return {"signal": "report_read", "email": ADA, **parts}


def test_a_signal_is_read_with_all_that_it_says() -> None:
    (one,) = batch(told(at="2026-09-07T09:30:00.1239+02:00", attributes={"topic": "energy", "seconds": 210})).told

    assert (one.signal, one.email, one.record_id) == ("report_read", ADA, "")
    assert one.at == after(minutes=-30, ms=123)
    assert one.attributes == {"topic": "energy", "seconds": 210.0}


def test_a_person_is_named_by_address_in_any_spelling_or_by_record() -> None:
    by_address, by_record = batch(told(email=" Ada@Example.COM "), {"signal": "report_read", "hubspot": "51"}).told

    assert by_address.email == ADA
    assert (by_record.crm, by_record.record_id) == ("hubspot", "51")


def test_a_person_may_be_named_by_a_record_of_salesforce() -> None:
    (by_record,) = batch({"signal": "report_read", "salesforce": "00Q5e000008ZkM3EAK"}).told

    assert (by_record.crm, by_record.record_id, by_record.email) == ("salesforce", "00Q5e000008ZkM3EAK", "")


def test_the_same_signal_written_otherwise_is_the_same() -> None:
    first, second = batch(
        {"signal": "s", "email": ADA, "at": "2026-09-07T08:00:00Z", "attributes": {"a": 1, "b": True}},
        {"attributes": {"b": True, "a": 1.0}, "at": "2026-09-07T10:00:00+02:00", "email": ADA.upper(), "signal": "s"},
    ).told

    assert first.key == second.key


DIFFERENT = {
    "another person": told(email="bob@example.com"),
    "another name": told(signal="page_visited"),
    "another moment": told(at="2026-09-07T07:59:59Z"),
    "another attribute": told(at="2026-09-07T07:00:00Z", attributes={"topic": "x"}),
    "a number that was text": told(at="2026-09-07T07:00:00Z", attributes={"topic": "1"}),
    "that number": told(at="2026-09-07T07:00:00Z", attributes={"topic": 1}),
    "a record": {"signal": "report_read", "hubspot": "51"},
}


def test_different_signals_have_different_keys() -> None:
    keys = [one.key for one in batch(told(at="2026-09-07T07:00:00Z"), *DIFFERENT.values()).told]

    assert len(set(keys)) == 1 + len(DIFFERENT)


def test_signals_without_a_moment_are_told_apart_by_their_places() -> None:
    first, second = batch(told(), told()).told

    assert first.key != second.key
    assert first.at is None


MISFITS = {
    "no mapping": ("a", "signals[1]", "Expected `object`, got `str`"),
    "no name": ({"email": ADA}, "signals[1]", "Object missing required field `signal`"),
    "a name that is none": (told(signal="Report read!"), "signals[1].signal", "is no name of a signal"),
    "a name that never ends": (told(signal="a" * 61), "signals[1].signal", "is no name of a signal"),
    "an unknown key": (told(emial=ADA), "signals[1]", "Object contains unknown field `emial`"),
    "nobody": ({"signal": "s"}, "signals[1]", "names who it was by one of email, hubspot and salesforce"),
    "two people": (told(hubspot="51"), "signals[1]", "names who it was by one of email, hubspot and salesforce"),
    "no address": (told(email="ada at example"), "signals[1].email", "is no email address"),
    "an address with a line in it": (told(email="a\n@example.com"), "signals[1].email", "is no email address"),
    "a number for an address": (told(email=7), "signals[1].email", "Expected `str`, got `int`"),
    "a record of another kind": ({"signal": "s", "hubspot": "0-1/51"}, "signals[1].hubspot", "is no record id"),
    "a record of Salesforce of another kind": (
        {"signal": "s", "salesforce": "0065e000008ZkM3EAK"}, "signals[1].salesforce", "is no id of a lead or contact"
    ),
    "an id of Salesforce that is nobody's": (
        {"signal": "s", "salesforce": "00Q5e000008ZkM3EAA"}, "signals[1].salesforce", "last three characters",
    ),
    "an id of Salesforce in small letters": (
        {"signal": "s", "salesforce": "00Q5e000008zkm3EAK"}, "signals[1].salesforce", "last three characters",
    ),
    "a short id of Salesforce": (
        {"signal": "s", "salesforce": "00Q5e000008ZkM3"}, "signals[1].salesforce", "18 characters"
    ),
    "a record in two CRMs": (
        {"signal": "s", "hubspot": "1", "salesforce": "00Q5e000008ZkM3EAK"}, "signals[1]", "by one of"
    ),
    "a record id that never ends": ({"signal": "s", "hubspot": "9" * 40}, "signals[1].hubspot", "is no record id"),
    "no moment": (told(at="yesterday"), "signals[1].at", "is no moment such as"),
    "a moment without offset": (told(at="2026-09-07T08:00:00"), "signals[1].at", "has no offset"),
    "the future": (told(at="2026-09-07T08:06:00Z"), "signals[1].at", "lies in the future"),
    "1970": (told(at="1970-01-01T00:00:00Z"), "signals[1].at", "lies in the future, or before the year 2000"),
    "the end of time": (told(at="9999-12-31T23:59:59-14:00"), "signals[1].at", "lies in the future"),
    "attributes as a list": (told(attributes=["a"]), "signals[1].attributes", "Expected `object`, got `array`"),
    "too many attributes": (told(attributes={f"a{i}": 1 for i in range(21)}), "signals[1].attributes", "are more"),
    "a strange attribute": (told(attributes={"__class__": 1}), "signals[1].attributes", "have a name that is none"),
    "an attribute with parts": (told(attributes={"a": {"b": 1}}), "signals[1].attributes.a", "is neither text nor"),
    "an attribute without value": (told(attributes={"a": None}), "signals[1].attributes.a", "is neither text nor"),
    "a long text": (told(attributes={"a": "x" * 1_001}), "signals[1].attributes.a", "is longer than"),
    "a NUL": (told(attributes={"a": "x\0y"}), "signals[1].attributes.a", "holds a NUL"),
}  # fmt: skip


@pytest.mark.parametrize(("wrong", "place", "problem"), MISFITS.values(), ids=MISFITS)
def test_what_is_wrong_is_told_with_its_place_and_spoils_no_other(wrong: Any, place: str, problem: str) -> None:
    found = batch(told(), wrong, told())

    ((where, what),) = found.misfits
    assert len(found.told) == 2
    assert where == place
    assert problem in what


def test_a_number_beyond_all_bounds_is_no_attribute() -> None:
    body = b'{"signals": [{"signal": "s", "email": "a@example.com", "attributes": {"n": 1e999}}]}'

    ((place, _),) = parse_batch(body, START).misfits

    assert place == "signals[0].attributes.n"


def test_a_clock_that_runs_a_little_ahead_is_believed() -> None:
    (one,) = batch(told(at=(START + timedelta(minutes=4)).isoformat())).told

    assert one.at == after(minutes=4)


def test_half_of_a_character_hurts_nobody() -> None:
    body = rb'{"signals": [{"signal": "s", "email": "a@example.com", "attributes": {"n": "\ud83d"}}]}'

    try:
        found = parse_batch(body, START)
    except MalformedRequestError:
        return
    for one in found.told:
        json.dumps(dict(one.attributes)).encode("utf-8")


MALFORMED = {
    "nothing": b"",
    "no JSON": b"hello",
    "no UTF-8": b"\xff\xfe",
    "a list": b"[]",
    "another key": b'{"events": []}',
    "a key too many": b'{"signals": [], "workspace": "beta"}',
    "no signals": b'{"signals": []}',
    "too many signals": b'{"signals": [' + b",".join([b"1"] * (MAX_SIGNALS + 1)) + b"]}",
    "nested deeply": b'{"signals": ' + b"[" * 100_000,
    "nested deeply, and closed": b'{"signals": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_a_body_of_another_form_is_refused_as_a_whole(body: bytes) -> None:
    try:
        found = parse_batch(body, START)
    except MalformedRequestError:
        return

    assert found.told == []
    assert found.misfits
