"""What is kept up to date of a computed field is what counting anew would give, at every moment."""

from __future__ import annotations

from datetime import datetime, timedelta
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.conditions.condition import SignalTest
from connector.domain.derive import to_minute
from connector.domain.fact import Value
from connector.domain.field import Field, FieldType
from connector.domain.traits import memory
from connector.domain.traits.computed import Computed, Mentions, Reckoning
from connector.domain.traits.memory import Memory
from connector.store.codec import decode_lead, encode
from tests.builders import FIELDS, START, Story, definitions, signal
from tests.property import recount

MS, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("milliseconds", "minutes", "hours", "days"))
#: The last two leave rests that depend on the order in which one adds up.
WEIGHTS = st.sampled_from([1.0, 2.0, 0.1, 0.7])
TOPICS = st.sampled_from(["a", "A", "b", "c", "straße", "STRASSE"])
SIZES = st.sampled_from([0.0, -0.0, 2.5, 7.0])

Said = tuple[Value, float]


@st.composite
def fields(draw: st.DrawFn, spans: st.SearchStrategy[timedelta | None]) -> Computed:
    how = draw(st.sampled_from([Reckoning.MOST, *Reckoning]))
    type_ = draw(st.sampled_from([FieldType.TEXT, FieldType.NUMBER]))
    return Computed(Field("x", type_), how, SignalTest("s"), "topic", within=draw(spans))


def said_by(computed: Computed) -> st.SearchStrategy[Said]:
    if computed.how is Reckoning.COUNT:
        return st.just(("", 1.0))
    if computed.how is Reckoning.SUM:
        return st.tuples(st.just(""), WEIGHTS | WEIGHTS.map(lambda weight: -weight))
    return st.tuples(TOPICS if computed.field.type is FieldType.TEXT else SIZES, WEIGHTS)


def assert_agree(computed: Computed, kept_up: Memory, kept: Mentions, now: datetime) -> None:
    value = recount.value_of(computed, kept, now)
    assert repr(kept_up.value(computed, now)) == repr(value)
    for moment in (to_minute(now), now):  # alarms are asked for as of the full minute before
        assert kept_up.changes_at(computed, value, moment) == recount.changes_at(computed, kept, value, moment)
    assert repr(kept_up.kept) == repr(kept)


@given(st.data())
def test_at_every_half_minute_the_figure_is_that_of_a_plain_recount(data: st.DataObject) -> None:
    computed = data.draw(fields(st.sampled_from([MS, 5 * MINUTE, 30 * MINUTE, HOUR, 90 * MINUTE])))
    moments = st.dictionaries(st.integers(0, 240), st.lists(said_by(computed), max_size=3), max_size=30)
    told = data.draw(moments, label="half minute -> what is said in it")
    kept_up, kept = Memory(), Mentions()

    for half in range(440):
        now = START + half * MINUTE / 2
        for value, weight in told.get(half, ()):
            kept_up.take(computed, value, weight, now)
            kept = recount.remember(computed, kept, value, weight, now)

        assert_agree(computed, kept_up, kept, now)


@given(st.data())
def test_at_the_very_edges_and_restored_at_any_time_the_figure_is_that_of_a_plain_recount(data: st.DataObject) -> None:
    spans = [None, 10 * MINUTE, HOUR, DAY, 7 * DAY, 30 * DAY, 31 * DAY]
    computed = data.draw(fields(st.sampled_from(spans)))
    span = computed.within or DAY
    gaps = st.sampled_from([0 * MS, 0 * MS, MS, 30_000 * MS, MINUTE, HOUR, DAY, span - MS, span, span + MS, span / 4])
    steps = st.lists(st.tuples(gaps, st.lists(said_by(computed), max_size=2), st.booleans()), max_size=40)
    kept_up, kept, now = Memory(), Mentions(), START

    with patch.multiple(memory, MOST_VALUES=3, MOST_DAYS=5):  # so that much is forgotten
        for gap, said, is_restored in data.draw(steps, label="after so long, said, restored"):
            now += gap
            kept_up = Memory(kept_up.kept) if is_restored else kept_up
            for value, weight in said:
                kept_up.take(computed, value, weight, now)
                kept = recount.remember(computed, kept, value, weight, now)

            if data.draw(st.booleans(), label="asked"):
                assert_agree(computed, kept_up, kept, now)
    assert_agree(computed, kept_up, kept, now)


@given(
    said=st.dictionaries(st.integers(0, int(90 * MINUTE / MS)), WEIGHTS, min_size=1, max_size=8),
    span=st.sampled_from([HOUR, HOUR + MS, 100 * MINUTE]),
    data=st.data(),
)
def test_however_late_signals_come_and_whenever_a_lead_is_stored_its_count_and_sum_are_those_of_the_signals(
    said: dict[int, float], span: timedelta, data: st.DataObject
) -> None:
    count = Computed(Field("times", FieldType.NUMBER), Reckoning.COUNT, SignalTest("s"), within=span)
    total = Computed(Field("total", FieldType.NUMBER), Reckoning.SUM, SignalTest("s"), "x", within=span)
    story = Story(definitions(fields=(*FIELDS, count.field, total.field), computed=(count, total)))
    facts = [signal("s", START + ms * MS, x=weight) for ms, weight in said.items()]

    for fact in data.draw(st.permutations(facts), label="in the order of their arrival"):
        story.receive(fact, now=START + 90 * MINUTE)
        story.lead = decode_lead(encode(story.lead))

    for minute in range(90, 200):
        now = START + minute * MINUTE
        story.let_pass(now)
        hours: dict[int, list[tuple[datetime, float]]] = {}
        for ms, weight in sorted(said.items()):
            hours.setdefault(ms * MS // HOUR, []).append((START + ms * MS, weight))
        counting = [hour for hour in hours.values() if hour[-1][0] >= now - span]  # one hour lapses together
        assert story.lead.fields["times"] == sum(map(len, counting))
        assert story.lead.fields["total"] == pytest.approx(sum(weight for hour in counting for _, weight in hour))
