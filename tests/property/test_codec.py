"""A lead that is stored and loaded is the lead that it was, and is the same bytes again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
from hypothesis import given

from connector.domain.history import HistoryEntry, HistoryKind
from connector.domain.ids import LeadId
from connector.domain.lead import Lead, Standing
from connector.domain.outward.change import Act, ChangeKind, Desired
from connector.domain.programs.enrolment import Enrolment, EnrolmentState, Move, Sent
from connector.domain.programs.program import Target, TargetKind
from connector.domain.traits.score import Part
from connector.store.codec import decode_act, decode_data, decode_history, decode_lead, encode, from_ms, to_ms

NAMES = st.text(st.characters(codec="utf-8"), max_size=8)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
MOMENTS = st.integers(-(10**12), 10**13).map(lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms))
VALUES = NAMES | FLOATS | st.booleans() | st.lists(NAMES, max_size=3).map(tuple)


def maps(values: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    return st.dictionaries(NAMES, values, max_size=3)


PARTS = st.builds(
    Part,
    points=FLOATS,
    at=MOMENTS,
    count=st.integers(1, 99),
    given=st.lists(st.tuples(MOMENTS, FLOATS), max_size=2).map(tuple),
)
ENROLMENTS = st.builds(
    Enrolment,
    program=NAMES,
    number=st.integers(1, 9),
    entered_at=MOMENTS,
    phase=NAMES,
    phase_at=MOMENTS,
    only=st.none() | st.lists(NAMES, max_size=2).map(tuple),
    state=st.sampled_from(EnrolmentState),
    send_at=st.none() | MOMENTS,
    sent=st.lists(st.builds(Sent, NAMES, MOMENTS, st.none() | MOMENTS, st.none() | MOMENTS), max_size=2).map(tuple),
    move=st.none() | st.builds(Move, st.builds(Target, st.sampled_from(TargetKind), NAMES), MOMENTS),
)
LEADS = st.builds(
    Lead,
    id=NAMES.map(LeadId),
    standing=st.sampled_from(Standing),
    fields=maps(VALUES),
    seen=maps(st.lists(MOMENTS, max_size=2).map(tuple)),
    scores=maps(maps(PARTS)),
    holding=maps(MOMENTS),
    enrolments=st.lists(ENROLMENTS, max_size=2).map(tuple),
    desired=maps(st.builds(Desired, maps(NAMES), maps(MOMENTS))),
    position=st.tuples(st.integers(-1, 1), MOMENTS, st.integers(0, 9), NAMES),
    wake_at=st.none() | MOMENTS,
)


@given(LEADS)
def test_a_lead_comes_back_equal_and_in_the_same_bytes(lead: Lead) -> None:
    text = encode(lead)

    loaded = decode_lead(text)

    assert loaded == lead
    assert encode(loaded) == text
    assert type(loaded.position) is tuple


@given(LEADS)
def test_every_mapping_keeps_its_order(lead: Lead) -> None:
    backwards = replace(lead, scores=dict(reversed(lead.scores.items())), fields=dict(reversed(lead.fields.items())))

    loaded = decode_lead(encode(backwards))

    assert list(loaded.scores) == list(backwards.scores)
    assert list(loaded.fields) == list(backwards.fields)


@given(maps(VALUES))
def test_what_a_fact_says_comes_back(data: dict[str, object]) -> None:
    assert decode_data(encode(data)) == data


@given(MOMENTS)
def test_a_moment_comes_back_to_the_millisecond(moment: datetime) -> None:
    assert from_ms(to_ms(moment)) == moment


@given(MOMENTS, st.integers(0, 999))
def test_what_is_below_a_millisecond_is_cut_off(moment: datetime, microseconds: int) -> None:
    assert from_ms(to_ms(moment + timedelta(microseconds=microseconds))) == moment


@given(MOMENTS, st.none() | MOMENTS, NAMES)
def test_acts_and_history_come_back(at: datetime, remind_at: datetime | None, words: str) -> None:
    act = Act("k", ChangeKind.TASK, at, words, words, at, remind_at, "HIGH", "CALL", "7")
    history = (HistoryEntry(at, HistoryKind.SCORED, words, {"points": 2.5, "rule": words}, "cause"),)

    assert decode_act(encode(act)) == act
    assert decode_history(encode(history)) == history
