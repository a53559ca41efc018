"""Files as YAML: what is read, what is refused, and where."""

from __future__ import annotations

import pytest

from connector.mapping.load import check_mapping
from connector.mapping.nodes import MAX_CHARACTERS, parse_yaml, to_plain

SCALARS = {
    "true": True,
    "False": False,
    "null": None,
    "~": None,
    "7": 7,
    "-7": -7,
    "2.5": 2.5,
    "1e3": 1000.0,
    '"7"': "7",
    "'true'": "true",
    "yes": "yes",
    "no": "no",
    "on": "on",
    "NO": "NO",
    "007": "007",
    "00.5": "00.5",
    "+39": 39,
    "0x1F": "0x1F",
    ".inf": ".inf",
    "1e999": "1e999",
    "12345678901234567890": "12345678901234567890",
    "2026-11-22": "2026-11-22",
    "09:00": "09:00",
    "1_000": "1_000",
}


@pytest.mark.parametrize(("text", "value"), SCALARS.items(), ids=SCALARS)
def test_a_word_is_what_it_looks_like_to_a_person(text: str, value: object) -> None:
    root, problems = parse_yaml("a.yaml", f"key: {text}")

    assert root is not None
    assert to_plain(root) == {"key": value}
    assert not problems


REFUSED = {
    "a tab": ("a:\n\tb: 1", "a.yaml:2:1: a tab where YAML wants spaces; indent with spaces"),
    "an open brace": ("a: {b: 1", "a.yaml:1:9: a brace { without its }; check commas and braces"),
    "an open bracket": ("a: [b, c\nd: 1", "a.yaml:2:2: a bracket [ without its ]; check commas and brackets"),
    "a stray colon": (
        "a: b: c",
        "a.yaml:1:5: a colon that YAML does not expect; quote the text, or indent it right",
    ),
    "crooked indentation": (
        "a:\n   b: 1\n  c: 2",
        "a.yaml:3:3: this line's indentation fits none above; align it with its neighbours",
    ),
    "a lonely word": ("a: 1\nb\nc: 2", 'a.yaml:3:1: a key without its colon; write "key: value"'),
    "a control character": ("a: \x07", "a.yaml:1:1: a control character; remove it"),
    "an impossible escape": ('a: "\\UFFFFFFFF"', "a.yaml:1:1: this is not YAML"),
    "an anchor": (
        "a: &x 1",
        (
            "a.yaml:1:4: anchors and aliases (& and *) are not part of the mapping language; "
            "write the value out, or make it a segment"
        ),
    ),
    "an alias": (
        "a: *x",
        (
            "a.yaml:1:4: anchors and aliases (& and *) are not part of the mapping language; "
            "write the value out, or make it a segment"
        ),
    ),
    "a tag": ("a: !!int 1", "a.yaml:1:4: tags (!) are not part of the mapping language; put text in quotation marks"),
    "an object": (
        "!!python/object/apply:os.system [ls]",
        "a.yaml:1:1: tags (!) are not part of the mapping language; put text in quotation marks",
    ),
    "a complex key": ("? [a, b]\n: 1", "a.yaml:1:3: a key must be a word; check colons and braces"),
    "two documents": ("a: 1\n---\nb: 2", "a.yaml:2:1: a second document begins here; make it a file of its own"),
    "a list": ("- a", "a.yaml:1:1: expected a mapping file; write key: value lines"),
    "a word": ("hello", "a.yaml:1:1: expected a mapping file; write key: value lines"),
    "depth": ("a: " + "[" * 40 + "]" * 40, "a.yaml:1:33: nested deeper than 30 levels"),
    "size": ("# " + "x" * MAX_CHARACTERS, "a.yaml:1:1: the file is larger than 100,000 characters; split it"),
}


@pytest.mark.parametrize(("text", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_mapping_file_is_refused_with_one_sentence(text: str, words: str) -> None:
    report = check_mapping({"a.yaml": text})

    assert [str(problem) for problem in report.problems] == [words]


def test_a_key_given_twice_names_the_line_of_the_first() -> None:
    report = check_mapping({"a.yaml": "format: 1\nworkspace: a\ntimezone: UTC\nworkspace: b\n"})

    assert [str(problem) for problem in report.problems] == [
        'a.yaml:4:1: duplicate key "workspace"; it stands in line 2 already'
    ]


def test_a_name_given_in_two_files_names_both_places() -> None:
    one = "format: 1\nworkspace: a\ntimezone: UTC\nfields:\n  email: {hubspot: email}\n"
    other = "format: 1\nfields:\n  name: {hubspot: n}\n  email: {hubspot: e}\n"

    report = check_mapping({"one.yaml": one, "other.yaml": other})

    assert [str(problem) for problem in report.problems] == [
        'other.yaml:4:3: "email" in fields stands in one.yaml:5 already; say it once'
    ]


def test_a_written_property_given_in_two_files_names_both_places() -> None:
    one = "format: 1\nworkspace: a\ntimezone: UTC\nfields: {x: {hubspot: x}}\nwrite_back: {hubspot: {y: x, z: x}}\n"
    other = "format: 1\nwrite_back:\n  hubspot: {y: segments}\n"

    report = check_mapping({"one.yaml": one, "other.yaml": other})

    assert [str(problem) for problem in report.problems] == [
        'other.yaml:3:13: "y" in hubspot stands in one.yaml:5 already; say it once'
    ]


def test_what_is_no_section_may_stand_in_one_file_only() -> None:
    one = "format: 1\nworkspace: a\ntimezone: UTC\n"
    other = "format: 1\ntimezone: UTC\n"

    report = check_mapping({"one.yaml": one, "other.yaml": other})

    assert [str(problem) for problem in report.problems] == [
        'other.yaml:2:1: "timezone" stands in one.yaml:3 already; say it once'
    ]


def test_every_file_says_which_version_of_the_language_it_speaks() -> None:
    report = check_mapping({"a.yaml": "workspace: a\ntimezone: UTC\n", "b.yaml": "format: 2\n", "c.yaml": ""})

    assert [str(problem) for problem in report.problems] == [
        'a.yaml:1:1: "format" is missing: the version of the mapping language; begin the file with format: 1',
        "b.yaml:1:9: this Coltiva reads format 1; write format: 1",
        'c.yaml:1:1: "format" is missing: the version of the mapping language; begin the file with format: 1',
    ]


def test_an_unreadable_file_does_not_make_its_names_unknown_elsewhere() -> None:
    readable = "format: 1\nworkspace: a\ntimezone: UTC\nsegments: {x: {industry: software}}\n"

    report = check_mapping({"a.yaml": readable, "b.yaml": "format: 1\nfields: {industry: "})

    assert [problem.file for problem in report.problems] == ["b.yaml"]


def test_no_file_at_all_is_no_mapping() -> None:
    report = check_mapping({})

    assert [str(problem) for problem in report.errors] == [
        "there is no mapping here; a workspace is a folder of .yaml files"
    ]


def test_more_files_than_anyone_writes_are_refused() -> None:
    report = check_mapping({f"{number}.yaml": "format: 1" for number in range(101)})

    assert [problem.message for problem in report.problems] == ["more than 100 files"]


def test_a_mapping_of_nothing_but_mistakes_ends_at_two_hundred_problems() -> None:
    fields = "".join(f"  field{number}: {{hubspt: x}}\n" for number in range(1000))

    report = check_mapping({"a.yaml": f"format: 1\nfields:\n{fields}"})

    assert len(report.problems) == 200
