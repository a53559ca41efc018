"""Salesforce by the rules of every CRM, against the simulated org over real HTTP, and by some of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from connector.crms.salesforce.events_inbox import SignedEvents
from connector.crms.salesforce.grants import Flow, Grant, parse_grant
from connector.crms.salesforce.oauth import App as OurApp
from connector.crms.salesforce.oauth import OAuth, new_verifier
from connector.crms.salesforce.org import Salesforce, SalesforceOrg
from connector.crms.salesforce.permissions import Lack
from connector.domain.outward.change import Act, ChangeKind
from connector.engine.running.tokens import StoredToken
from connector.errors import (
    CredentialsError,
    RateLimitedError,
    RetryableCrmError,
    SetupError,
    UnreadableReplyError,
)
from connector.ports import Connection, CrmEvent, Membership, PropertyWish, ReplyState
from connector.sandbox.clock import SandboxClock
from connector.sandbox.faults import ApiFault, Fault
from connector.sandbox.salesforce.apps import App
from connector.sandbox.salesforce.fields import Field, FieldType
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.permissions import Right
from connector.sandbox.salesforce.platform import Platform
from connector.sandbox.salesforce.rules import Trigger, ValidationRule
from connector.sandbox.salesforce.server import running
from connector.sandbox.salesforce.signed_events import SignedEvents as Triggers
from tests.clocks import HandClock
from tests.contract.crm.rules import LIST, NOW, CrmRules, DealRules, EchoRules, PlainRules, StoredAct, states, task
from tests.office import CONNECTION, Office, clicking_book, sqlite_url
from tests.unit.hubspot.scripted import scripted
from tests.unit.salesforce.org import HeldToken

SCORE, BAND, KEY = "coltiva__Score__c", "coltiva__Score_Band__c", "coltiva__Key__c"
NAMES = {
    "email": "Email", "firstname": "FirstName", "city": "City",
    "score": SCORE, "phase": "coltiva__Phase__c", "gone": "coltiva__Gone__c",
}  # fmt: skip
API, SAVING = "*/services/data/*", "*/composite/sobjects*"


@dataclass
class SalesforceStage:
    """A simulated org in which our package and our app are installed."""

    platform: Platform
    org: Org
    app: App
    clock: HandClock = field(default_factory=lambda: HandClock(NOW))
    told: Triggers | None = None

    names = NAMES
    amount, stage = "Opportunity.Amount", "Opportunity.StageName"
    score = PropertyWish(SCORE, "Coltiva score", "number")
    phase = PropertyWish(NAMES["phase"], "Coltiva phase", "string")
    #: One looks for what an earlier attempt made.
    calls_for_tasks = 2

    def __post_init__(self) -> None:
        self.oauth = OAuth(OurApp(self.app.client_id, self.app.client_secret), self.clock, self.org.instance_url)
        refresh_token = self.platform.connect_with_oauth(self.app, self.org)
        self.keeper = HeldToken(self.grant(refresh_token).to_text())
        self.crm = self.connect()
        self.owner = self.org.people.add_user("rep", "Rita", "Rep")
        self.crm.account()

    def grant(self, refresh_token: str) -> Grant:
        """As an admin gave it; its first access token is asked for at the first call."""
        url = self.org.instance_url
        return Grant(
            flow=Flow.WEB_SERVER, host=url, client_id=self.app.client_id, instance_url=url, org_id=self.org.id,
            user_id=self.org.integration_user, access_token="none", refresh_token=refresh_token,
            issued_at=self.clock.now(),
        )  # fmt: skip

    def connect(self) -> SalesforceOrg:
        return SalesforceOrg(self.keeper.kept, self.keeper, self.oauth, self.clock)

    def shown(self, html: str) -> str:
        return {"<p>Why now</p>": "Why now", "<b>Goal met</b>": "Goal met"}[html]

    # --- the org ----------------------------------------------------------------------------

    def add_record(self, **properties: str) -> str:
        return self.org.people.create_lead(**{NAMES[name]: value for name, value in properties.items()})

    def delete_record(self, record_id: str) -> None:
        self.org.people.delete(record_id)

    def merge_records(self, primary_id: str, secondary_id: str) -> str:
        self.org.people.merge(primary_id, secondary_id)
        return primary_id

    def values(self, record_id: str) -> Mapping[str, str]:
        """As text, whole numbers without a fraction."""
        held = self.held(record_id)
        return {name: f"{value:g}" if isinstance(value, float) else str(value) for name, value in held.items()}

    def held(self, record_id: str) -> Mapping[str, Any]:
        return self.org.people.read(record_id)

    def delete_list(self, title: str) -> None:
        (campaign,) = self.org.people.records("Campaign", Name=title)
        self.org.people.delete(campaign["Id"])

    def acts(self, kind: ChangeKind, record_id: str) -> list[StoredAct]:
        """A note is told by its title too; the rules look at its body alone."""
        return [_to_stored_act(made) for made in self.tasks(record_id)]

    def all_acts(self, kind: ChangeKind) -> int:
        return len(self.org.people.records("Task"))

    def complete_task(self, record_id: str) -> None:
        for made in self.tasks(record_id):
            self.org.people.close_task(made["Id"])

    def tasks(self, record_id: str) -> list[dict[str, Any]]:
        return self.org.people.records("Task", WhoId=record_id)

    def members(self, title: str) -> set[str]:
        (campaign,) = self.org.people.records("Campaign", Name=title)
        found = self.org.people.records("CampaignMember", CampaignId=campaign["Id"])
        return {row.get("LeadId") or row["ContactId"] for row in found}

    def calls(self) -> int:
        return self.platform.calls.total(self.org.id)

    # --- deals ------------------------------------------------------------------------------

    def add_buyer(self, email: str) -> str:
        return self.org.people.create_contact(email)

    def add_deal(self, people: Sequence[str], amount: int) -> str:
        return self.org.people.create_opportunity(list(people), Amount=amount)

    def delete_deal(self, deal_id: str) -> None:
        self.org.people.delete(deal_id)

    # --- being told ---------------------------------------------------------------------------

    def change(self, record_id: str, name: str, value: str) -> None:
        self.org.people.change(record_id, user=self.owner, **{name: value})

    def hear(self, act: Callable[[], object]) -> Sequence[CrmEvent]:
        """By what the org's own code signs."""
        with scripted() as receiver:
            self.told = self.told or self.platform.signed_events.add(self.org, "", b"key", frozenset({"Lead"}))
            self.told.url = receiver.url
            act()
            receiver.answer(200, b"")
            self.platform.flush()
        parse = SignedEvents(lambda _org, _now: ()).parse
        return [event for _, _, _, body in receiver.requests for event in parse(body).events]

    def is_ours(self, event: CrmEvent) -> bool:
        return event.by == self.org.integration_user

    # --- trouble ----------------------------------------------------------------------------

    def break_calls(self, status: int, *, times: int | None = 1, probability: float = 1.0) -> None:
        self.platform.faults.add(Fault(ApiFault.STATUS, probability, times, path=API, status=status))

    def lose_answers(self, *, times: int | None = 1, probability: float = 1.0) -> None:
        self.platform.faults.add(Fault(ApiFault.DROPPED_AFTER, probability, times, path=SAVING))

    def half_do_calls(self, *, times: int | None = 1) -> None:
        self.platform.faults.add(Fault(ApiFault.HALF_DONE, times=times, path=SAVING))

    def mend(self) -> None:
        self.platform.faults.clear()

    def revoke(self) -> None:
        self.platform.tokens.end_all(self.org.id)

    def fault(self, kind: ApiFault, **more: Any) -> None:
        self.platform.faults.add(Fault(kind, times=1, path=API, **more))


