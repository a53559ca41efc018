"""All records of an account, and what changed: how far it came is kept, and what goes wrong stops nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from connector.errors import CredentialsError, CrmUnavailableError, StoreUnavailableError
from connector.ports import CensusState, Changed, ChangePage, CrmRecord, EventKind, RecordPage
from connector.store.censuses import StoredCensuses
from tests.builders import after
from tests.office import CONNECTION, FakeCrm, Office, clicking_book, event, sqlite_url

QUARTER = timedelta(minutes=15)


@dataclass
class FakeCensus:
    """Pages of two, of the records of a CRM in memory."""

    crm: FakeCrm
    object_types: Sequence[str] = ("contact",)
    gone: list[str] = field(default_factory=list)
    #: Raised by the next calls, one each.
    faults: list[Exception] = field(default_factory=list)
    #: What was asked for: from when, or nothing where all were asked for.
    asked: list[datetime | None] = field(default_factory=list)

    def fetch_all(self, object_type: str, properties: Sequence[str], place: str) -> RecordPage:
        self._answer(None)
        ids, begin = sorted(self.crm.records), int(place or 0)
        records = [
            CrmRecord(one, self.crm.records[one], read_as_of=self.crm.changed_at[one]) for one in ids[begin : begin + 2]
        ]
        is_last = begin + 2 >= len(ids)
        return RecordPage(records, "" if is_last else str(begin + 2), is_last, len(ids))

    def fetch_changed(self, object_type: str, since: datetime, until: datetime, place: str) -> ChangePage:
        self._answer(since)
        changed = [Changed(one, at) for one, at in self.crm.changed_at.items() if since <= at <= until]
        return ChangePage([*changed, *(Changed(one, until, is_gone=True) for one in self.gone)], "", is_last=True)

    def _answer(self, since: datetime | None) -> None:
        self.asked.append(since)
        if self.faults:
            raise self.faults.pop(0)


@pytest.fixture
def crm() -> FakeCrm:
    crm = FakeCrm()
    for number in range(5):
        crm.records[str(number)] = {"email": f"{number}@example.com"}
        crm.changed_at[str(number)] = after(minutes=-60)
    crm.census = FakeCensus(crm)
    return crm


@pytest.fixture
def office(tmp_path: Path, crm: FakeCrm) -> Iterator[Office]:
    office = Office(sqlite_url(tmp_path), clicking_book("v1"), crm=crm).open()
    yield office
    office.close()


def taker(office: Office) -> FakeCensus:
    assert isinstance(office.crm.census, FakeCensus)
    return office.crm.census


def state(office: Office) -> CensusState:
    with office.store.reading() as transaction:
        (found,) = transaction.censuses.of(CONNECTION.id)
    return found


def amount(office: Office) -> int:
    return office.store.read_models.health(office.clock.now()).leads


def test_all_records_become_leads_that_are_read_already(office: Office) -> None:
    office.work()

    assert amount(office) == 5
    assert office.lead("3").lead.fields["email"] == "3@example.com"
    assert [name for name, _ in office.crm.calls if name == "fetch_records"] == []
    assert (state(office).is_filled, state(office).read, state(office).total) == (True, 5, 5)


def test_what_is_counted_tells_how_many_came(office: Office) -> None:
    office.work()

    counts = office.counts()
    assert (counts["census.leads"], counts["census.pages"]) == (5, 4)


def test_a_record_that_is_known_is_left_as_it_is(office: Office) -> None:
    office.receive(event(EventKind.HINTED, "1", at=after(minutes=-60)))

    office.work()

    lead = office.lead("1")
    facts = office.store.read_models.facts(lead.workspace, lead.id)
    assert [fact.name for fact in facts] == ["baseline"]
    assert amount(office) == 5


def test_a_call_that_fails_is_made_again_and_loses_no_page(office: Office) -> None:
    office.calls.run_once()
    taker(office).faults = [CrmUnavailableError("later", operation="query")]

    office.work()
    office.let_pass(timedelta(minutes=1))

    assert (amount(office), state(office).read, state(office).problem) == (5, 5, "")


def test_a_page_is_taken_in_as_a_whole_or_not_at_all(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def fall(*_: object) -> None:
        raise StoreUnavailableError("the power went")

    with monkeypatch.context() as patched:
        patched.setattr(StoredCensuses, "save", fall)
        with pytest.raises(StoreUnavailableError):
            office.calls.run_once()
    before = amount(office)

    office.work()

    assert (before, amount(office), state(office).read) == (0, 5, 5)


def test_what_an_account_refuses_is_kept_for_people_and_tried_again_after_an_hour(office: Office) -> None:
    taker(office).faults = [RuntimeError("Lead is out of sight")]
    office.work()
    problem, before = state(office).problem, amount(office)

    office.let_pass(timedelta(minutes=61))

    assert (problem, before) == ("Lead is out of sight", 0)
    assert (amount(office), state(office).problem) == (5, "")


def test_a_token_that_is_not_taken_pauses_the_account(office: Office) -> None:
    taker(office).faults = [CredentialsError("expired", operation="query")]

    office.work()

    with office.store.reading() as transaction:
        assert [one.paused_because for one in transaction.connections.all()] == ["expired"]


def test_what_changed_is_asked_for_every_quarter_of_an_hour_from_a_while_before(office: Office) -> None:
    office.work()
    taker(office).asked.clear()

    office.let_pass(QUARTER).let_pass(QUARTER)

    first, second = taker(office).asked
    assert first is not None
    assert second is not None
    assert second - first == QUARTER
    assert state(office).complete_to - second >= QUARTER


def test_who_changed_is_read_and_who_is_gone_is_archived(office: Office) -> None:
    office.work()
    office.crm.records["1"]["email"] = "new@example.com"
    office.crm.records["9"] = {"email": "9@example.com"}
    office.crm.changed_at |= {"1": after(minutes=5), "9": after(minutes=5)}
    office.crm.archived.add("2")
    taker(office).gone = ["2", "never heard of"]

    office.let_pass(QUARTER)

    assert office.lead("1").lead.fields["email"] == "new@example.com"
    assert office.lead("9").lead.fields["email"] == "9@example.com"
    assert str(office.lead("2").lead.standing) == "archived"
    assert amount(office) == 6


def test_to_look_again_asks_at_once_from_the_moment_that_was_named(office: Office) -> None:
    office.work()
    office.let_pass(QUARTER)
    taker(office).asked.clear()
    since = after(minutes=-90)
    with office.store.transaction() as transaction:
        transaction.censuses.look_again(CONNECTION.id, since, office.clock.now())

    office.work()

    (asked,) = taker(office).asked
    assert asked is not None
    assert asked <= since


def test_what_a_stream_missed_is_asked_for_at_once(office: Office) -> None:
    office.work()
    office.let_pass(QUARTER)
    taker(office).asked.clear()
    since = after(minutes=-90)
    with office.store.transaction() as transaction:
        transaction.streams.miss(CONNECTION.id, {"contact": since, "deal": since})

    office.work()

    (asked,) = taker(office).asked
    with office.store.reading() as transaction:
        left = transaction.streams.missed(CONNECTION.id)
    assert asked is not None
    assert asked <= since
    assert left == {}  # nothing here looks at deals, so nobody misses any


def test_an_account_that_cannot_be_asked_is_not_asked(office: Office) -> None:
    office.crm.census = None

    office.work()

    assert amount(office) == 0
