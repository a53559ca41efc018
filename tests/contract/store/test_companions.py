"""Companions wait to be read, are remembered, and are forgotten with their person."""

from __future__ import annotations

from datetime import timedelta

from connector.domain.ids import CrmRef
from connector.ports import InvitationState, KeptInvitation, KnownCompanion
from connector.store.store import DatabaseStore
from tests.builders import START, after
from tests.contract.store.scene import ACCOUNT, ACME, CONNECTION, CRM, Scene, ref

LATER = START + timedelta(hours=1)


def member(record_id: str, account: str = ACCOUNT) -> CrmRef:
    return CrmRef(CRM, account, "member", record_id)


def known(person: str = "1", status: str = "Sent", *, minutes: int = 0) -> KnownCompanion:
    return KnownCompanion(ref(person), status, is_done=False, deal="", as_of=after(minutes=minutes))


def waiting(store: DatabaseStore, limit: int = 10) -> list[str]:
    with store.reading() as transaction:
        return [one.record_id for one in transaction.companions.unread(CONNECTION, LATER, limit)]


def test_what_is_heard_of_waits_until_it_is_read_and_is_remembered_then(store: DatabaseStore) -> None:
    with store.transaction() as transaction:
        amount = transaction.companions.hear(ACME, {member("a"): START, member("b", "another"): START}, START)
    before = waiting(store)

    with store.transaction() as transaction:
        transaction.companions.remember(ACME, {member("a"): known()}, START)

    with store.reading() as transaction:
        found = transaction.companions.known(ACME, [member("a"), member("b", "another"), member("c")])
    assert (amount, before, waiting(store)) == (2, ["a"], [])
    assert found == {member("a"): known()}


def test_only_what_changed_since_it_was_read_waits_again(store: DatabaseStore) -> None:
    with store.transaction() as transaction:
        transaction.companions.remember(ACME, {member(id_): known() for id_ in "abc"}, START)
        changed = {member("a"): START, member("b"): after(ms=-1), member("c"): after(ms=1)}
        amount = transaction.companions.hear(ACME, changed, LATER)

    assert (amount, waiting(store)) == (1, ["c"])


def test_a_wish_that_is_younger_than_the_reading_stays(store: DatabaseStore) -> None:
    with store.transaction() as transaction:
        transaction.companions.hear(ACME, {member("a"): START, member("b"): START, member("c"): START}, LATER)
        transaction.companions.remember(ACME, {member("a"): known()}, START)
        transaction.companions.drop(ACME, [member("b")], START)
        transaction.companions.postpone(ACME, [member("c")], LATER + timedelta(days=1), START)

    assert waiting(store) == ["a", "b", "c"]


def test_what_is_dropped_or_postponed_does_not_wait(store: DatabaseStore) -> None:
    with store.transaction() as transaction:
        transaction.companions.hear(ACME, {member(id_): START for id_ in "abc"}, START)
        transaction.companions.drop(ACME, [member("a")], START)
        transaction.companions.postpone(ACME, [member("b")], LATER + timedelta(days=1), START)

    assert waiting(store) == ["c"]


def test_who_is_met_is_remembered_only_where_nothing_is_known_or_heard(store: DatabaseStore) -> None:
    with store.transaction() as transaction:
        transaction.companions.remember(ACME, {member("a"): known(status="Responded")}, START)
        transaction.companions.hear(ACME, {member("b"): START}, START)
        transaction.companions.meet(ACME, {member(id_): known() for id_ in "abc"})

        found = transaction.companions.known(ACME, [member(id_) for id_ in "abc"])

    assert {one.record_id: kept.status for one, kept in found.items()} == {"a": "Responded", "c": "Sent"}
    assert waiting(store) == ["b"]


def test_what_is_remembered_is_forgotten_with_its_person(store: DatabaseStore) -> None:
    Scene(store).connected().meet("1", "2")
    with store.transaction() as transaction:
        transaction.companions.remember(ACME, {member("a"): known("1"), member("b"): known("2")}, START)

        transaction.leads.erase(ACME, ref("1"), LATER)

        assert list(transaction.companions.known(ACME, [member("a"), member("b")])) == [member("b")]


# --- invitations --------------------------------------------------------------------------------------------


def test_an_invitation_is_answered_once_and_in_time(store: DatabaseStore) -> None:
    with store.transaction() as transaction:
        transaction.invitations.add(KeptInvitation("k1", "salesforce", LATER))
        transaction.invitations.add(KeptInvitation("k2", "salesforce", LATER))

        answers = [
            transaction.invitations.answer(key, "code=1", at)
            for key, at in (("k1", START), ("k1", START), ("k2", LATER), ("unknown", START))
        ]
        transaction.invitations.close("k1", InvitationState.CONNECTED, "It is.")

        assert answers == [True, False, False, False]
        found = transaction.invitations.find("k1")
        assert found == KeptInvitation("k1", "salesforce", LATER, InvitationState.CONNECTED, "", "It is.")


def test_an_invitation_is_forgotten_after_it_expired(store: DatabaseStore) -> None:
    with store.transaction() as transaction:
        transaction.invitations.add(KeptInvitation("k1", "salesforce", LATER))

        transaction.invitations.forget_before(LATER)
        before = transaction.invitations.find("k1")
        transaction.invitations.forget_before(LATER + timedelta(milliseconds=1))

        assert before is not None
        assert transaction.invitations.find("k1") is None


def test_who_is_forgotten_is_nobody_to_what_the_crm_still_holds(store: DatabaseStore) -> None:
    with store.transaction() as transaction:
        transaction.leads.erase(ACME, ref("1"), START)

    with store.transaction() as transaction:
        transaction.companions.remember(ACME, {member("a"): known("1"), member("b"): known("2")}, LATER)
        transaction.companions.meet(ACME, {member("c"): known("1")})

    with store.reading() as transaction:
        found = transaction.companions.known(ACME, [member(id_) for id_ in "abc"])
    assert {one.record_id: kept.person for one, kept in found.items()} == {"a": None, "b": ref("2"), "c": None}
