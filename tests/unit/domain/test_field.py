"""How a CRM's text becomes a value, and a value text again."""

from __future__ import annotations

import pytest

from connector.domain.fact import Value
from connector.domain.field import Field, FieldType, format_value, parse_value

TEXT, NUMBER, BOOLEAN = FieldType.TEXT, FieldType.NUMBER, FieldType.BOOLEAN
DATE, DATETIME, CHOICES = FieldType.DATE, FieldType.DATETIME, FieldType.CHOICES

READABLE: dict[str, tuple[FieldType, str, Value | None]] = {
    "text": (TEXT, "Acme", "Acme"),
    "text between blanks": (TEXT, "  Acme Srl\n", "Acme Srl"),
    "nothing": (TEXT, "", None),
    "blanks are nothing": (NUMBER, " \t ", None),
    "whole number": (NUMBER, "250", 250.0),
    "number with a sign and a fraction": (NUMBER, "-0.5", -0.5),
    "number as HubSpot writes large ones": (NUMBER, "1.0E7", 10_000_000.0),
    "huge number": (NUMBER, "1" + "0" * 300, 1e300),
    "true": (BOOLEAN, "true", True),
    "True as Python writes it": (BOOLEAN, "True", True),
    "yes": (BOOLEAN, "YES", True),
    "1": (BOOLEAN, "1", True),
    "false": (BOOLEAN, "false", False),
    "no": (BOOLEAN, "No", False),
    "0": (BOOLEAN, "0", False),
    "date": (DATE, "2026-11-22", "2026-11-22"),
    "date of a moment": (DATE, "2026-11-22T10:00:00Z", "2026-11-22"),
    "HubSpot's date: midnight in milliseconds": (DATE, "1795305600000", "2026-11-22"),
    "date before 1970": (DATE, "-86400000000", "1967-04-07"),
    "leap day": (DATE, "2028-02-29", "2028-02-29"),
    "moment": (DATETIME, "2026-11-22T10:00:00Z", "2026-11-22T10:00:00.000+00:00"),
    "moment of another zone": (DATETIME, "2026-11-22T10:00:00.5+01:00", "2026-11-22T09:00:00.500+00:00"),
    "moment without a zone is UTC": (DATETIME, "2026-11-22T10:00:00", "2026-11-22T10:00:00.000+00:00"),
    "date as a moment": (DATETIME, "2026-11-22", "2026-11-22T00:00:00.000+00:00"),
    "HubSpot's moment in milliseconds": (DATETIME, "1795341600123", "2026-11-22T10:00:00.123+00:00"),
    "the last millisecond there is": (DATETIME, "253402300799999", "9999-12-31T23:59:59.999+00:00"),
    "one choice": (CHOICES, "A", ("A",)),
    "several choices in the CRM's order": (CHOICES, "B;A", ("B", "A")),
    "choices between blanks and nothing": (CHOICES, " B ; ;A;", ("B", "A")),
    "no choice": (CHOICES, ";", None),
}

UNREADABLE: dict[str, tuple[FieldType, str]] = {
    "word as a number": (NUMBER, "many"),
    "number with a comma": (NUMBER, "1,5"),
    "number with an underscore": (NUMBER, "1_000"),
    "not a number": (NUMBER, "NaN"),
    "infinity": (NUMBER, "Infinity"),
    "minus infinity": (NUMBER, "-inf"),
    "too large for a number": (NUMBER, "1e999"),
    "word as a truth": (BOOLEAN, "perhaps"),
    "2 as a truth": (BOOLEAN, "2"),
    "no such day": (DATE, "2026-02-29"),
    "word as a date": (DATE, "tomorrow"),
    "day first": (DATE, "22/11/2026"),
    "milliseconds beyond all calendars": (DATE, "9" * 30),
    "more digits than anybody reads": (DATE, "9" * 6000),
    "minus minus": (DATE, "--86400000000"),
    "digits that are none": (DATETIME, "²²²²²²²²²"),
    "no such hour": (DATETIME, "2026-11-22T25:00:00Z"),
    "before the first year": (DATETIME, "0001-01-01T00:00:00+05:00"),
    "after the last year": (DATETIME, "9999-12-31T23:59:59-05:00"),
}


@pytest.mark.parametrize(("type_", "raw", "value"), READABLE.values(), ids=READABLE.keys())
def test_a_crms_text_is_read(type_: FieldType, raw: str, value: Value | None) -> None:
    parsed = parse_value(Field("f", type_), raw)

    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(("type_", "raw"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_text_of_another_type_is_refused_in_words_that_people_understand(type_: FieldType, raw: str) -> None:
    with pytest.raises(ValueError, match=f"is not a {type_}$") as refused:
        parse_value(Field("f", type_), raw)

    assert len(str(refused.value)) < 120


def test_a_crms_word_becomes_ours_and_other_words_pass() -> None:
    industry = Field("industry", values={"COMPUTER_SOFTWARE": "software"})

    assert parse_value(industry, " COMPUTER_SOFTWARE ") == "software"
    assert parse_value(industry, "BANKING") == "BANKING"


def test_a_crms_word_may_stand_for_a_number_or_a_truth() -> None:
    size = Field("employees", NUMBER, values={"11-50": "50"})
    customer = Field("customer", BOOLEAN, values={"Active": "true"})

    assert parse_value(size, "11-50") == 50.0
    assert parse_value(customer, "Active") is True


def test_each_of_several_choices_becomes_our_word() -> None:
    interests = Field("interests", CHOICES, values={"EMAIL_MKTG": "email", "SEO_SEM": "search"})

    assert parse_value(interests, "SEO_SEM;OTHER; EMAIL_MKTG") == ("search", "OTHER", "email")


WRITTEN: dict[str, tuple[Value | None, str]] = {
    "nothing": (None, ""),
    "text": ("Acme", "Acme"),
    "whole number": (250.0, "250"),
    "fraction": (0.1, "0.1"),
    "negative": (-3.0, "-3"),
    "huge": (1e20, "100000000000000000000"),
    "true": (True, "true"),
    "false": (False, "false"),
    "choices": (("B", "A"), "B;A"),
}


@pytest.mark.parametrize(("value", "text"), WRITTEN.values(), ids=WRITTEN.keys())
def test_a_value_is_written_as_people_and_crms_read_it(value: Value | None, text: str) -> None:
    assert format_value(value) == text


@pytest.mark.parametrize(("type_", "raw", "value"), READABLE.values(), ids=READABLE.keys())
def test_what_is_written_reads_as_the_same_value(type_: FieldType, raw: str, value: Value | None) -> None:
    assert parse_value(Field("f", type_), format_value(value)) == value


def test_moments_as_text_sort_as_time_does() -> None:
    moments = ["-1", "999999999", "1795341600123", "1795341600124", "2026-11-22T10:00:00.124+00:00", "253402300799999"]

    values = [parse_value(Field("f", DATETIME), raw) for raw in moments]

    assert values == sorted(values, key=str)
