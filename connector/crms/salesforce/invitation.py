"""An invitation: an administrator opens a page of the org, says yes, and the browser comes back with a code."""

from __future__ import annotations

import secrets
from urllib.parse import parse_qs, urlsplit

from connector.crms.salesforce.oauth import OAuth, new_verifier
from connector.errors import SetupError
from connector.ports import LetIn


class Invitation:
    """One invitation, good for one answer. Salesforce: OAuth 2.0 Web Server Flow."""

    def __init__(self, oauth: OAuth, host: str, redirect_uri: str) -> None:
        self._oauth = oauth
        self._host = host
        self._redirect_uri = redirect_uri
        self._verifier = new_verifier()
        #: The secret with which the browser comes back.
        self.state: str = secrets.token_urlsafe(24)

    @property
    def page(self) -> str:
        """What the administrator is to open."""
        return self._oauth.authorise_url(
            self._host, redirect_uri=self._redirect_uri, state=self.state, verifier=self._verifier
        )

    def accept(self, answer: str) -> LetIn:
        """Be let in by the address that the browser was sent to. Raises SetupError where it says no, or is forged."""
        query = parse_qs(urlsplit(answer.strip()).query)
        if not secrets.compare_digest("".join(query.get("state", [])).encode(), self.state.encode()):
            raise SetupError("This is not the answer to that page: its state is another. Run the command again.")
        if "code" not in query:
            said = " ".join(query.get("error_description") or query.get("error") or ["no reason"])
            raise SetupError(f"The org did not let us in: {said}. Run the command again.")
        return self._oauth.redeem(
            self._host, code=query["code"][0], redirect_uri=self._redirect_uri, verifier=self._verifier
        ).let_in
