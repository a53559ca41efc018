"""Mappings of a size that nobody should write: answered with a place, and within seconds."""

from __future__ import annotations

import time

import pytest

from connector.domain.book import compile_book
from connector.mapping.check import MAX_LEAVES, MAX_LEVELS
from connector.mapping.load import check_mapping, parse_mapping
from tests.mapping_files import files_with, mistakes_in

#: On any machine that tests run on. Work that grows with the square of these sizes takes far longer.
ENOUGH = 12.0
TOO_TALL = "a sum of sums of more than 50 levels, or of more than 1,000 scores; add up the scores with rules themselves"


def chain_of_sums(length: int) -> str:
    links = "".join(f"  s{number}: {{sum: s{number - 1}}}\n" for number in range(1, length))
    return f"scores:\n  s0: {{rules: [{{when: {{segment: big}}, points: 1}}]}}\n{links}"


@pytest.mark.parametrize("length", [MAX_LEVELS + 1, 900, 1_200])
def test_a_sum_of_sums_without_end_is_refused_at_the_first_that_is_too_tall(length: int) -> None:
    found = mistakes_in(chain_of_sums(length))

    assert found == [f"{MAX_LEVELS + 3}:14: {TOO_TALL}"]


def test_a_sum_of_sums_of_bearable_height_is_added_up() -> None:
    book = compile_book(parse_mapping(files_with(chain_of_sums(MAX_LEVELS))))

    assert [leaf.name for leaf in book.leaves[f"s{MAX_LEVELS - 1}"]] == ["s0"]


def test_sums_that_double_at_each_level_are_refused_before_they_are_added_up() -> None:
    doubled = [f"{{sum: [a{n}, b{n}]}}" for n in range(40)]
    levels = "".join(f"  a{n}: {both}\n  b{n}: {both}\n" for n, both in enumerate(doubled, 1))
    rules = "{rules: [{when: {segment: big}, points: 1}]}"

    found = mistakes_in(f"scores:\n  a0: {rules}\n  b0: {rules}\n{levels}")

    assert MAX_LEAVES < 2**10
    assert found == [f"{5 + 2 * 9}:9: {TOO_TALL}"]


def test_a_wide_sum_may_have_as_many_parts_as_a_sum_may_count() -> None:
    rules = "".join(f"  s{n}: {{rules: [{{when: {{segment: big}}, points: 1}}]}}\n" for n in range(MAX_LEAVES))

    found = mistakes_in(f"scores:\n{rules}  all: {{sum: [{', '.join(f's{n}' for n in range(MAX_LEAVES))}]}}\n")

    assert found == []


NESTED = {
    "not in not": "segments:\n  x: " + "{not: " * 2_000 + "{segment: big}" + "}" * 2_000,
    "lists in lists": "segments:\n  x: " + "[" * 30_000 + "]" * 30_000,
    "braces in braces": "segments: " + "{a: " * 15_000 + "1" + "}" * 15_000,
    "dashes": "segments:\n" + "- " * 30_000 + "x",
    "ever further to the right": "segments:\n" + "".join(" " * depth + "not:\n" for depth in range(1, 300)),
    "all in any": "segments:\n  x: " + "{all: [{any: [" * 1_000 + "{segment: big}" + "]}]}" * 1_000,
    "sums in sums": "scores:\n  x: " + "{sum: " * 2_000 + "x" + "}" * 2_000,
}


@pytest.mark.parametrize("text", NESTED.values(), ids=NESTED)
def test_what_is_nested_without_end_is_refused_at_a_place(text: str) -> None:
    (found,) = mistakes_in(text)

    assert "nested deeper than 30 levels" in found


LARGE = {
    "1,500 phases": "programs:\n  x:\n    enrol: called\n    phases:\n"
    + "".join(f"      p{n}: {{activities: {{a: {{send: {{note: Hi}}}}}}}}\n" for n in range(1_500)),
    "1,000 phases and back": "programs:\n  x:\n    enrol: called\n    phases:\n"
    + "".join(
        f"      p{n}: {{activities: {{a: {{send: {{note: Hi}}}}}}, all_answered: {{after: 1d, next: p{n + 1}}}}}\n"
        for n in range(1_000)
    )
    + "      p1000: {activities: {a: {send: {note: Hi}}}, all_answered: {after: 1d, next: previous, times: 1}}\n",
    "3,000 segments one after another": "segments:\n  s0: {industry: a}\n"
    + "".join(f"  s{n}: {{segment: s{n - 1}}}\n" for n in range(1, 3_000)),
}


@pytest.mark.parametrize("text", LARGE.values(), ids=LARGE)
def test_a_large_mapping_is_checked_in_bearable_time(text: str) -> None:
    begun = time.process_time()

    found = mistakes_in(text)

    assert found == []
    assert time.process_time() - begun < ENOUGH


def test_a_thousand_unknown_names_are_answered_in_bearable_time() -> None:
    names = "".join(f"  {'abcdefghij' * 4}{n}: {{segment: {'jihgfedcba' * 4}{n}}}\n" for n in range(800))
    begun = time.process_time()

    report = check_mapping(files_with(f"segments:\n{names}"))

    assert len(report.errors) == 200
    assert time.process_time() - begun < ENOUGH


def test_of_many_words_the_nearest_is_still_named() -> None:
    names = "".join(f"  segment_{n}: {{industry: a}}\n" for n in range(500))

    (found,) = mistakes_in(f"segments:\n{names}  x: {{segment: large_makrs}}\n  large_makers: {{industry: b}}\n")

    assert found.endswith('unknown segment "large_makrs"; did you mean "large_makers"?')


def test_a_long_circle_is_told_by_its_ends() -> None:
    names = "".join(f"  s{n}: {{segment: s{(n + 1) % 500}}}\n" for n in range(500))

    (found,) = mistakes_in(f"segments:\n{names}")

    assert len(found) < 300
    assert "segment s0 → segment s1 → " in found
    assert " → … → " in found
