from __future__ import annotations

import pytest

from connector.domain.conditions.condition import DidTest, SignalTest, Since
from connector.mapping.sentences import to_sentence
from tests.mapping_files import condition

SENTENCES = {
    "{industry: [software, manufacturing]}": "industry is manufacturing or software",
    "{industry: [c, b, a]}": "industry is a, b or c",
    "{industry: {not_in: [b, a]}}": "industry is neither a nor b",
    "{industry: {ne: a}}": "industry is not a",
    "{industry: {unknown: true}}": "industry is not known",
    "{industry: {contains: soft}}": "industry contains soft",
    "{employees: {gte: 50}}": "employees is at least 50",
    "{employees: {gt: 1, lt: 2.5}}": "employees is more than 1 and employees is less than 2.5",
    "{opted_out: true}": "opted_out is true",
    "{renewal: {within_next: 36h}}": "renewal is within the next 1d12h",
    "{renewal: {more_than_ago: 7d}}": "renewal was more than 7d ago",
    "{fit: {gte: 15}}": "fit is at least 15",
    "{fit.grade: [B, A]}": "grade of fit is A or B",
    "{segment: big}": "in segment big",
    "{in_program: {welcome: bye}}": "in program welcome at bye",
    "{answered: {welcome: greeting}}": "answered greeting of welcome",
    "{answered: {welcome: hello.greeting}}": "answered hello.greeting of welcome",
    "{did: email_clicked, at_least: 2, within: 30d}": "did email_clicked at least 2 times within 30d",
    "{did: report_read, where: {topic: planning}}": "did report_read where topic is planning",
    "{not: {industry: a}}": "not (industry is a)",
    "{industry: a, any: [{employees: 1}, {employees: 2}]}": "industry is a and (employees is 1 or employees is 2)",
}


@pytest.mark.parametrize(("text", "sentence"), SENTENCES.items(), ids=SENTENCES)
def test_a_condition_reads_as_a_sentence(text: str, sentence: str) -> None:
    assert to_sentence(condition(text)) == sentence


@pytest.mark.parametrize(
    ("of_phase", "sentence"), [(False, "did called since entering x"), (True, "did called since its phase in x")]
)
def test_what_was_done_since_the_lead_came_says_since_when(of_phase: bool, sentence: str) -> None:
    assert to_sentence(DidTest(SignalTest("called"), since=Since("x", of_phase))) == sentence
