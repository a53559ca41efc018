"""Connect: a CRM account becomes one we listen and write to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from connector.domain.book import Book
from connector.ports import Connection, Crm, PropertyWish, Store


def connect(
    store: Store, open_crm: Callable[[Connection], Crm], book: Book, connection: Connection, now: datetime
) -> Sequence[PropertyWish]:
    """Try the credentials, create the properties that the book writes, and keep the connection.

    Returns the properties. A second run keeps newer credentials and creates what is missing; a paused connection goes
    on. Raises CredentialsError or RetryableCrmError, with nothing kept.
    """
    wishes = to_wishes(book, connection.crm)
    crm = open_crm(connection)
    crm.fetch_records(["1"], book.properties_to_read(connection.crm)[:1])
    crm.prepare(wishes)
    with store.transaction() as transaction:
        transaction.connections.save(connection, now)
    return wishes


def to_wishes(book: Book, crm: str) -> list[PropertyWish]:
    """The CRM properties that the book keeps up to date."""
    return [
        PropertyWish(rule.property, rule.label or rule.property, rule.type)
        for rule in book.definitions.write_back
        if rule.crm == crm
    ]
