"""Whatever the figures, a split is decided soundly; whatever a lead does, it is counted at each split once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from random import Random

from hypothesis import HealthCheck, given, settings

from connector.domain.book import Book, compile_book
from connector.domain.definitions import Definitions
from connector.domain.fact import Fact
from connector.domain.history import HistoryEntry, HistoryKind
from connector.domain.programs.contest import Contest, Merit, Tally, judge, rate
from connector.domain.programs.parting import HOLDOUT, Parting, partings_of
from tests.builders import after
from tests.property.books import NUMBERS, lives, workspaces
from tests.property.test_fold import in_one

ANY_BOOK = settings(suppress_health_check=[HealthCheck.too_slow])
MANY = settings(max_examples=300)
WAYS = ("a", "b", "c", "d")
DAY = timedelta(days=1)


# --- who wins -----------------------------------------------------------------------------------------------


def a_tally(random: Random, case: str) -> Tally:
    entered = random.choice((0, 30, 200, 2_000, 20_000))
    share = random.choice((0.0, 0.1, 0.12, 0.3, 1.0))
    answered, won = int(entered * share), int(entered * random.choice((0.0, 0.01, 0.02)))
    return Tally(case, entered, answered, won, after(days=random.randint(0, 3)) if entered else None)


def a_contest(random: Random) -> Contest:
    until = random.choice((None, 30 * DAY))
    return Contest(
        random.choice(list(Merit)), at_least=random.choice((20, 200)), sure=random.choice((0.8, 0.95, 0.999)),
        until=until, otherwise="b" if until else "",
    )  # fmt: skip


@MANY
@given(NUMBERS)
def test_only_a_way_that_did_better_than_every_other_one_wins_before_time_is_over(number: int) -> None:
    random = Random(number)
    contest, cases = a_contest(random), WAYS[: random.randint(2, 4)]
    tallies = [a_tally(random, case) for case in cases]
    day = random.choice((5, 12, 40))

    won = judge(contest, cases, tallies, after(days=day)).case

    begun = [tally.first_at for tally in tallies if tally.first_at is not None]
    is_over = bool(begun and contest.until and after(days=day) >= min(begun) + contest.until)
    rates = {tally.case: rate(tally.merit(contest.by), tally.entered) for tally in tallies}
    assert not won or after(days=day) >= min(begun) + contest.after
    if won and not is_over:
        assert all(rates[won] > share for case, share in rates.items() if case != won)
        assert all(tally.entered >= contest.at_least for tally in tallies)
    assert won or not is_over


@MANY
@given(NUMBERS)
def test_it_makes_no_difference_in_which_order_ways_and_figures_stand(number: int) -> None:
    random = Random(number)
    contest, cases = a_contest(random), list(WAYS[: random.randint(2, 4)])
    tallies = [a_tally(random, case) for case in cases]
    first = judge(contest, cases, tallies, after(days=12)).case

    random.shuffle(cases)
    random.shuffle(tallies)

    assert judge(contest, cases, tallies, after(days=12)).case == first


# --- who is counted -----------------------------------------------------------------------------------------


@ANY_BOOK
@given(defined=workspaces(), facts=lives())
def test_each_lead_is_counted_at_each_split_once_by_the_way_that_chance_sent_it_first(
    defined: Definitions, facts: list[Fact]
) -> None:
    book = compile_book(defined)
    decision = in_one(book, facts)

    counted = partings_of(decision.lead, book.programs)

    by_chance = {
        (one.program, one.number, one.fork): (one.case, one.at) for one in counted if one.fork != HOLDOUT
    }  # fmt: skip
    assert by_chance == first_choices(book, decision.history)
    held_out = {(one.program, one.number): one.case for one in counted if one.fork == HOLDOUT}
    assert held_out.keys() == {
        (each.program, each.number) for each in decision.lead.enrolments if book.programs[each.program].program.holdout
    }


@ANY_BOOK
@given(defined=workspaces(), facts=lives())
def test_an_answer_counts_for_the_way_on_which_it_was_asked_for(defined: Definitions, facts: list[Fact]) -> None:
    book = compile_book(defined)
    decision = in_one(book, facts)

    answers = {(number, entry.subject, place_of(entry)) for number, entry in answered(decision.history)}
    for parting in partings_of(decision.lead, book.programs):
        if parting.fork != HOLDOUT:
            expected = any((parting.number, parting.program, place) in answers for place in asked_by(book, parting))
            assert parting.is_answered is expected


def first_choices(book: Book, history: tuple[HistoryEntry, ...]) -> dict[tuple[str, int, str], tuple[str, object]]:
    """Read off the timeline: program, enrolment and split -> where chance first sent the lead, and when."""
    found: dict[tuple[str, int, str], tuple[str, object]] = {}
    for number, entry in numbered(history, HistoryKind.CHOSE):
        phase = book.programs[entry.subject].program.phase(str(entry.detail["phase"]))
        assert phase is not None
        fork = next(each.fork for each in phase.activities if each.name == entry.detail["activity"])
        if fork is not None and fork.by_chance and not fork.winner:
            found.setdefault((entry.subject, number, place_of(entry)), (str(entry.detail["way"]), entry.at))
        elif fork is not None and fork.winner:
            assert entry.detail["way"] == fork.winner
    return found


def numbered(history: tuple[HistoryEntry, ...], kind: HistoryKind) -> Iterator[tuple[int, HistoryEntry]]:
    """Entries of this kind, each with the number of the enrolment that it is of."""
    numbers: dict[str, int] = {}
    for entry in history:
        if entry.kind is HistoryKind.ENTERED:
            numbers[entry.subject] = numbers.get(entry.subject, 0) + 1
        elif entry.kind is kind:
            yield numbers[entry.subject], entry


def answered(history: tuple[HistoryEntry, ...]) -> Iterator[tuple[int, HistoryEntry]]:
    return numbered(history, HistoryKind.ANSWERED)


def place_of(entry: HistoryEntry) -> str:
    return f"{entry.detail['phase']}.{entry.detail['activity']}"


def asked_by(book: Book, parting: Parting) -> list[str]:
    """What may be answered for this way: what its contest names, or else all behind it."""
    phase_name, fork_name = parting.fork.split(".")
    phase = book.programs[parting.program].program.phase(phase_name)
    assert phase is not None
    fork = next(each.fork for each in phase.activities if each.name == fork_name)
    if fork is not None and fork.contest is not None and fork.contest.of:
        return [f"{phase_name}.{fork.contest.of}"]
    behind = [each.name for each in phase.activities if (fork_name, parting.case) in each.path]
    return [f"{phase_name}.{name}" for name in behind]