def call(stage: SalesforceStage, **changes: Any) -> Act:
    """A task for the rep."""
    return task(stage, **changes)  # type: ignore[arg-type]


def _to_stored_act(made: Mapping[str, Any]) -> StoredAct:
    due_on = date.fromisoformat(made["ActivityDate"])
    is_done = made["Status"] == "Completed"
    return StoredAct(made["Subject"], made.get("Description", ""), made["OwnerId"], due_on, is_done=is_done)


def package_fields() -> tuple[Field, ...]:
    return (
        Field(SCORE, FieldType.DOUBLE, label="Nurture Score", precision=6, scale=0),
        Field(NAMES["phase"]),
        Field(BAND, FieldType.PICKLIST, options=("Cold", "Warm", "Hot"), is_restricted=True),
    )


@pytest.fixture
def stage() -> Iterator[SalesforceStage]:
    platform = Platform(clock=SandboxClock(NOW))
    app, org = platform.create_app(), platform.create_org()
    for name in ("Lead", "Contact"):
        org.add_fields(name, *package_fields())
    org.add_fields("Task", Field(KEY, label="Coltiva Key", length=255, is_external_id=True, is_unique=True))
    with running(platform):
        yield SalesforceStage(platform, org, app)


class TestSalesforce(CrmRules, PlainRules, EchoRules, DealRules):
    """The rules of every CRM, and those of CRMs that can as much."""


# --- being let in -----------------------------------------------------------------------------------------------


def test_the_account_tells_which_org_it_is(stage: SalesforceStage) -> None:
    account = stage.crm.account()

    assert (account.org_id, account.user_id) == (stage.org.id, stage.org.integration_user)
    assert (account.name, account.is_sandbox) == ("Example Ltd", False)


