"""Books, counters and leases."""

from __future__ import annotations

from connector.domain.ids import WorkspaceId
from connector.ports import StoredBook
from connector.store.store import DatabaseStore
from tests.builders import START, after
from tests.contract.store.scene import ACME

V1 = StoredBook("v1", {"mapping.yaml": "workspace: acme\n"}, START)
V2 = StoredBook("v2", {"mapping.yaml": "workspace: acme\nfields: {}\n", "more.yaml": "é"}, after(days=1))


def add(store: DatabaseStore, *books: StoredBook) -> None:
    with store.transaction() as transaction:
        for book in books:
            transaction.books.add(ACME, book)


def versions(store: DatabaseStore) -> list[str]:
    with store.reading() as transaction:
        return [book.version for book in transaction.books.all(ACME)]


def latest(store: DatabaseStore) -> StoredBook | None:
    with store.reading() as transaction:
        return transaction.books.latest(ACME)


def take(store: DatabaseStore, holder: str, *, minutes: int, now: int = 0) -> bool:
    with store.transaction() as transaction:
        return transaction.leases.take("dispatch", holder, after(minutes=minutes), after(minutes=now))


def test_the_book_that_was_applied_last_applies(store: DatabaseStore) -> None:
    assert latest(store) is None

    add(store, V1, V2)

    assert latest(store) == V2
    assert versions(store) == ["v1", "v2"]


def test_an_earlier_version_that_is_applied_again_becomes_the_latest(store: DatabaseStore) -> None:
    add(store, V1, V2)

    add(store, V1)

    assert latest(store) == V1
    assert versions(store) == ["v2", "v1"]


def test_every_workspace_has_books_of_its_own(store: DatabaseStore) -> None:
    add(store, V1)

    with store.reading() as transaction:
        assert transaction.books.latest(WorkspaceId("beta")) is None


def test_counters_add_up(store: DatabaseStore) -> None:
    for amounts in ({"facts": 2, "echoes": 1}, {"facts": 3}, {}):
        with store.transaction() as transaction:
            transaction.counts.add(amounts)

    with store.reading() as transaction:
        assert transaction.counts.all() == {"echoes": 1, "facts": 5}


def test_a_lease_has_one_holder_who_may_renew_it(store: DatabaseStore) -> None:
    assert take(store, "a", minutes=1)

    assert not take(store, "b", minutes=1)
    assert take(store, "a", minutes=2)


def test_a_lease_that_ran_out_is_anybodys(store: DatabaseStore) -> None:
    take(store, "a", minutes=1)

    assert take(store, "b", minutes=2, now=1)
    assert not take(store, "a", minutes=2, now=1)


def test_a_lease_is_let_go_by_its_holder_alone(store: DatabaseStore) -> None:
    take(store, "a", minutes=1)

    with store.transaction() as transaction:
        transaction.leases.release("dispatch", "b")
        assert not transaction.leases.take("dispatch", "b", after(minutes=1), START)
        transaction.leases.release("dispatch", "a")
        assert transaction.leases.take("dispatch", "b", after(minutes=1), START)


def test_the_leases_that_are_held_are_shown_with_their_holders(store: DatabaseStore) -> None:
    take(store, "a", minutes=1)

    assert store.read_models.held_leases(START) == {"dispatch": "a"}
    assert store.read_models.held_leases(after(minutes=1)) == {}
