"""What the rest of the store asks of a database, whichever it is: transactions, claims and the one hot path."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Engine

from connector.ports import NewDelivery
from connector.store.session import Session


class Hold(Protocol):
    """The database's way of keeping what was claimed from other workers, from reading to writing."""

    def reading(self) -> AbstractContextManager[Session]:
        """Read what is to be claimed."""
        ...

    def writing(self) -> AbstractContextManager[Session]:
        """Write what became of it; committed at the end."""
        ...


class Database(Protocol):
    """SQLite or PostgreSQL."""

    engine: Engine

    def keep(self, *deliveries: NewDelivery) -> None:
        """Insert and commit one delivery or more, as fast as the database can. Raises StoreUnavailableError."""
        ...

    def reading(self) -> AbstractContextManager[Session]:
        """A transaction that only reads."""
        ...

    def writing(self) -> AbstractContextManager[Session]:
        """A transaction that writes; committed at the end, rolled back on an error."""
        ...

    def claiming(self) -> AbstractContextManager[Hold]:
        """A claim: what is read in it and not written is let go at its end."""
        ...

    def migrating(self) -> AbstractContextManager[Session]:
        """A transaction in which nobody else migrates."""
        ...

    def load_ahead(self) -> None:
        """Word every statement now."""
        ...

    def wipe(self) -> None:
        """Leave nothing of what was deleted in the database's files, as far as that is in our hands."""
        ...

    def close(self) -> None:
        """Close every connection."""
        ...
