"""A person stops a program, or everything: from that moment on nothing of it leaves, and nothing is sent twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connector.domain.conditions.condition import SignalTest
from connector.domain.definitions import Definitions, ListRule
from connector.domain.fact import CommandName
from connector.domain.outward.change import ChangeState
from connector.domain.override import OverrideEntry, OverrideKind, Overrides
from connector.domain.programs.enrolment import EnrolmentState
from connector.domain.programs.program import ListSend, Program, Trigger
from connector.engine.judging import overrides
from connector.engine.judging.apply import apply_book
from connector.engine.judging.orders import give
from connector.engine.telling import replay
from connector.ports import StoredBook
from tests.builders import CRM, activity, definitions, on, phase, program, task
from tests.office import ACME, Office, changed, clicked, sqlite_url

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SETTLE = timedelta(minutes=10)


def welcome(**more: object) -> Program:
    """A task at once and another a day later."""
    steps = (activity("call", task("Call")), activity("again", task("Call again"), after=DAY))
    return program("welcome", phase("one", *steps), enrol="clicked", **more)


def mapping(version: str = "v1", *programs: Program) -> Definitions:
    return definitions(
        version,
        programs=programs or (welcome(),),
        lists=(ListRule("mail", {CRM: "Mail"}),),
        settle=SETTLE,
    )


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    others = mapping("v2"), mapping("v3", program("other", phase("one")))
    office = opened(tmp_path, mapping(), *others)
    yield office
    office.close()


def opened(folder: Path, *versions: Definitions) -> Office:
    """An office that can read one contact."""
    office = Office(sqlite_url(folder), *versions).open()
    office.crm.records["51"] = {}
    return office


def entry(office: Office, program: str = "welcome", because: str = "a typo") -> OverrideEntry:
    return OverrideEntry(office.clock.now(), "ada", OverrideKind.PAUSED, program, because=because)


def pause(office: Office, program: str = "welcome") -> bool:
    """A minute later."""
    office.clock.moment += MINUTE
    return overrides.pause(office.store, ACME, entry(office, program))


def resume(office: Office, program: str = "welcome") -> bool:
    """A minute later."""
    office.clock.moment += MINUTE
    return overrides.resume(office.store, ACME, entry(office, program))


def applying(office: Office) -> StoredBook:
    with office.store.reading() as transaction:
        return overrides.applying(transaction, ACME)


def made(office: Office) -> list[str]:
    """The subjects of the tasks that the CRM was given, and each of them once."""
    assert set(office.crm.made.values()) <= {1}
    return [act.subject for _, act in office.crm.acts.values()]


# --- what had not left ----------------------------------------------------------------------------------------


def test_what_was_decided_and_had_not_left_waits_until_the_program_goes_on(office: Office) -> None:
    office.receive(clicked()).work()

    pause(office)
    office.let_pass(3 * DAY)
    while_paused = made(office)
    resume(office)
    office.work()

    assert while_paused == []
    assert made(office) == ["Call"]


def test_what_was_to_come_in_an_hour_comes_an_hour_after_the_pause(office: Office) -> None:
    office.receive(clicked()).let_pass(DAY - HOUR - MINUTE)
    pause(office)
    office.let_pass(5 * DAY)
    resume(office)

    office.let_pass(HOUR + SETTLE - MINUTE)
    before = made(office)
    office.let_pass(MINUTE)

    assert (before, made(office)) == (["Call"], ["Call", "Call again"])


def test_a_pause_ends_though_the_clock_of_whoever_ends_it_is_behind(office: Office) -> None:
    office.receive(clicked()).work()
    pause(office)
    office.work()

    behind = replace(entry(office), at=office.clock.now() - HOUR)
    overrides.resume(office.store, ACME, behind)
    office.let_pass(2 * DAY)

    assert office.lead().lead.book == "v1"
    assert made(office) == ["Call", "Call again"]


def test_a_mapping_counts_though_the_clock_of_whoever_applies_it_is_behind(office: Office) -> None:
    office.receive(clicked()).work()
    pause(office)
    office.work()

    apply_book(office.store, office.compile_book, ACME, StoredBook("v3", {}, office.clock.now() - HOUR))
    office.let_pass(MINUTE)

    assert office.lead().lead.book == "v3"


def test_nothing_leaves_of_a_lead_that_was_not_told_of_the_pause_yet(office: Office) -> None:
    office.receive(clicked()).take_in()
    office.calls.run_once()
    office.advance()
    office.clock.moment += HOUR
    pause(office)

    office.calls.run_once()
    not_told = made(office)
    office.let_pass(HOUR)

    assert (not_told, made(office)) == ([], [])


def test_a_pause_that_ends_before_a_lead_was_told_of_it_costs_it_nothing(office: Office) -> None:
    office.receive(clicked()).take_in()
    office.calls.run_once()
    office.advance()
    office.clock.moment += HOUR
    pause(office)
    office.calls.run_once()

    resume(office)
    office.let_pass(timedelta(seconds=3))

    assert made(office) == ["Call"]


def test_a_lead_on_its_way_onto_a_list_is_not_put_on_it_while_the_program_stands_still(tmp_path: Path) -> None:
    mailing = program("welcome", phase("one", activity("mail", ListSend("mail"), answered="read")), enrol="clicked")
    office = opened(tmp_path, mapping("v1", mailing))
    office.crm.closed_until = office.clock.now() + DAY
    office.receive(clicked()).take_in()
    with office.store.transaction() as transaction:
        transaction.leads.set_read(ACME, dict.fromkeys(office.lead().refs), office.clock.now())
    office.advance()
    pause(office)

    office.crm.closed_until = None
    office.let_pass(DAY)
    while_paused = set(office.crm.lists["Mail"])
    resume(office)
    office.work()

    assert (while_paused, office.crm.lists["Mail"]) == (set(), {"51"})
    office.close()


def test_a_lead_that_reached_the_goal_while_the_program_stood_still_is_not_sent_what_waited(tmp_path: Path) -> None:
    office = opened(tmp_path, mapping("v1", welcome(goal=(on("bought"),))))
    office.receive(clicked()).work()
    pause(office)
    office.work()
    give(office.store, ACME, office.lead().id, CommandName.EXIT, office.clock.now(), {"program": "welcome"})
    office.work()

    resume(office)
    office.let_pass(2 * DAY)

    assert made(office) == []
    assert [change.state for change in office.outbox() if change.act] == [ChangeState.WITHDRAWN]
    office.close()


def test_a_pause_for_one_lead_holds_what_had_not_left_too(office: Office) -> None:
    office.receive(clicked()).work()

    give(office.store, ACME, office.lead().id, CommandName.PAUSE, office.clock.now())
    office.let_pass(DAY)
    while_paused = made(office)
    give(office.store, ACME, office.lead().id, CommandName.RESUME, office.clock.now())
    office.work()

    assert (while_paused, made(office)) == ([], ["Call"])


# --- what goes on all the same --------------------------------------------------------------------------------


def test_goals_count_while_the_program_stands_still(tmp_path: Path) -> None:
    won_back = (Trigger(SignalTest("changed:industry")),)
    office = opened(tmp_path, mapping("v1", welcome(goal=won_back)))
    office.receive(clicked()).work()
    pause(office)
    office.work()

    office.receive(changed("industry", "banking", at=office.clock.now())).work()

    assert office.lead().lead.enrolments[0].state is EnrolmentState.WON
    office.close()


def reading() -> Program:
    return program("reading", phase("one", activity("thank", task("Thank"))), enrol="clicked")


def test_the_other_programs_go_on(tmp_path: Path) -> None:
    office = opened(tmp_path, mapping("v1", welcome(), reading()))
    pause(office)

    office.receive(clicked()).let_pass(HOUR)

    assert made(office) == ["Thank"]
    office.close()


def test_everything_stands_still_with_one_word_and_goes_on_with_one(tmp_path: Path) -> None:
    office = opened(tmp_path, mapping("v1", welcome(), reading()))
    office.receive(clicked()).work()

    pause(office, "")
    office.let_pass(DAY)
    while_paused = made(office)
    resume(office, "")
    office.let_pass(HOUR)

    assert (while_paused, sorted(made(office))) == ([], ["Call", "Thank"])
    office.close()


# --- versions and the ledger ----------------------------------------------------------------------------------


def test_a_pause_is_another_version_of_the_same_mapping_and_its_end_the_former_one(office: Office) -> None:
    before = applying(office).version
    assert pause(office)
    paused = applying(office)
    assert not pause(office)

    assert resume(office)

    assert paused.version.startswith("v1+")
    assert paused.overrides == Overrides(paused=("welcome",))
    assert applying(office).version == before


def test_a_replay_knows_by_which_overrides_each_lead_was_judged(office: Office) -> None:
    office.receive(clicked()).work()
    for turn in (pause, resume, pause):
        turn(office)
        office.let_pass(HOUR)

    assert replay.verify(office.store, office.shelf, ACME) == replay.ReplayResult(1, 0, ())


def test_the_ledger_tells_who_did_what_and_why(office: Office) -> None:
    pause(office)
    paused_at = office.clock.now()
    resume(office)

    with office.store.reading() as transaction:
        lines = transaction.overrides.all(ACME)
    assert [(line.at, line.by, line.kind, line.program, line.because) for line in lines] == [
        (paused_at, "ada", OverrideKind.PAUSED, "welcome", "a typo"),
        (office.clock.now(), "ada", OverrideKind.RESUMED, "welcome", "a typo"),
    ]


def test_a_new_mapping_keeps_the_pauses_of_programs_that_it_has(office: Office) -> None:
    pause(office)

    result = apply_book(office.store, office.compile_book, ACME, StoredBook("v2", {}, office.clock.now()))

    assert result.dropped == ()
    assert applying(office).overrides == Overrides(paused=("welcome",))


def test_a_new_mapping_says_which_pauses_it_has_no_program_for(office: Office) -> None:
    pause(office)

    result = apply_book(office.store, office.compile_book, ACME, StoredBook("v3", {}, office.clock.now()))

    assert [(line.kind, line.program) for line in result.dropped] == [(OverrideKind.DROPPED, "welcome")]
    assert applying(office).version == "v3"


def test_a_program_that_is_new_while_everything_stands_still_stands_still_too(office: Office) -> None:
    pause(office, "")

    apply_book(office.store, office.compile_book, ACME, StoredBook("v3", {}, office.clock.now()))

    with office.store.reading() as transaction:
        assert office.shelf.latest(transaction, ACME).paused == {"other"}


def test_leads_are_told_of_a_pause_without_their_whole_story_being_judged_anew(office: Office) -> None:
    office.receive(clicked()).work()
    pause(office)

    office.tell()
    result = office.advance()

    assert (result.leads, result.refolded) == (1, 0)
