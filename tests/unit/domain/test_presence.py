"""A lead of several records is archived only while all of them are gone."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations

import pytest

from connector.domain.conditions.condition import AllOf
from connector.domain.definitions import Notification, Segment
from connector.domain.fact import RECORD_OF, SNAPSHOT_OF, Fact, FactKind, RecordName
from connector.domain.history import HistoryKind
from connector.domain.lead import Standing
from tests.builders import CRM, START, Story, after, baseline, book_applied, definitions, did, signal, task

CONTACT, LEAD, OTHER = "hubspot:4711:contact:51", "salesforce:00D:lead:00Q1", "salesforce:00D:lead:00Q2"


def known(record: str, at: datetime = START) -> Fact:
    return Fact(f"baseline:{record}", at, FactKind.RECORD, RecordName.BASELINE, CRM)


def turned(name: RecordName, record: str, at: datetime) -> Fact:
    data = {RECORD_OF: record} if record else {}
    return Fact(f"{name}:{record}:{at.isoformat()}", at, FactKind.RECORD, name, CRM, data)


def deleted(record: str, at: datetime) -> Fact:
    return turned(RecordName.ARCHIVED, record, at)


def restored(record: str, at: datetime) -> Fact:
    return turned(RecordName.RESTORED, record, at)


def merged(record: str, at: datetime, **because: str) -> Fact:
    return Fact(f"merged:{record}", at, FactKind.MERGED, record, CRM, because)


def standing(*facts: Fact) -> Standing:
    return Story().receive_all(list(facts), after(days=30)).lead.standing


def test_a_lead_goes_on_by_another_record_when_one_is_deleted() -> None:
    assert standing(known(CONTACT), known(LEAD), deleted(CONTACT, after(days=1))) is Standing.ACTIVE


def test_a_lead_rests_when_the_last_of_its_records_is_deleted() -> None:
    gone = [deleted(record, after(days=index)) for index, record in enumerate((CONTACT, LEAD, OTHER))]

    assert standing(known(CONTACT), known(LEAD), known(OTHER), *gone[1:]) is Standing.ACTIVE
    assert standing(known(CONTACT), known(LEAD), known(OTHER), *gone) is Standing.ARCHIVED


@pytest.mark.parametrize("back", [CONTACT, LEAD])
def test_a_lead_comes_back_with_any_of_its_records(back: str) -> None:
    gone = (deleted(CONTACT, after(days=1)), deleted(LEAD, after(days=2)))

    assert standing(known(CONTACT), known(LEAD), *gone, restored(back, after(days=3))) is Standing.ACTIVE


def test_a_record_that_came_back_can_go_again() -> None:
    story = (deleted(CONTACT, after(days=1)), restored(CONTACT, after(days=2)), deleted(LEAD, after(days=3)))

    assert standing(known(CONTACT), known(LEAD), *story) is Standing.ACTIVE
    assert standing(known(CONTACT), known(LEAD), *story, deleted(CONTACT, after(days=4))) is Standing.ARCHIVED


def test_it_makes_no_difference_in_which_order_deletions_and_records_come_to_be_known() -> None:
    facts = (known(CONTACT), known(LEAD), deleted(CONTACT, after(days=1)), restored(CONTACT, after(days=2)))
    ends = set()

    for order in permutations(facts):
        story = Story()
        for fact in order:
            story.receive(fact, now=after(days=30))
        ends.add((story.lead.standing, story.lead.gone, tuple(story.lead.records)))

    assert ends == {(Standing.ACTIVE, (), (CONTACT, LEAD))}


@pytest.mark.parametrize("record", ["", CONTACT])
def test_of_a_lead_with_one_record_nothing_new_is_remembered(record: str) -> None:
    story = Story().receive(known(CONTACT), deleted(record, after(days=1)))

    assert (story.lead.standing, story.lead.records, story.lead.gone) == (Standing.ARCHIVED, {}, ())
    assert [(entry.subject, entry.detail) for entry in story.told(HistoryKind.ARCHIVED)] == [("", {})]


def test_it_makes_no_difference_whether_a_lead_with_one_record_is_judged_in_one_go() -> None:
    facts = [known(CONTACT), deleted(CONTACT, after(days=1))]

    assert Story().receive_all(facts, after(days=2)).lead == Story().receive(*facts).let_pass(after(days=2)).lead


def test_a_deletion_that_names_no_record_is_of_the_whole_lead_as_it_was_when_it_was_told() -> None:
    facts = (known(CONTACT), known(LEAD), deleted("", after(days=1)))

    assert standing(*facts) is Standing.ARCHIVED
    assert standing(*facts, restored("", after(days=2))) is Standing.ACTIVE
    assert standing(*facts, restored(LEAD, after(days=2))) is Standing.ACTIVE


def test_whoever_was_deleted_and_comes_to_be_known_elsewhere_rests_until_then() -> None:
    story = Story().receive(known(CONTACT), deleted(CONTACT, after(days=5)))

    story.receive(known(LEAD, after(days=10)))
    story.let_pass(after(days=11))

    (back,) = story.told(HistoryKind.RESTORED)
    assert (story.lead.standing, back.at, back.subject) == (Standing.ACTIVE, after(days=10), LEAD)
    assert back.detail == {"because": "known"}


def test_of_records_that_were_merged_the_one_that_is_left_counts() -> None:
    one = (known(CONTACT), known(LEAD), merged(CONTACT, after(days=1)))

    assert standing(*one, deleted(CONTACT, after(days=2))) is Standing.ACTIVE
    assert standing(*one, deleted(LEAD, after(days=2))) is Standing.ARCHIVED


def test_a_join_by_address_brings_nobody_back_whose_records_are_all_gone() -> None:
    gone = (known(CONTACT), known(LEAD), deleted(CONTACT, after(days=1)), deleted(LEAD, after(days=1)))

    assert standing(*gone, merged(LEAD, after(days=2), because="same email")) is Standing.ARCHIVED


def test_a_record_that_is_deleted_beside_others_is_told_and_leads_to_nothing() -> None:
    story = Story().receive(baseline(), known(CONTACT), known(LEAD))

    story.receive(deleted(CONTACT, after(days=1)), restored(CONTACT, after(days=2)))

    (entry,) = story.told(HistoryKind.ARCHIVED)
    assert (entry.subject, entry.detail, story.acts) == (CONTACT, {"left": 1}, {})


def test_the_timeline_says_which_record_came_back_and_which_were_gone() -> None:
    story = Story().receive(known(CONTACT), known(LEAD))

    story.receive(deleted(CONTACT, after(days=1)), deleted(LEAD, after(days=2)), restored(LEAD, after(days=3)))

    told = story.told(HistoryKind.ARCHIVED, HistoryKind.RESTORED)
    assert [(entry.kind, entry.subject) for entry in told] == [
        (HistoryKind.ARCHIVED, CONTACT),
        (HistoryKind.ARCHIVED, LEAD),
        (HistoryKind.RESTORED, LEAD),
    ]


@pytest.mark.parametrize(
    "gone", [deleted(CONTACT, after(days=1)), merged(CONTACT, after(days=1))], ids=["deleted", "merged away"]
)
def test_that_a_record_which_is_gone_was_deleted_is_no_news(gone: Fact) -> None:
    story = Story().receive(known(CONTACT), known(LEAD)).receive_all([gone], after(days=1))
    before = len(story.told(HistoryKind.ARCHIVED))

    story.receive(deleted(CONTACT, after(days=2)))

    assert len(story.told(HistoryKind.ARCHIVED)) == before


def test_a_record_that_was_merged_away_stays_gone_when_another_one_is() -> None:
    story = (known(CONTACT), known(LEAD), known(OTHER), deleted(CONTACT, after(days=1)), merged(LEAD, after(days=2)))

    assert standing(*story) is Standing.ACTIVE
    assert standing(*story, deleted(OTHER, after(days=3))) is Standing.ARCHIVED


def test_a_record_that_lives_on_as_another_one_brings_its_lead_back() -> None:
    gone = (known(CONTACT), known(LEAD), deleted(CONTACT, after(days=1)), deleted(LEAD, after(days=1)))

    assert standing(*gone, merged(LEAD, after(days=2))) is Standing.ACTIVE


@pytest.mark.parametrize("facts", [(known(CONTACT),), (known(CONTACT), known(LEAD))], ids=["one", "several"])
def test_a_join_brings_back_whoever_was_deleted_without_a_word_of_which_record(facts: tuple[Fact, ...]) -> None:
    gone = (*facts, deleted("", after(days=1)))

    assert standing(*gone, merged(LEAD, after(days=2), because="same email")) is Standing.ACTIVE


def test_what_is_gone_is_remembered_between_two_folds() -> None:
    story = Story().receive(known(CONTACT), known(LEAD), deleted(CONTACT, after(days=1)))

    assert story.lead.gone == (CONTACT,)
    assert story.lead.records == {CONTACT: START, LEAD: START}


# --- a new mapping for who was away -------------------------------------------------------------------------

EAGER = Segment("eager", did("clicked", within=timedelta(days=5)))


@pytest.mark.parametrize(
    "back",
    [(known(LEAD, after(days=3)),), (known(LEAD), deleted(LEAD, after(days=1)), merged(LEAD, after(days=3)))],
    ids=["known elsewhere", "merged"],
)
def test_what_lapsed_since_a_lead_came_back_is_no_news_under_a_new_mapping(back: tuple[Fact, ...]) -> None:
    versions = (definitions(version, segments=(EAGER,)) for version in ("v1", "v2"))
    facts = [known(CONTACT), signal("clicked", START), deleted(CONTACT, after(days=1)), *back]

    story = Story(*versions).receive_all(facts, after(days=9)).receive(book_applied(after(days=10), "v2"))

    assert [(entry.subject, entry.at) for entry in story.told(HistoryKind.LEFT)] == [
        ("segment:eager", after(days=5, minutes=1))
    ]


# --- who is told of whom that came back ---------------------------------------------------------------------

READY = Notification("ready", AllOf(()), (task("Call"),), timedelta(days=30))


def told_of(*facts: Fact) -> int:
    """How many times somebody was told that the lead is ready, as it was before we heard of it."""
    story = Story(notifications=(READY,)).receive(known(CONTACT), known(LEAD))
    assert story.told(HistoryKind.NOTIFIED) == []
    return len(story.receive(*facts).told(HistoryKind.NOTIFIED))


def test_a_lead_that_was_nurtured_all_along_is_not_heard_of_anew_when_a_record_comes_back() -> None:
    assert told_of(deleted(CONTACT, after(days=1)), restored(CONTACT, after(days=2))) == 0


def test_what_is_restored_without_a_word_of_which_record_is_the_whole_lead() -> None:
    assert told_of(deleted(CONTACT, after(days=1)), restored("", after(days=2))) == 1


@pytest.mark.parametrize("back", [LEAD, ""])
def test_a_lead_that_comes_back_as_a_whole_is_heard_of_anew(back: str) -> None:
    gone = deleted(CONTACT, after(days=1)), deleted(LEAD, after(days=2))

    assert told_of(*gone, restored(back, after(days=3))) == 1


def test_a_day_between_two_records_is_slept_through() -> None:
    story = Story().receive(known(CONTACT), known(LEAD, after(days=3)), deleted(CONTACT, after(days=1)))

    assert (story.lead.standing, story.lead.wake_at) == (Standing.ARCHIVED, START + timedelta(days=3))


# --- what nobody tells, and reading finds ---------------------------------------------------------------------


def found(record: str, at: datetime) -> Fact:
    """The record was read, and is there."""
    data = {SNAPSHOT_OF: record.rpartition(":")[2]}
    return Fact(f"read:{record}:{at.isoformat()}", at, FactKind.RECORD, RecordName.READ, "salesforce", data)


@pytest.mark.parametrize("others", [(), (known(CONTACT),)])
def test_a_record_is_there_again_when_reading_finds_it(others: tuple[Fact, ...]) -> None:
    gone = [deleted(record, after(days=1)) for record in (LEAD, CONTACT)]
    story = Story().receive(known(LEAD), *others, *gone[: len(others) + 1])
    assert story.lead.standing is Standing.ARCHIVED

    story.receive(found(LEAD, after(days=2)))

    assert (story.lead.standing, LEAD in story.lead.deleted) == (Standing.ACTIVE, False)
    assert len(story.told(HistoryKind.RESTORED)) == 1


def test_what_is_read_of_a_deleted_record_does_not_bring_it_back() -> None:
    again = (found(LEAD, after(days=1)), deleted(LEAD, after(days=2)), found(LEAD, after(days=2)))

    assert standing(known(LEAD), deleted(LEAD, after(days=1)), *again) is Standing.ARCHIVED


def test_a_conversion_and_the_deletion_of_the_contact_within_one_second_leave_nobody() -> None:
    story = (known(LEAD), known(CONTACT), deleted(CONTACT, after(days=1)), merged(LEAD, after(days=1)))

    assert standing(*story) is Standing.ARCHIVED
    assert standing(*story, restored(CONTACT, after(days=2))) is Standing.ACTIVE
