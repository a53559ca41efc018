from __future__ import annotations

import pytest

from connector.domain.book import Book
from connector.engine.judging.shelf import Shelf
from connector.errors import InvariantError, MappingError
from connector.ports import StoredBook
from tests.builders import START
from tests.office import ACME, Office


class Compiler:
    """Remembers what it was asked to compile."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.compiled: list[str] = []

    def __call__(self, stored: StoredBook):  # type: ignore[no-untyped-def]
        self.compiled.append(stored.version)
        return self.office.books["v1"]


def test_a_book_is_compiled_once(office: Office) -> None:
    compiler = Compiler(office)
    shelf = Shelf(office.store, compiler)

    for _ in range(3):
        shelf.of(ACME)("v1")
        with office.store.reading() as transaction:
            shelf.latest(transaction, ACME)

    assert compiler.compiled == ["v1"]


def test_what_applies_is_compiled_ahead(office: Office) -> None:
    compiler = Compiler(office)
    shelf = Shelf(office.store, compiler)

    shelf.stock()

    assert compiler.compiled == ["v1"]


def test_a_book_that_does_not_compile_keeps_nobody_from_beginning(office: Office) -> None:
    def refuse(stored: StoredBook) -> Book:
        raise MappingError("unreadable")

    shelf = Shelf(office.store, refuse)

    shelf.stock()

    with office.store.reading() as transaction, pytest.raises(MappingError):
        shelf.latest(transaction, ACME)


def test_a_version_that_was_never_applied_is_a_defect(office: Office) -> None:
    with pytest.raises(InvariantError, match="no mapping version 'v9'"):
        office.shelf.of(ACME)("v9")


def test_the_books_used_last_stay_at_hand(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector.engine.judging.shelf._KEPT", 2)
    with office.store.transaction() as transaction:
        for version in ("v2", "v3"):
            transaction.books.add(ACME, StoredBook(version, {}, START))
    compiler = Compiler(office)
    shelf = Shelf(office.store, compiler)

    for version in ("v1", "v2", "v1", "v3", "v1", "v2"):
        shelf.of(ACME)(version)

    assert compiler.compiled == ["v1", "v2", "v3", "v2"]
