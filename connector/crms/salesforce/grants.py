"""A grant: that an org lets us in, and the tokens in which that shows. It is what a connection keeps, sealed."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import msgspec

from connector.errors import CredentialsError
from connector.ports import LetIn

_SECRETS: Final = ("access_token", "refresh_token", "secret")


class Flow(StrEnum):
    """How the org let us in. Salesforce: OAuth Authorization Flows."""

    WEB_SERVER = "web_server"  # an admin did, in the browser; a refresh token that is replaced at each use
    JWT_BEARER = "jwt_bearer"  # a certificate does, for a user named beforehand
    CLIENT_CREDENTIALS = "client_credentials"  # a secret does, for the user whom the app's policies name


class Grant(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One grant. Its text form is the token of the connection."""

    flow: Flow
    #: Where tokens are asked for, such as `https://acme.my.salesforce.com`.
    host: str
    #: The app that was let in; it stays the same for the life of the grant.
    client_id: str
    #: Where calls go. Salesforce may change it.
    instance_url: str
    #: Both with 18 characters.
    org_id: str
    user_id: str
    access_token: str
    #: Of WEB_SERVER.
    refresh_token: str = ""
    issued_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    #: Of JWT_BEARER.
    username: str = ""
    #: Of a customer's own app: its secret, or its private key in PEM. Empty: the app is ours, and the settings know.
    secret: str = ""

    @property
    def let_in(self) -> LetIn:
        """What a connection needs of it."""
        return LetIn(self.org_id, self.user_id, self.to_text())

    def to_text(self) -> str:
        """As it is kept."""
        return msgspec.json.encode(self).decode()

    def __repr__(self) -> str:
        shown = {
            name: getattr(self, name) for name in self.__struct_fields__ if name not in _SECRETS and getattr(self, name)
        }
        return f"Grant({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


_GRANT: Final = msgspec.json.Decoder(Grant)


def parse_grant(text: str) -> Grant:
    """The grant that a connection keeps. Raises CredentialsError where it keeps something else."""
    try:
        return _GRANT.decode(text)
    except (msgspec.MsgspecError, UnicodeError):
        # Without its cause: that may quote the token.
        raise CredentialsError("The Salesforce connection keeps no grant. It needs to be connected again.") from None
