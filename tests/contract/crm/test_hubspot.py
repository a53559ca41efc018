"""HubSpot by the rules of every CRM, against the sandbox portal, and by some of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import flask
import pytest

from connector.crms import REGISTRY
from connector.crms.hubspot.inbox import HubSpotEndpoint
from connector.crms.hubspot.portal import HubSpotPortal
from connector.domain.outward.change import ChangeKind
from connector.errors import CredentialsError, RateLimitedError, RetryableCrmError
from connector.ports import CrmAccount, CrmEvent, Membership, PropertyWish, ReplyState
from connector.sandbox.faults import ApiFault, Fault
from connector.sandbox.hubspot.apps import App
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.properties import Property
from connector.sandbox.hubspot.records import RecordTable
from connector.sandbox.hubspot.sandbox import Sandbox
from connector.sandbox.hubspot.server import running
from connector.sandbox.hubspot.vocabulary import CONTACT, NOTE, TASK, Origin, by_app
from connector.sandbox.hubspot.web import create_web
from tests.clocks import HandClock
from tests.contract.crm.rules import (
    LIST,
    NOW,
    PHASE,
    SCORE,
    CrmRules,
    DealRules,
    EchoRules,
    EmailRules,
    MakingRules,
    StoredAct,
    StoredEmail,
    states,
    task,
)
from tests.contract.sandbox.hubspot import specifications
from tests.contract.sandbox.hubspot.specifications import Exchange
from tests.unit.hubspot.scripted import scripted

NAMES = {name: name for name in ("email", "firstname", "city")} | {
    "score": "coltiva_score",
    "phase": "coltiva_phase",
    "gone": "coltiva_gone",
}
TYPES = {ChangeKind.TASK: TASK, ChangeKind.NOTE: NOTE}


class HubSpotStage:
    """A sandbox portal with our app installed."""

    crm: CrmAccount
    names: Mapping[str, str] = NAMES
    score, phase = SCORE, PHASE
    amount, stage = "amount", "dealstage"
    calls_for_tasks = 1

    def __init__(self, sandbox: Sandbox, url: str, portal: Portal, app: App) -> None:
        self.sandbox, self.portal, self.app, self.url = sandbox, portal, app, url
        self.clock = HandClock(NOW)
        self.token = sandbox.connect(app, portal)
        self.crm = self.connect(self.token)
        self.owner = portal.add_owner("rep@example.com", "Rita", "Rep").id

    def shown(self, html: str) -> str:
        return html

    def connect(self, token: str) -> HubSpotPortal:
        return HubSpotPortal(token, self.clock, self.url)

    # --- the account ------------------------------------------------------------------------

    def add_record(self, **properties: str) -> str:
        return self.portal.create_contact(**properties)  # type: ignore[arg-type]

    def delete_record(self, record_id: str) -> None:
        self.portal.delete_contact(record_id)

    def merge_records(self, primary_id: str, secondary_id: str) -> str:
        return self.portal.merge_contacts(primary_id, secondary_id)

    def values(self, record_id: str) -> Mapping[str, str]:
        return self.portal.contact(record_id)

    def add_property(self, wish: PropertyWish) -> None:
        self.portal.contacts.catalog.create(Property(wish.name, wish.label, wish.type, hubspot_defined=False))

    def property_type(self, name: str) -> str:
        return self.portal.contacts.catalog.get(name).type

    def members(self, title: str) -> set[str]:
        return self.portal.members(title)

    def add_dynamic_list(self, title: str) -> None:
        now, lists = self.sandbox.clock.now(), self.portal.crm.lists
        lists.create(title, CONTACT.type_id, "DYNAMIC", now, {"filterBranchType": "OR"})

    def delete_list(self, title: str) -> None:
        self.portal.delete_list(title)

    def acts(self, kind: ChangeKind, record_id: str) -> list[StoredAct]:
        found = self.portal.tasks(record_id) if kind is ChangeKind.TASK else self.portal.notes(record_id)
        return [_to_stored_act(properties) for properties in found]

    def all_acts(self, kind: ChangeKind) -> int:
        return len(self._table(kind))

    def complete_task(self, record_id: str) -> None:
        for one in self.portal.tasks(record_id):
            self.portal.complete_task(one["hs_object_id"])

    def separate(self, kind: ChangeKind, record_id: str) -> None:
        links, type_id = self.portal.crm.associations, TYPES[kind].type_id
        for act_id in list(links.linked(CONTACT.type_id, record_id, type_id)):
            links.unlink(type_id, act_id, CONTACT.type_id, record_id, self._origin)

    def save_email(self, number: int, *, transactional: bool = False, needs: tuple[str, ...] = ()) -> None:
        self.portal.save_email(number, f"Email {number}", transactional=transactional, needs=needs)

    def let_emails_leave(self) -> None:
        self.portal.single_sends.work_off()

    def emails(self) -> list[StoredEmail]:
        return [StoredEmail(send.email.id, send.to, send.custom) for send in self.portal.single_sends.sent]

    def opt_out(self, record_id: str) -> None:
        self.portal.marketing.opt_out(record_id)

    def bounce(self, record_id: str) -> None:
        self.portal.marketing.bounce_email(record_id, "Email 12")

    def forbid_emails(self) -> None:
        scopes = [scope for scope in self.app.scopes if "email" not in scope]
        grant = self.sandbox.install(self.app, self.portal, scopes)
        self.crm = self.connect(self.sandbox.tokens.new_access_token(grant))

    def calls(self) -> int:
        return self.sandbox.calls.total()

    def writes(self) -> int:
        return self.sandbox.calls.written()

    # --- trouble ----------------------------------------------------------------------------

    def break_calls(self, status: int, *, times: int | None = 1, probability: float = 1.0) -> None:
        self._fault(Fault(ApiFault.STATUS, probability, times, status=status))

    def lose_answers(self, *, times: int | None = 1, probability: float = 1.0) -> None:
        self._fault(Fault(ApiFault.DROPPED_AFTER, probability, times))

    def half_do_calls(self, *, times: int | None = 1) -> None:
        self._fault(Fault(ApiFault.HALF_DONE, times=times))

    def mend(self) -> None:
        self.sandbox.faults.clear()

    def revoke(self) -> None:
        self.sandbox.uninstall(self.app, self.portal)

    def withdraw_rights(self) -> None:
        scopes = [scope for scope in self.app.scopes if "lists" not in scope]
        grant = self.sandbox.install(self.app, self.portal, scopes)
        self.crm = self.connect(self.sandbox.tokens.new_access_token(grant))

    def _fault(self, fault: Fault) -> None:
        self.sandbox.faults.add(fault)

    def _table(self, kind: ChangeKind) -> RecordTable:
        return self.portal.crm.tables[TYPES[kind].type_id]

    def add_buyer(self, email: str) -> str:
        return self.add_record(email=email)

    def add_deal(self, people: Sequence[str], amount: int) -> str:
        return self.portal.create_deal(list(people), {"amount": str(amount), "dealstage": "closedwon"})

    def delete_deal(self, deal_id: str) -> None:
        self.portal.delete_deal(deal_id)

    def change(self, record_id: str, name: str, value: str) -> None:
        self.portal.set_property(record_id, name, value)

    def hear(self, act: Callable[[], object]) -> list[CrmEvent]:
        """By webhooks, as far as they tell of first names."""
        if not self.app.subscriptions:
            self.app.subscribe("contact.propertyChange", property_name="firstname")
        endpoint = HubSpotEndpoint(self.app.client_secret, "https://app.example.com", str(self.app.app_id))
        with scripted() as receiver:
            self.app.target_url = f"{receiver.url}/webhooks/hubspot"
            act()
            receiver.answer(200, b"")
            self.sandbox.flush()
        return [event for _, _, _, body in receiver.requests for event in endpoint.parse(body).events]

    def is_ours(self, event: CrmEvent) -> bool:
        return event.is_echo

    @property
    def _origin(self) -> Origin:
        return by_app(self.app.app_id)


def _to_stored_act(properties: Mapping[str, str]) -> StoredAct:
    return StoredAct(
        subject=properties.get("hs_task_subject", ""),
        body=properties.get("hs_task_body") or properties["hs_note_body"],
        owner=properties.get("hubspot_owner_id", ""),
        due_on=datetime.fromisoformat(properties["hs_timestamp"]).date(),
        is_done=properties.get("hs_task_status") == "COMPLETED",
    )


@pytest.fixture
def stage() -> Iterator[HubSpotStage]:
    """What we ask for and how we are answered must fit the interface descriptions, where they are at hand."""
    sandbox = Sandbox()
    portal = sandbox.create_portal(time_zone="Europe/Rome")
    portal.limits.max_calls = None
    app = sandbox.create_app()
    web, exchanges = create_web(sandbox), list[Exchange]()
    record(web, exchanges)
    with running(sandbox, web=web) as url:
        yield HubSpotStage(sandbox, url, portal, app)
    if specifications.are_at_hand():
        found = [problem for one in exchanges for problem in specifications.problems(one)]
        assert not found, "\n".join(found)


def record(web: flask.Flask, exchanges: list[Exchange]) -> None:
    """Keep each call of ours with its answer."""

    @web.before_request
    def keep_body() -> None:
        flask.request.get_data(cache=True)

    @web.after_request
    def keep(response: flask.Response) -> flask.Response:
        asked = flask.request
        path = asked.environ["REQUEST_URI"].partition("?")[0]
        if response.get_data():  # nothing is what a dropped connection leaves
            exchange = Exchange(asked.method, path, asked.get_data(), response.status_code, response.get_data())
            exchanges.append(exchange)
        return response


class TestHubSpot(CrmRules, MakingRules, EchoRules, EmailRules, DealRules):
    """The rules of every CRM, and those of CRMs that can as much."""

    def test_a_list_that_fills_itself_is_refused(self, stage: HubSpotStage) -> None:
        ada = stage.add_record(email="ada@example.com")
        stage.add_dynamic_list(LIST)

        replies = stage.crm.write_membership(Membership(LIST, [ada], []))

        assert states(replies) == {ada: ReplyState.REFUSED}
        assert replies[ada].words

    def test_a_second_run_ties_what_came_loose(self, stage: HubSpotStage) -> None:
        stage.crm.prepare([])
        ada = stage.add_record(email="ada@example.com")
        acts = {"L1|hot:1": (ada, task(stage))}
        stage.crm.write_acts(ChangeKind.TASK, acts)
        stage.separate(ChangeKind.TASK, ada)

        replies = stage.crm.write_acts(ChangeKind.TASK, acts)

        assert states(replies) == {"L1|hot:1": ReplyState.DONE}
        assert len(stage.acts(ChangeKind.TASK, ada)) == stage.all_acts(ChangeKind.TASK) == 1

    def test_a_right_that_was_not_granted_is_told_as_such(self, stage: HubSpotStage) -> None:
        stage.withdraw_rights()

        with pytest.raises(CredentialsError, match="scope"):
            stage.crm.write_membership(Membership(LIST, ["1"], []))

    @pytest.mark.parametrize("status", [423, 477, 521])
    def test_hubspots_own_troubles_mean_later(self, stage: HubSpotStage, status: int) -> None:
        ada = stage.add_record(email="ada@example.com")
        stage.break_calls(status)

        with pytest.raises(RetryableCrmError):
            stage.crm.write_properties({ada: {"firstname": "Ada"}})


def test_every_crm_in_the_registry_is_held_to_the_rules() -> None:
    assert set(REGISTRY) == {"hubspot", "salesforce"}


def test_the_account_tells_its_id_and_time_zone(stage: HubSpotStage) -> None:
    account = stage.connect(stage.token).account()

    assert (account.portal_id, account.time_zone) == (stage.portal.id, "Europe/Rome")


@pytest.mark.parametrize("status", [200, 207])
def test_a_batch_done_in_part_is_understood_in_old_and_new_form(stage: HubSpotStage, status: int) -> None:
    stage.portal.crm.habits.partial_failure_status = status
    ada = stage.add_record(email="ada@example.com")

    replies = stage.crm.write_properties({ada: {"firstname": "Ada"}, "77": {"firstname": "Nobody"}})

    assert states(replies) == {ada: ReplyState.DONE, "77": ReplyState.REFUSED}


def test_an_owner_who_left_keeps_nothing_else_from_being_written(stage: HubSpotStage) -> None:
    stage.crm.prepare([SCORE])
    ids = [stage.add_record(email=f"{number}@example.com") for number in range(5)]
    owners = dict(zip(ids, [stage.owner, *["999"] * 4], strict=True))
    changes = {one: {SCORE.name: "7", "hubspot_owner_id": owner} for one, owner in owners.items()}

    replies = stage.crm.write_properties(changes)

    assert [replies[one].state for one in ids] == [ReplyState.DONE, *[ReplyState.REFUSED] * 4]
    assert "999" in replies[ids[1]].words
    assert [stage.values(one)[SCORE.name] for one in ids] == ["7"] * 5
    assert stage.values(ids[0])["hubspot_owner_id"] == stage.owner


def test_a_lifecycle_stage_goes_back_only_where_it_is_meant_to(stage: HubSpotStage) -> None:
    stages = {"lifecyclestage": "salesqualifiedlead"}
    ada, bob = (stage.add_record(email=f"{name}@example.com", **stages) for name in ("ada", "bob"))

    replies = stage.crm.write_properties({ada: {"lifecyclestage<": "lead"}, bob: {"lifecyclestage": "lead"}})

    assert states(replies) == {ada: ReplyState.DONE, bob: ReplyState.DONE}
    held = [stage.portal.contact(one)["lifecyclestage"] for one in (ada, bob)]
    assert held == ["lead", "salesqualifiedlead"]


@pytest.mark.parametrize("status", [400, 409])
def test_a_key_that_exists_is_understood_however_hubspot_says_so(stage: HubSpotStage, status: int) -> None:
    stage.portal.crm.habits.unique_conflict_status = status
    stage.crm.prepare([])
    ada = stage.add_record(email="ada@example.com")
    acts = {"L1|a": (ada, task(stage)), "L2|a": (ada, task(stage))}
    stage.crm.write_acts(ChangeKind.TASK, dict([next(iter(acts.items()))]))

    replies = stage.crm.write_acts(ChangeKind.TASK, acts)

    assert set(states(replies).values()) == {ReplyState.DONE}
    assert stage.all_acts(ChangeKind.TASK) == 2


@pytest.mark.parametrize("gives_new_id", [True, False])
def test_a_merge_is_followed_whether_or_not_the_survivor_is_new(stage: HubSpotStage, gives_new_id: bool) -> None:
    stage.portal.crm.habits.merge_gives_new_id = gives_new_id
    one, other = stage.add_record(email="one@example.com"), stage.add_record(email="two@example.com")
    survivor = stage.merge_records(one, other)

    records = stage.crm.fetch_records([other], ["email"])

    assert records[other].record_id == survivor


def test_what_leads_to_one_survivor_is_read_in_one_batch_with_others(stage: HubSpotStage) -> None:
    one, other = stage.add_record(email="one@example.com"), stage.add_record(email="two@example.com")
    third = stage.add_record(email="three@example.com")
    survivor = stage.merge_records(one, other)

    records = stage.crm.fetch_records([one, other, third], ["email"])

    assert {key: record.record_id for key, record in records.items()} == {
        one: survivor,
        other: survivor,
        third: third,
    }


def test_our_properties_stand_in_a_group_of_their_own(stage: HubSpotStage) -> None:
    stage.crm.prepare([SCORE])

    assert stage.portal.contacts.catalog.get("coltiva_score").group == "coltiva"


@pytest.mark.parametrize("kind", [ChangeKind.TASK, ChangeKind.NOTE])
def test_our_key_is_unique_on_tasks_and_notes(stage: HubSpotStage, kind: ChangeKind) -> None:
    stage.crm.prepare([])

    catalog = stage.portal.crm.tables[TYPES[kind].type_id].catalog
    assert catalog.get("coltiva_key").unique


def test_the_account_s_rate_limit_is_never_run_into(stage: HubSpotStage) -> None:
    stage.portal.limits.max_calls = 5
    ada = stage.add_record(email="ada@example.com")
    for number in range(5):
        assert stage.crm.calls_allowed_at(stage.clock.now()) <= stage.clock.now()
        stage.crm.write_properties({ada: {"firstname": str(number)}})

    with pytest.raises(RateLimitedError) as refused:
        stage.crm.write_properties({ada: {"firstname": "six"}})

    until = stage.clock.now() + timedelta(seconds=10)
    assert refused.value.retry_at == until == stage.crm.calls_allowed_at(stage.clock.now())
    assert stage.sandbox.calls.total(status=429) == 0


def test_an_access_token_that_ran_out_is_told_as_such_and_a_new_one_goes_on(stage: HubSpotStage) -> None:
    grant = stage.sandbox.install(stage.app, stage.portal)
    old = stage.connect(stage.sandbox.tokens.new_access_token(grant))
    stage.sandbox.tokens.expire_access_tokens(stage.portal.id)

    with pytest.raises(Exception, match="EXPIRED_AUTHENTICATION"):
        old.account()

    assert stage.connect(stage.sandbox.tokens.new_access_token(grant)).account().portal_id == stage.portal.id


def test_everybody_who_may_own_records_is_known_page_by_page(stage: HubSpotStage) -> None:
    reps = [stage.portal.add_owner(f"rep{number}@example.com", "Rep", str(number)) for number in range(120)]

    owners = stage.connect(stage.token).fetch_owners()

    assert owners is not None
    assert owners[stage.owner] == "rep@example.com"
    assert {owner.id: owner.email for owner in reps}.items() <= owners.items()
