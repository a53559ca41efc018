from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from connector.domain.fact import RecordName
from connector.domain.history import HistoryKind
from connector.domain.lead import Standing
from connector.domain.outward.change import ChangeState
from connector.errors import CredentialsError, CrmUnavailableError, RateLimitedError, UnreadableReplyError
from connector.ports import ConnectionState, CrmRecord, EventKind
from tests.builders import after
from tests.office import ACME, FakeCrm, Office, changed, clicked, contact, event

MINUTE = timedelta(minutes=1)


#: A CRM's moment in whole seconds says what is so at the end of that second.
SECONDS_END = timedelta(milliseconds=999)


def names(office: Office, record_id: str = "51") -> list[str]:
    return [fact.name for fact in office.store.read_models.facts(ACME, office.lead(record_id).id)]


def test_a_lead_is_judged_only_after_its_record_was_read(office: Office) -> None:
    office.crm.records["51"] = {"email": "mara@example.com", "industry": "COMPUTER_SOFTWARE"}
    office.receive(clicked())
    office.take_in()

    assert office.advance().leads == 0
    office.work()

    assert office.lead().lead.fields == {"email": "mara@example.com", "industry": "software"}
    assert names(office) == [RecordName.BASELINE, RecordName.CHANGED]


def test_only_properties_with_a_meaning_are_read(office: Office) -> None:
    office.crm.records["51"] = {"email": "mara@example.com", "salary": "much"}
    office.receive(clicked()).work()

    (baseline, _) = office.store.read_models.facts(ACME, office.lead().id)
    assert "salary" not in baseline.data
    assert "email" in baseline.data


def test_many_leads_are_read_with_few_calls(office: Office) -> None:
    office.receive(*(clicked(record_id=f"{number}") for number in range(250))).work()

    reads = [about for name, about in office.crm.calls if name == "fetch_records"]
    assert sorted(map(len, reads)) == [50, 100, 100]


def test_a_record_that_is_gone_makes_an_archived_lead(office: Office) -> None:
    office.receive(clicked()).work()

    assert names(office) == [RecordName.BASELINE, RecordName.CHANGED, RecordName.ARCHIVED]
    assert office.lead().lead.standing is Standing.ARCHIVED
    assert office.counts()["hydrate.missing"] == 1


def test_a_lead_that_comes_back_is_nurtured_again(office: Office) -> None:
    office.receive(clicked()).work()
    office.crm.records["51"] = {}

    office.clock.moment = after(minutes=10)
    office.receive(event(EventKind.RESTORED, at=after(minutes=10))).work()

    assert office.lead().lead.standing is Standing.ACTIVE


def test_a_value_that_an_event_does_not_carry_is_read_without_holding_up_the_lead(office: Office) -> None:
    office.crm.records["51"] = {"industry": "retail"}
    office.receive(clicked()).work()
    office.crm.records["51"]["industry"] = "COMPUTER_SOFTWARE"

    office.clock.moment = after(minutes=5)
    office.receive(changed("industry", "", has_value=False, at=after(minutes=5)), clicked("x", at=after(minutes=5)))
    office.take_in()
    assert office.advance().leads == 1
    office.work()

    assert office.lead().lead.fields["industry"] == "software"
    assert RecordName.READ in names(office)
    assert office.counts()["hydrate.again"] == 1


def test_a_change_whose_value_is_withheld_acts_like_the_change_it_is(office: Office) -> None:
    office.crm.records["51"] = {"industry": "retail"}
    office.receive(clicked("first")).work()
    office.crm.records["51"]["hs_click"] = "offer"

    office.clock.moment = after(minutes=5)
    withheld = changed("hs_click", "", has_value=False, at=after(minutes=4))
    office.receive(withheld).work().receive(withheld).work()

    assert office.crm.records["51"]["coltiva_clicks"] == "20"
    history = office.store.read_models.history(ACME, office.lead().id)
    assert [entry.at for entry in history if entry.kind is HistoryKind.SIGNAL] == [after(), after(minutes=4)]


def test_a_withheld_change_of_a_record_never_heard_of_acts_once_it_was_read(office: Office) -> None:
    office.crm.records["51"] = {"hs_click": "offer"}

    office.receive(changed("hs_click", "", has_value=False)).work()

    assert office.crm.records["51"]["coltiva_clicks"] == "10"