def test_a_session_that_ran_out_is_renewed_without_anybody_noticing(stage: SalesforceStage) -> None:
    before = len(stage.keeper.renewals)
    stage.platform.tokens.expire_sessions(stage.org.id)

    assert stage.crm.account().org_id == stage.org.id
    assert len(stage.keeper.renewals) == before + 1


def test_a_grant_that_was_given_back_stops_the_connection(stage: SalesforceStage) -> None:
    stage.crm.account()
    stage.crm.disconnect()

    with pytest.raises(CredentialsError, match="connected again"):
        stage.crm.account()


REDIRECT = "http://127.0.0.1:8000/oauth/salesforce/callback"


def opened(stage: SalesforceStage, grant: Grant) -> SalesforceOrg:
    keeper = HeldToken(grant.to_text())
    return SalesforceOrg(keeper.kept, keeper, stage.oauth, stage.clock)


def test_an_admin_lets_us_in_by_browser(stage: SalesforceStage) -> None:
    verifier = new_verifier()
    url = stage.oauth.authorise_url(stage.org.login_url, redirect_uri=REDIRECT, state="s1", verifier=verifier)
    back = requests.get(url, allow_redirects=False, timeout=60).headers["Location"]
    query = parse_qs(urlsplit(back).query)

    grant = stage.oauth.redeem(stage.org.login_url, code=query["code"][0], redirect_uri=REDIRECT, verifier=verifier)

    assert query["state"] == ["s1"]
    assert (grant.org_id, grant.instance_url) == (stage.org.id, stage.org.instance_url)
    assert opened(stage, grant).account().org_id == stage.org.id


def test_a_code_is_worth_nothing_to_who_did_not_ask_for_it(stage: SalesforceStage) -> None:
    url = stage.oauth.authorise_url(stage.org.login_url, redirect_uri=REDIRECT, state="s", verifier=new_verifier())
    back = requests.get(url, allow_redirects=False, timeout=60).headers["Location"]
    code = parse_qs(urlsplit(back).query)["code"][0]

    with pytest.raises(CredentialsError):
        stage.oauth.redeem(stage.org.login_url, code=code, redirect_uri=REDIRECT, verifier=new_verifier())


def test_a_certificate_lets_us_in_again_and_again(stage: SalesforceStage) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    stage.app.public_key = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    username = stage.org.username(stage.org.integration_user)
    own = OurApp(stage.app.client_id, private_key=pem)
    crm = opened(stage, stage.oauth.connect_by_certificate(stage.org.login_url, username, own))
    stage.platform.tokens.expire_sessions(stage.org.id)

    assert crm.account().user_id == stage.org.integration_user


def test_a_secret_lets_us_in_again_and_again(stage: SalesforceStage) -> None:
    stage.org.install(stage.app, run_as=stage.org.integration_user)
    crm = opened(stage, stage.oauth.connect_by_secret(stage.org.instance_url))
    stage.platform.tokens.expire_sessions(stage.org.id)

    assert crm.account().user_id == stage.org.integration_user


def test_eight_workers_whose_session_ran_out_renew_it_once(stage: SalesforceStage, tmp_path: Path) -> None:
    office = Office(sqlite_url(tmp_path), clicking_book("v1")).open()
    token, start = stage.keeper.kept, Barrier(8)
    with office.store.transaction() as transaction:
        transaction.connections.replace_token(CONNECTION.id, old=CONNECTION.token, new=token, now=NOW)
    stage.platform.tokens.expire_sessions(stage.org.id)
    stage.platform.refresh_seconds = 0.2

    def work(_: int) -> str:
        crm = SalesforceOrg(token, StoredToken(office.store, stage.clock, CONNECTION.id), stage.oauth, stage.clock)
        start.wait(timeout=60)
        try:
            return crm.account().org_id
        except RetryableCrmError:
            return "later"

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(work, range(8), timeout=120))
    with office.store.reading() as transaction:
        kept = transaction.connections.by_id(CONNECTION.id)
    office.close()

    assert answers <= {stage.org.id, "later"}
    assert stage.org.id in answers
    assert kept is not None
    assert kept.token != token
    assert opened(stage, parse_grant(kept.token)).account().org_id == stage.org.id


def test_what_an_org_was_asked_is_remembered_when_its_connection_is_opened_anew(stage: SalesforceStage) -> None:
    app = OurApp(stage.app.client_id, stage.app.client_secret)
    salesforce = Salesforce(app, stage.clock, stage.org.instance_url, share=0.1)
    stage.org.pool.maximum = 100

    def open_anew() -> SalesforceOrg:
        token = stage.keeper.kept
        return salesforce.open(
            Connection(CONNECTION.id, CONNECTION.workspace, "salesforce", stage.org.id, token), stage.keeper
        )

    for _ in range(10):
        open_anew().account()

    with pytest.raises(RateLimitedError, match="Our share"):
        open_anew().account()


