"""What connecting an account is, whatever the CRM."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.bootstrap import Services
    from connector.ports import Connection


def connect_account(
    services: Services, crm: str, account: str, token: str, *, user: str = ""
) -> tuple[Connection, Sequence[str]]:
    """Connect an account to the workspace of the mapping files; the names of the properties we write.

    The mapping is applied, too. Raises CrmError with what the CRM said, and MappingError: nothing is connected then.
    """
    from connector.domain.ids import ConnectionId
    from connector.engine.running.connect import connect
    from connector.ports import Connection

    book = services.apply_mapping()
    connection = Connection(ConnectionId(f"{crm}:{account}"), book.workspace, crm, account, token, user=user)
    wishes = connect(services.store, services.open_crm, book, connection, services.clock.now())
    return connection, [wish.name for wish in wishes]
