"""Our app in HubSpot: its way in, and the portals that it opens."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from connector.crms.hubspot.inbox import HubSpotEndpoint
from connector.crms.manifest import Surroundings
from connector.ports import Connection, Endpoint, LetIn, TokenKeeper

if TYPE_CHECKING:
    from connector.crms.hubspot.portal import HubSpotPortal


class HubSpotApp:
    """The CrmApp port for HubSpot."""

    def __init__(self, around: Surroundings) -> None:
        settings = around.settings
        self._clock = around.clock
        self._base_url = settings.hubspot_base_url
        self.endpoints: Sequence[Endpoint] = (
            HubSpotEndpoint(settings.hubspot_client_secret, settings.public_url, settings.hubspot_app_id),
        )

    def be_let_in(self, credentials: str) -> LetIn:
        """The portal of an access token. Raises CrmError."""
        return LetIn(str(self._open(credentials).account().portal_id), user="", token=credentials)

    def open(self, connection: Connection, keeper: TokenKeeper) -> HubSpotPortal:  # noqa: ARG002
        """The portal of a connection; its token is never renewed."""
        return self._open(connection.token)

    def missing_rights(
        self,
        connection: Connection,  # noqa: ARG002
        keeper: TokenKeeper,  # noqa: ARG002
        reads: Collection[str],  # noqa: ARG002
        writes: Collection[str],  # noqa: ARG002
    ) -> Sequence[str]:
        """Nothing: HubSpot grants scopes to the app as a whole, and says at a call which one it lacks."""
        return ()

    def _open(self, token: str) -> HubSpotPortal:
        from connector.crms.hubspot.portal import HubSpotPortal

        return HubSpotPortal(token, self._clock, self._base_url)