# --- the catalog ------------------------------------------------------------------------------------------------

SCORE_WISH = PropertyWish(SCORE, "Coltiva score", "number")


def test_an_org_with_our_package_has_all_that_we_need(stage: SalesforceStage) -> None:
    stage.crm.prepare([SCORE_WISH, PropertyWish(f"Lead.{BAND}", "Coltiva band", "string")])

    assert stage.crm.find_lacks(reads=["Lead.Email", "Contact.Email"], writes=[SCORE]) == []


def test_what_an_admin_must_grant_is_said_field_by_field(stage: SalesforceStage) -> None:
    rights = stage.org.permissions_of(stage.org.integration_user)
    rights.take_field(f"Contact.{SCORE}", "Lead.Email")
    rights.take_edit(f"Lead.{SCORE}")
    rights.take_right("Campaign", Right.CREATE)
    rights.take_right("Opportunity", Right.READ)

    lacks = stage.crm.find_lacks(reads=["Lead.Email"], writes=[SCORE])

    assert {(lack.subject, lack.right) for lack in lacks} == {
        (f"Contact.{SCORE}", "Read"),
        (f"Lead.{SCORE}", "Edit"),
        ("Lead.Email", "Read"),
        ("Campaign", "Create"),
        ("Opportunity", "Read"),
    }
    assert "Marketing User" in str(next(lack for lack in lacks if lack.subject == "Campaign"))
    with pytest.raises(SetupError, match=rf"Lead\.{SCORE} may not be written.*\nContact\.{SCORE} is missing"):
        stage.crm.prepare([SCORE_WISH])


def test_a_lack_is_a_sentence() -> None:
    assert str(Lack("Task", "Create", "to tell sales reps")) == "Task: Create is missing, to tell sales reps."


def test_a_field_of_another_type_is_told(stage: SalesforceStage) -> None:
    with pytest.raises(SetupError, match=rf"Lead\.{BAND} is of type picklist, and numbers"):
        stage.crm.prepare([PropertyWish(f"Lead.{BAND}", "Score", "number")])


def test_an_org_without_our_package_is_told_to_install_it(stage: SalesforceStage) -> None:
    stage.org.permissions_of(stage.org.integration_user).take_field(f"Task.{KEY}")

    with pytest.raises(SetupError, match=rf"Task\.{KEY} is missing.*install the Coltiva package"):
        stage.crm.prepare([])


def test_the_catalog_names_fields_by_their_object(stage: SalesforceStage) -> None:
    properties = stage.crm.fetch_catalog().properties

    assert (properties["Lead.Email"].type.value, properties["Contact.Birthdate"].type.value) == ("text", "date")
    assert properties[f"Lead.{BAND}"].options == ("Cold", "Warm", "Hot")
    assert (properties[f"Lead.{SCORE}"].is_writable, properties["Lead.Name"].is_writable) == (True, False)
    assert "Email" not in properties


def test_deals_are_told_with_the_stages_of_the_org(stage: SalesforceStage) -> None:
    catalog = stage.crm.fetch_deal_catalog()

    assert catalog.problem == ""
    assert "Opportunity.Amount" in catalog.properties
    assert list(catalog.pipelines["Opportunity"])[:2] == ["Prospecting", "Qualification"]


def test_deals_out_of_sight_are_told_as_such(stage: SalesforceStage) -> None:
    stage.org.permissions_of(stage.org.integration_user).take_right("Opportunity", Right.READ)

    assert stage.crm.fetch_deal_catalog().problem


def test_owners_are_the_active_users(stage: SalesforceStage) -> None:
    gone = stage.org.people.add_user("gone", "Gus", "Gone")
    stage.org.people.deactivate_user(gone)

    owners = stage.crm.fetch_owners()

    assert owners is not None
    assert owners[stage.owner] == "rep@example.com"
    assert gone not in owners


def test_users_out_of_sight_are_not_known(stage: SalesforceStage) -> None:
    stage.org.permissions_of(stage.org.integration_user).take_right("User", Right.READ)

    assert stage.crm.fetch_owners() is None


def test_an_object_out_of_sight_is_said_once_and_not_field_by_field(stage: SalesforceStage) -> None:
    stage.org.permissions_of(stage.org.integration_user).take_right("Contact", Right.READ)

    with pytest.raises(SetupError) as caught:
        stage.crm.prepare([SCORE_WISH, PropertyWish(BAND, "Band", "string")])

    assert str(caught.value) == "The integration user may not see the object Contact: grant it Read and Edit."


