"""Bringing the schema up to date.

A process that finds it current never loads Alembic: that keeps the start of a worker short.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Text, column, inspect, select, table

from connector.errors import SetupError
from connector.store.database import Database
from connector.store.schema import VERSION

FOLDER = Path(__file__).parent / "migrations"
_TABLE = "alembic_version"
_VERSION = select(column("version_num", Text)).select_from(table(_TABLE))


def is_current(database: Database) -> bool:
    """Whether the schema is the one this code needs. Raises StoreUnavailableError."""
    with database.reading() as session:
        if not inspect(session.connection).has_table(_TABLE):
            return False
        return [row[0] for row in session.rows(_VERSION)] == [VERSION]


def migrate(database: Database) -> None:
    """Run the migrations that are missing, in one transaction. A second run changes nothing.

    Raises SetupError for a database that a newer version has worked on.
    """
    if is_current(database):
        return
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    with database.migrating() as session:
        config.attributes["connection"] = session.connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise SetupError("The database was made by a newer Coltiva. Start that version, or a later one.") from error
