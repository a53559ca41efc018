"""Our app in Salesforce: its ways in, how orgs let us in, and the orgs that it opens."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from connector.crms.manifest import Surroundings
from connector.crms.salesforce.changes_inbox import ChangeEvents
from connector.crms.salesforce.events_inbox import SignedEvents
from connector.crms.salesforce.known import Known
from connector.crms.salesforce.outbound import OutboundMessages
from connector.errors import SettingsError, SetupError
from connector.ports import ChangeStream, Connection, Endpoint, Invitation, LetIn, TokenKeeper

if TYPE_CHECKING:
    from connector.crms.salesforce.org import Salesforce, SalesforceOrg

#: Below our address: where Salesforce sends administrators back to. Nothing answers there: the address is copied.
CALLBACK = "/oauth/salesforce/callback"


class SalesforceApp:
    """The CrmApp port for Salesforce; one for the process, for it remembers what its calls to an org have spent."""

    def __init__(self, around: Surroundings) -> None:
        settings = around.settings
        self._settings = settings
        self._clock = around.clock
        self._salesforce: Salesforce | None = None
        self.endpoints: Sequence[Endpoint] = (
            OutboundMessages(
                Known(around.is_connected), settings.salesforce_certificate_header, settings.salesforce_certificates
            ),
            SignedEvents(Known(around.signing_keys)),
            ChangeEvents(),
        )

    def be_let_in(self, credentials: str) -> LetIn:  # noqa: ARG002
        """An org takes more than one line of text to let us in: raises SetupError."""
        raise SetupError("A Salesforce org lets us in by its host: coltiva connect salesforce --host")

    def be_let_in_by_host(self, host: str, username: str = "") -> LetIn:
        """By the secret of our app, or with a username by its certificate. Raises CrmError and SetupError."""
        oauth = self._app().oauth
        grant = oauth.connect_by_certificate(host, username) if username else oauth.connect_by_secret(host)
        return grant.let_in

    def invite(self, host: str) -> Invitation:
        """A page on which an administrator of the org lets us in. Raises SetupError."""
        from connector.crms.salesforce.invitation import Invitation

        return Invitation(self._app().oauth, host, self._settings.public_url + CALLBACK)

    def open(self, connection: Connection, keeper: TokenKeeper) -> SalesforceOrg:
        """The org of a connection."""
        return self._app().open(connection, keeper)

    def open_changes(self, connection: Connection, keeper: TokenKeeper) -> ChangeStream:
        """What the org tells on its event bus."""
        from connector.crms.salesforce.changes import Bus, OrgChanges
        from connector.settings import is_loopback

        address = self._settings.salesforce_pubsub
        bus = Bus(address, self._settings.salesforce_channel, is_encrypted=not is_loopback(f"//{address}"))
        return OrgChanges(connection.token, keeper, self._app().oauth, self._clock, bus)

    def missing_rights(
        self, connection: Connection, keeper: TokenKeeper, reads: Collection[str], writes: Collection[str]
    ) -> Sequence[str]:
        """What the integration user may not do, object by object and field by field."""
        return [str(lack) for lack in self.open(connection, keeper).find_lacks(reads=reads, writes=writes)]

    def _app(self) -> Salesforce:
        from connector.crms.salesforce.oauth import App
        from connector.crms.salesforce.org import Salesforce

        if self._salesforce is None:
            settings = self._settings
            key = _read_private_key(settings.salesforce_key_file) if settings.salesforce_key_file else ""
            app = App(settings.salesforce_client_id, settings.salesforce_client_secret, key)
            org_url, bulk_from = settings.salesforce_base_url, settings.salesforce_bulk_from
            self._salesforce = Salesforce(app, self._clock, org_url, bulk_from=bulk_from)
        return self._salesforce


def _read_private_key(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except OSError as error:
        raise SettingsError(f"COLTIVA_SALESFORCE_KEY_FILE: {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"COLTIVA_SALESFORCE_KEY_FILE: {path} holds no private key in PEM.") from error