def test_a_formula_is_no_field_to_write_to(stage: SalesforceStage) -> None:
    stage.org.add_fields("Lead", Field("Rank__c", FieldType.DOUBLE, formula=lambda row: 1.0, is_updateable=False))
    wish = PropertyWish("Lead.Rank__c", "Rank", "number")

    with pytest.raises(SetupError, match="a formula"):
        stage.crm.prepare([wish])

    assert "formula" in str(stage.crm.find_lacks(writes=[wish.name])[0])


def test_a_key_that_cannot_be_written_is_told(stage: SalesforceStage) -> None:
    stage.org.permissions_of(stage.org.integration_user).take_edit(f"Task.{KEY}")

    with pytest.raises(SetupError, match=rf"Task\.{KEY} may not be written"):
        stage.crm.prepare([])


# --- reading ----------------------------------------------------------------------------------------------------


def test_leads_and_contacts_are_read_together_each_as_of_its_own_moment(stage: SalesforceStage) -> None:
    ada = stage.org.people.create_lead("ada@example.com", coltiva__Score__c=82)
    cat = stage.org.people.create_contact("cat@example.com", FirstName="Cat")
    asked = ["Lead.Email", "Contact.Email", "Contact.FirstName", SCORE]

    records = stage.crm.fetch_records([ada, cat, "77", "00Q000000000000AAA"], asked)

    assert set(records) == {ada, cat}
    assert records[ada].properties == {"Lead.Email": "ada@example.com", SCORE: "82"}
    assert records[cat].properties == {"Contact.Email": "cat@example.com", "Contact.FirstName": "Cat", SCORE: ""}
    assert records[ada].read_as_of == NOW


def test_a_deleted_a_merged_and_a_converted_record_are_told_apart(stage: SalesforceStage) -> None:
    people = stage.org.people
    gone, loser, winner, lead = (people.create_lead(f"{number}@example.com") for number in range(4))
    people.delete(gone)
    people.merge(winner, loser)
    became = people.convert(lead)

    records = stage.crm.fetch_records([gone, loser, winner, lead], ["Lead.Email"])

    told = {one: (record.archived, record.became) for one, record in records.items()}
    assert told == {gone: (True, ""), loser: (True, winner), winner: (False, ""), lead: (False, became.contact_id)}
    assert records[gone].properties == {"Lead.Email": "0@example.com"}


def test_what_the_user_may_not_see_spoils_no_batch(stage: SalesforceStage) -> None:
    ada = stage.org.people.create_lead("ada@example.com", Phone="+49 1")
    stage.org.permissions_of(stage.org.integration_user).take_field("Lead.Phone")

    records = stage.crm.fetch_records([ada], ["Lead.Phone", "Lead.Email"])

    assert records[ada].properties == {"Lead.Email": "ada@example.com"}


def test_two_thousand_records_are_one_call(stage: SalesforceStage) -> None:
    ids = [stage.org.people.create_lead(f"lead{number}@example.com") for number in range(stage.crm.read_batch)]
    stage.crm.fetch_records(ids[:1], ["Lead.Email"])
    calls = stage.calls()

    records = stage.crm.fetch_records(ids, ["Lead.Email"])

    assert set(records) == set(ids)
    assert stage.calls() - calls == 1


def test_people_are_found_by_address_however_it_is_written(stage: SalesforceStage) -> None:
    people = stage.org.people
    ada, converted = people.create_lead("Ada@Example.com"), people.create_lead("bob@example.com")
    became = people.convert(converted)
    people.create_lead("gone@example.com")
    people.delete(people.records("Lead", Email="gone@example.com")[0]["Id"])
    asked = ["ada@example.com", "bob@example.com", "gone@example.com", "o'hara@example.com", r"\' or name != ''@x.io"]

    assert stage.crm.find_records(asked) == {"ada@example.com": ada, "bob@example.com": became.contact_id}


def test_what_a_record_is_needs_no_call(stage: SalesforceStage) -> None:
    before = stage.calls()

    assert stage.crm.object_type_of("00Q5e000008ZkM3EAK") == "lead"
    with pytest.raises(ValueError, match="is no id"):
        stage.crm.object_type_of("51")
    assert stage.calls() == before


# --- writing ----------------------------------------------------------------------------------------------------


def test_values_arrive_with_the_type_of_their_field(stage: SalesforceStage) -> None:
    ada = stage.org.people.create_lead("ada@example.com")
    wanted = {SCORE: "82", "Lead.DoNotCall": "true", "Lead.EmailBouncedDate": "2026-11-22T10:00:00.000+00:00"}

    for _ in range(2):
        assert states(stage.crm.write_properties({ada: wanted})) == {ada: ReplyState.DONE}
        held = stage.held(ada)
        assert (held[SCORE], held["DoNotCall"]) == (82, True)

    stage.crm.write_properties({ada: {SCORE: "", "DoNotCall": ""}})
    assert (stage.held(ada).get(SCORE), stage.held(ada)["DoNotCall"]) == (None, False)


