"""Whatever somebody writes, the mapping language answers with definitions or with problems, never with a crash."""

from __future__ import annotations

import time
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from connector.domain.book import compile_book
from connector.errors import MappingError
from connector.mapping.activity_models import OutcomeEntry
from connector.mapping.durations import MAX_DURATION, format_duration, parse_duration
from connector.mapping.load import check_mapping, parse_mapping
from connector.mapping.models import FieldEntry, MappingFile, ScoreEntry
from connector.mapping.program_models import ProgramEntry
from connector.mapping.report import Report, render
from connector.mapping.sentences import to_sentence
from connector.mapping.templates import MAX_OUTPUT, Message
from tests.mapping_files import BASE, definitions_with, files_with, report_on

LINES = BASE.splitlines(keepends=True)

durations = st.integers(0, int(MAX_DURATION.total_seconds())).map(lambda seconds: timedelta(seconds=seconds))


@given(durations)
def test_a_duration_that_is_written_is_read_as_itself(duration: timedelta) -> None:
    assert parse_duration(format_duration(duration)) == duration


@given(st.text(max_size=30))
def test_any_text_is_a_duration_or_a_sentence_about_it(text: str) -> None:
    complaint, duration = "", timedelta()
    try:
        duration = parse_duration(text)
    except ValueError as error:
        complaint = str(error)

    assert timedelta() <= duration <= MAX_DURATION
    assert not complaint or "write" in complaint or "longer than" in complaint


def assert_answered(files: dict[str, str]) -> Report:
    """The report names a place in the files for every problem; parsing agrees with it."""
    report = check_mapping(files)
    for problem in report.problems:
        assert problem.file in files
        assert problem.line >= 1
        assert problem.column >= 1
        assert problem.message
    assert render(report, "folder").count("\n") >= len(report.errors) - 1
    try:
        compile_book(parse_mapping(files))
    except MappingError:
        assert report.errors
    else:
        assert not report.errors
    return report


@given(st.text(max_size=300))
def test_any_text_is_answered(text: str) -> None:
    assert_answered({"a.yaml": text})


@given(st.text(alphabet="ab:{}[]-?!&*#|>'\"%@`,\\ \n\t0~=<", max_size=200))
def test_any_heap_of_yaml_signs_is_answered(text: str) -> None:
    assert_answered({"a.yaml": f"format: 1\n{text}"})


@given(st.integers(0, len(BASE) - 1), st.integers(0, 40), st.text(max_size=6))
def test_a_mapping_with_a_few_letters_replaced_is_answered(start: int, length: int, text: str) -> None:
    assert_answered({"base.yaml": BASE[:start] + text + BASE[start + length :]})


@given(st.lists(st.integers(0, len(LINES) - 1), max_size=len(LINES)))
def test_a_mapping_of_some_of_its_lines_in_any_order_is_answered(order: list[int]) -> None:
    assert_answered({"base.yaml": "".join(LINES[index] for index in order)})


MODELS = (MappingFile, FieldEntry, ScoreEntry, ProgramEntry, OutcomeEntry)
WORDS = sorted(
    {key for model in MODELS for key in model.known_keys()} | {"all", "any", "not", "did", "on", "when", "a"}
)
scalars = st.sampled_from([None, True, 7, -1.5, "7d", "a", "hubspot", "mon-fri", "45 per 30d", "{{ name }}", ""])
trees = st.recursive(
    scalars | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=25,
)


@given(st.dictionaries(st.sampled_from(WORDS), trees, max_size=5))
def test_the_words_of_the_language_in_any_nesting_are_answered(tree: dict[str, object]) -> None:
    assert_answered(files_with("".join(f"{key}: {flow(value)}\n" for key, value in tree.items())))


def flow(value: object) -> str:
    """A tree as YAML on one line."""
    match value:
        case dict():
            return "{" + ", ".join(f"{key}: {flow(part)}" for key, part in value.items()) + "}"
        case list():
            return "[" + ", ".join(flow(part) for part in value) + "]"
        case str():
            return f"'{value}'"
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case _:
            return str(value)


words = st.sampled_from(["software", "machinery", "Milan"])
leaves = st.one_of(
    words.map(lambda word: f"{{industry: {word}}}"),
    st.lists(words, min_size=1, max_size=3).map(lambda many: f"{{industry: [{', '.join(many)}]}}"),
    st.integers(0, 999).map(lambda number: f"{{employees: {{gte: {number}}}}}"),
    durations.filter(bool).map(lambda span: f"{{renewal: {{within_next: {format_duration(span)}}}}}"),
    st.integers(1, 9).map(lambda times: f"{{did: email_clicked, at_least: {times}, within: 30d}}"),
    st.sampled_from(["{segment: big}", "{fit: {gte: 5}}", "{fit.grade: A}", "{in_program: {welcome: bye}}"]),
)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        inner.map(lambda part: f"{{not: {part}}}"),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"{{all: [{', '.join(parts)}]}}"),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"{{any: [{', '.join(parts)}]}}"),
    ),
    max_leaves=8,
)


@given(conditions)
def test_every_condition_of_the_language_is_read_compiled_and_told(text: str) -> None:
    definitions = definitions_with(f"segments:\n  tested: {text}\n")

    (tested,) = [segment for segment in definitions.segments if segment.name == "tested"]
    assert compile_book(definitions).nodes.ordered
    assert to_sentence(tested.when)
    assert definitions == definitions_with(f"segments:\n  tested: {text}\n")


@given(st.text(max_size=60), st.booleans())
def test_any_text_of_a_message_is_rendered_or_refused(source: str, html: bool) -> None:
    values: dict[str, object] = {"name": "Ada", "lead": {"industry": "software"}, "why": []}

    assert isinstance(Message(source, html)(values), str)


TEMPLATE_SIGNS = (
    "{{ ", " }}", "{% ", " %}", "name", "lead", ".", "|", "e", "join", "if ", "for ", " in ", "why", "endfor", "endif",
    "(", ")", "[", "]", "0", "'", "~", "+", "*", ",", "not ",
)  # fmt: skip


@given(st.lists(st.sampled_from(TEMPLATE_SIGNS), max_size=40).map("".join))
def test_any_heap_of_template_signs_is_bounded(source: str) -> None:
    begun = time.process_time()
    quoted = source.replace("'", "''")

    report = report_on(f"notifications: {{x: {{when: {{segment: big}}, task: 'x{quoted}'}}}}\n")
    if not report.errors:
        assert len(Message(f"x{source}")({"name": "x" * 1000, "lead": {}, "why": [{}] * 100})) <= MAX_OUTPUT

    assert time.process_time() - begun < 20
