"""A record is read again for what happened after it was read, and not for what it was read as of."""

from __future__ import annotations

from datetime import timedelta

from connector.ports import SigningKey
from connector.store.store import DatabaseStore
from tests.builders import START, after
from tests.contract.store.scene import ACME, CONNECTION, Scene, ref

LATER = START + timedelta(hours=1)


def waiting(store: DatabaseStore) -> list[str]:
    with store.reading() as transaction:
        return sorted(one.ref.record_id for one in transaction.leads.unread(CONNECTION, LATER, 10))


def test_what_was_never_read_as_of_a_moment_is_read_for_every_hint(store: DatabaseStore) -> None:
    Scene(store).connected().meet("1")

    with store.transaction() as transaction:
        amount = transaction.leads.read_since(ACME, {ref("1"): after(days=-9), ref("unknown"): START}, LATER)

    assert (amount, waiting(store)) == (1, ["1"])


def test_only_what_happened_after_it_is_read_again(store: DatabaseStore) -> None:
    Scene(store).connected().meet("1", "2", "3")

    with store.transaction() as transaction:
        transaction.leads.set_read(ACME, {ref(id_): START for id_ in "123"} | {ref("unknown"): START}, START)
        hints = {ref("1"): START, ref("2"): after(ms=-1), ref("3"): after(ms=1)}
        amount = transaction.leads.read_since(ACME, hints, LATER)

    assert (amount, waiting(store)) == (1, ["3"])


def test_a_lead_with_two_records_waits_once(store: DatabaseStore) -> None:
    scene = Scene(store).connected().meet("1", "2")
    with store.transaction() as transaction:
        transaction.leads.merge(ACME, ref("1"), [ref("1"), ref("2")], START)

        amount = transaction.leads.read_since(ACME, {ref("1"): START, ref("2"): START}, LATER)

    assert scene is not None
    assert (amount, waiting(store)) == (1, ["1"])


def key(id_: str, account: str = "00D1", *, minutes: int = 0) -> SigningKey:
    return SigningKey(id_, "salesforce", account, f"secret of {id_}", after(minutes=minutes))


def test_an_account_has_the_keys_that_were_added_and_not_removed(store: DatabaseStore) -> None:
    with store.transaction() as transaction:
        for one in (key("b", minutes=2), key("a", minutes=1), key("c", "00D2"), key("d", minutes=3)):
            transaction.signing_keys.add(one)
        removed = [transaction.signing_keys.remove(id_) for id_ in ("d", "d", "unknown")]

    with store.reading() as transaction:
        found = transaction.signing_keys.of("salesforce", "00D1")
        others = [transaction.signing_keys.of(*names) for names in (("hubspot", "00D1"), ("salesforce", "00D3"))]
        listed = transaction.signing_keys.all()
    assert removed == [True, False, False]
    assert found == [key("a", minutes=1), key("b", minutes=2)]
    assert others == [[], []]
    assert [(one.account, one.id, one.secret) for one in listed] == [
        ("00D1", "a", ""),
        ("00D1", "b", ""),
        ("00D2", "c", ""),
    ]


def test_a_secret_is_in_no_text_of_ours(store: DatabaseStore) -> None:
    with store.transaction() as transaction:
        transaction.signing_keys.add(key("a"))

    with store.reading() as transaction:
        assert "secret of" not in repr(transaction.signing_keys.of("salesforce", "00D1"))
