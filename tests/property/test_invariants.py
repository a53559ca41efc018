"""What is true of every lead at every moment, in every workspace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings

from connector.domain.book import compile_book
from connector.domain.definitions import Definitions
from connector.domain.draft import Draft
from connector.domain.fact import Fact
from connector.domain.history import HistoryEntry, HistoryKind
from connector.domain.lead import Lead, Standing, Tagging
from connector.domain.nodes import FitNode, Node, Watcher
from connector.domain.programs.enrolment import OPEN_STATES, EnrolmentState, Step, to_state
from connector.domain.traits.score import EngagementRule, FitRule, Score
from connector.domain.traits.traits import ComputedNode, PersonaNode, TagNode
from tests.builders import utc
from tests.property.books import HORIZON, ORDINARY, lives, workspaces
from tests.property.recount import value_of
from tests.property.test_fold import in_one, steps

K = HistoryKind
ANY_BOOK = settings(suppress_health_check=[HealthCheck.too_slow])
MIDNIGHT = utc("2026-10-22 00:00")


# --- enrolments ---------------------------------------------------------------------------------------------

STEPS = {
    K.SETTLED: Step.SETTLE,
    K.PHASE: Step.MOVE,
    K.COMPLETED: Step.COMPLETE,
    K.WON: Step.WIN,
    K.EXITED: Step.EXIT,
}
WHILE_RUNNING = {K.SENT, K.ANSWERED, K.UNANSWERED}


@ANY_BOOK
@given(defined=workspaces(), facts=lives())
def test_enrolments_move_only_as_the_table_says(defined: Definitions, facts: list[Fact]) -> None:
    decision = in_one(compile_book(defined), facts)

    states: dict[str, list[EnrolmentState]] = defaultdict(list)
    for entry in decision.history:
        if entry.kind is K.ENTERED:
            assert not states[entry.subject] or states[entry.subject][-1] not in OPEN_STATES
            states[entry.subject].append(EnrolmentState.RUNNING)
        elif entry.kind is K.LEFT_OUT and "activity" not in entry.detail:
            states[entry.subject][-1] = EnrolmentState.HELD_OUT
        elif entry.kind in STEPS:
            states[entry.subject][-1] = to_state(states[entry.subject][-1], STEPS[entry.kind])
        elif entry.kind in WHILE_RUNNING:
            assert states[entry.subject][-1] is EnrolmentState.RUNNING

    kept: dict[str, list[EnrolmentState]] = defaultdict(list)
    for enrolment in decision.lead.enrolments:
        kept[enrolment.program].append(enrolment.state)
        assert enrolment.number == len(kept[enrolment.program])
        assert (enrolment.ended_at is None) is enrolment.is_open
    assert kept == states


@ANY_BOOK
@given(defined=workspaces(), facts=lives())
def test_no_open_enrolment_waits_for_nothing(defined: Definitions, facts: list[Fact]) -> None:
    for _, decision in steps(compile_book(defined), facts):
        lead = decision.lead
        for enrolment in lead.enrolments:
            stands_still = enrolment.paused_at is not None or enrolment.state is EnrolmentState.HELD_OUT
            assert (enrolment.due_at is not None) is (enrolment.is_open and not stands_still)
            if enrolment.due_at is not None and lead.standing is Standing.ACTIVE:
                assert lead.wake_at is not None
                assert lead.wake_at <= max(enrolment.due_at, lead.position[1] + timedelta(milliseconds=1))
        assert lead.standing is Standing.ACTIVE or (lead.wake_at is None and lead.desired == {})


@ANY_BOOK
@given(defined=workspaces(), facts=lives())
def test_activities_leave_only_inside_the_window_on_the_leads_own_clock(
    defined: Definitions, facts: list[Fact]
) -> None:
    book = compile_book(defined)
    for _, decision in steps(book, facts):
        zone = zone_of(decision.lead, defined)
        for entry in decision.history:
            if entry.kind is K.SENT:
                window = book.programs[entry.subject].program.window
                assert window.next_open(entry.at, zone) == entry.at


def zone_of(lead: Lead, defined: Definitions) -> ZoneInfo:
    name = lead.fields.get("zone")
    return defined.zone if name in (None, "Nowhere/None") else ZoneInfo(str(name))


@ANY_BOOK
@given(defined=workspaces(), facts=lives())
def test_no_lead_is_sent_more_messages_than_the_cap_allows(defined: Definitions, facts: list[Fact]) -> None:
    if defined.cap is None:
        return

    sent = [entry.at for entry in in_one(compile_book(defined), facts, MIDNIGHT).history if is_message(entry)]

    for first, last in zip(sent, sent[defined.cap.messages :], strict=False):
        assert last - first >= defined.cap.per


def is_message(entry: HistoryEntry) -> bool:
    return entry.kind is K.SENT and str(entry.detail["what"]).startswith(("list ", "email "))


@ANY_BOOK
@given(defined=workspaces(), facts=lives())
def test_nothing_is_sent_to_a_lead_that_another_activity_sent_unless_the_mapping_says_so(
    defined: Definitions, facts: list[Fact]
) -> None:
    sent_by: dict[str, tuple[str, ...]] = {}

    for entry in in_one(compile_book(defined), facts, MIDNIGHT).history:
        if entry.kind is K.ENTERED:  # what a program sent in an earlier enrolment it may send again
            sent_by = {what: by for what, by in sent_by.items() if by[0] != entry.subject}
        if is_message(entry):
            what = str(entry.detail["what"]).removesuffix(" (reminder)")
            sender = (entry.subject, str(entry.detail["phase"]), str(entry.detail["activity"]))
            if sent_by.get(what, sender) != sender:
                assert is_sent_anyway(defined, entry), what
            sent_by[what] = sender


def is_sent_anyway(defined: Definitions, entry: HistoryEntry) -> bool:
    """Whether the activity says so, or repeats what was not answered."""
    program = next(each for each in defined.programs if each.name == entry.subject)
    phase = next(each for each in program.phases if each.name == entry.detail["phase"])
    (activity,) = (each for each in phase.activities if each.name == entry.detail["activity"])
    ways = (phase.all_answered, phase.some_answered, phase.none_answered)
    repeats = any(way.repeat_unanswered for each in ways for way in (each, *(case for _, case in each.cases)))
    return activity.again or repeats or str(entry.detail["what"]).endswith("(reminder)")


@ANY_BOOK
@given(defined=workspaces(), facts=lives())
def test_no_two_acts_have_one_key_and_each_leaves_when_it_has_settled(defined: Definitions, facts: list[Fact]) -> None:
    keys = []
    for _, decision in steps(compile_book(defined), facts):
        keys += [act.key for act in decision.acts]
        assert all(act.due_at == decision.lead.position[1] + defined.settle for act in decision.acts)

    assert len(set(keys)) == len(keys)


@ANY_BOOK
@given(defined=workspaces(), facts=lives())
def test_an_archived_lead_is_sent_nothing_and_told_nothing(defined: Definitions, facts: list[Fact]) -> None:
    rests = False
    silent = {K.SENT, K.ENTERED, K.ANSWERED, K.SETTLED, K.NOTIFIED, K.PHASE, K.COMPLETED}
    for entry in in_one(compile_book(defined), facts).history:
        is_last = entry.kind is K.ARCHIVED and not entry.detail.get("left")  # else it lives on by another record
        rests = (rests or is_last) and entry.kind is not K.RESTORED
        assert not (rests and entry.kind in silent)


# --- conditions are kept true -------------------------------------------------------------------------------


@ANY_BOOK
@given(defined=workspaces(), facts=lives())
def test_what_is_kept_of_conditions_is_true_at_midnight(defined: Definitions, facts: list[Fact]) -> None:
    book = compile_book(defined)
    lead = in_one(book, facts, MIDNIGHT).lead
    if lead.standing is not Standing.ACTIVE:
        return
    view = Draft(lead, book, MIDNIGHT)
    view.now = MIDNIGHT

    for node in book.nodes.ordered:
        assert_kept(node, lead, view)
    for enrolment in lead.enrolments:
        if enrolment.is_open:
            compiled_ = book.programs[enrolment.program]
            for trigger in (*compiled_.goal, *compiled_.exit):
                assert trigger.signal or not trigger.test.holds(view), enrolment.program


def assert_kept(node: Node, lead: Lead, view: Draft) -> None:
    match node:
        case FitNode():
            is_given = node.rule.id in lead.scores.get(node.score.name, {})
            assert node.test.holds(view) is is_given or view.frozen_since(node.score), node.id
        case Watcher():
            is_held = node.id in lead.holding
            assert (node.held if is_held else node.test).holds(view) is is_held, node.id
        case ComputedNode():
            name = node.computed.name
            assert value_of(node.computed, lead.mentions.get(name, ()), MIDNIGHT) == lead.fields.get(name)
        case PersonaNode():
            assert lead.persona == next((name for name, test in node.tests if test.holds(view)), "")
        case TagNode():
            state = lead.tags.get(node.tag.name, Tagging())
            assert (state.adds, state.removes) == (node.adds.holds(view), node.removes.holds(view)), node.id
            assert state.until is None or state.until > MIDNIGHT


@ANY_BOOK
@given(defined=workspaces(), facts=lives())
def test_the_timeline_tells_every_tag_and_persona_that_a_lead_came_to_have(
    defined: Definitions, facts: list[Fact]
) -> None:
    decision = in_one(compile_book(defined), facts)

    tags: set[str] = set()
    persona = ""
    for entry in decision.history:
        if entry.kind is K.TAGGED:
            assert entry.subject not in tags
            tags.add(entry.subject)
        elif entry.kind is K.UNTAGGED:
            tags.remove(entry.subject)
        elif entry.kind is K.PERSONA:
            assert entry.detail["was"] == persona
            persona = entry.subject

    assert tags == {name for name, state in decision.lead.tags.items() if state.since is not None}
    assert persona == decision.lead.persona
    assert (decision.lead.persona_since is None) is (persona == "")


# --- scores -------------------------------------------------------------------------------------------------


def ledger_of(history: Iterable[HistoryEntry], score: str, rule: str) -> list[HistoryEntry]:
    return [e for e in history if e.kind is K.SCORED and (e.subject, e.detail["rule"]) == (score, rule)]


def since_resets(history: Sequence[HistoryEntry], score: str) -> list[list[HistoryEntry]]:
    """The history in stretches, each of which begins with a reset of the score."""
    cuts = [index for index, e in enumerate(history) if (e.kind, e.subject) == (K.RESET, score)]
    return [list(history[begin:end]) for begin, end in pairwise([0, *cuts, len(history)])]


def points_of(entry: HistoryEntry) -> float:
    return float(entry.detail["points"])


def age_of(entry: HistoryEntry, history: Iterable[HistoryEntry]) -> timedelta:
    """How old the entry is at midnight, without the time in which its score was frozen."""
    turns = [e for e in history if e.kind in (K.FROZEN, K.THAWED) and e.subject == entry.subject]
    still = timedelta()
    for frozen, thawed in zip(turns[::2], [*turns[1::2], None], strict=False):
        until = thawed.at if thawed else MIDNIGHT
        still += max(until - max(frozen.at, entry.at), timedelta())
    return MIDNIGHT - entry.at - still


def naive_worth(rule: FitRule | EngagementRule, score: Score, history: Sequence[HistoryEntry]) -> float:
    ledger = ledger_of(history, score.name, rule.id)
    if isinstance(rule, FitRule) or rule.expires or score.half_life is None:
        return sum(map(points_of, ledger))
    return sum(decayed(points_of(entry), age_of(entry, history), score.half_life) for entry in ledger)


def decayed(points: float, age: timedelta, half_life: timedelta) -> float:
    return float(points * 0.5 ** (age / half_life))


@ANY_BOOK
@given(defined=workspaces(), facts=lives())
def test_every_score_is_what_its_ledger_says(defined: Definitions, facts: list[Fact]) -> None:
    book = compile_book(defined)
    decision = in_one(book, facts, MIDNIGHT)
    view = Draft(decision.lead, book, MIDNIGHT)
    view.now = MIDNIGHT

    totals = {
        score.name: sum(naive_worth(rule, score, decision.history) for rule in score.rules) for score in defined.scores
    }
    totals["total"] = totals["fit"] + totals["engagement"] + totals["mixed"]

    for name, total in totals.items():
        assert view.points(name) == pytest.approx(total, abs=1.0001)
        assert view.points(name) <= total + 1e-6


@ANY_BOOK
@given(defined=workspaces(), facts=lives(ORDINARY, max_size=30))
def test_points_that_expire_count_in_full_until_they_do_and_then_not_at_all(
    defined: Definitions, facts: list[Fact]
) -> None:
    decision = in_one(compile_book(defined), facts, MIDNIGHT)
    if decision.lead.standing is not Standing.ACTIVE:
        return

    for score in defined.scores:
        for rule in score.rules:
            if isinstance(rule, EngagementRule) and rule.expires:
                given_ = ledger_of(since_resets(decision.history, score.name)[-1], score.name, rule.id)
                young = [
                    points_of(entry)
                    for entry in given_
                    if "because" not in entry.detail and age_of(entry, decision.history) < rule.expires
                ]
                part = decision.lead.scores.get(score.name, {}).get(rule.id)
                assert (part.points if part else 0.0) == pytest.approx(sum(young))


@ANY_BOOK
@given(defined=workspaces(), facts=lives(ORDINARY, max_size=30))
def test_nothing_changes_a_score_while_it_is_frozen_but_a_reset(defined: Definitions, facts: list[Fact]) -> None:
    frozen: set[str] = set()

    for entry in in_one(compile_book(defined), facts).history:
        if entry.kind is K.SCORED and entry.subject in frozen:
            assert entry.detail["because"] == "reset"
        elif entry.kind in (K.FROZEN, K.THAWED):
            assert (entry.subject in frozen) is (entry.kind is K.THAWED)
            frozen ^= {entry.subject}


@ANY_BOOK
@given(defined=workspaces(), facts=lives(ORDINARY, max_size=30))
def test_no_rule_gives_more_than_its_cap_in_any_stretch_of_its_time(defined: Definitions, facts: list[Fact]) -> None:
    history = in_one(compile_book(defined), facts).history

    for score in defined.scores:
        for rule in score.rules:
            if isinstance(rule, EngagementRule) and rule.at_most is not None:
                stretch = rule.at_most.per or HORIZON * 100
                for between in since_resets(history, score.name):
                    ledger = [e for e in ledger_of(between, score.name, rule.id) if "because" not in e.detail]
                    for until in ledger:
                        given_ = sum(points_of(e) for e in ledger if until.at - stretch < e.at <= until.at)
                        assert given_ <= rule.at_most.points + 1e-6
                    assert all(0 < points_of(entry) <= rule.points for entry in ledger)
