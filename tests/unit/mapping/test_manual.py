"""Every example in the manual does what the manual says."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from connector.mapping.load import check_mapping
from connector.mapping.report import Problem, Report, render

MANUAL = Path(__file__).parents[3] / "docs" / "mapping-language.md"
BLOCK = re.compile(r"^```(\w+)(?: (\w+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [(kind, mark, text) for kind, mark, text in BLOCK.findall(MANUAL.read_text("utf-8"))]
(BASE,) = [text for kind, mark, text in BLOCKS if mark == "base"]
RIGHT = [text for kind, mark, text in BLOCKS if kind == "yaml" and mark != "wrong"]
WRONG = [(text, told) for (_, mark, text), (kind, _, told) in pairwise(BLOCKS) if mark == "wrong" and kind == "text"]


def report_on(text: str) -> Report:
    """A whole workspace alone, anything else together with what the manual takes for granted."""
    if "\nworkspace:" in f"\n{text}":
        return check_mapping({"example.yaml": text})
    return check_mapping({"base.yaml": BASE, "example.yaml": f"format: 1\n{text}"})


@pytest.mark.parametrize("text", RIGHT, ids=[text.splitlines()[1].strip() for text in RIGHT])
def test_an_example_is_without_a_problem(text: str) -> None:
    assert [str(problem) for problem in report_on(text).problems] == []


@pytest.mark.parametrize(("text", "told"), WRONG, ids=[told.splitlines()[0] for _, told in WRONG])
def test_a_wrong_example_gives_the_words_beside_it(text: str, told: str) -> None:
    problems = report_on(text).problems

    assert [f"{problem.message}; {problem.hint}".removesuffix("; ") for problem in problems] == told.splitlines()


def test_every_wrong_example_has_its_words_beside_it() -> None:
    assert len(WRONG) == sum(mark == "wrong" for _, mark, _ in BLOCKS) > 3


def test_the_report_in_the_manual_is_what_is_printed() -> None:
    (told,) = [text for _, mark, text in BLOCKS if mark == "report"]
    text = "format: 1\nworkspace: a\nsegments:\n  large: {industri: software}\n"
    fields = (
        "format: 1\ntimezone: UTC\nfields: {email: {hubspot: email, identity: true}, industry: {hubspot: industry}}\n"
    )

    report = check_mapping({"fields.yaml": fields, "programs.yaml": text})

    assert isinstance(report.problems[0], Problem)
    assert render(report, "mappings/acme") + "\n" == told
