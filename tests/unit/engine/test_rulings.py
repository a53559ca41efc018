"""What leads ask of the workspace is ruled on in turn, once, and comes back to them as a fact."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from connector.domain.book import Book
from connector.domain.fact import FactKind
from connector.domain.history import HistoryKind
from connector.domain.petition import Deferral, Parking, Petition, PetitionKind, Ruling, Verdict
from connector.engine.judging.rulings import Ruler, Rulings
from connector.errors import LostClaimError, StoreUnavailableError
from connector.ports import FiledPetition, SavedLead, Transaction
from tests.builders import after
from tests.office import ACME, Office, clicked, contact

Decide = Callable[[FiledPetition], Verdict]


def ruling_by(decide: Decide) -> Ruler:
    def rule(
        transaction: Transaction, book: Book, petitions: Sequence[FiledPetition], now: object
    ) -> Sequence[Verdict]:
        return [decide(one) for one in petitions]

    return rule


def numbered(one: FiledPetition) -> Verdict:
    return Ruling({"number": float(one.number)})


def rulings(office: Office, decide: Decide = numbered) -> Rulings:
    return Rulings(office.store, office.shelf, "w1", {PetitionKind.ASSIGNMENT: ruling_by(decide)})


def ask(office: Office, *record_ids: str, key: str = "hot:1") -> None:
    """These leads ask for a rep."""
    for record_id in record_ids:
        office.receive(clicked("a", record_id, at=office.clock.now())).take_in()
    with office.store.transaction() as transaction:
        transaction.leads.set_read(ACME, {contact(one): None for one in record_ids}, office.clock.now())
    now = office.clock.now()
    petition = Petition(key, PetitionKind.ASSIGNMENT, "hot", now, now)
    with office.store.claim_leads(now, 100) as claim:
        leads = [replace(one.lead, petitions={key: petition}, position=(1, now, 2, "x")) for one in claim.leads]
        claim.save([SavedLead(*both, (), ()) for both in zip(claim.leads, leads, strict=True)], {})


def given(office: Office, record_id: str) -> list[dict[str, object]]:
    """The rulings in the lead's mailbox."""
    facts = office.store.read_models.facts(ACME, office.lead(record_id).id)
    return [dict(one.data) for one in facts if one.kind is FactKind.RULING]


def test_every_petition_is_ruled_on_once_in_the_order_in_which_they_came_in(office: Office) -> None:
    for record_id in "312":
        ask(office, record_id)

    assert rulings(office).run_once(after()) == 3
    assert rulings(office).run_once(after()) == 0
    assert [given(office, one) for one in "312"] == [[{"number": 1.0}], [{"number": 2.0}], [{"number": 3.0}]]


def test_a_lead_is_woken_by_its_ruling(office: Office) -> None:
    ask(office, "1")
    assert office.advance().amount == 0

    rulings(office).run_once(after(minutes=1))

    assert office.store.next_wake_at() == after(minutes=1)


def test_a_ruling_that_nothing_asks_for_is_told_and_kept(office: Office) -> None:
    ask(office, "1")
    rulings(office).run_once(after(minutes=1))
    office.clock.moment = after(minutes=2)

    office.receive(clicked("late", "1", at=after(minutes=-1))).work()

    told = office.store.read_models.history(ACME, office.lead("1").id)
    assert [entry.subject for entry in told if entry.kind is HistoryKind.UNCLAIMED] == ["hot:1"]
    assert office.lead("1").lead.rulings == {"hot:1": {"number": 1.0}}


def test_what_cannot_be_given_yet_is_asked_for_again_then(office: Office) -> None:
    ask(office, "1")

    rulings(office, lambda _: Deferral(after(hours=1), "nobody works")).run_once(after())

    assert given(office, "1") == []
    assert office.store.next_wake_at() == after(hours=1)
    assert rulings(office).run_once(after(minutes=59)) == 0
    assert rulings(office).run_once(after(hours=1)) == 1


def test_what_was_parked_waits_for_a_person(office: Office) -> None:
    ask(office, "1")

    rulings(office, lambda _: Parking("too many")).run_once(after())

    assert office.store.next_wake_at() is None
    assert rulings(office).run_once(after(days=9)) == 0


def test_a_petition_over_which_we_stumble_is_left_for_a_while_and_stops_no_other(office: Office) -> None:
    for record_id in "12":
        ask(office, record_id)

    def stumble(one: FiledPetition) -> Verdict:
        if one.number == 1:
            raise RuntimeError("a defect")
        return numbered(one)

    ruling = rulings(office, stumble)
    while ruling.run_once(after()):
        pass

    assert [given(office, one) for one in "12"] == [[], [{"number": 2.0}]]
    assert rulings(office).run_once(after(minutes=15)) == 1
    assert given(office, "1") == [{"number": 1.0}]


def test_a_crash_before_the_end_repeats_nothing_and_loses_nothing(office: Office) -> None:
    ask(office, "1")

    def crash(one: FiledPetition) -> Verdict:
        raise StoreUnavailableError

    with pytest.raises(StoreUnavailableError):
        rulings(office, crash).run_once(after())
    rulings(office).run_once(after())

    assert given(office, "1") == [{"number": 1.0}]


def test_what_another_worker_was_faster_with_is_left_to_it(office: Office) -> None:
    ask(office, "1")

    def lose(one: FiledPetition) -> Verdict:
        raise LostClaimError

    assert rulings(office, lose).run_once(after()) == 0
    assert given(office, "1") == []


def test_while_another_worker_rules_nobody_else_does(office: Office) -> None:
    ask(office, "1")
    with office.store.transaction() as transaction:
        transaction.leases.take("rulings:acme", "w2", after() + timedelta(minutes=1), after())

    assert rulings(office).run_once(after()) == 0
    assert given(office, "1") == []
