"""An explanation adds up, and every line of a history can be told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.book import Book, compile_book
from connector.domain.conditions.condition import FieldTest, Op, SignalTest
from connector.domain.definitions import Definitions, ListRule
from connector.domain.field import Field, FieldType
from connector.domain.history import HistoryEntry, HistoryKind
from connector.domain.ids import ConnectionId, CrmRef, LeadId, WorkspaceId
from connector.domain.lead import Lead, Tagging
from connector.domain.outward.change import Act, ChangeKind, ChangeState
from connector.domain.programs.enrolment import Enrolment, EnrolmentState, Move, Sent
from connector.domain.programs.program import Target, TargetKind
from connector.domain.traits.computed import Computed, Mention, Reckoning
from connector.domain.traits.score import EngagementRule, Part, Score
from connector.engine.telling.explain import (
    FieldExplanation,
    Group,
    Share,
    TagExplanation,
    describe_change,
    explain,
    in_tenths,
)
from connector.engine.telling.records import GoneRecord, Records
from connector.engine.telling.timeline import tell
from connector.ports import LeadSummary, OutboxChange
from tests.selling import mapping as selling

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
HALF_LIFE = timedelta(days=30)
HOUR = timedelta(hours=1)
WORKSPACE = WorkspaceId("acme")
CLICK = EngagementRule("clicked", SignalTest("email_clicked"), 8)
FIT, ENGAGEMENT = Score("fit"), Score("engagement", (CLICK,), HALF_LIFE)
TOTAL = Score("total", sum_of=("fit", "engagement"), grades=(("A", 70), ("B", 40)))
BOOK = compile_book(Definitions(WORKSPACE, "v1", ZoneInfo("Europe/Rome"), scores=(FIT, ENGAGEMENT, TOTAL)))


def summary(**state: object) -> LeadSummary:
    lead = Lead(LeadId("L1"), book="v1", **state)  # type: ignore[arg-type]
    return LeadSummary(WORKSPACE, lead.id, "ada@example.com", (CrmRef("hubspot", "1", "contact", "51"),), lead, 3)


def change(kind: ChangeKind, wanted: dict[str, str], act: Act | None = None, key: str = "") -> OutboxChange:
    return OutboxChange(
        id=1,
        workspace=WORKSPACE,
        connection_id=ConnectionId("hubspot:1"),
        lead_id=LeadId("L1"),
        record_id="51",
        kind=kind,
        key=key,
        state=ChangeState.DONE,
        wanted=wanted,
        written={},
        act=act,
        due_at=NOW,
        attempts=1,
        version=1,
    )


points = st.floats(-200, 200).map(lambda value: round(value, 3))


@given(st.dictionaries(st.text("abc", min_size=1), points, max_size=8), st.dictionaries(st.just("x"), points))
def test_reasons_add_up_to_their_score_and_scores_to_the_total(
    engagement: dict[str, float], fit: dict[str, float]
) -> None:
    scores = {
        "fit": {rule: Part(worth, NOW, fades=False) for rule, worth in fit.items()},
        "engagement": {rule: Part(worth, NOW - HALF_LIFE / 3) for rule, worth in engagement.items()},
    }

    (total,) = explain(summary(scores=scores), (), (), BOOK, NOW).scores

    assert sum(part.tenths for part in total.parts) == total.tenths
    for part in total.parts:
        assert sum(reason.tenths for reason in part.reasons) == part.tenths
    assert total.tenths // 10 == total.points


@given(st.lists(points, min_size=1, max_size=10))
def test_no_amount_is_shown_more_than_a_tenth_from_what_it_is(amounts: list[float]) -> None:
    shown = in_tenths(amounts, round(sum(amounts) * 10))

    assert all(abs(tenths / 10 - amount) <= 0.1 + 1e-9 for tenths, amount in zip(shown, amounts, strict=True))


def test_a_part_of_a_sum_is_not_explained_a_second_time() -> None:
    explained = explain(summary(), (), (), BOOK, NOW)

    assert [score.name for score in explained.scores] == ["total"]


def test_points_fade_in_the_explanation_as_they_do_in_the_score() -> None:
    scores = {"engagement": {"clicked": Part(16.0, NOW - HALF_LIFE, count=2)}}

    (total,) = explain(summary(scores=scores), (), (), BOOK, NOW).scores

    (reason,) = total.parts[1].reasons
    assert (reason.rule, reason.tenths, reason.times) == ("clicked", 80, 2)


def test_the_ledger_says_what_set_points_off() -> None:
    history = [
        HistoryEntry(NOW, HistoryKind.SIGNAL, "email_clicked", {"email": "Spring"}, "f1"),
        HistoryEntry(NOW, HistoryKind.SCORED, "engagement", {"rule": "clicked", "points": 8.0, "total": 8.0}, "f1"),
        HistoryEntry(NOW, HistoryKind.SCORED, "fit", {"rule": "recent", "points": -5.0, "total": 0.0}),
    ]

    ledger = explain(summary(), history, (), BOOK, NOW).ledger

    assert [(line.points, line.why) for line in ledger] == [(8.0, "email_clicked: email Spring"), (-5.0, "time passed")]


LATER = NOW + timedelta(days=3)
SENT = Sent("offer", NOW, answer_by=LATER)
WAITS = {
    "an answer": ({"sent": (SENT,)}, ["an answer to offer"]),
    "a sending": ({"next_activity": "second", "send_at": LATER}, ["sending second"]),
    "both": ({"sent": (SENT,), "next_activity": "second", "send_at": LATER}, ["an answer to offer", "sending second"]),
    "the next phase": (
        {"state": EnrolmentState.MOVING, "move": Move(Target(TargetKind.PHASE, "two"), LATER)},
        ["going on to phase two"],
    ),
    "the phase before": (
        {"state": EnrolmentState.MOVING, "move": Move(Target(TargetKind.PREVIOUS), LATER)},
        ["going back to the phase before"],
    ),
    "a repetition": (
        {"state": EnrolmentState.MOVING, "move": Move(Target(TargetKind.PHASE, "two"), LATER, True)},
        ["sending again what was not answered"],
    ),
    "the end": (
        {"state": EnrolmentState.MOVING, "move": Move(Target(TargetKind.COMPLETED), LATER)},
        ["completing the program"],
    ),
    "the exit": (
        {"state": EnrolmentState.MOVING, "move": Move(Target(TargetKind.EXIT), LATER)},
        ["leaving the program"],
    ),
    "another program": (
        {"state": EnrolmentState.MOVING, "move": Move(Target(TargetKind.PROGRAM, "welcome"), LATER)},
        ["going on to program welcome"],
    ),
    "nothing any more": ({"state": EnrolmentState.WON, "sent": (SENT,), "ended_at": NOW}, []),
}


@pytest.mark.parametrize(("state", "waits"), WAITS.values(), ids=WAITS)
def test_an_enrolment_says_what_it_waits_for(state: dict[str, object], waits: list[str]) -> None:
    enrolment = Enrolment("nurture", 1, NOW, "one", NOW, **state)  # type: ignore[arg-type]

    (explained,) = explain(summary(enrolments=(enrolment,)), (), (), BOOK, NOW).enrolments

    assert [wait.what for wait in explained.waits] == waits
    assert all(wait.until == LATER for wait in explained.waits)


def test_segments_and_lists_are_told_apart() -> None:
    explained = explain(
        summary(holding={"segment:warm": NOW, "list:hot": NOW, "notification:x": NOW}), (), (), BOOK, NOW
    )

    assert [group.name for group in explained.segments] == ["warm"]
    assert [group.name for group in explained.lists] == ["hot"]


def test_a_list_on_which_an_activity_has_the_lead_counts_too() -> None:
    tips = ListRule("tips", {"hubspot": "Coltiva – tips"})
    book = compile_book(Definitions(WORKSPACE, "v1", ZoneInfo("Europe/Rome"), lists=(tips,)))
    sent = Sent("first", LATER, content="list tips")
    enrolment = Enrolment("welcome", 1, NOW, "one", NOW, sent=(sent,))

    on_it = explain(summary(enrolments=(enrolment,)), (), (), book, LATER).lists
    through = explain(
        summary(enrolments=(replace(enrolment, sent=(replace(sent, lapsed=True),)),)), (), (), book, LATER
    )

    assert on_it == (Group("tips", LATER),)
    assert through.lists == ()


NOTE = Act("n", ChangeKind.NOTE, NOW, body="<b>Ada</b> &amp; co")
TASK = Act("t", ChangeKind.TASK, NOW, subject="Call Ada", body="<p>now</p>")
CHANGES = {
    "properties": (change(ChangeKind.PROPERTIES, {"b": "2", "a": "1", "cleared": ""}), ["a = 1", "b = 2"]),
    "on a list": (change(ChangeKind.MEMBERSHIP, {"member": "true"}, key="Hot"), ["on Hot"]),
    "off a list": (change(ChangeKind.MEMBERSHIP, {"member": "false"}, key="Hot"), ["off Hot"]),
    "a task": (change(ChangeKind.TASK, {}, TASK), ["Call Ada"]),
    "a note": (change(ChangeKind.NOTE, {}, NOTE), ["Ada & co"]),
}


@pytest.mark.parametrize(("written", "told"), CHANGES.values(), ids=CHANGES)
def test_what_is_written_is_told_in_words(written: OutboxChange, told: list[str]) -> None:
    assert list(describe_change(written)) == told


def test_who_a_lead_is_is_explained_with_what_its_interest_was_chosen_from() -> None:
    read = SignalTest("read")
    interest = Computed(Field("interest"), Reckoning.MOST, read, "topic", within=timedelta(days=7))
    visits = Computed(Field("visits", FieldType.NUMBER), Reckoning.COUNT, read)
    book = compile_book(Definitions(WORKSPACE, "v1", ZoneInfo("Europe/Rome"), computed=(interest, visits)))
    said = (
        Mention("old", 9.0, NOW - timedelta(days=8)),
        Mention("events", 1.0, NOW - HOUR),
        Mention("planning", 2.0, NOW),
    )
    lead = summary(
        fields={"interest": "planning", "visits": 12.0},
        mentions={"interest": said, "visits": (Mention("", 12.0, NOW),)},
        tags={"fair": Tagging(NOW - HOUR, NOW + HOUR), "gone": Tagging(adds=True)},
        persona="planner",
        persona_since=NOW,
    )

    explained = explain(lead, (), (), book, NOW)

    assert explained.persona == Group("planner", NOW)
    assert explained.tags == (TagExplanation("fair", NOW - HOUR, NOW + HOUR),)
    assert explained.computed == (
        FieldExplanation("interest", "planning", (Share("planning", 2.0, NOW), Share("events", 1.0, NOW - HOUR))),
        FieldExplanation("visits", "12", ()),
    )


@pytest.mark.parametrize("kind", HistoryKind)
def test_every_line_of_a_history_can_be_told_even_when_a_detail_is_missing(kind: HistoryKind) -> None:
    assert tell(HistoryEntry(NOW, kind, "segment:warm"))


TOLD = {
    "persona is planner": HistoryEntry(NOW, HistoryKind.PERSONA, "planner", {"was": ""}),
    "persona changed from visitor to planner": HistoryEntry(NOW, HistoryKind.PERSONA, "planner", {"was": "visitor"}),
    "has no persona any more (it was planner)": HistoryEntry(NOW, HistoryKind.PERSONA, "", {"was": "planner"}),
    "was tagged fair: signal visited": HistoryEntry(NOW, HistoryKind.TAGGED, "fair", {"by": "signal visited"}),
    "lost the tag fair: time": HistoryEntry(NOW, HistoryKind.UNTAGGED, "fair", {"by": "time"}),
    "joined segment warm": HistoryEntry(NOW, HistoryKind.JOINED, "segment:warm"),
    "stage changed from lead to customer": HistoryEntry(
        NOW, HistoryKind.FIELD_CHANGED, "stage", {"was": "lead", "now": "customer"}
    ),
    "stage is now lead": HistoryEntry(NOW, HistoryKind.FIELD_CHANGED, "stage", {"was": "", "now": "lead"}),
    "stage was cleared (it was lead)": HistoryEntry(
        NOW, HistoryKind.FIELD_CHANGED, "stage", {"was": "lead", "now": ""}
    ),
    "-20 engagement for bounced, now 3": HistoryEntry(
        NOW, HistoryKind.SCORED, "engagement", {"rule": "bounced", "points": -20.0, "total": 3.0}
    ),
    "clicked": HistoryEntry(NOW, HistoryKind.SIGNAL, "clicked", {"email": ""}),
    "care put hello off until Mon 28 Sep 2026 07:00 UTC: the send window is shut": HistoryEntry(
        NOW,
        HistoryKind.PUT_OFF,
        "care",
        {"activity": "hello", "why": "the send window is shut", "until": "2026-09-28T07:00+00:00"},
    ),
    "phase one of care is settled: some answered, next two": HistoryEntry(
        NOW, HistoryKind.SETTLED, "care", {"phase": "one", "outcome": "some", "next": "two"}
    ),
    "an answer that did not come leads out of phase one of care, next exit": HistoryEntry(
        NOW, HistoryKind.SETTLED, "care", {"phase": "one", "outcome": "unanswered", "next": "exit"}
    ),
    "an answer leads out of phase one of care, next two": HistoryEntry(
        NOW, HistoryKind.SETTLED, "care", {"phase": "one", "outcome": "answered", "next": "two"}
    ),
}


@pytest.mark.parametrize(("sentence", "entry"), TOLD.items())
def test_history_reads_as_sentences(sentence: str, entry: HistoryEntry) -> None:
    assert tell(entry) == sentence


@pytest.mark.parametrize(
    ("what", "sentence"),
    [("list thanks", "welcome sent first, by list thanks"), ("task", "welcome gave sales a task: first")],
)
def test_what_a_program_sent_is_told_apart_from_what_sales_was_given_to_do(what: str, sentence: str) -> None:
    entry = HistoryEntry(NOW, HistoryKind.SENT, "welcome", {"phase": "start", "activity": "first", "what": what})

    assert tell(entry) == sentence


def test_owners_whom_the_mapping_knows_are_told_by_name() -> None:
    book = compile_book(selling())
    changes = (("owner", "101", "777"), ("owner", "777", "102"), ("status", "101", "102"))
    kind = HistoryKind.FIELD_CHANGED
    history = [HistoryEntry(NOW, kind, name, {"was": was, "now": now}) for name, was, now in changes]

    told = explain(summary(), history, [], book, NOW).timeline

    assert [line.what for line in told] == [
        "owner changed from anna to 777",
        "owner changed from 777 to ben",
        "status changed from 101 to 102",
    ]


LABELS = {"hubspot": "HubSpot", "salesforce": "Salesforce"}
OLD, NEW = "salesforce:00D:lead:00Q1", "salesforce:00D:contact:0031"


def told_of(*history: HistoryEntry, lives_as: dict[str, str] | None = None, book: Book = BOOK) -> list[str]:
    explained = explain(summary(), history, (), book, NOW, Records(lives_as or {}, LABELS))
    return [line.what for line in explained.timeline]


def test_a_converted_lead_is_told_as_converted_and_a_merged_one_as_merged() -> None:
    entry = HistoryEntry(NOW, HistoryKind.MERGED, detail={"lead": OLD})
    joined = replace(entry, detail={"lead": OLD, "because": "same email"})
    lives_as = {OLD: NEW, NEW: NEW}

    assert told_of(entry, lives_as=lives_as) == ["the Salesforce lead 00Q1 was converted into the contact 0031"]
    assert told_of(joined, lives_as=lives_as) == ["was merged with Salesforce lead 00Q1: same email"]
    assert told_of(entry, lives_as={OLD: "salesforce:00D:lead:00Q2"}) == ["was merged with Salesforce lead 00Q1"]
    assert told_of(entry) == ["was merged with Salesforce lead 00Q1"]


def test_records_that_are_gone_are_told_apart_from_those_that_are_there() -> None:
    there, deleted, merged = (CrmRef("hubspot", "1", "contact", id_) for id_ in ("51", "52", "53"))
    refs = (there, deleted, merged, CrmRef(*OLD.split(":")))
    gone = (str(deleted), str(merged), OLD)
    lead = replace(summary(gone=gone, deleted={str(deleted): NOW}), refs=refs)

    explained = explain(lead, (), (), BOOK, NOW, Records({OLD: NEW, str(merged): str(there)}, LABELS))

    assert explained.refs == (str(there),)
    assert explained.gone == tuple(map(GoneRecord, gone, ("deleted", "merged", "converted")))


def test_a_deleted_record_is_named_in_the_timeline() -> None:
    gone = HistoryEntry(NOW, HistoryKind.ARCHIVED, "hubspot:1:contact:52", {"left": 1})

    assert told_of(gone) == ["was deleted in the CRM (HubSpot contact 52); known by 1 more"]


def test_whose_word_counts_is_told_by_name_and_once_until_it_changes() -> None:
    industry = Field("industry", properties={"hubspot": ("i",), "salesforce": ("Lead.I",)}, prefer="hubspot")
    book = compile_book(Definitions(WORKSPACE, "v1", ZoneInfo("Europe/Rome"), fields=(industry,)))

    def kept(said: str) -> HistoryEntry:
        return HistoryEntry(NOW, HistoryKind.FIELD_KEPT, "industry", {"crm": "salesforce", "said": said})

    changed = HistoryEntry(NOW, HistoryKind.FIELD_CHANGED, "industry", {"was": "IT", "now": "Food"})
    told = told_of(kept("Retail"), kept("Retail"), kept("Fish"), changed, kept("Fish"), kept("Fish"), book=book)

    assert told == [
        "industry stays: Salesforce says Retail, and HubSpot has the say",
        "industry stays: Salesforce says Fish, and HubSpot has the say",
        "industry changed from IT to Food",
        "industry stays: Salesforce says Fish, and HubSpot has the say",
    ]


def test_the_explanation_says_until_when_points_count_since_when_a_score_is_frozen_and_when_it_was_reset() -> None:
    frozen = Score("frozen", (CLICK,), freeze_while=FieldTest("stage", FieldType.TEXT, Op.EQ, "customer"))
    fresh = Score("fresh", (replace(CLICK, expires=HALF_LIFE),))
    book = compile_book(Definitions(WORKSPACE, "v1", ZoneInfo("Europe/Rome"), scores=(frozen, fresh)))
    lots = ((LATER, 8.0), (LATER + HALF_LIFE, 8.0))
    scores = {name: {"clicked": Part(16.0, NOW, 2, fades=False, lots=lots)} for name in ("frozen", "fresh")}
    history = [HistoryEntry(NOW, HistoryKind.RESET, "fresh", {"by": "bought"}, "f1")]

    explained = explain(summary(scores=scores, holding={"freeze:frozen": NOW}), history, (), book, NOW)

    (still,), (alive,) = (score.parts for score in explained.scores)
    assert (still.frozen_since, still.reset_at, still.reasons[0].expiries) == (NOW, None, ())
    assert (alive.frozen_since, alive.reset_at) == (None, NOW)
    assert [(each.at, each.points) for each in alive.reasons[0].expiries] == list(lots)


def test_the_ledger_tells_what_happened_to_a_score_without_a_rule() -> None:
    history = [
        HistoryEntry(NOW, HistoryKind.FROZEN, "s", {"total": 8.0}, "f1"),
        HistoryEntry(NOW, HistoryKind.THAWED, "s", {"total": 8.0}, "f2"),
        HistoryEntry(NOW, HistoryKind.RESET, "s", {"by": "bought"}, "f3"),
        HistoryEntry(
            NOW, HistoryKind.SCORED, "s", {"rule": "clicked", "points": -8.0, "total": 0.0, "because": "reset"}, "f3"
        ),
    ]

    ledger = explain(summary(), history, (), BOOK, NOW).ledger

    assert [(line.rule, line.points, line.why) for line in ledger] == [
        ("", 0.0, "s is frozen at 8"),
        ("", 0.0, "s counts on from 8"),
        ("", 0.0, "s begins anew: bought"),
        ("clicked", -8.0, "reset"),
    ]