def test_two_hundred_of_both_objects_are_one_call(stage: SalesforceStage) -> None:
    people = stage.org.people
    ids = [make(f"p{n}@example.com") for n in range(100) for make in (people.create_lead, people.create_contact)]
    stage.crm.prepare([SCORE_WISH])
    calls = stage.calls()

    replies = stage.crm.write_properties({one: {SCORE: "7"} for one in ids})

    assert set(states(replies).values()) == {ReplyState.DONE}
    assert stage.calls() - calls == 1


def test_a_picklist_that_lacks_a_value_refuses_one_record(stage: SalesforceStage) -> None:
    ada, bob = (stage.org.people.create_lead(f"{name}@example.com") for name in ("ada", "bob"))

    replies = stage.crm.write_properties({ada: {BAND: "Boiling"}, bob: {BAND: "Hot"}})

    assert states(replies) == {ada: ReplyState.REFUSED, bob: ReplyState.DONE}
    assert "The picklist does not have this value" in replies[ada].words


def test_a_write_to_what_was_converted_or_merged_names_where_it_lives_on(stage: SalesforceStage) -> None:
    people = stage.org.people
    lead, loser, winner, gone = (people.create_lead(f"{number}@example.com") for number in range(4))
    became = people.convert(lead)
    people.merge(winner, loser)
    people.delete(gone)

    replies = stage.crm.write_properties({one: {SCORE: "7"} for one in (lead, loser, winner, gone)})

    refused, done = ReplyState.REFUSED, ReplyState.DONE
    assert states(replies) == {lead: refused, loser: refused, winner: done, gone: refused}
    assert f"converted and lives on as the contact {became.contact_id}" in replies[lead].words
    assert f"merged and lives on as the lead {winner}" in replies[loser].words
    assert "lives on" not in replies[gone].words


def test_the_orgs_own_rules_refuse_in_their_own_words_and_only_whom_they_mean(stage: SalesforceStage) -> None:
    people, rules = stage.org.people, stage.org.database.rules
    ids = [people.create_lead(f"{number}@example.com") for number in range(4)]
    bad, blocked, locked, _ = ids
    rules.validations.append(ValidationRule("Lead", lambda row: row["Id"] == bad, "Call her first", "Phone"))
    rules.triggers.append(Trigger("Lead", lambda row: "division by zero" if row["Id"] == blocked else None))
    rules.locked[locked] = 1

    replies = stage.crm.write_properties({one: {SCORE: "7"} for one in ids})

    assert [replies[one].state.value for one in ids] == ["refused", "refused", "later", "done"]
    assert "A validation rule of the org refused it: Call her first [Phone]" in replies[bad].words
    assert "division by zero" in replies[blocked].words
    assert states(stage.crm.write_properties({locked: {SCORE: "7"}})) == {locked: ReplyState.DONE}


def test_a_user_who_may_not_edit_leads_costs_no_more_than_a_call_a_batch(stage: SalesforceStage) -> None:
    ids = [stage.org.people.create_lead(f"{number}@example.com") for number in range(50)]
    stage.crm.prepare([SCORE_WISH])
    stage.org.permissions_of(stage.org.integration_user).take_right("Lead", Right.EDIT)
    calls = stage.calls()

    replies = stage.crm.write_properties({one: {SCORE: "7"} for one in ids})

    assert set(states(replies).values()) == {ReplyState.REFUSED}
    assert stage.calls() - calls <= 2


def test_an_assignment_rule_hands_nobody_over_because_we_wrote(stage: SalesforceStage) -> None:
    queue = stage.org.people.add_queue("Inbound")
    ada = stage.org.people.create_lead("ada@example.com", OwnerId=stage.owner)
    stage.org.database.rules.assign_lead = lambda _: queue

    stage.crm.write_properties({ada: {SCORE: "7"}})

    assert stage.held(ada)["OwnerId"] == stage.owner


def test_an_opt_out_can_be_written_and_is_never_taken_back(stage: SalesforceStage) -> None:
    ada = stage.org.people.create_lead("ada@example.com")
    stage.crm.write_properties({ada: {"Lead.HasOptedOutOfEmail": "true"}})

    for value in ("false", ""):
        replies = stage.crm.write_properties({ada: {"HasOptedOutOfEmail": value, SCORE: "7"}})

        assert states(replies) == {ada: ReplyState.REFUSED}
    assert stage.held(ada)["HasOptedOutOfEmail"] is True


# --- campaigns --------------------------------------------------------------------------------------------------


