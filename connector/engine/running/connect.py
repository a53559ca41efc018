"""Connect: a CRM account becomes one we listen and write to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from connector.domain.book import Book
from connector.engine.judging.shelf import Shelf
from connector.engine.running.line import Failure, Line
from connector.errors import SetupError
from connector.log import get_logger
from connector.ports import Connection, Crm, PropertyWish, Store

log = get_logger()


def connect(
    store: Store, open_crm: Callable[[Connection], Crm], book: Book, connection: Connection, now: datetime
) -> Sequence[PropertyWish]:
    """Try the credentials, create the properties that the book writes, and keep the connection.

    Returns the properties. A second run keeps newer credentials and creates what is missing; a paused connection goes
    on. Raises CredentialsError or RetryableCrmError, and SetupError where the account feeds another workspace, with
    nothing kept.
    """
    _refuse_elsewhere(store, connection)
    wishes = to_wishes(book, connection.crm)
    crm = open_crm(connection)
    crm.check_access()
    crm.prepare(wishes)
    with store.transaction() as transaction:
        transaction.connections.save(connection, now)
    return wishes


def _refuse_elsewhere(store: Store, connection: Connection) -> None:
    """An account feeds one workspace: that one's leads would be heard of no more, and nobody would be told."""
    with store.reading() as transaction:
        known = transaction.connections.by_account(connection.crm, [connection.account]).get(connection.account)
    if known and known.workspace != connection.workspace:
        raise SetupError(
            f"{connection.crm} account {connection.account} is connected to workspace {known.workspace}, and the "
            f"mapping files say workspace: {connection.workspace}. Use the mapping files of {known.workspace}, or "
            "another database."
        )


def prepare(line: Line, shelf: Shelf) -> bool:
    """Create what a version of the book that this worker has not seen yet needs; whether writing may begin.

    What the account does not let us create is logged: the writes that need it become dead letters, others arrive.
    Raises CredentialsError.
    """
    with line.store.reading() as transaction:
        book = shelf.latest(transaction, line.connection.workspace)
    if line.prepared_for == book.version:
        return True
    if isinstance(line.call(lambda: _prepare(line, to_wishes(book, line.connection.crm))), Failure):
        return False
    line.prepared_for = book.version
    return True


def _prepare(line: Line, wishes: Sequence[PropertyWish]) -> None:
    try:
        line.crm.prepare(wishes)
    except SetupError as error:
        log.error("connection.unprepared", connection=line.connection.id, problem=str(error))


def to_wishes(book: Book, crm: str) -> list[PropertyWish]:
    """The CRM properties that the book keeps up to date."""
    return [
        PropertyWish(rule.property, rule.label or rule.property, rule.type)
        for rule in book.definitions.write_back
        if rule.crm == crm
    ]
