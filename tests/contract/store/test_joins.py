"""Leads of one address become one lead, and whoever comes at the same moment is not missed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from connector.domain.fact import Fact, FactKind, RecordName
from connector.domain.lead import blank
from connector.domain.outward.change import ChangeState
from connector.errors import LostClaimError
from connector.ports import SavedLead, StoredLead
from tests.builders import START, after
from tests.contract.store.conftest import Place
from tests.contract.store.scene import ACME, BOOK, Scene, fact, judged, lead_of, ref, task, told, wants

PATIENCE = 60
EMAIL = "mara@example.com"
A, B = sorted(lead_of(one) for one in "12")
FIRST, SECOND = sorted("12", key=lead_of)


def baseline(record_id: str, minutes: int = 0) -> Fact:
    key = f"baseline:{ref(record_id)}"
    return Fact(key, after(minutes=minutes), FactKind.RECORD, RecordName.BASELINE, "hubspot")


def by_address(stored: StoredLead) -> SavedLead:
    """It came by the address."""
    found = judged(stored, email=EMAIL, desired=wants({"score": "5"}, "Hot"), acts=[task("call")], history=[told()])
    return SavedLead(found.stored, found.lead, found.history, found.acts, EMAIL, may_have_doubles=True)


@pytest.fixture
def scene(scene: Scene) -> Scene:
    """Two leads with one address."""
    scene.meet("1", "2")
    for record_id in "12":
        scene.mail(lead_of(record_id), baseline(record_id, minutes=int(record_id)))
    scene.judge(by_address)
    return scene


def join(scene: Scene) -> None:
    with scene.store.transaction() as transaction:
        assert transaction.leads.join(ACME, [A, B], START) == A


def waiting(scene: Scene) -> list[str]:
    with scene.store.reading() as transaction:
        return [one.email for one in transaction.doubles.waiting(10)]


def test_an_address_is_looked_at_once_for_each_lead_that_came_by_it(scene: Scene) -> None:
    assert waiting(scene) == [EMAIL, EMAIL]

    with scene.store.transaction() as transaction:
        transaction.doubles.settle([one.id for one in transaction.doubles.waiting(1)])

    assert waiting(scene) == [EMAIL]


def test_those_who_have_an_address_are_found_with_their_records(scene: Scene) -> None:
    with scene.store.transaction() as transaction:
        assert transaction.leads.shared_emails(ACME, [EMAIL, "ana@example.com", ""]) == {EMAIL}
        assert transaction.leads.with_email(ACME, EMAIL) == {A: 1, B: 1}
        assert transaction.leads.with_email(ACME, "") == {}


def test_one_lead_has_the_facts_and_records_of_both_and_knows_why(scene: Scene) -> None:
    join(scene)

    (stored,) = scene.judge()
    assert stored.lead == blank(A, BOOK)
    (why,) = (one for one in stored.unread if one.kind is FactKind.MERGED)
    assert (why.name, why.at, why.data) == (str(ref(SECOND)), after(minutes=int(SECOND)), {"because": "same email"})
    assert len(stored.unread) == 3
    with scene.store.reading() as transaction:
        assert transaction.leads.find(ACME, [ref("1"), ref("2")]) == {ref("1"): A, ref("2"): A}
        assert transaction.leads.merged_away(ACME, [ref("1"), ref("2")]) == frozenset()
    assert scene.store.read_models.lead(ACME, B) is None


def test_both_records_are_written_to_and_what_they_hold_is_still_known(scene: Scene) -> None:
    scene.dispatch()
    join(scene)

    scene.judge(lambda stored: judged(stored, desired=wants({"score": "7"}), acts=[task("call")]))

    due = scene.due()
    assert sorted((one.record_id, one.key, dict(one.to_write)) for one in due) == [
        ("1", "", {"score": "7"}),
        ("1", "Hot", {"member": "false"}),
        ("2", "", {"score": "7"}),
        ("2", "Hot", {"member": "false"}),
    ]


def test_an_act_of_both_leaves_once(scene: Scene) -> None:
    scene.dispatch()
    join(scene)

    scene.judge(lambda stored: judged(stored, acts=[task("call")]))

    acts = [one for one in scene.changes(A) if one.act]
    assert [one.state for one in acts] == [ChangeState.DONE]


def test_a_second_join_changes_nothing(scene: Scene) -> None:
    join(scene)
    scene.judge(lambda stored: judged(stored, email=EMAIL))

    with scene.store.transaction() as transaction:
        transaction.leads.join(ACME, [A], START)
        transaction.leads.tell_joined(ACME, [A], START)

    assert scene.judge() == []


def test_a_lead_that_is_gone_is_not_joined(scene: Scene) -> None:
    join(scene)

    with pytest.raises(LostClaimError), scene.store.transaction() as transaction:
        transaction.leads.join(ACME, [A, B], START)


def test_a_joined_lead_one_of_whose_records_goes_is_told_of_those_that_are_left(scene: Scene) -> None:
    join(scene)
    scene.meet("3")
    scene.mail(lead_of("3"), baseline("3", minutes=3))

    with scene.store.transaction() as transaction:
        remaining = transaction.leads.merge(ACME, ref("3"), [ref(FIRST), ref("3")], START)

    assert remaining == min(lead_of(SECOND), lead_of("3"))
    names = [one.name for one in scene.store.read_models.facts(ACME, remaining) if one.kind is FactKind.MERGED]
    assert names == [str(ref(one)) for one in (SECOND, "3") if lead_of(one) != remaining]


def test_whose_address_is_forgotten_is_not_looked_for(scene: Scene) -> None:
    with scene.store.transaction() as transaction:
        transaction.leads.erase(ACME, ref("1"), START)

    assert waiting(scene) == []


def test_a_lead_that_is_judged_while_it_is_joined_is_judged_anew(scene: Scene) -> None:
    scene.mail(B, fact("news"))
    claim = scene.store.claim_leads(START, 10)
    with claim as held, ThreadPoolExecutor(1) as pool:
        joined = pool.submit(join, scene)
        try:
            held.save([judged(stored) for stored in held.leads], {})
        except LostClaimError:  # on SQLite nothing is held, and the join may be the faster one
            pass
        joined.result(PATIENCE)

    (stored,) = scene.judge()
    assert stored.lead.id == A
    assert "news" in {one.key for one in stored.unread}


def test_of_two_saved_at_the_same_moment_the_later_row_finds_both(place: Place) -> None:
    scene = Scene(place.open()).connected().meet("1", "2")
    other = Scene(place.open())
    scene.mail(lead_of("1"), fact("a"))
    scene.judge(by_address)
    with scene.store.reading() as transaction:
        (first,) = transaction.doubles.waiting(10)
    other.mail(lead_of("2"), fact("b"))
    other.judge(by_address)

    with scene.store.transaction() as transaction:
        transaction.doubles.settle([first.id])

    with scene.store.transaction() as transaction:
        assert [one.email for one in transaction.doubles.waiting(10)] == [EMAIL]
        assert len(transaction.leads.with_email(ACME, EMAIL)) == 2
