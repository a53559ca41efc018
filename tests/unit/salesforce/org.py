"""A client of an org whose answers a test wrote down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from connector.crms.salesforce.client import SalesforceClient
from connector.crms.salesforce.grants import Flow, Grant
from connector.crms.salesforce.limits import Limits
from connector.crms.salesforce.oauth import App, OAuth
from tests.clocks import HandClock

_CONVERSION = ({"name": "IsConverted", "type": "boolean"}, {"name": "ConvertedContactId", "type": "reference"})
ORG, USER = "00D5e000001AbCdEAK", "0055e000007UsErAAK"


@dataclass
class HeldToken:
    """The TokenKeeper port, for one test."""

    kept: str
    renewals: list[str] = field(default_factory=list)

    def renew(self, spent: str, ask: Callable[[str], str]) -> str:
        """Ask, unless somebody did."""
        if self.kept == spent:
            self.kept = ask(spent)
            self.renewals.append(self.kept)
        return self.kept


def grant(url: str, clock: HandClock, access_token: str = "access-0") -> Grant:
    """As an admin gave it a moment ago."""
    return Grant(
        flow=Flow.WEB_SERVER,
        host=url,
        client_id="our-key",
        instance_url=url,
        org_id=ORG,
        user_id=USER,
        access_token=access_token,
        refresh_token="refresh-0",
        issued_at=clock.now(),
    )


def token_answer(url: str, number: int) -> dict[str, str]:
    """What the token endpoint answers when a grant is renewed."""
    return {
        "access_token": f"access-{number}",
        "refresh_token": f"refresh-{number}",
        "instance_url": url,
        "id": f"https://login.salesforce.com/id/{ORG}/{USER}",
    }


def client(url: str, clock: HandClock, keeper: HeldToken | None = None) -> SalesforceClient:
    """A client that is let in."""
    token = grant(url, clock).to_text()
    oauth = OAuth(App("our-key", "our-secret"), clock, url)
    return SalesforceClient(token, keeper or HeldToken(token), oauth, clock, Limits())


def described(sobject: str, *fields: dict[str, object], **rights: bool) -> dict[str, object]:
    """What an org tells of an object: its usual fields, all of them ours to write, and these."""
    known = [
        *({"name": name, "type": "id"} for name in ("Id", "MasterRecordId")),
        {"name": "SystemModstamp", "type": "datetime"},
        {"name": "IsDeleted", "type": "boolean"},
        *(_CONVERSION if sobject == "Lead" else ()),
        {"name": "Email", "type": "email", "updateable": True},
        {"name": "coltiva__Score__c", "type": "double", "updateable": True},
        *fields,
    ]
    return {"name": sobject, "fields": known, "queryable": True, **rights}
