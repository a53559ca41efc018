"""What Coltiva does with Salesforce, and what Salesforce asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connector.crms.manifest import CrmManifest, Role, Surroundings
from connector.crms.salesforce.translate import CONTACT, LEAD, SALESFORCE
from connector.crms.salesforce.words import WORDS
from connector.domain.outward.change import UNKEYED, ChangeKind

if TYPE_CHECKING:
    from connector.ports import CrmApp


def _open_app(around: Surroundings) -> CrmApp:
    from connector.crms.salesforce.app import SalesforceApp

    return SalesforceApp(around)


MANIFEST: Final = CrmManifest(
    name=SALESFORCE,
    label="Salesforce",
    account="org",
    roles=frozenset(
        {
            Role.INBOX,
            Role.READER,
            Role.WRITER,
            Role.LISTS,
            Role.ACTS,
            Role.EMAILS,
            Role.CATALOG,
            Role.STREAM,
        }
    ),
    lead_types=frozenset({LEAD, CONTACT}),
    # REST API: sObject Collections, at most 200 records. Actions take one call each.
    batch_sizes={**dict.fromkeys(ChangeKind, 200), **dict.fromkeys(UNKEYED, 20)},
    scopes=("api", "refresh_token"),
    words=WORDS,
    open_app=_open_app,
    ways_in=("salesforce/outbound", "salesforce/events"),
    setting="COLTIVA_SALESFORCE_CLIENT_ID",
    has_signing_keys=True,
)
