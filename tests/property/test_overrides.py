"""Whatever is set on top of a mapping and taken back, a lead is a pure function of its facts, and pauses are kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.domain.definitions import Definitions
from connector.domain.fact import Fact, FactKind
from connector.domain.history import HistoryKind
from connector.domain.override import Overrides, overridden, ways_of
from tests.builders import START, Story
from tests.property.books import HORIZON, NUMBERS, a_moment, lives, workspaces
from tests.property.test_fold import encode

END = START + HORIZON
ANY_BOOK = settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
)


def versions_of(defined: Definitions) -> Iterator[Definitions]:
    """The mapping, and the mapping with this and that on top."""
    yield defined
    yield overridden(defined, Overrides(paused=("p",)))
    yield overridden(defined, Overrides(is_all_paused=True))
    ways = [way for program in defined.programs for way in ways_of(program)]
    yield overridden(defined, Overrides(paused=("q",), winners=tuple(ways[-1:])))


def turns(defined: Definitions, number: int) -> list[Fact]:
    """Some of the versions, at some moments."""
    random, versions = Random(number), [each.version for each in versions_of(defined)]
    moments = sorted({a_moment(random) for _ in range(random.randint(1, 5))})
    return [Fact(f"turn {at}", at, FactKind.BOOK, random.choice(versions), "cli") for at in moments]


@ANY_BOOK
@given(defined=workspaces(), facts=lives(), number=NUMBERS, data=st.data())
def test_a_lead_that_hears_of_a_pause_late_ends_like_one_that_hears_of_it_at_once(
    defined: Definitions, facts: list[Fact], number: int, data: st.DataObject
) -> None:
    versions = list(versions_of(defined))
    clean, told = Story(*versions), Story(*versions)
    every = sorted([*facts, *turns(defined, number)], key=lambda fact: fact.position)
    delays = st.sampled_from([timedelta(), timedelta(seconds=1), timedelta(days=2), timedelta(days=30)])
    arrivals = [(fact.at + data.draw(delays), index, fact) for index, fact in enumerate(every)]

    clean.receive_all(every, END + HORIZON)
    for at, _, fact in sorted(arrivals, key=lambda arrival: arrival[:2]):
        told.receive(fact, now=at)
    told.let_pass(END + HORIZON)

    assert encode(told.lead) == encode(clean.lead)
    assert encode(told.history) == encode(clean.history)


@ANY_BOOK
@given(defined=workspaces(), facts=lives(), number=NUMBERS)
def test_while_a_program_stands_still_nothing_of_it_is_sent_and_nobody_enters(
    defined: Definitions, facts: list[Fact], number: int
) -> None:
    versions = {each.version: each for each in versions_of(defined)}
    story, orders = Story(*versions.values()), turns(defined, number)

    story.receive_all(sorted([*facts, *orders], key=lambda fact: fact.position), END)

    turned_at = {each.at for each in orders}
    for entry in story.told(HistoryKind.SENT, HistoryKind.ENTERED, HistoryKind.PHASE):
        if entry.at in turned_at:  # what was so from the beginning comes before an order of the same moment
            continue
        judged_by = [each.name for each in orders if each.at <= entry.at][-1:] or [defined.version]
        paused = {program.name for program in versions[judged_by[0]].programs if program.is_paused}
        assert entry.subject not in paused
