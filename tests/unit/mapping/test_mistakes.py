"""The whole report: every mistake at once, in order, as compilers print them."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.errors import MappingError
from connector.mapping.load import check_folder, check_mapping, load_mapping, parse_kept, parse_mapping, read_folder
from connector.mapping.report import Problem, Report, Severity, render
from tests.mapping_files import BASE, files_with

MISTAKEN = """\
format: 1
workspace: acme
timezone: Europe/Rom
fields:
  email:    {hubspot: email, identity: true}
  industry: {hubspt: industry}
  opted_out: {hubspot: hs_email_optout, type: boolean, consent: email}
signals:
  email_clicked: {hubspot: {when_changed: hs_email_last_click_date}}
segments:
  factories: {industri: manufacturing}
scores:
  fit:
    rules:
      - {when: {industry: 7}, points: 20}
      - {on: email_klicked, points: 5}
      - {on: email_clicked, points: "5"}
programs:
  welcome:
    enrol: email_clicked
    phases:
      hello:
        activities:
          greeting: {send: {list: greting}, answered: email_clicked, within: 7 parsecs}
        none_answered: goodby
      goodbye:
        activities: {call: {send: {task: "Call {{ lead.fistname }}"}}}
lists:
  greeting: {hubspot: Greeting, when: {segment: factories}}
"""

TOLD = """\
acme/mapping.yaml:3:11: unknown time zone "Europe/Rom"; did you mean "Europe/Rome"?
    3 | timezone: Europe/Rom
      |           ^^^^^^^^^^
acme/mapping.yaml:6:14: unknown key "hubspt" in a field; did you mean "hubspot"?
    6 |   industry: {hubspt: industry}
      |              ^^^^^^
acme/mapping.yaml:11:15: unknown field "industri" in a condition; did you mean "industry"?
   11 |   factories: {industri: manufacturing}
      |               ^^^^^^^^
acme/mapping.yaml:15:27: "industry" is of type text, but this is the number 7; write it in quotation marks: "7"
   15 |       - {when: {industry: 7}, points: 20}
      |                           ^
acme/mapping.yaml:16:14: unknown signal "email_klicked"; did you mean "email_clicked"?
   16 |       - {on: email_klicked, points: 5}
      |              ^^^^^^^^^^^^^
acme/mapping.yaml:17:37: expected a number, found the text "5"; write it without quotation marks
   17 |       - {on: email_clicked, points: "5"}
      |                                     ^^^
acme/mapping.yaml:24:35: unknown list "greting"; did you mean "greeting"?
   24 |           greeting: {send: {list: greting}, answered: email_clicked, within: 7 parsecs}
      |                                   ^^^^^^^
acme/mapping.yaml:24:78: '7 parsecs' is not a duration; write 7d, 2h, 90m or 1d12h
   24 |           greeting: {send: {list: greting}, answered: email_clicked, within: 7 parsecs}
      |                                                                              ^^^^^^^^^
acme/mapping.yaml:25:24: unknown phase "goodby"; did you mean "goodbye"?
   25 |         none_answered: goodby
      |                        ^^^^^^
