"""What is set on top of a mapping: pauses, and splits that are decided."""

from __future__ import annotations

from datetime import timedelta

from connector.domain.fact import CommandName
from connector.domain.history import HistoryKind
from connector.domain.override import (
    NO_OVERRIDES,
    OverrideEntry,
    OverrideKind,
    Overrides,
    Way,
    files_of,
    is_same_mapping,
    keep_sensible,
    overridden,
    version_of,
    ways_of,
)
from connector.domain.programs.program import Activity, Case, Fork, Program
from tests.builders import (
    START,
    Story,
    activity,
    after,
    book_applied,
    command,
    definitions,
    phase,
    program,
    signal,
)

DAY = timedelta(days=1)
BIG = Way("p", "one", "subject", "big")


def parted(name: str = "p") -> Program:
    """After a day, half of all leads are sent one thing and half the other."""
    fork = Activity("subject", None, DAY, fork=Fork((Case("big", weight=1), Case("small", weight=1)), by_chance=True))
    ways = [Activity(case, activity(case).send, path=(("subject", case),)) for case in ("big", "small")]
    return program(name, phase("one", fork, *ways))


# --- versions -------------------------------------------------------------------------------------------------


def test_without_overrides_a_version_is_that_of_the_files() -> None:
    assert version_of("4f1a09c27d3e", NO_OVERRIDES) == "4f1a09c27d3e"
    assert overridden(definitions(), NO_OVERRIDES).version == "v1"


def test_every_set_of_overrides_makes_a_version_of_its_own_of_the_same_files() -> None:
    sets = [
        Overrides(paused=("p",)),
        Overrides(paused=("p", "q")),
        Overrides(is_all_paused=True),
        Overrides(winners=(BIG,)),
    ]

    versions = {version_of("v1", each) for each in sets}

    assert len(versions) == len(sets)
    assert {files_of(each) for each in versions} == {"v1"}
    assert all(is_same_mapping(each, "v1") and not is_same_mapping(each, "v2") for each in versions)


def test_a_version_that_leads_were_judged_by_is_called_the_same_for_ever() -> None:
    assert version_of("v1", Overrides(paused=("p",))) == "v1+7f96e1c5"


def test_the_order_in_which_programs_are_paused_makes_no_difference() -> None:
    assert NO_OVERRIDES.pausing("q").pausing("p") == NO_OVERRIDES.pausing("p", "q")
    assert NO_OVERRIDES.pausing("p").resuming("p") == NO_OVERRIDES


# --- what still makes sense -----------------------------------------------------------------------------------


def test_what_a_new_mapping_has_stays_and_what_it_has_not_is_dropped_and_told() -> None:
    before = Overrides(paused=("gone", "p"), winners=(Way("p", "one", "gone", "x"), BIG))

    kept, dropped = keep_sensible(before, [parted()], START)

    assert kept == Overrides(paused=("p",), winners=(BIG,))
    assert [(each.kind, each.program, each.fork) for each in dropped] == [
        (OverrideKind.DROPPED, "gone", ""),
        (OverrideKind.DROPPED, "p", "gone"),
    ]


def test_the_ledger_says_what_was_dropped_with_a_new_mapping_and_why() -> None:
    before = Overrides(paused=("gone",), winners=(BIG,))
    because = "it is not in the mapping any more"

    _, dropped = keep_sensible(before, [program("p", phase("one", activity("a")))], START)

    assert dropped == (
        OverrideEntry(START, "mapping", OverrideKind.DROPPED, "gone", because=because),
        OverrideEntry(START, "mapping", OverrideKind.DROPPED, "p", "one", "subject", "big", because),
    )


def test_a_split_has_one_winner_and_the_latest_word_counts() -> None:
    other = Way("q", "one", "subject", "big")
    decided = NO_OVERRIDES.won_by(other).won_by(BIG._replace(case="small")).won_by(BIG)

    assert decided == Overrides(winners=(BIG, other))
    assert decided.reopening(BIG.place) == Overrides(winners=(other,))