def test_a_campaign_is_made_when_it_is_missing_and_holds_whom_we_put_in(stage: SalesforceStage) -> None:
    people = stage.org.people
    ada, bob, cat = people.create_lead("a@example.com"), people.create_lead("b@example.com"), people.create_contact()
    stage.crm.write_membership(Membership(LIST, [bob, cat], []))

    for _ in range(2):
        replies = stage.crm.write_membership(Membership(LIST, [ada, cat], [bob]))

        assert states(replies) == dict.fromkeys((ada, cat, bob), ReplyState.DONE)
        assert stage.members(LIST) == {ada, cat}
    assert len(people.records("CampaignMember")) == 2


def test_who_is_nobody_is_refused_in_a_campaign_and_is_as_good_as_out_of_it(stage: SalesforceStage) -> None:
    ada = stage.org.people.create_lead("a@example.com")
    nobody = "00Q000000000000AAA"

    replies = stage.crm.write_membership(Membership(LIST, [ada, "77", nobody], ["78", nobody[:3] + "1" + nobody[4:]]))

    assert [reply.state.value for reply in replies.values()].count("refused") == 2
    assert replies["78"].state is replies[ada].state is ReplyState.DONE


def test_who_was_merged_away_is_refused_in_a_campaign_with_where_they_live_on(stage: SalesforceStage) -> None:
    people = stage.org.people
    loser, winner = (people.create_lead(f"{number}@example.com") for number in range(2))
    people.merge(winner, loser)

    replies = stage.crm.write_membership(Membership(LIST, [loser], []))

    assert states(replies) == {loser: ReplyState.REFUSED}
    assert f"lives on as the lead {winner}" in replies[loser].words


def test_taking_people_off_a_campaign_that_is_not_there_makes_none(stage: SalesforceStage) -> None:
    ada = stage.org.people.create_lead("a@example.com")

    assert states(stage.crm.write_membership(Membership(LIST, [], [ada]))) == {ada: ReplyState.DONE}
    assert stage.org.people.records("Campaign") == []


def test_a_user_who_may_make_no_campaigns_is_told_in_the_orgs_words(stage: SalesforceStage) -> None:
    stage.org.permissions_of(stage.org.integration_user).take_right("Campaign", Right.CREATE)
    ada = stage.org.people.create_lead("a@example.com")

    replies = stage.crm.write_membership(Membership(LIST, [ada], []))

    assert states(replies) == {ada: ReplyState.REFUSED}
    assert "Campaign" in replies[ada].words


# --- tasks and notes --------------------------------------------------------------------------------------------


def test_a_task_reaches_the_rep_with_its_day_and_its_reminder(stage: SalesforceStage) -> None:
    ada = stage.org.people.create_lead("ada@example.com")
    late = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)  # the 24th in Rome, where the org is at home
    act = call(stage, task_due_at=late, body="<p>Score <b>82</b></p><ul><li>opened</li></ul>")

    replies = stage.crm.write_acts(ChangeKind.TASK, {"L1|hot:1": (ada, act)})

    (made,) = stage.tasks(ada)
    assert states(replies) == {"L1|hot:1": ReplyState.DONE}
    assert replies["L1|hot:1"].remote_id == made["Id"]
    assert (made["Subject"], made["OwnerId"], made["Priority"]) == ("Call Ada: score 82", stage.owner, "High")
    assert made["Description"] == "Score 82\n\n- opened"
    assert date.fromisoformat(made["ActivityDate"]) == date(2026, 11, 24)
    assert made["IsReminderSet"] is True
    assert made["ReminderDateTime"].startswith("2026-11-23T09:00:00")
    assert made["Status"] == "Not Started"


def test_a_note_is_a_task_that_is_done(stage: SalesforceStage) -> None:
    ada = stage.org.people.create_contact("ada@example.com")
    act = call(stage, kind=ChangeKind.NOTE, subject="", body="<b>Goal met</b><p>Score 82</p>")

    stage.crm.write_acts(ChangeKind.NOTE, {"L1|met:1": (ada, act)})

    (made,) = stage.tasks(ada)
    assert (made["Subject"], made["Status"]) == ("Goal met", "Completed")
    assert made["Description"] == "Goal met\nScore 82"


def test_a_task_is_made_once_whatever_answer_was_lost(stage: SalesforceStage) -> None:
    ada = stage.org.people.create_lead("ada@example.com")
    acts = {f"L1|hot:{number}": (ada, call(stage)) for number in range(3)}
    stage.crm.account()
    stage.platform.faults.add(Fault(ApiFault.DROPPED_AFTER, times=1, path="*/composite/sobjects/Task/*"))
    with pytest.raises(RetryableCrmError):
        stage.crm.write_acts(ChangeKind.TASK, acts)

    replies = stage.crm.write_acts(ChangeKind.TASK, acts)

    assert set(states(replies).values()) == {ReplyState.DONE}
    assert len(stage.tasks(ada)) == 3


