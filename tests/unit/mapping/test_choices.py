"""Content by the value of a field: what is chosen, and what cannot be."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from connector.domain.fact import Value
from connector.domain.programs.program import Choice, ListSend, Send, pick
from connector.mapping.activity_models import ChosenName
from connector.mapping.choices import to_choice
from connector.mapping.conditions import ConditionReader
from connector.mapping.fields import to_fields
from connector.mapping.merge import parse_files
from connector.mapping.names import names_of
from connector.mapping.places import Path, Problems
from connector.mapping.shape import check_shape
from tests.mapping_files import files_with

A, B, REST = ListSend("a"), ListSend("b"), ListSend("rest")
BY_INTEREST = Choice("interest", {"planning": A, "12": B, "true": B}, REST)

PICKED: dict[str, tuple[Value | None, Send]] = {
    "its value": ("planning", A),
    "large letters": ("Planning", A),
    "a number": (12.0, B),
    "yes or no": (True, B),
    "the first known of several": (("events", "PLANNING", "12"), A),
    "another value": ("events", REST),
    "no value": (None, REST),
}


@pytest.mark.parametrize(("value", "sent"), PICKED.values(), ids=PICKED)
def test_what_goes_with_the_value_is_sent(value: Value | None, sent: Send) -> None:
    fields = {} if value is None else {"interest": value}

    assert pick(BY_INTEREST, fields) == sent


def test_without_anything_for_the_others_they_are_sent_nothing() -> None:
    assert pick(Choice("interest", {"planning": A}), {"interest": "events"}) is None


# --- in a file ----------------------------------------------------------------------------------------------


def read(raw: object) -> tuple[Send | Choice, list[str]]:
    """The choice, as it would be read for a list, and the words of what is wrong with it."""
    problems = Problems(parse_files(files_with("")).root)
    mapping = check_shape(problems)
    reader = ConditionReader(names_of(problems.root, mapping, to_fields(mapping, problems)), problems)

    def to_list(name: str, path: Path) -> Send:
        return ListSend(name)

    chosen = to_choice(TypeAdapter(ChosenName).validate_python(raw), ("here",), reader, to_list)
    return chosen, [f"{problem.message}; {problem.hint}".removesuffix("; ") for problem in problems.found]


def test_a_name_alone_is_no_choice() -> None:
    assert read("rest") == (REST, [])


def test_a_choice_says_what_is_sent_for_each_value() -> None:
    chosen, problems = read({"by": "industry", "Software": "a", "machinery": "b", "else": "rest"})

    assert chosen == Choice("industry", {"software": A, "machinery": B}, REST)
    assert problems == []


WRONG = {
    'unknown field "industri"; did you mean "industry"?': {"by": "industri", "x": "a", "else": "b"},
    '"Software" is said twice': {"by": "industry", "software": "a", "Software": "a", "else": "b"},
    "a lead with another value is sent nothing; add else:": {"by": "industry", "software": "a"},
}


@pytest.mark.parametrize(("words", "raw"), WRONG.items())
def test_a_choice_that_cannot_be_meant_is_told(words: str, raw: object) -> None:
    assert read(raw)[1] == [words]


@pytest.mark.parametrize("raw", [{"software": "a"}, {"by": "industry"}, {"by": "industry", "x": 3}, {}])
def test_a_choice_without_a_field_or_without_names_is_misshapen(raw: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(ChosenName).validate_python(raw)