acme/mapping.yaml:27:42: unknown field "fistname" in a text; known: email, industry, opted_out
   27 |         activities: {call: {send: {task: "Call {{ lead.fistname }}"}}}
      |                                          ^^^^^^^^^^^^^^^^^^^^^^^^^^"""


def test_ten_different_mistakes_give_ten_messages_each_with_its_line_and_a_caret() -> None:
    report = check_mapping({"mapping.yaml": MISTAKEN})

    assert len(report.errors) == 10
    assert render(report, "acme") == TOLD


def test_mending_what_the_messages_say_leaves_nothing_to_say() -> None:
    mended = MISTAKEN
    for wrong, right in (
        ("Europe/Rom\n", "Europe/Rome\n"),
        ("hubspt", "hubspot"),
        ("industri:", "industry:"),
        ("industry: 7", 'industry: "7"'),
        ("klicked", "clicked"),
        ('{on: email_clicked, points: "5"}', "{on: email_clicked, points: 5, id: again}"),
        ("greting", "greeting"),
        ("7 parsecs", "7d"),
        ("goodby\n", "goodbye\n"),
        ("fistname", "email"),
    ):
        assert wrong in mended
        mended = mended.replace(wrong, right)

    assert check_mapping({"mapping.yaml": mended}).problems == ()


def test_a_mapping_with_mistakes_is_not_taken_and_all_of_them_are_told() -> None:
    with pytest.raises(MappingError) as caught:
        parse_mapping({"mapping.yaml": MISTAKEN})

    assert str(caught.value) == TOLD.replace("acme/", "")


def test_a_warning_is_told_and_hinders_nothing() -> None:
    files = files_with("segments: {x: {fit: {gte: 99}}}\n")

    report = check_mapping(files)

    assert [problem.severity for problem in report.problems] == [Severity.WARNING]
    assert report.errors == ()
    assert parse_mapping(files).workspace == "test"


def test_a_version_that_was_accepted_once_is_read_even_when_a_later_check_would_refuse_it() -> None:
    phases = "{one: {activities: {a: {send: {note: Hi}}}, all_answered: one}}"
    stuck = files_with(f"programs: {{stuck: {{enrol: by_hand, phases: {phases}}}}}\n")
    with pytest.raises(MappingError):
        parse_mapping(stuck)

    assert parse_kept(stuck).programs[-1].name == "stuck"


def test_a_version_without_meaning_is_refused_even_when_it_was_kept() -> None:
    with pytest.raises(MappingError):
        parse_kept({"mapping.yaml": MISTAKEN})


def test_a_long_line_is_shown_around_the_mistake_and_a_control_character_not_at_all() -> None:
    line = f"segments: {{{'x' * 200}: 1, b: {{industri: \x1b[31m}}}}"
    problem = Problem("a.yaml", 1, 221, "unknown", length=8)

    shown = render(Report((problem,), {"a.yaml": line}))

    excerpt, caret = shown.splitlines()[1:]
    assert excerpt[caret.index("^") :].startswith("industri")
    assert caret.count("^") == 8
    assert "\x1b" not in shown


def test_the_files_of_a_folder_are_read_by_name_whatever_their_line_ends(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_bytes(b"\xef\xbb\xbf" + BASE.replace("\n", "\r\n").encode())
    (tmp_path / "more.yml").write_text("format: 1\n", "utf-8")
    (tmp_path / ".hidden.yaml").write_text("nonsense: [", "utf-8")
    (tmp_path / "notes.txt").write_text("no mapping", "utf-8")

    files = read_folder(tmp_path)

    assert files == {"base.yaml": BASE, "more.yml": "format: 1\n"}
    assert load_mapping(tmp_path) == parse_mapping(files)


def test_a_file_that_is_not_text_is_pointed_at(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(BASE, "utf-8")
    (tmp_path / "bad.yaml").write_bytes(b"format: 1\nworkspace: \xff\n")

    report = check_folder(tmp_path)

    assert [str(problem) for problem in report.problems] == ["bad.yaml:2:12: the file is not UTF-8; save it as UTF-8"]
    with pytest.raises(MappingError, match="the file is not UTF-8"):
        read_folder(tmp_path)
    with pytest.raises(MappingError, match="the file is not UTF-8"):
        load_mapping(tmp_path)


@pytest.mark.parametrize("name", ["empty", "missing"])
def test_a_folder_without_mapping_says_so(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(MappingError, match=f"{name}: there is no mapping here; a workspace is a folder of .yaml files"):
        load_mapping(tmp_path / name)


def test_a_mapping_says_whose_it_is_and_where() -> None:
    report = check_mapping({"a.yaml": "format: 1\n"})

    assert [str(problem) for problem in report.problems] == [
        'a.yaml:1:1: "timezone" is missing; add timezone: such as Europe/Rome, in one of the files',
        'a.yaml:1:1: "workspace" is missing; add workspace: and a name, in one of the files',
    ]
