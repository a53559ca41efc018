"""Our side of a CRM in one process: its ways in, and the accounts that it opens."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from connector.ports.accounts import Connection, LetIn
from connector.ports.catalog import CrmAccount
from connector.ports.crm import TokenKeeper
from connector.ports.receiving import Endpoint


class CrmApp(Protocol):
    """Our app in a CRM. Loads the SDK with the first account; may be shared by threads."""

    #: Every way in.
    endpoints: Sequence[Endpoint]

    def be_let_in(self, credentials: str) -> LetIn:
        """Which account these credentials are good for. Raises CrmError, and SetupError where they are none."""
        ...

    def open(self, connection: Connection, keeper: TokenKeeper) -> CrmAccount:
        """The account of a connection, for one thread. Makes no call."""
        ...

    def missing_rights(
        self, connection: Connection, keeper: TokenKeeper, reads: Collection[str], writes: Collection[str]
    ) -> Sequence[str]:
        """What we may not do in an account to serve a mapping, one sentence each. Raises CrmError."""
        ...
