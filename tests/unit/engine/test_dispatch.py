from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from connector.domain.conditions.condition import SignalTest
from connector.domain.ids import ConnectionId, LeadId
from connector.domain.outward.change import Act, ChangeKind, ChangeState
from connector.domain.traits.score import EngagementRule, Score
from connector.engine.outward.dispatch import MAX_ATTEMPTS, settle, to_batches
from connector.errors import CredentialsError, CrmUnavailableError, RateLimitedError, SetupError, UnreadableReplyError
from connector.ports import OutboxChange, PropertyWish, RecordReply, ReplyState
from connector.store.outbox import StoredOutbox
from tests.builders import after
from tests.office import ACME, CONNECTION, DONE, FakeCrm, Office, clicked, clicking_book, contact, sqlite_url

SECOND = timedelta(seconds=1)
NOW = after(hours=1)


@pytest.fixture
def busy(office: Office) -> Office:
    """Leads 1, 2 and 3 have just become hot: each wants its points, its list and a task written."""
    for record_id in "123":
        office.crm.records[record_id] = {"firstname": f"Mara {record_id}"}
        office.receive(clicked("a", record_id), clicked("b", record_id))
    return office


def read(office: Office) -> Office:
    """Everything is decided, nothing is written."""
    office.take_in()
    office.calls.run_once()
    office.advance()
    office.crm.calls.clear()
    return office


def calls(office: Office) -> list[str]:
    return [name for name, _ in office.crm.calls]


def change(number: int, kind: ChangeKind = ChangeKind.PROPERTIES, key: str = "", **more: object) -> OutboxChange:
    plain = OutboxChange(
        number, ACME, CONNECTION.id, LeadId(f"L{number}"), f"{number}", kind, key, ChangeState.PENDING,
        {"points": "1"}, {}, None, NOW, 0, 1,
    )  # fmt: skip
    return replace(plain, **more)  # type: ignore[arg-type]


# --- what leaves, and in what order -------------------------------------------------------------------------


def test_what_is_wanted_arrives(busy: Office) -> None:
    busy.work()

    assert {id_: values["coltiva_clicks"] for id_, values in busy.crm.records.items()} == dict.fromkeys("123", "20")
    assert busy.crm.lists["Hot leads"] == {"1", "2", "3"}
    assert {record_id for record_id, _ in busy.crm.acts.values()} == {"1", "2", "3"}
    assert {change.state for change in busy.outbox()} == {ChangeState.DONE}


def test_reps_are_told_first_and_changes_of_a_kind_leave_together(busy: Office) -> None:
    read(busy).calls.run_once()

    assert calls(busy) == ["write_task", "write_properties", "write_membership"]


def test_what_the_crm_holds_already_is_not_written_again(busy: Office) -> None:
    busy.work()
    busy.crm.calls.clear()

    busy.clock.moment = after(minutes=1)
    busy.receive(clicked("c", "1", at=after(minutes=1))).work()

    assert busy.crm.calls == [("write_properties", ("1",))]


