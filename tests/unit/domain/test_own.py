"""What we write on a record ourselves: which properties, in whose words, and until when our word counts."""

from __future__ import annotations

import pytest

from connector.domain.fact import RecordName as R
from connector.domain.history import HistoryKind
from connector.domain.outward.own import to_crm, written_by_sales
from tests.builders import FIELDS, Story, after, changed, definitions, record, signal
from tests.selling import ruled, selling


def given(**properties: str) -> Story:
    """A lead that anna has."""
    clicks = (signal("clicked", after(minutes=minute)) for minute in (1, 2))
    return selling(**properties).receive(*clicks, ruled(after(minutes=10)))


def held(story: Story) -> dict[str, tuple[str, str, bool]]:
    return {name: (own.value, own.was, own.may_go_back) for name, own in story.lead.own.items()}


def test_hand_overs_write_the_owner_the_stage_and_the_status() -> None:
    book = selling().book_of(selling().lead.book)

    assert written_by_sales(book) == ("hubspot_owner_id", "lifecyclestage", "hs_lead_status")
    assert written_by_sales(book, "another") == ()


def test_without_hand_overs_nothing_of_sales_is_written() -> None:
    story = Story(definitions())

    assert written_by_sales(story.book_of("v1")) == ()


@pytest.mark.parametrize(("ours", "theirs"), [("software", "COMPUTER_SOFTWARE"), ("unheard of", "unheard of")])
def test_the_crm_is_written_to_in_its_own_words(ours: str, theirs: str) -> None:
    industry = next(field for field in FIELDS if field.name == "industry")

    assert to_crm(industry, ours) == theirs


def test_what_we_wrote_is_kept_with_what_was_there_before() -> None:
    story = given(lifecyclestage="lead", hubspot_owner_id="55")

    assert held(story) == {
        "owner": ("101", "55", False),
        "status": ("NEW", "", False),
        "stage": ("SQL", "Lead", False),
    }
    assert {own.at for own in story.lead.own.values()} == {after(minutes=10)}


def test_what_is_there_already_is_not_written() -> None:
    story = given(hubspot_owner_id="101", hs_lead_status="NEW")

    assert list(held(story)) == ["stage"]
    assert [entry.subject for entry in story.told(HistoryKind.FIELD_CHANGED)] == ["stage"]


def test_only_what_the_mapping_allows_may_go_back() -> None:
    story = given(lifecyclestage="lead").receive(changed(after(hours=1), hs_lead_status="UNQUALIFIED"))

    assert held(story)["stage"] == ("Lead", "SQL", True)
    assert held(story)["status"] == ("OPEN", "UNQUALIFIED", False)


def test_a_change_back_to_what_was_there_is_a_persons_word() -> None:
    story = given(hs_lead_status="OPEN").receive(changed(after(hours=1), hs_lead_status="OPEN"))

    assert "status" not in held(story)
    assert story.lead.fields["status"] == "OPEN"


def test_a_record_that_is_read_with_what_was_there_before_leaves_our_word_standing() -> None:
    story = given(hs_lead_status="OPEN").receive(record(R.READ, after(minutes=11), hs_lead_status="OPEN"))

    assert held(story)["status"] == ("NEW", "OPEN", False)
    assert story.lead.fields["status"] == "NEW"


def test_once_our_word_was_seen_on_the_record_anything_else_is_news() -> None:
    story = given(hs_lead_status="OPEN").receive(record(R.READ, after(minutes=11), hs_lead_status="NEW"))
    assert held(story)["status"] == ("NEW", "NEW", False)

    story.receive(record(R.READ, after(minutes=12), hs_lead_status="OPEN"))

    assert "status" not in held(story)
