"""Who was taken for one person and turns out to be two: each record takes along what it told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.domain.history import HistoryKind
from connector.domain.outward.change import ChangeKind, ChangeState
from connector.engine.inward.apart import keep_apart, let_join
from connector.engine.telling.replay import verify
from connector.engine.telling.timeline import tell
from connector.ports import EventKind
from tests.builders import after
from tests.office import ACME, clicked, event
from tests.two_crms import BothOffice, hint, ref

LEAD, OTHER = "00Q1", "00Q2"
ELSE = "ana@example.com"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[BothOffice]:
    office = BothOffice(tmp_path)
    yield office
    office.close()


def joined(office: BothOffice) -> BothOffice:
    """A contact that clicked twice, and a lead of the org with the same address: one person."""
    office.holds("51").holds(LEAD, **{"Lead.Industry": "machinery"})
    return office.receive(clicked(), clicked("b", at=after(minutes=1)), hint(LEAD)).work()


def moves(office: BothOffice, record_id: str, email: str = ELSE, since: int = 30) -> BothOffice:
    """A record of the org is given another address."""
    office.holds(record_id, email, since=since, **{"Lead.Industry": "machinery"})
    return office.receive(hint(record_id, since)).work()


def tasks(office: BothOffice) -> int:
    return sum(office.crm.made.values()) + sum(office.org.made.values())


def parted(office: BothOffice, record_id: str) -> list[str]:
    history = office.store.read_models.history(ACME, office.summary(record_id).id)
    return [tell(one) for one in history if one.kind is HistoryKind.PARTED]


# --- an address that is somebody else's ---------------------------------------------------------------------


def test_a_record_whose_address_becomes_another_persons_goes_over_to_that_one(office: BothOffice) -> None:
    joined(office).holds(OTHER, ELSE).receive(hint(OTHER)).work()
    assert office.summary("51").id == office.summary(LEAD).id != office.summary(OTHER).id

    moves(office, LEAD)

    assert office.summary(LEAD).id == office.summary(OTHER).id != office.summary("51").id
    assert (office.summary("51").email, office.summary(LEAD).email) == ("mara@example.com", ELSE)
    assert office.counts()["join.parted"] == 1


def test_each_has_what_its_own_records_told(office: BothOffice) -> None:
    joined(office).holds(OTHER, ELSE).receive(hint(OTHER)).work()

    moves(office, LEAD)

    assert office.summary("51").lead.fields.get("industry") is None
    assert office.summary(LEAD).lead.fields["industry"] == "machinery"
    assert (office.crm.records["51"]["coltiva_clicks"], office.org.records[LEAD]["coltiva_clicks"]) == ("20", "0")


def test_nothing_is_made_again(office: BothOffice) -> None:
    joined(office).holds(OTHER, ELSE).receive(hint(OTHER)).work()
    assert tasks(office) == 1

    moves(office, LEAD)
    office.receive(event(EventKind.CHANGED, "51", property="industry", value="software", at=after(minutes=40))).work()

    assert tasks(office) == 1


def test_what_the_one_was_sent_is_not_sent_to_the_other(office: BothOffice) -> None:
    """The clicks are the org's; the task had been made for the portal's contact."""
    joined(office).holds(OTHER, ELSE).receive(hint(OTHER)).work()
    moves(office, LEAD)

    kinds = {one.kind for one in office.outbox() if one.lead_id == office.summary(LEAD).id}

    assert ChangeKind.TASK in kinds
    assert office.org.made == {}


def test_both_are_told_why(office: BothOffice) -> None:
    joined(office).holds(OTHER, ELSE).receive(hint(OTHER)).work()

    moves(office, LEAD)

    (left,), (other,) = parted(office, "51"), parted(office, LEAD)
    assert left == f"{ref(LEAD)} is somebody else's: {ELSE} is somebody else's address"
    assert other.startswith(str(ref("51")))


def test_a_new_address_that_nobody_else_has_is_the_same_persons(office: BothOffice) -> None:
    joined(office)

    moves(office, LEAD)

    assert office.summary("51").id == office.summary(LEAD).id


def test_who_comes_to_have_that_address_afterwards_takes_the_record_over(office: BothOffice) -> None:
    moves(joined(office), LEAD)

    office.holds(OTHER, ELSE, since=50).receive(hint(OTHER, 50)).work()

    assert office.summary(LEAD).id == office.summary(OTHER).id != office.summary("51").id


def test_who_goes_back_to_the_former_address_is_that_person_again(office: BothOffice) -> None:
    joined(office).holds(OTHER, ELSE).receive(hint(OTHER)).work()
    moves(office, LEAD)

    moves(office, LEAD, "mara@example.com", since=45)

    assert office.summary(LEAD).id == office.summary("51").id != office.summary(OTHER).id
    assert office.summary("51").lead.fields["industry"] == "machinery"
    assert tasks(office) == 1


def test_each_is_replayed_to_the_byte(office: BothOffice) -> None:
    joined(office).holds(OTHER, ELSE).receive(hint(OTHER)).work()

    moves(office, LEAD)

    assert verify(office.store, office.shelf, ACME).differing == ()


# --- a person's word ----------------------------------------------------------------------------------------


def part(office: BothOffice, record_id: str) -> None:
    office.clock.moment = after(hours=2)
    keep_apart(office.store, ACME, office.summary(record_id).id, ref(record_id), office.clock.now())
    office.work()


def test_a_person_parts_two_who_have_one_address(office: BothOffice) -> None:
    part(joined(office), LEAD)

    assert office.summary("51").id != office.summary(LEAD).id
    assert {office.summary(one).email for one in ("51", LEAD)} == {"mara@example.com"}
    assert parted(office, "51") == [f"{ref(LEAD)} is somebody else's: a person said so"]


@pytest.mark.parametrize("record_id", ["51", LEAD])
def test_they_stay_apart_whatever_is_heard_of_them(office: BothOffice, record_id: str) -> None:
    part(joined(office), record_id)

    office.holds(OTHER).receive(hint(OTHER), clicked("c", at=after(minutes=90))).work()
    office.holds(LEAD, since=100).receive(hint(LEAD, 100)).work()

    assert office.summary("51").id != office.summary(LEAD).id
    assert tasks(office) == 1


def test_a_merge_over_there_makes_one_of_them_again(office: BothOffice) -> None:
    office.holds("51").holds("52").holds(LEAD).receive(clicked(), clicked("b", record_id="52"), hint(LEAD)).work()
    part(office, "52")

    office.receive(event(EventKind.MERGED, "51", merged=(ref("52"),), at=after(hours=3))).work()

    assert office.summary("51").id == office.summary("52").id


def test_who_takes_it_back_has_their_address_looked_at_again(office: BothOffice) -> None:
    part(joined(office), LEAD)

    assert let_join(office.store, ACME, ref(LEAD), office.clock.now())
    office.work()

    assert office.summary("51").id == office.summary(LEAD).id
    assert not let_join(office.store, ACME, ref(LEAD), office.clock.now())


def test_parting_twice_changes_nothing(office: BothOffice) -> None:
    part(joined(office), LEAD)
    before = [office.summary(one).lead for one in ("51", LEAD)]

    part(office, LEAD)

    assert [office.summary(one).lead for one in ("51", LEAD)] == before


def test_who_asks_to_be_forgotten_afterwards_is_forgotten_alone(office: BothOffice) -> None:
    part(joined(office), LEAD)

    office.receive(event(EventKind.ERASED, "51")).take_in()

    assert office.summary(LEAD).email == "mara@example.com"
    assert office.store.read_models.lead(ACME, str(ref("51"))) is None


def test_nothing_of_who_is_forgotten_stays_with_who_was_taken_for_the_same(office: BothOffice) -> None:
    """The task said whom to call, and it counts as made for the other one, too."""
    part(joined(office).work(), LEAD)
    moves(office, LEAD, since=150)

    office.receive(event(EventKind.ERASED, "51", at=after(hours=3))).work()

    kept = [row for row in office.outbox() if row.lead_id == office.summary(LEAD).id]
    assert [row.state for row in kept if row.kind is ChangeKind.TASK] == [ChangeState.DONE]
    assert not [row for row in kept if "mara" in str(row.act) or row.record_id == "51"]
    facts = office.store.read_models.facts(ACME, office.summary(LEAD).id)
    history = office.store.read_models.history(ACME, office.summary(LEAD).id)
    assert not [one for one in (*facts, *history) if str(ref("51")) in str(one)]
    assert tasks(office) == 1
    assert verify(office.store, office.shelf, ACME).differing == ()
