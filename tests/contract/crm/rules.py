"""The rules that every CRM's folder keeps, told once; each CRM says in its own file how to stage them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

import pytest

from connector.crms import REGISTRY
from connector.domain.field import FieldType
from connector.domain.outward.change import Act, ChangeKind, Email
from connector.errors import CredentialsError, FeedRefusedError, RetryableCrmError, SetupError
from connector.ports import CrmAccount, CrmEvent, Feed, Membership, PropertyWish, RecordReply, ReplyState

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
SCORE = PropertyWish("coltiva_score", "Coltiva score", "number")
PHASE = PropertyWish("coltiva_phase", "Coltiva phase", "string")
LIST = "Coltiva – hot / leads"


@dataclass(frozen=True, slots=True)
class StoredAct:
    """A task or note as the CRM holds it."""

    subject: str
    body: str
    owner: str
    due_on: date
    is_done: bool


@dataclass(frozen=True, slots=True)
class StoredEmail:
    """An email as the CRM sent it."""

    number: int
    to: str
    values: Mapping[str, str]


class Stage(Protocol):
    """A CRM account that a test may look into and disturb."""

    crm: CrmAccount
    #: A rep of the account.
    owner: str
    #: What the account calls `email`, `firstname`, `city`, `score`, `phase`, and `gone`, which it lacks.
    names: Mapping[str, str]
    #: What our writes need there.
    score: PropertyWish
    phase: PropertyWish
    #: The calls that a batch of tasks takes.
    calls_for_tasks: int

    def shown(self, html: str) -> str: ...

    def add_record(self, **properties: str) -> str: ...
    def delete_record(self, record_id: str) -> None: ...
    def merge_records(self, primary_id: str, secondary_id: str) -> str: ...
    def values(self, record_id: str) -> Mapping[str, str]: ...
    def add_property(self, wish: PropertyWish) -> None: ...
    def property_type(self, name: str) -> str: ...
    def members(self, title: str) -> set[str]: ...
    def add_dynamic_list(self, title: str) -> None: ...
    def delete_list(self, title: str) -> None: ...
    def acts(self, kind: ChangeKind, record_id: str) -> list[StoredAct]: ...
    def all_acts(self, kind: ChangeKind) -> int: ...
    def complete_task(self, record_id: str) -> None: ...
    def separate(self, kind: ChangeKind, record_id: str) -> None: ...
    def save_email(self, number: int, *, transactional: bool = False, needs: tuple[str, ...] = ()) -> None: ...
    def let_emails_leave(self) -> None: ...
    def emails(self) -> list[StoredEmail]: ...
    def opt_out(self, record_id: str) -> None: ...
    def bounce(self, record_id: str) -> None: ...
    def forbid_emails(self) -> None: ...
    def calls(self) -> int: ...
    def writes(self) -> int: ...
    def break_calls(self, status: int, *, times: int | None = 1, probability: float = 1.0) -> None: ...
    def lose_answers(self, *, times: int | None = 1, probability: float = 1.0) -> None: ...
    def half_do_calls(self, *, times: int | None = 1) -> None: ...
    def mend(self) -> None: ...
    def revoke(self) -> None: ...
    def change(self, record_id: str, name: str, value: str) -> None:
        """A person of the account changes a record."""
        ...

    def hear(self, act: Callable[[], object]) -> Sequence[CrmEvent]:
        """What the account tells of what is done in the act, by one of its ways in."""
        ...

    def is_ours(self, event: CrmEvent) -> bool: ...
    def withdraw_rights(self) -> None: ...


class DealStage(Stage, Protocol):
    """An account with deals."""

    #: What the account calls a deal's amount and its stage.
    amount: str
    stage: str

    def add_buyer(self, email: str) -> str: ...
    def add_deal(self, people: Sequence[str], amount: int) -> str: ...
    def delete_deal(self, deal_id: str) -> None: ...


def states(replies: Mapping[str, RecordReply]) -> dict[str, ReplyState]:
    return {key: reply.state for key, reply in replies.items()}


def task(stage: Stage, **changes: object) -> Act:
    act = Act(
        key="hot:1",
        kind=ChangeKind.TASK,
        due_at=NOW,
        subject="Call Ada: score 82",
        body="<p>Why now</p>",
        task_due_at=NOW + timedelta(days=1),
        remind_at=NOW + timedelta(hours=23),
        priority="HIGH",
        type="CALL",
        owner=stage.owner,
    )
    return replace(act, **changes)  # type: ignore[arg-type]


def note() -> Act:
    return Act(key="met:1", kind=ChangeKind.NOTE, due_at=NOW, body="<b>Goal met</b>")


def email(to: str = "ada@example.com", number: int = 12, **changes: object) -> Act:
    sent = Email("report", number, to=to, values={"offer": "A report"})
    return Act("p:1:1:mail", ChangeKind.EMAIL, NOW, subject="report", email=replace(sent, **changes))  # type: ignore[arg-type]


class CrmRules:
    """A class for each CRM inherits these and gives the fixture `stage`."""

    # --- reading --------------------------------------------------------------------------------------------

    def test_records_are_read_by_id_and_missing_ones_left_out(self, stage: Stage) -> None:
        ada = stage.add_record(email="ada@example.com", firstname="Ada")

        records = stage.crm.fetch_records([ada, "77"], [stage.names["email"], stage.names["city"]])

        assert list(records) == [ada]
        assert records[ada].properties == {stage.names["email"]: "ada@example.com", stage.names["city"]: ""}
        assert not records[ada].archived

    def test_a_deleted_record_is_read_as_archived(self, stage: Stage) -> None:
        ada = stage.add_record(email="ada@example.com")
        stage.delete_record(ada)

        record = stage.crm.fetch_records([ada], [stage.names["email"]])[ada]

        assert record.archived
        assert record.properties[stage.names["email"]] == "ada@example.com"

    def test_an_id_that_a_merge_took_away_leads_to_the_survivor(self, stage: Stage) -> None:
        one, other = stage.add_record(email="one@example.com"), stage.add_record(email="two@example.com")
        survivor = stage.merge_records(one, other)

        records = stage.crm.fetch_records([one, other, survivor], [stage.names["email"]])

        assert {record.became or record.record_id for record in records.values()} == {survivor}
        assert set(records) == {one, other, survivor}

    def test_a_hundred_records_are_read_in_one_call(self, stage: Stage) -> None:
        ids = [stage.add_record(email=f"lead{number}@example.com") for number in range(100)]
        stage.crm.fetch_records(ids[:1], [stage.names["email"]])
        calls = stage.calls()

        records = stage.crm.fetch_records(ids, [stage.names["email"]])

        assert set(records) == set(ids)
        assert stage.calls() - calls == 1

    def test_people_are_found_by_their_address_while_they_are_there(self, stage: Stage) -> None:
        ada, gone = stage.add_record(email="Ada@example.com"), stage.add_record(email="gone@example.com")
        stage.delete_record(gone)

        found = stage.crm.find_records(["ada@example.com", "gone@example.com", "nobody@example.com"])

        assert found == {"ada@example.com": ada}

    def test_what_a_record_is_is_known_by_its_id_and_is_what_leads_are_made_of(self, stage: Stage) -> None:
        ada = stage.add_record(email="ada@example.com")
        calls = stage.calls()

        assert stage.crm.object_type_of(ada) in REGISTRY[stage.crm.fetch_catalog().crm].lead_types
        assert stage.calls() - calls <= 2

    # --- what there is --------------------------------------------------------------------------------------

    def test_the_catalog_has_what_is_read_and_written(self, stage: Stage) -> None:
        stage.crm.prepare([stage.score])

        properties = stage.crm.fetch_catalog().properties

        score = properties.get(stage.score.name) or properties[f"Lead.{stage.score.name}"]
        assert (score.type, score.is_writable) == (FieldType.NUMBER, True)

    def test_everybody_who_may_own_records_is_known(self, stage: Stage) -> None:
        owners = stage.crm.fetch_owners()

        assert owners is not None
        assert owners[stage.owner] == "rep@example.com"

    def test_access_is_checked_without_changing_anything(self, stage: Stage) -> None:
        stage.crm.check_access()
        stage.revoke()

        with pytest.raises(CredentialsError):
            stage.crm.check_access()

    # --- properties -----------------------------------------------------------------------------------------

    def test_properties_are_set_and_cleared_and_repeating_it_changes_nothing(self, stage: Stage) -> None:
        stage.crm.prepare([stage.score, stage.phase])
        ada = stage.add_record(email="ada@example.com")
        stage.crm.write_properties({ada: {stage.names["score"]: "1", stage.names["phase"]: "welcome"}})

        for _ in range(2):
            replies = stage.crm.write_properties({ada: {stage.names["score"]: "82", stage.names["phase"]: ""}})

            assert states(replies) == {ada: ReplyState.DONE}
            values = stage.values(ada)
            assert (values[stage.names["score"]], values.get(stage.names["phase"], "")) == ("82", "")

    def test_a_full_batch_is_one_call(self, stage: Stage) -> None:
        stage.crm.prepare([stage.score])
        size = stage.crm.batch_sizes[ChangeKind.PROPERTIES]
        changes = {stage.add_record(email=f"lead{n}@example.com"): {stage.names["score"]: str(n)} for n in range(size)}
        calls = stage.calls()

        replies = stage.crm.write_properties(changes)

        assert set(states(replies).values()) == {ReplyState.DONE}
        assert stage.calls() - calls == 1

    def test_one_bad_record_does_not_keep_the_others_from_being_written(self, stage: Stage) -> None:
        stage.crm.prepare([stage.score])
        ids = [stage.add_record(email=f"lead{number}@example.com") for number in range(30)]
        bad, good = ids[17], [record_id for record_id in ids if record_id != ids[17]]
        changes = {record_id: {stage.names["score"]: "5"} for record_id in ids} | {bad: {stage.names["score"]: "five"}}

        replies = stage.crm.write_properties(changes)

        assert states(replies) == dict.fromkeys(ids, ReplyState.DONE) | {bad: ReplyState.REFUSED}
        assert "five" in replies[bad].words
        assert {stage.values(record_id)[stage.names["score"]] for record_id in good} == {"5"}

    def test_records_that_are_gone_are_refused_with_the_crms_words(self, stage: Stage) -> None:
        stage.crm.prepare([stage.score])
        here, gone = stage.add_record(email="here@example.com"), stage.add_record(email="gone@example.com")
        stage.delete_record(gone)

        replies = stage.crm.write_properties({key: {stage.names["score"]: "5"} for key in (here, gone, "77")})

        assert states(replies) == {here: ReplyState.DONE, gone: ReplyState.REFUSED, "77": ReplyState.REFUSED}
        assert replies[gone].words
        assert replies["77"].words

    def test_a_record_that_was_merged_away_is_refused(self, stage: Stage) -> None:
        stage.crm.prepare([stage.score])
        one, other = stage.add_record(email="one@example.com"), stage.add_record(email="two@example.com")
        stage.merge_records(one, other)

        replies = stage.crm.write_properties({other: {stage.names["score"]: "5"}})

        assert states(replies) == {other: ReplyState.REFUSED}
        assert "merged" in replies[other].words

    def test_a_property_that_the_account_lacks_costs_two_calls_not_hundreds(self, stage: Stage) -> None:
        stage.crm.prepare([stage.score])
        ids = [stage.add_record(email=f"lead{number}@example.com") for number in range(40)]
        changes = {key: {stage.names["score"] if n % 2 else stage.names["gone"]: "5"} for n, key in enumerate(ids)}
        calls = stage.calls()

        replies = stage.crm.write_properties(changes)

        assert list(states(replies).values()).count(ReplyState.REFUSED) == 20
        assert stage.calls() - calls <= 2

    # --- lists ----------------------------------------------------------------------------------------------

    def test_a_list_is_made_when_it_is_missing_and_holds_whom_we_put_on_it(self, stage: Stage) -> None:
        ada, bob = stage.add_record(email="ada@example.com"), stage.add_record(email="bob@example.com")
        stage.crm.write_membership(Membership(LIST, [bob], []))

        for _ in range(2):
            replies = stage.crm.write_membership(Membership(LIST, [ada], [bob]))

            assert states(replies) == {ada: ReplyState.DONE, bob: ReplyState.DONE}
            assert stage.members(LIST) == {ada}

    def test_an_unknown_record_is_refused_on_a_list_and_is_as_good_as_off_it(self, stage: Stage) -> None:
        ada = stage.add_record(email="ada@example.com")

        replies = stage.crm.write_membership(Membership(LIST, [ada, "77"], ["78"]))

        assert states(replies) == {ada: ReplyState.DONE, "77": ReplyState.REFUSED, "78": ReplyState.DONE}

    def test_a_list_that_somebody_deleted_is_made_again(self, stage: Stage) -> None:
        ada, bob = stage.add_record(email="ada@example.com"), stage.add_record(email="bob@example.com")
        stage.crm.write_membership(Membership(LIST, [ada], []))
        stage.delete_list(LIST)

        replies = stage.crm.write_membership(Membership(LIST, [bob], []))

        assert states(replies) == {bob: ReplyState.DONE}
        assert stage.members(LIST) == {bob}

    # --- tasks and notes ------------------------------------------------------------------------------------

    def test_a_task_reaches_contact_and_owner(self, stage: Stage) -> None:
        stage.crm.prepare([])
        ada = stage.add_record(email="ada@example.com")

        replies = stage.crm.write_acts(ChangeKind.TASK, {"L1|hot:1": (ada, task(stage))})

        assert states(replies) == {"L1|hot:1": ReplyState.DONE}
        assert replies["L1|hot:1"].remote_id
        due_on = (NOW + timedelta(days=1)).date()
        expected = StoredAct("Call Ada: score 82", stage.shown("<p>Why now</p>"), stage.owner, due_on, is_done=False)
        assert stage.acts(ChangeKind.TASK, ada) == [expected]

    def test_a_note_reaches_its_contact(self, stage: Stage) -> None:
        stage.crm.prepare([])
        ada = stage.add_record(email="ada@example.com")

        replies = stage.crm.write_acts(ChangeKind.NOTE, {"L1|met:1": (ada, note())})

        assert states(replies) == {"L1|met:1": ReplyState.DONE}
        assert [act.body for act in stage.acts(ChangeKind.NOTE, ada)] == [stage.shown("<b>Goal met</b>")]

    @pytest.mark.parametrize("kind", [ChangeKind.TASK, ChangeKind.NOTE])
    def test_a_second_run_makes_no_second_one(self, stage: Stage, kind: ChangeKind) -> None:
        stage.crm.prepare([])
        ids = [stage.add_record(email=f"lead{number}@example.com") for number in range(5)]
        act = task(stage) if kind is ChangeKind.TASK else note()
        acts = {f"{record_id}|{act.key}": (record_id, act) for record_id in ids}
        first = stage.crm.write_acts(kind, dict(list(acts.items())[:3]))

        second = stage.crm.write_acts(kind, acts)

        assert set(states(second).values()) == {ReplyState.DONE}
        assert {key: second[key].remote_id for key in first} == {key: first[key].remote_id for key in first}
        assert stage.all_acts(kind) == 5
        assert all(len(stage.acts(kind, record_id)) == 1 for record_id in ids)

    def test_a_second_run_leaves_what_the_rep_did_alone(self, stage: Stage) -> None:
        stage.crm.prepare([])
        ada = stage.add_record(email="ada@example.com")
        acts = {"L1|hot:1": (ada, task(stage))}
        stage.crm.write_acts(ChangeKind.TASK, acts)
        stage.complete_task(ada)

        stage.crm.write_acts(ChangeKind.TASK, acts)

        assert [act.is_done for act in stage.acts(ChangeKind.TASK, ada)] == [True]

    def test_a_task_for_nobody_or_by_nobody_is_refused_and_the_others_are_made(self, stage: Stage) -> None:
        stage.crm.prepare([])
        ada = stage.add_record(email="ada@example.com")
        acts = {
            "L1|a": (ada, task(stage)),
            "L2|a": ("77", task(stage)),
            "L3|a": (ada, task(stage, owner="424242")),
            "L4|a": (ada, task(stage)),
        }

        replies = stage.crm.write_acts(ChangeKind.TASK, acts)

        done, refused = ReplyState.DONE, ReplyState.REFUSED
        assert states(replies) == {"L1|a": done, "L2|a": refused, "L3|a": refused, "L4|a": done}
        assert stage.all_acts(ChangeKind.TASK) == 2

    def test_a_full_batch_of_tasks_takes_no_more_calls_than_it_must(self, stage: Stage) -> None:
        stage.crm.prepare([])
        ada = stage.add_record(email="ada@example.com")
        size = stage.crm.batch_sizes[ChangeKind.TASK]
        stage.crm.write_acts(ChangeKind.TASK, {"L0|b": (ada, task(stage))})
        calls = stage.calls()

        stage.crm.write_acts(ChangeKind.TASK, {f"L{number}|a": (ada, task(stage)) for number in range(size)})

        assert stage.calls() - calls == stage.calls_for_tasks
        assert stage.all_acts(ChangeKind.TASK) == size + 1

    # --- trouble --------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
    def test_a_crm_in_trouble_means_later(self, stage: Stage, status: int) -> None:
        ada = stage.add_record(email="ada@example.com")
        stage.break_calls(status)

        with pytest.raises(RetryableCrmError):
            stage.crm.write_properties({ada: {stage.names["firstname"]: "Ada"}})

        assert stage.names["firstname"] not in stage.values(ada)

    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_a_crm_in_trouble_breaks_no_way_of_asking(self, stage: Stage, status: int) -> None:
        stage.crm.prepare([])
        ada = stage.add_record(email="ada@example.com")
        for ask in (
            lambda: stage.crm.fetch_records([ada], [stage.names["email"]]),
            lambda: stage.crm.find_records(["ada@example.com"]),
            lambda: stage.crm.write_membership(Membership(LIST, [ada], [])),
            lambda: stage.crm.write_acts(ChangeKind.NOTE, {"L1|met:1": (ada, note())}),
        ):
            stage.break_calls(status, times=None)
            with pytest.raises(RetryableCrmError):
                ask()
            stage.mend()

        assert stage.all_acts(ChangeKind.NOTE) == 0

    def test_a_crm_that_wants_to_be_left_alone_says_until_when(self, stage: Stage) -> None:
        ada = stage.add_record(email="ada@example.com")
        stage.break_calls(429)

        with pytest.raises(RetryableCrmError) as refused:
            stage.crm.write_properties({ada: {stage.names["firstname"]: "Ada"}})

        assert refused.value.retry_at is None or refused.value.retry_at <= stage.crm.calls_allowed_at(NOW)

    def test_a_revoked_token_is_told_as_such(self, stage: Stage) -> None:
        ada = stage.add_record(email="ada@example.com")
        stage.revoke()

        with pytest.raises(CredentialsError):
            stage.crm.fetch_records([ada], [stage.names["email"]])

    def test_a_task_whose_answer_was_lost_is_not_made_again(self, stage: Stage) -> None:
        stage.crm.prepare([])
        ada = stage.add_record(email="ada@example.com")
        acts = {f"L{number}|a": (ada, task(stage)) for number in range(10)}
        stage.lose_answers()
        with pytest.raises(RetryableCrmError):
            stage.crm.write_acts(ChangeKind.TASK, acts)

        replies = stage.crm.write_acts(ChangeKind.TASK, acts)

        assert set(states(replies).values()) == {ReplyState.DONE}
        assert len(stage.acts(ChangeKind.TASK, ada)) == stage.all_acts(ChangeKind.TASK) == 10

    def test_a_batch_of_tasks_that_was_half_done_is_completed(self, stage: Stage) -> None:
        stage.crm.prepare([])
        ada = stage.add_record(email="ada@example.com")
        acts = {f"L{number}|a": (ada, task(stage)) for number in range(10)}
        stage.half_do_calls()
        with pytest.raises(RetryableCrmError):
            stage.crm.write_acts(ChangeKind.TASK, acts)
        assert stage.all_acts(ChangeKind.TASK) == 5

        replies = stage.crm.write_acts(ChangeKind.TASK, acts)

        assert set(states(replies).values()) == {ReplyState.DONE}
        assert len(stage.acts(ChangeKind.TASK, ada)) == stage.all_acts(ChangeKind.TASK) == 10

    def test_with_a_third_of_the_calls_failing_everything_arrives_and_tasks_only_once(self, stage: Stage) -> None:
        stage.crm.prepare([stage.score])
        ids = [stage.add_record(email=f"lead{number}@example.com") for number in range(20)]
        acts = {f"{record_id}|a": (record_id, task(stage)) for record_id in ids}
        stage.break_calls(500, times=None, probability=0.15)
        stage.lose_answers(times=None, probability=0.15)

        for _ in range(50):
            try:
                stage.crm.write_properties({record_id: {stage.names["score"]: "5"} for record_id in ids})
                stage.crm.write_membership(Membership(LIST, ids, []))
                replies = stage.crm.write_acts(ChangeKind.TASK, acts)
            except RetryableCrmError:
                continue
            if set(states(replies).values()) == {ReplyState.DONE}:
                break
        else:
            pytest.fail("fifty attempts were not enough")

        stage.mend()
        assert {stage.values(record_id)[stage.names["score"]] for record_id in ids} == {"5"}
        assert stage.members(LIST) == set(ids)
        assert stage.all_acts(ChangeKind.TASK) == 20
        assert all(len(stage.acts(ChangeKind.TASK, record_id)) == 1 for record_id in ids)

    def test_the_next_call_may_be_made_at_once_while_nothing_forbids_it(self, stage: Stage) -> None:
        assert stage.crm.calls_allowed_at(NOW) <= NOW


class EchoRules:
    """Of CRMs whose ways in say who did what."""

    def test_our_own_writes_are_known_as_such_and_those_of_people_are_not(self, stage: Stage) -> None:
        ada, bob = stage.add_record(email="ada@example.com"), stage.add_record(email="bob@example.com")

        ours = stage.hear(lambda: stage.crm.write_properties({ada: {stage.names["firstname"]: "Ada"}}))
        theirs = stage.hear(lambda: stage.change(bob, stage.names["firstname"], "Bob"))

        assert {(event.ref.record_id, stage.is_ours(event)) for event in ours} == {(ada, True)}
        assert {(event.ref.record_id, stage.is_ours(event)) for event in theirs} == {(bob, False)}


class PlainRules:
    """Of CRMs that have no feeds and send no emails for us: who asks is told so, and nothing else is held up."""

    def test_a_feed_is_refused(self, stage: Stage) -> None:
        assert stage.crm.try_feeds(["meetings"])["meetings"]
        with pytest.raises(FeedRefusedError):
            stage.crm.fetch_happenings(Feed("meetings"), NOW, NOW, "")

    def test_an_email_is_refused_in_words(self, stage: Stage) -> None:
        ada = stage.add_record(email="ada@example.com")

        replies = stage.crm.write_acts(ChangeKind.EMAIL, {"L1|mail": (ada, email())})

        assert states(replies) == {"L1|mail": ReplyState.REFUSED}
        assert replies["L1|mail"].words
        assert states(stage.crm.follow_emails({"L1|mail": "1"})) == {"L1|mail": ReplyState.REFUSED}


class DealRules:
    """Of CRMs that know deals."""

    def test_deals_are_read_with_what_they_say_and_missing_ones_left_out(self, stage: DealStage) -> None:
        deal = stage.add_deal([], 250)

        records = stage.crm.fetch_deals([deal, "77"], [stage.amount, stage.stage])

        assert list(records) == [deal]
        assert records[deal].properties[stage.amount] == "250"
        assert records[deal].properties[stage.stage]

    def test_a_deleted_deal_is_read_as_archived(self, stage: DealStage) -> None:
        deal = stage.add_deal([], 250)
        stage.delete_deal(deal)

        assert stage.crm.fetch_deals([deal], [stage.amount])[deal].archived

    def test_deals_and_people_lead_to_one_another(self, stage: DealStage) -> None:
        ada, bea, cem = (stage.add_buyer(f"{name}@example.com") for name in ("ada", "bea", "cem"))
        first, second, lonely = stage.add_deal([ada, bea], 1), stage.add_deal([ada], 2), stage.add_deal([], 3)

        people = stage.crm.fetch_people_of([first, second, lonely])
        deals = stage.crm.fetch_deals_of([ada, bea, cem])

        assert {deal: set(found) for deal, found in people.items()} == {first: {ada, bea}, second: {ada}}
        assert {one: set(found) for one, found in deals.items()} == {ada: {first, second}, bea: {first}}

    def test_a_hundred_deals_are_read_and_related_with_one_call_each(self, stage: DealStage) -> None:
        ada = stage.add_buyer("ada@example.com")
        deals = [stage.add_deal([ada], number) for number in range(100)]
        stage.crm.fetch_deals(deals[:1], [stage.amount])
        calls = stage.calls()

        assert len(stage.crm.fetch_deals(deals, [stage.amount])) == 100
        assert len(stage.crm.fetch_people_of(deals)) == 100
        assert stage.calls() - calls == 2

    def test_what_deals_have_and_go_through_is_known(self, stage: DealStage) -> None:
        catalog = stage.crm.fetch_deal_catalog()

        assert catalog.problem == ""
        assert {stage.amount, stage.stage} <= catalog.properties.keys()
        assert all(catalog.pipelines.values())


class MakingRules:
    """Of CRMs where an app makes the properties that it needs."""

    def test_what_our_writes_need_is_made_once(self, stage: Stage) -> None:
        stage.crm.prepare([SCORE, PHASE])
        assert (stage.property_type("coltiva_score"), stage.property_type("coltiva_phase")) == ("number", "string")
        calls, writes = stage.calls(), stage.writes()

        stage.crm.prepare([SCORE, PHASE])

        assert stage.writes() == writes
        assert stage.calls() - calls <= 3

    def test_only_what_is_missing_is_made(self, stage: Stage) -> None:
        stage.crm.prepare([SCORE])

        stage.crm.prepare([SCORE, PHASE])

        assert stage.property_type("coltiva_phase") == "string"

    def test_a_property_of_another_type_is_told_and_left_alone(self, stage: Stage) -> None:
        stage.add_property(replace(SCORE, type="string"))

        with pytest.raises(SetupError, match="coltiva_score"):
            stage.crm.prepare([SCORE])

        assert stage.property_type("coltiva_score") == "string"


class EmailRules:
    """Of CRMs that send emails for us."""

    def test_an_email_is_handed_over_and_its_result_is_told_when_it_left(self, stage: Stage) -> None:
        stage.save_email(12)
        ada = stage.add_record(email="ada@example.com")

        first = stage.crm.write_acts(ChangeKind.EMAIL, {"L1|mail": (ada, email())})
        unsettled = stage.crm.follow_emails({"L1|mail": first["L1|mail"].remote_id})
        stage.let_emails_leave()
        settled = stage.crm.follow_emails({"L1|mail": first["L1|mail"].remote_id})

        assert states(first) == states(unsettled) == {"L1|mail": ReplyState.LATER}
        assert states(settled) == {"L1|mail": ReplyState.DONE}
        assert stage.emails() == [StoredEmail(12, "ada@example.com", {"offer": "A report"})]

    def test_an_email_that_is_asked_for_twice_is_sent_once(self, stage: Stage) -> None:
        stage.save_email(12)
        acts = {"L1|mail": (stage.add_record(email="ada@example.com"), email())}
        stage.lose_answers()
        with pytest.raises(RetryableCrmError):
            stage.crm.write_acts(ChangeKind.EMAIL, acts)
        stage.let_emails_leave()

        again = stage.crm.write_acts(ChangeKind.EMAIL, acts)
        stage.let_emails_leave()

        assert states(stage.crm.follow_emails({"L1|mail": again["L1|mail"].remote_id})) == {"L1|mail": ReplyState.DONE}
        assert len(stage.emails()) == 1

    def test_sending_an_email_sets_what_the_mapping_says_on_the_record(self, stage: Stage) -> None:
        stage.save_email(12)
        ada = stage.add_record(email="ada@example.com")

        stage.crm.write_acts(ChangeKind.EMAIL, {"L1|mail": (ada, email(properties={"city": "Turin"}))})
        stage.let_emails_leave()

        assert stage.values(ada)["city"] == "Turin"

    def test_the_crm_does_not_mail_those_who_opted_out_or_whose_address_bounced(self, stage: Stage) -> None:
        stage.save_email(12)
        out, lost = stage.add_record(email="out@example.com"), stage.add_record(email="lost@example.com")
        stage.opt_out(out)
        stage.bounce(lost)
        acts = {"L1|m": (out, email("out@example.com")), "L2|m": (lost, email("lost@example.com"))}

        handed = stage.crm.write_acts(ChangeKind.EMAIL, acts)
        stage.let_emails_leave()
        replies = stage.crm.follow_emails({key: reply.remote_id for key, reply in handed.items()})

        assert set(states(replies).values()) == {ReplyState.SUPPRESSED}
        assert (bool(replies["L1|m"].because), bool(replies["L2|m"].because)) == (False, True)
        assert all(reply.words for reply in replies.values())
        assert stage.emails() == []

    def test_a_transactional_email_reaches_who_wants_no_marketing(self, stage: Stage) -> None:
        stage.save_email(13, transactional=True)
        out = stage.add_record(email="out@example.com")
        stage.opt_out(out)

        stage.crm.write_acts(
            ChangeKind.EMAIL, {"L1|m": (out, email("out@example.com", number=13, is_transactional=True))}
        )
        stage.let_emails_leave()

        assert [sent.to for sent in stage.emails()] == ["out@example.com"]

    def test_an_email_that_lacks_what_its_design_needs_is_refused_in_the_crms_words(self, stage: Stage) -> None:
        stage.save_email(12, needs=("offer", "price"))
        ada = stage.add_record(email="ada@example.com")

        handed = stage.crm.write_acts(ChangeKind.EMAIL, {"L1|m": (ada, email())})
        stage.let_emails_leave()
        reply = stage.crm.follow_emails({"L1|m": handed["L1|m"].remote_id})["L1|m"]

        assert reply.state is ReplyState.REFUSED
        assert "MISSING" in reply.words

    def test_an_email_that_the_account_does_not_have_holds_up_no_other(self, stage: Stage) -> None:
        stage.save_email(12)
        ada = stage.add_record(email="ada@example.com")

        replies = stage.crm.write_acts(ChangeKind.EMAIL, {"L1|m": (ada, email(number=99)), "L2|m": (ada, email())})

        assert states(replies) == {"L1|m": ReplyState.REFUSED, "L2|m": ReplyState.LATER}
        assert replies["L1|m"].words

    def test_an_account_that_may_not_send_refuses_emails_and_nothing_else(self, stage: Stage) -> None:
        stage.save_email(12)
        ada = stage.add_record(email="ada@example.com")
        stage.forbid_emails()

        replies = stage.crm.write_acts(ChangeKind.EMAIL, {"L1|m": (ada, email())})

        assert states(replies) == {"L1|m": ReplyState.REFUSED}
        assert "scope" in replies["L1|m"].words
        assert stage.crm.fetch_records([ada], [stage.names["email"]])

    def test_emails_that_were_handed_over_stay_so_when_the_crm_becomes_unavailable(self, stage: Stage) -> None:
        stage.save_email(12)
        ada = stage.add_record(email="ada@example.com")
        handed = stage.crm.write_acts(ChangeKind.EMAIL, {"L1|m": (ada, email())})
        stage.break_calls(503, times=None)

        with pytest.raises(RetryableCrmError):
            stage.crm.follow_emails({"L1|m": handed["L1|m"].remote_id})
        stage.mend()
        stage.let_emails_leave()

        assert states(stage.crm.follow_emails({"L1|m": handed["L1|m"].remote_id})) == {"L1|m": ReplyState.DONE}
