"""Conditions: what each way of writing means, and what is answered to what makes no sense."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.domain.conditions.condition import (
    AllOf,
    AnsweredTest,
    AnyOf,
    AttributeTest,
    Condition,
    DidTest,
    FieldTest,
    GradeTest,
    Not,
    Op,
    ProgramTest,
    ScoreTest,
    SegmentTest,
    SignalTest,
)
from connector.domain.field import FieldType
from tests.mapping_files import condition, mistake_in_condition

TEXT, NUMBER, DATE = FieldType.TEXT, FieldType.NUMBER, FieldType.DATE
SOFTWARE = FieldTest("industry", TEXT, Op.EQ, "software")
AT_LEAST_50 = FieldTest("employees", NUMBER, Op.GTE, 50.0)

MEANINGS: dict[str, Condition] = {
    # fields
    "{industry: software}": SOFTWARE,
    "{industry: [software, machinery]}": FieldTest("industry", TEXT, Op.IN, ("software", "machinery")),
    "{industry: {in: [software]}}": FieldTest("industry", TEXT, Op.IN, ("software",)),
    "{industry: {not_in: [software]}}": FieldTest("industry", TEXT, Op.NOT_IN, ("software",)),
    "{industry: {ne: software}}": FieldTest("industry", TEXT, Op.NE, "software"),
    '{industry: "7"}': FieldTest("industry", TEXT, Op.EQ, "7"),
    "{industry: {contains: soft}}": FieldTest("industry", TEXT, Op.CONTAINS, "soft"),
    "{industry: {starts_with: soft}}": FieldTest("industry", TEXT, Op.STARTS_WITH, "soft"),
    "{industry: {ends_with: ware}}": FieldTest("industry", TEXT, Op.ENDS_WITH, "ware"),
    "{industry: {known: true}}": FieldTest("industry", TEXT, Op.KNOWN),
    "{industry: {known: false}}": FieldTest("industry", TEXT, Op.UNKNOWN),
    "{industry: {unknown: true}}": FieldTest("industry", TEXT, Op.UNKNOWN),
    "{employees: 50}": FieldTest("employees", NUMBER, Op.EQ, 50.0),
    "{employees: [50, 100]}": FieldTest("employees", NUMBER, Op.IN, (50.0, 100.0)),  # type: ignore[arg-type]
    "{employees: {gte: 50}}": AT_LEAST_50,
    "{employees: {gt: 50, lt: 99.5}}": AllOf(
        (FieldTest("employees", NUMBER, Op.GT, 50.0), FieldTest("employees", NUMBER, Op.LT, 99.5))
    ),
    "{opted_out: true}": FieldTest("opted_out", FieldType.BOOLEAN, Op.EQ, True),
    "{interests: [events, reports]}": FieldTest("interests", FieldType.CHOICES, Op.IN, ("events", "reports")),
    # dates
    "{renewal: 2026-12-24}": FieldTest("renewal", DATE, Op.EQ, "2026-12-24"),
    "{renewal: {before: 2026-12-24}}": FieldTest("renewal", DATE, Op.BEFORE, "2026-12-24"),
    "{renewal: {within_next: 14d}}": FieldTest("renewal", DATE, Op.WITHIN_NEXT, timedelta(days=14)),
    "{renewal: {within_last: 1w}}": FieldTest("renewal", DATE, Op.WITHIN_LAST, timedelta(days=7)),
    "{renewal: {more_than_ago: P30D}}": FieldTest("renewal", DATE, Op.MORE_THAN_AGO, timedelta(days=30)),
    "{seen: {after: 2026-12-24}}": FieldTest("seen", FieldType.DATETIME, Op.AFTER, "2026-12-24"),
    '{seen: {after: "2026-12-24T09:00:00+01:00"}}': FieldTest(
        "seen", FieldType.DATETIME, Op.AFTER, "2026-12-24T08:00:00.000+00:00"
    ),
    # together
    "{industry: software, employees: {gte: 50}}": AllOf((SOFTWARE, AT_LEAST_50)),
    "{all: [{industry: software}, {employees: {gte: 50}}]}": AllOf((SOFTWARE, AT_LEAST_50)),
    "{any: [{industry: software}, {employees: {gte: 50}}]}": AnyOf((SOFTWARE, AT_LEAST_50)),
    "{not: {industry: software}}": Not(SOFTWARE),
    "{not: {any: [{industry: software}, {segment: big}]}}": Not(AnyOf((SOFTWARE, SegmentTest("big")))),
    # scores
    "{fit: 20}": ScoreTest("fit", Op.EQ, 20.0),
    "{fit: {gte: 15}}": ScoreTest("fit", Op.GTE, 15.0),
    "{fit: {gt: 5, lte: 15}}": AllOf((ScoreTest("fit", Op.GT, 5.0), ScoreTest("fit", Op.LTE, 15.0))),
    "{fit.grade: A}": GradeTest("fit", ("A",)),
    "{fit.grade: [A, B]}": GradeTest("fit", ("A", "B")),
    # segments and programs
    "{segment: big}": SegmentTest("big"),
    "{segment: [big, big]}": AnyOf((SegmentTest("big"), SegmentTest("big"))),
    "{in_program: welcome}": ProgramTest("welcome"),
    "{in_program: [welcome]}": ProgramTest("welcome"),
    "{in_program: {welcome: bye}}": ProgramTest("welcome", "bye"),
    "{in_program: {welcome: [hello, bye]}}": AnyOf((ProgramTest("welcome", "hello"), ProgramTest("welcome", "bye"))),
    "{answered: {welcome: greeting}}": AnsweredTest("welcome", "greeting"),
    "{answered: {welcome: [greeting, hello.greeting]}}": AnyOf(
        (AnsweredTest("welcome", "greeting"), AnsweredTest("welcome", "greeting", "hello"))
    ),
    # behaviour
    "{did: email_clicked}": DidTest(SignalTest("email_clicked")),
    "{did: email_clicked, at_least: 2}": DidTest(SignalTest("email_clicked"), 2),
    "{did: email_clicked, at_least: 2, within: 30d}": DidTest(SignalTest("email_clicked"), 2, timedelta(days=30)),
    "{did: [email_clicked, called], within: 30d}": AnyOf(
        (
            DidTest(SignalTest("email_clicked"), 1, timedelta(days=30)),
            DidTest(SignalTest("called"), 1, timedelta(days=30)),
        )
    ),
    "{did: report_read, where: {topic: planning}}": DidTest(
        SignalTest("report_read", (AttributeTest("topic", Op.EQ, "planning"),))
    ),
    "{did: report_read, where: {size: {gte: 50}, topic: [a, b]}}": DidTest(
        SignalTest("report_read", (AttributeTest("size", Op.GTE, 50.0), AttributeTest("topic", Op.IN, ("a", "b"))))
    ),
    "{did: called, where: {anything: 5}}": DidTest(SignalTest("called", (AttributeTest("anything", Op.EQ, 5.0),))),
    "{not: {did: called}, industry: software}": AllOf((Not(DidTest(SignalTest("called"))), SOFTWARE)),
}


@pytest.mark.parametrize(("text", "meaning"), MEANINGS.items(), ids=MEANINGS)
def test_a_condition_means_what_it_says(text: str, meaning: Condition) -> None:
    assert condition(text) == meaning


MISTAKES = {
    # names
    "{industri: software}": 'unknown field "industri" in a condition; did you mean "industry"?',
    "{segmnt: big}": 'unknown field "segmnt" in a condition; did you mean "segment"?',
    "{segment: bigg}": 'unknown segment "bigg"; did you mean "big"?',
    "{fitt.grade: A}": 'unknown field "fitt.grade" in a condition; did you mean "fit"?',
    "{fit.grad: A}": 'a score has no "grad" to compare; write fit or fit.grade',
    "{fit.grade: C}": '"fit" has no grade "C"; known: A, B',
    "{in_program: welcom}": 'unknown program "welcom"; did you mean "welcome"?',
    "{in_program: {welcom: hello}}": 'unknown program "welcom"; did you mean "welcome"?',
    "{in_program: {welcome: helo}}": 'unknown phase "helo"; did you mean "hello"?',
    "{answered: greeting}": "outside programs say whose activity it is; write answered: {welcome: greeting}",
    "{answered: {welcom: greeting}}": 'unknown program "welcom"; did you mean "welcome"?',
    "{answered: {welcome: greetin}}": 'unknown activity "greetin"; did you mean "greeting"?',
    "{answered: {welcome: bye.greeting}}": 'unknown activity "bye.greeting"; did you mean "greeting"?',
    "{did: email_clicked, since: entered}": "only in programs something was entered; write within: 30d",
    "{did: email_clicked, since: 3d}": 'expected entered or phase, found the text "3d"',
    "{industry: software, since: entered}": "`since` belongs to `did`; write did: and the signal beside it",
    "{did: email_klicked}": 'unknown signal "email_klicked"; did you mean "email_clicked"?',
    "{did: report_read, where: {topik: x}}": (
        'the signal "report_read" has no attribute "topik"; did you mean "topic"?'
    ),
    "{did: email_clicked, where: {x: 1}}": (
        'the signal "email_clicked" has no attribute "x"; add attributes: to the signal email_clicked'
    ),
    # comparisons
    "{employees: {atleast: 3}}": (
        'unknown comparison "atleast"; known: eq, gt, gte, in, known, lt, lte, ne, not_in, unknown'
    ),
    "{employees: {at_least: 3}}": 'unknown comparison "at_least"; write "gte"',
    "{employees: {contains: 3}}": (
        '"contains" does not go with "employees", which is of type number; '
        "possible: eq, ne, in, not_in, gt, gte, lt, lte, known, unknown"
    ),
    "{opted_out: {gte: 3}}": (
        '"gte" does not go with "opted_out", which is of type boolean; possible: eq, ne, known, unknown'
    ),
    "{fit: {contains: 3}}": '"contains" does not go with "fit", a score; possible: eq, ne, gt, gte, lt, lte',
    "{employees: {}}": (
        'nothing is asked of "employees"; write a value, or a comparison such as {gte: 50}'
    ),
    "{industry: {in: []}}": '"industry" is compared with an empty list; write what it may be',
    "{opted_out: [true, false]}": '"opted_out" is compared with one value, not with a list',
    "{industry: {eq: [a]}}": "expected one value, found a list; for several write in: [one, two]",
    # values
    "{industry: 7}": '"industry" is of type text, but this is the number 7; write it in quotation marks: "7"',
    "{industry: true}": '"industry" is of type text, but this is true; write it in quotation marks: "true"',
    "{industry: null}": '"industry" is compared with nothing; for a field without a value write {unknown: true}',
    '{employees: "50"}': (
        '"employees" is of type number, but this is the text "50"; write a number without quotation marks'
    ),
    "{employees: true}": (
        '"employees" is of type number, but this is true; write a number without quotation marks'
    ),
    "{opted_out: yes}": (
        '"opted_out" is of type boolean, but this is the text "yes"; write true or false without quotation marks'
    ),
    "{renewal: 2026-02-30}": '"2026-02-30" is no date of the calendar; write a date such as 2026-12-24',
    "{renewal: {before: tomorrow}}": '"tomorrow" is no date of the calendar; write a date such as 2026-12-24',
    "{renewal: {within_next: 14}}": "expected a duration, found the number 14; write 30d",
    "{renewal: {within_next: 2 months}}": "months and years differ in length; write days, such as 30d or 365d",
    "{renewal: {within_next: 0d}}": "no time at all; write a duration such as 7d",
    "{industry: {known: yes}}": 'expected true or false, found the text "yes"; write {known: true}',
    "{industry: {contains: 5}}": 'expected text, found the number 5; write {contains: "text"}',
    # behaviour
    "{did: email_clicked, at_least: 0}": "expected a whole number from 1 to 1,000, found the number 0",
    "{did: email_clicked, at_least: twice}": 'expected a whole number from 1 to 1,000, found the text "twice"',
    "{did: email_clicked, within: soon}": "'soon' is not a duration; write 7d, 2h, 90m or 1d12h",
    "{did: []}": "expected a signal, found an empty list",
    "{did: 5}": "expected a signal, found the number 5",
    "{did: report_read, where: [topic]}": (
        "expected attributes of the signal, found a list; write where: {form: Report 2026}"
    ),
    "{industry: software, within: 30d}": "`within` belongs to `did`; write did: and the signal beside it",
    # shape
    "[{industry: software}]": "a list is no condition; write all: or any: before it",
    "software": (
        'expected a condition, found the text "software"; '
        "write a field and what it must be, such as {industry: software}"
    ),
    "{}": "expected a condition, found nothing; write a field and what it must be, such as {industry: software}",
    "{any: {industry: software}}": "`any` takes a list of conditions; write any: [{...}, {...}]",
    "{all: []}": "`all` takes a list of conditions; write all: [{...}, {...}]",
    "{any: [software]}": (
        'expected a condition, found the text "software"; '
        "write a field and what it must be, such as {industry: software}"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "words"), MISTAKES.items(), ids=MISTAKES)
def test_a_condition_that_makes_no_sense_is_answered_with_what_to_write(text: str, words: str) -> None:
    assert mistake_in_condition(text) == words