def test_what_the_crm_came_to_hold_meanwhile_costs_no_call(busy: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    read(busy)
    due = StoredOutbox.due
    monkeypatch.setattr(
        StoredOutbox, "due", lambda *args: [replace(one, written=one.wanted) for one in due(*args) if not one.act]
    )

    result = busy.calls.run_once()

    assert busy.crm.calls == []
    assert result.dispatch.equal == 6


def test_a_batch_is_no_larger_than_the_crm_takes() -> None:
    changes = [change(number) for number in range(250)]

    batches = [len(batch) for batch in to_batches(changes, {ChangeKind.PROPERTIES: 100})]

    assert batches == [100, 100, 50]


def test_each_list_is_a_call_of_its_own_and_keeps_its_place() -> None:
    changes = [
        change(1, ChangeKind.MEMBERSHIP, "cold"),
        change(2, ChangeKind.MEMBERSHIP, "hot"),
        change(3, ChangeKind.MEMBERSHIP, "cold"),
    ]

    batches = [[one.id for one in batch] for batch in to_batches(changes, {ChangeKind.MEMBERSHIP: 100})]

    assert batches == [[1, 3], [2]]


def test_a_lead_that_cools_down_is_taken_off_its_list(tmp_path: Path) -> None:
    fading = Score("clicks", (EngagementRule("a click", SignalTest("clicked"), 10),), half_life=timedelta(days=1))
    office = Office(sqlite_url(tmp_path), clicking_book("v1", scores=(fading,))).open()
    office.crm.records["1"] = {}
    office.receive(clicked("a", "1"), clicked("b", "1")).work()
    assert office.crm.lists["Hot leads"] == {"1"}

    office.let_pass(timedelta(days=2))

    assert office.crm.lists["Hot leads"] == set()
    office.close()


def test_a_change_that_spoiled_five_calls_leaves_alone() -> None:
    changes = [change(1), change(2, attempts=5), change(3)]

    batches = [[one.id for one in batch] for batch in to_batches(changes, {ChangeKind.PROPERTIES: 100})]

    assert batches == [[1, 3], [2]]


# --- what writing needs over there ---------------------------------------------------------------------------


def test_the_properties_that_are_written_are_created_before_the_first_write(busy: Office) -> None:
    busy.work()

    assert busy.crm.wishes == [PropertyWish("coltiva_clicks", "Clicks", "number")]
    assert busy.crm.prepared == 1


def test_nothing_is_written_before_the_properties_could_be_created(busy: Office) -> None:
    busy.crm.unprepared = [CrmUnavailableError("502")]

    busy.work()
    assert calls(busy) == ["fetch_records"]
    busy.let_pass(2 * SECOND)

    assert {change.state for change in busy.outbox()} == {ChangeState.DONE}


def test_an_account_that_lets_us_create_nothing_still_gets_what_it_can_hold(busy: Office) -> None:
    busy.crm.unprepared = [SetupError("coltiva_clicks is of type string there")]

    busy.work()

    assert busy.crm.lists["Hot leads"] == {"1", "2", "3"}


# --- what becomes of it -------------------------------------------------------------------------------------


def test_a_refused_record_becomes_a_dead_letter_and_holds_up_no_other(busy: Office) -> None:
    busy.crm.replies["2"] = RecordReply(ReplyState.REFUSED, "PROPERTY_DOESNT_EXIST")

    busy.work()

    refused = busy.outbox(ChangeState.REFUSED)
    assert {(one.record_id, one.words) for one in refused} == {("2", "PROPERTY_DOESNT_EXIST")}
    assert busy.crm.records["1"]["coltiva_clicks"] == busy.crm.records["3"]["coltiva_clicks"] == "20"


def test_a_dead_letter_that_is_retried_leaves_again(busy: Office) -> None:
    busy.crm.replies["2"] = RecordReply(ReplyState.REFUSED, "PROPERTY_DOESNT_EXIST")
    busy.work()
    busy.crm.replies.clear()

    with busy.store.transaction() as transaction:
        ids = [one.id for one in transaction.outbox.list(None, [ChangeState.REFUSED], 10)]
        transaction.outbox.retry(ids, busy.clock.now())
    busy.work()

    assert busy.crm.records["2"]["coltiva_clicks"] == "20"
    assert busy.outbox(ChangeState.REFUSED) == []


def test_a_record_that_the_crm_put_off_is_written_when_it_said(busy: Office) -> None:
    busy.crm.replies["2"] = RecordReply(ReplyState.LATER, "locked", retry_at=after(minutes=30))
    busy.work()
    busy.crm.replies.clear()

    busy.let_pass(timedelta(minutes=29))
    assert "coltiva_clicks" not in busy.crm.records["2"]
    busy.let_pass(timedelta(minutes=1))

    assert busy.crm.records["2"]["coltiva_clicks"] == "20"


@pytest.mark.parametrize(
    "failure", [CrmUnavailableError("502"), UnreadableReplyError("<html>"), ZeroDivisionError("a defect")]
)
def test_a_call_that_failed_is_made_again_later_and_meanwhile_nobody_calls(busy: Office, failure: Exception) -> None:
    read(busy).crm.before = [failure]

    busy.work()
    assert len(busy.crm.calls) == 1
    busy.let_pass(2 * SECOND)

    assert {change.state for change in busy.outbox()} == {ChangeState.DONE}
    assert max(busy.crm.made.values()) == 1


def test_the_crms_own_time_to_come_back_is_honoured(busy: Office) -> None:
    read(busy).crm.before = [RateLimitedError("429", retry_at=after(minutes=10))]
    busy.work()

    busy.let_pass(timedelta(minutes=9))
    assert len(busy.crm.calls) == 1
    busy.let_pass(timedelta(minutes=1))

    assert {change.state for change in busy.outbox()} == {ChangeState.DONE}


def test_an_answer_that_got_lost_makes_no_second_task(busy: Office) -> None:
    read(busy).crm.after = [CrmUnavailableError("the connection broke")]

    busy.work().let_pass(2 * SECOND)

    assert sorted(busy.crm.made.values()) == [1, 1, 1]
    assert {change.state for change in busy.outbox()} == {ChangeState.DONE}


def test_an_act_in_doubt_is_not_withdrawn(busy: Office) -> None:
    read(busy).crm.before = [CrmUnavailableError("502")]

    busy.calls.run_once()

    tasks = [one for one in busy.outbox() if one.kind is ChangeKind.TASK]
    assert {one.state for one in tasks} == {ChangeState.ATTEMPTED}
    assert {one.words for one in tasks} == {"CrmUnavailableError: 502"}


def test_refused_credentials_pause_the_connection_and_lose_nothing(busy: Office) -> None:
    read(busy).crm.before = [CredentialsError("the token was revoked")]

    busy.work().let_pass(timedelta(hours=1))
    assert len(busy.crm.calls) == 1
    busy.connect().work()

    assert {change.state for change in busy.outbox()} == {ChangeState.DONE}
    assert max(busy.crm.made.values()) == 1


def test_no_call_is_made_while_the_budget_is_spent(busy: Office) -> None:
    read(busy).crm.closed_until = after(minutes=5)

    busy.work()
    assert busy.crm.calls == []
    assert busy.calls.next_at() == after(minutes=5)
    busy.let_pass(timedelta(minutes=5))

    assert {change.state for change in busy.outbox()} == {ChangeState.DONE}


def test_a_record_that_the_reply_does_not_mention_is_written_again(
    busy: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(busy)
    with monkeypatch.context() as patched:
        patched.setattr(type(busy.crm), "write_properties", lambda self, changes: {"1": DONE})
        busy.work()

    waiting = {one.record_id: one.words for one in busy.outbox(ChangeState.PENDING)}
    assert waiting == dict.fromkeys("23", "the reply said nothing of this record")


@pytest.mark.parametrize(
    ("kind", "waiting"), [(ChangeKind.TASK, ChangeState.ATTEMPTED), (ChangeKind.PROPERTIES, ChangeState.PENDING)]
)
def test_a_change_is_given_up_after_many_attempts_with_the_crms_last_words(
    kind: ChangeKind, waiting: ChangeState
) -> None:
    later = RecordReply(ReplyState.LATER, "still locked")
    act = Act("a", kind, NOW)

    last_but_one = settle(change(1, kind, act=act, attempts=MAX_ATTEMPTS - 2), later, NOW, NOW + SECOND)
    last = settle(change(1, kind, act=act, attempts=MAX_ATTEMPTS - 1), later, NOW, NOW + SECOND)

    assert (last_but_one.state, last_but_one.due_at) == (waiting, NOW + SECOND)
    assert (last.state, last.words) == (ChangeState.REFUSED, f"gave up after {MAX_ATTEMPTS} attempts: still locked")


def test_waits_grow_with_every_failure(busy: Office) -> None:
    read(busy).crm.before = [CrmUnavailableError("502")] * 4
    called_at: list[datetime] = []
    for _ in range(60):
        before = len(busy.crm.calls)
        busy.let_pass(SECOND)
        if len(busy.crm.calls) > before:
            called_at.append(busy.clock.now())
        if len(called_at) == 4:
            break

    waits = [later - sooner for sooner, later in pairwise(called_at)]
    assert waits == [2 * SECOND, 4 * SECOND, 8 * SECOND]


# --- several workers ----------------------------------------------------------------------------------------


def test_only_one_worker_at_a_time_talks_to_an_account(busy: Office) -> None:
    read(busy).crm.before = [None]
    busy.calls.run_once()
    busy.clock.moment = after(minutes=0.5)
    busy.receive(clicked("c", "1", at=after(minutes=0.5)))
    busy.take_in()
    busy.advance()
    other = busy.new_calls("w2")
    busy.crm.calls.clear()

    other.run_once()
    assert busy.crm.calls == []
    busy.clock.moment += busy.lease_length
    other.run_once()

    assert calls(busy) == ["write_properties"]


def test_a_worker_that_goes_hands_its_accounts_over_at_once(busy: Office) -> None:
    read(busy)
    busy.crm.before = [CrmUnavailableError("502")]
    busy.calls.run_once()
    busy.calls.release()
    busy.clock.moment += 2 * SECOND

    busy.new_calls("w2").run_once()

    assert {change.state for change in busy.outbox()} == {ChangeState.DONE}


def test_an_account_that_is_down_holds_up_no_other(office: Office) -> None:
    down, up = FakeCrm(before=[CrmUnavailableError("502")] * 100), FakeCrm(records={"1": {}})
    other = replace(CONNECTION, id=ConnectionId("hubspot-42"), account="42")
    with office.store.transaction() as transaction:
        transaction.connections.save(other, office.clock.now())
    office.calls = office.new_calls("w1", lambda connection: up if connection == other else down)

    office.receive(clicked("a", "1"), clicked("a", "1", ref=contact("1", account="42"))).work()

    assert up.records["1"]["coltiva_clicks"] == "10"
    assert len(down.calls) == 1


def test_tasks_that_another_worker_made_meanwhile_are_not_made_again(
    busy: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(busy)
    due = StoredOutbox.due

    def due_slowly(*args: Any) -> Sequence[OutboxChange]:
        found = due(*args)
        monkeypatch.setattr(StoredOutbox, "due", due)
        busy.new_calls("w1").run_once()
        return found

    monkeypatch.setattr(StoredOutbox, "due", due_slowly)

    busy.calls.run_once()

    assert calls(busy).count("write_task") == 1
