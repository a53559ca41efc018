"""What most commands begin with: settings, an open database, a workspace."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

from connector.bootstrap import Services, open_services
from connector.domain.ids import WorkspaceId
from connector.errors import SetupError, UnknownNameError
from connector.ports import Connection
from connector.settings import Settings, load_settings


@contextmanager
def opened(settings: Settings | None = None) -> Iterator[Services]:
    """The services over a database that is brought up to date first."""
    services = open_services(settings or load_settings())
    try:
        services.store.migrate()
        yield services
    finally:
        services.store.close()


@contextmanager
def looking() -> Iterator[Services]:
    """The services over a database that must be there already. Raises SetupError with what to do."""
    settings = load_settings()
    if settings.is_sqlite and not settings.database_file.exists():
        raise SetupError(
            f"There is no database at {settings.database_file.absolute()}. Begin with: coltiva connect hubspot "
            "(or salesforce), or set COLTIVA_DATABASE_URL to where it is."
        )
    services = open_services(settings)
    try:
        if not services.store.is_current():
            raise SetupError("The database is of another version. `coltiva serve` brings an older one up to date.")
        yield services
    finally:
        services.store.close()


def all_connections(services: Services) -> list[Connection]:
    """Every connection, by id."""
    with services.store.transaction() as transaction:
        return list(transaction.connections.all())


def the_workspace(services: Services, asked_for: str | None) -> WorkspaceId:
    """The workspace asked for, or the only one there is.

    Raises UnknownNameError that names those to choose from, and SetupError when there is none.
    """
    known = _workspaces(services)
    if asked_for:
        return _checked(asked_for, known)
    if not known:
        raise SetupError("No CRM account is connected yet. Begin with: coltiva connect hubspot (or salesforce)")
    if len(known) > 1:
        raise UnknownNameError(f"There are several workspaces; choose one with --workspace: {', '.join(known)}.")
    return known[0]


def an_optional_workspace(services: Services, asked_for: str | None) -> WorkspaceId | None:
    """The workspace asked for, or None for all of them. Raises UnknownNameError that names those to choose from."""
    return _checked(asked_for, _workspaces(services)) if asked_for else None


def zone_of(services: Services, workspace: WorkspaceId) -> ZoneInfo:
    """Where the workspace's clock hangs, as the mapping says that applies."""
    with services.store.reading() as transaction:
        return services.open_shelf().latest(transaction, workspace).definitions.zone


def _workspaces(services: Services) -> list[WorkspaceId]:
    return sorted({connection.workspace for connection in all_connections(services)})


def _checked(asked_for: str, known: Collection[WorkspaceId]) -> WorkspaceId:
    if asked_for not in known:
        raise UnknownNameError(f"There is no workspace {asked_for}. Known: {', '.join(known) or 'none yet'}.")
    return WorkspaceId(asked_for)