def test_everything_stands_still_where_everything_is_paused() -> None:
    plain = definitions(programs=(parted("p"), parted("q")))

    both, one = (
        [each.is_paused for each in overridden(plain, overrides).programs]
        for overrides in (Overrides(is_all_paused=True), Overrides(paused=("q",)))
    )

    assert (both, one) == ([True, True], [False, True])


def test_a_winner_is_set_at_its_own_split_and_at_no_other() -> None:
    plain = definitions(programs=(parted("p"), parted("q")))

    decided = overridden(plain, Overrides(winners=(BIG,)))

    winners = [[each.fork.winner for each in one.phases[0].activities if each.fork] for one in decided.programs]
    assert winners == [["big"], [""]]
    assert decided.programs[1] == plain.programs[1]


def test_the_ways_of_a_program_are_those_of_its_splits() -> None:
    assert list(ways_of(parted())) == [BIG, BIG._replace(case="small")]


# --- what it does ---------------------------------------------------------------------------------------------


def test_everybody_who_comes_to_a_decided_split_goes_the_way_of_the_winner() -> None:
    for case in ("big", "small"):
        decided = overridden(definitions(programs=(parted(),)), Overrides(winners=(BIG._replace(case=case),)))

        lived = Story(decided).receive(signal("came", START)).let_pass(after(days=2))

        assert [name for _, name in lived.sent()] == [case]


def test_those_who_parted_before_the_split_was_decided_stay_on_their_way() -> None:
    plain = definitions(programs=(parted(),))
    by_chance = Story(plain).receive(signal("came", START)).let_pass(after(days=2)).enrolment().chosen["subject"]
    other = "small" if by_chance == "big" else "big"
    decided = overridden(plain, Overrides(winners=(BIG._replace(case=other),)))

    lived = Story(plain, decided).receive(signal("came", START)).let_pass(after(days=2))
    lived.receive(book_applied(after(days=3), decided.version))

    assert lived.enrolment().chosen == {"subject": by_chance}


def pausing(**more: object) -> tuple[Story, str]:
    """A lead that is sent a second thing three days after the first, and the version in which that is paused."""
    plain = definitions(programs=(program("p", phase("one", activity("a"), activity("b", after=3 * DAY)), **more),))
    paused = overridden(plain, Overrides(paused=("p",)))
    return Story(plain, paused).receive(signal("came", START)), paused.version


def test_a_paused_program_goes_on_where_it_stood() -> None:
    lived, paused = pausing()

    lived.receive(book_applied(after(days=1), paused), book_applied(after(days=11), "v1")).let_pass(after(days=20))

    assert lived.sent() == [(START, "a"), (after(days=13), "b")]
    assert [entry.kind for entry in lived.told(HistoryKind.PAUSED, HistoryKind.RESUMED, HistoryKind.BOOK)] == [
        HistoryKind.PAUSED,
        HistoryKind.RESUMED,
    ]


def test_a_lead_that_a_person_lets_go_on_waits_for_its_program_all_the_same() -> None:
    lived, paused = pausing()
    lived.receive(command(CommandName.PAUSE, after(hours=1), "p"), book_applied(after(days=1), paused))

    lived.receive(command(CommandName.RESUME, after(days=2), "p")).let_pass(after(days=10))
    waited = lived.sent()
    lived.receive(book_applied(after(days=11), "v1")).let_pass(after(days=20))

    assert [name for _, name in waited] == ["a"]
    assert [name for _, name in lived.sent()] == ["a", "b"]


def test_a_lead_that_a_person_paused_waits_though_its_program_goes_on() -> None:
    lived, paused = pausing()
    lived.receive(book_applied(after(days=1), paused), command(CommandName.PAUSE, after(days=2), "p"))

    lived.receive(book_applied(after(days=3), "v1")).let_pass(after(days=20))

    assert [name for _, name in lived.sent()] == ["a"]