def test_a_withheld_change_of_a_record_that_is_gone_says_nothing(office: Office) -> None:
    office.receive(changed("hs_click", "", has_value=False)).work()

    assert office.lead().lead.standing is Standing.ARCHIVED
    assert office.lead().lead.scores == {}


@pytest.mark.parametrize("failure", [CrmUnavailableError("502"), ZeroDivisionError("a defect in our adapter")])
def test_a_read_that_fails_is_tried_again_later_and_meanwhile_nobody_is_asked(
    office: Office, failure: Exception
) -> None:
    office.crm.records["51"] = {"industry": "retail"}
    office.crm.before = [failure]

    office.receive(clicked()).work()
    assert len(office.crm.calls) == 1
    office.let_pass(MINUTE)

    assert office.lead().lead.fields["industry"] == "retail"


def spoil(monkeypatch: pytest.MonkeyPatch, *spoilt: str) -> None:
    """The CRM refuses every batch in which one of these records is."""
    fetch = FakeCrm.fetch_records

    def refuse(crm: FakeCrm, record_ids: Sequence[str], properties: Sequence[str]) -> Mapping[str, CrmRecord]:
        records = fetch(crm, record_ids, properties)
        if not set(spoilt).isdisjoint(record_ids):
            raise UnreadableReplyError("400")
        return records

    monkeypatch.setattr(FakeCrm, "fetch_records", refuse)


@pytest.mark.parametrize("spoilt", ["0", "57", "99"])
def test_a_record_that_cannot_be_read_keeps_no_other_from_being_read(
    office: Office, monkeypatch: pytest.MonkeyPatch, spoilt: str
) -> None:
    ids = [f"{number}" for number in range(100)]
    office.crm.records.update({id_: {"industry": "retail"} for id_ in ids})
    spoil(monkeypatch, spoilt)

    office.receive(*(clicked(record_id=id_) for id_ in ids)).work().let_pass(timedelta(seconds=1))

    read = {id_ for id_ in ids if office.lead(id_).lead.fields}
    assert read == set(ids) - {spoilt}
    assert office.counts()["hydrate.spoilt"] >= 1
    assert office.store.read_models.health(office.clock.now()).leads_unread == 1