def test_what_the_rep_did_to_a_task_stays(stage: SalesforceStage) -> None:
    people = stage.org.people
    ada = people.create_lead("ada@example.com")
    acts = {f"L1|hot:{number}": (ada, call(stage)) for number in range(2)}
    first = stage.crm.write_acts(ChangeKind.TASK, acts)
    people.change(first["L1|hot:0"].remote_id, Subject="Done already", Status="Completed")
    people.delete(first["L1|hot:1"].remote_id)

    again = stage.crm.write_acts(ChangeKind.TASK, acts)

    assert {key: reply.remote_id for key, reply in again.items()} == {
        key: reply.remote_id for key, reply in first.items()
    }
    assert [made["Subject"] for made in stage.tasks(ada)] == ["Done already"]


def test_a_task_for_nobody_or_by_nobody_is_refused_and_the_others_are_made(stage: SalesforceStage) -> None:
    ada = stage.org.people.create_lead("ada@example.com")
    queue = stage.org.people.add_queue("Inbound")
    acts = {
        "a": (ada, call(stage)),
        "b": ("77", call(stage)),
        "c": (ada, call(stage, owner="424242")),
        "d": (ada, call(stage, owner=queue)),
        "e": ("00Q000000000000AAA", call(stage)),
    }

    replies = stage.crm.write_acts(ChangeKind.TASK, acts)

    assert [reply.state.value for _, reply in sorted(replies.items())] == [
        "done",
        "refused",
        "refused",
        "done",
        "refused",
    ]
    assert {made["OwnerId"] for made in stage.tasks(ada)} == {stage.owner, stage.org.integration_user}


def test_a_task_for_a_lead_that_was_converted_meanwhile_reaches_its_contact(stage: SalesforceStage) -> None:
    people = stage.org.people
    lead, loser, winner = (people.create_lead(f"{number}@example.com") for number in range(3))
    became = people.convert(lead)
    people.merge(winner, loser)
    acts = {"a": (lead, call(stage)), "b": (loser, call(stage))}

    for _ in range(2):
        replies = stage.crm.write_acts(ChangeKind.TASK, acts)

        assert states(replies) == {"a": ReplyState.DONE, "b": ReplyState.DONE}
        assert [len(stage.tasks(one)) for one in (became.contact_id, winner, lead, loser)] == [1, 1, 0, 0]


# --- opportunities ----------------------------------------------------------------------------------------------


def test_opportunities_belong_to_the_contacts_with_a_role_in_them(stage: SalesforceStage) -> None:
    people = stage.org.people
    ada, cat, lead = (
        people.create_contact("a@example.com"),
        people.create_contact("c@example.com"),
        people.create_lead(),
    )
    deal, lonely = people.create_opportunity([cat, ada], Amount=1200), people.create_opportunity()

    deals = stage.crm.fetch_deals([deal, lonely], ["Opportunity.Amount", "Opportunity.StageName"])

    assert deals[deal].properties == {"Opportunity.Amount": "1200", "Opportunity.StageName": "Prospecting"}
    assert stage.crm.fetch_people_of([deal, lonely]) == {deal: [cat, ada]}
    assert stage.crm.fetch_deals_of([ada, cat, lead]) == {ada: [deal], cat: [deal]}


def test_roles_out_of_sight_do_not_look_like_deals_without_people(stage: SalesforceStage) -> None:
    deal = stage.org.people.create_opportunity()
    stage.org.permissions_of(stage.org.integration_user).take_right("OpportunityContactRole", Right.READ)

    with pytest.raises(UnreadableReplyError):
        stage.crm.fetch_people_of([deal])


# --- trouble ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", [ApiFault.STATUS, ApiFault.STATUS_AFTER, ApiFault.DROPPED_BEFORE, ApiFault.DROPPED_AFTER]
)
def test_trouble_is_told_as_such_and_passes(stage: SalesforceStage, kind: ApiFault) -> None:
    ada = stage.org.people.create_lead("ada@example.com")
    stage.crm.prepare([SCORE_WISH])
    stage.fault(kind, status=503)
    with pytest.raises(RetryableCrmError):
        stage.crm.write_properties({ada: {SCORE: "7"}})

    assert states(stage.crm.write_properties({ada: {SCORE: "7"}})) == {ada: ReplyState.DONE}


def test_an_empty_pool_is_waited_for_and_its_last_is_never_taken(stage: SalesforceStage) -> None:
    stage.org.pool.maximum = 100
    stage.crm.account()
    stage.org.pool.use(stage.platform.clock.now(), 94)
    stage.crm.account()

    with pytest.raises(RateLimitedError) as caught:
        stage.crm.account()

    assert caught.value.retry_at == stage.crm.calls_allowed_at(NOW) == NOW + timedelta(minutes=15)
    assert stage.org.pool.used(stage.platform.clock.now()) < 100