def test_a_record_that_cannot_be_read_is_tried_again_less_and_less_often(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.crm.records.update({id_: {"industry": "retail"} for id_ in "12"})
    with monkeypatch.context() as patch:
        spoil(patch, "1")
        office.receive(clicked(record_id="1"), clicked(record_id="2")).work()
        for _ in range(120):
            office.let_pass(timedelta(seconds=1))
    tries = office.counts()["hydrate.spoilt"]

    office.let_pass(timedelta(minutes=5))

    assert 3 <= tries <= 7
    assert office.lead("1").lead.fields["industry"] == "retail"


def test_an_account_of_which_nothing_can_be_read_is_left_alone_after_a_few_calls(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [f"{number}" for number in range(100)]
    office.crm.records.update({id_: {"industry": "retail"} for id_ in ids})
    with monkeypatch.context() as patch:
        spoil(patch, *ids)
        office.receive(*(clicked(record_id=id_) for id_ in ids)).work()
    calls = len(office.crm.calls)

    office.let_pass(MINUTE)

    assert calls <= 10
    assert office.counts()["hydrate.read"] == 100


def test_what_was_read_before_a_call_failed_is_kept(office: Office) -> None:
    office.crm.records.update({id_: {"industry": "retail"} for id_ in "1234"})
    office.crm.before = [UnreadableReplyError("400"), None, CrmUnavailableError("503")]

    office.receive(*(clicked(record_id=id_) for id_ in "1234")).take_in()
    office.calls.run_once()

    assert office.counts()["hydrate.read"] == 2


def test_the_crm_is_asked_again_when_it_said_to_come_back(office: Office) -> None:
    office.crm.records["51"] = {}
    office.crm.before = [RateLimitedError("429", retry_at=after(minutes=10))]
    office.receive(clicked()).work()

    office.let_pass(timedelta(minutes=9))
    assert len(office.crm.calls) == 1
    office.let_pass(MINUTE)

    assert len(office.crm.calls) > 1


def test_refused_credentials_pause_the_connection_and_lose_nothing(office: Office) -> None:
    office.crm.records["51"] = {}
    office.crm.before = [CredentialsError("the token was revoked")]
    office.receive(clicked()).work()

    with office.store.reading() as transaction:
        (connection,) = transaction.connections.all()
    assert (connection.state, connection.paused_because) == (ConnectionState.PAUSED, "the token was revoked")
    office.let_pass(MINUTE)
    assert len(office.crm.calls) == 1

    office.connect().work()

    assert office.outbox(ChangeState.DONE)
    assert names(office) == [RecordName.BASELINE, RecordName.CHANGED]


def test_a_record_is_read_again_after_a_merge(office: Office) -> None:
    office.crm.records["1"] = {"industry": "retail"}
    office.crm.records["3"] = {"industry": "COMPUTER_SOFTWARE"}
    office.receive(clicked("a", "1")).work()

    office.clock.moment = after(minutes=10)
    merged = event(EventKind.MERGED, "3", at=after(minutes=10), merged=(office.lead("1").refs[0],))
    office.receive(merged).work()

    assert office.lead("1").lead.fields["industry"] == "software"


def test_a_person_erased_while_being_read_stays_erased(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch = office.crm.fetch_records

    def fetch_slowly(crm: FakeCrm, record_ids: Sequence[str], properties: Sequence[str]) -> Mapping[str, CrmRecord]:
        office.receive(event(EventKind.ERASED)).take_in()
        return fetch(record_ids, properties)

    monkeypatch.setattr(FakeCrm, "fetch_records", fetch_slowly)
    office.crm.records["51"] = {"email": "mara@example.com"}

    office.receive(clicked()).work()

    assert office.store.read_models.lead(ACME, str(contact("51"))) is None
    assert office.counts().get("hydrate.read", 0) == 0


def test_what_a_record_has_said_since_a_moment_is_one_fact_of_that_moment_however_often_it_is_read(
    office: Office,
) -> None:
    office.crm.records["51"] = {"industry": "retail"}
    office.crm.changed_at["51"] = after(minutes=-20)
    office.receive(event(EventKind.HINTED, at=after(minutes=-20))).work()
    office.crm.records["51"]["industry"] = "COMPUTER_SOFTWARE"
    office.crm.changed_at["51"] = after(minutes=-5)

    for minutes in (-4, -3):
        office.receive(event(EventKind.HINTED, at=after(minutes=minutes))).work()

    facts = office.store.read_models.facts(ACME, office.lead().id)
    assert [(fact.name, fact.at) for fact in facts] == [
        (RecordName.BASELINE, after(minutes=-20) + SECONDS_END),
        (RecordName.READ, after(minutes=-5) + SECONDS_END),
    ]
    assert office.counts()["hydrate.again"] == 2


def test_a_moment_in_a_future_that_cannot_be_is_not_believed(office: Office) -> None:
    office.crm.records["51"] = {"industry": "retail"}
    office.crm.changed_at["51"] = after(days=1)

    office.receive(event(EventKind.HINTED)).work()

    (baseline,) = office.store.read_models.facts(ACME, office.lead().id)
    assert baseline.at == office.clock.now()


def test_what_changes_twice_within_a_second_is_read_when_the_second_is_over(office: Office) -> None:
    office.crm.records["51"] = {"industry": "retail"}
    office.crm.changed_at["51"] = after(minutes=-20)
    office.receive(event(EventKind.HINTED, at=after(minutes=-20))).work()

    office.crm.changed_at["51"] = office.clock.now()
    office.crm.records["51"]["industry"] = "COMPUTER_SOFTWARE"
    office.receive(event(EventKind.HINTED, at=office.clock.now())).work()
    office.crm.records["51"]["industry"] = "banking"  # a moment later, and with the same moment
    assert names(office) == [RecordName.BASELINE]
    office.let_pass(timedelta(seconds=2))

    assert office.lead().lead.fields["industry"] == "banking"
    assert names(office) == [RecordName.BASELINE, RecordName.READ]
