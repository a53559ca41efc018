"""What Coltiva does with Salesforce, and what Salesforce asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connector.crms.manifest import CrmManifest, Role, Surroundings
from connector.crms.salesforce.limits import BATCH_SIZES
from connector.crms.salesforce.translate import CONTACT, LABEL, LEAD, SALESFORCE
from connector.crms.salesforce.words import WORDS

if TYPE_CHECKING:
    from connector.ports import CrmApp


def _open_app(around: Surroundings) -> CrmApp:
    from connector.crms.salesforce.app import SalesforceApp

    return SalesforceApp(around)


MANIFEST: Final = CrmManifest(
    name=SALESFORCE,
    label=LABEL,
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
    batch_sizes=BATCH_SIZES,
    scopes=("api", "refresh_token"),
    words=WORDS,
    open_app=_open_app,
    ways_in=("salesforce/outbound", "salesforce/events"),
    setting="COLTIVA_SALESFORCE_CLIENT_ID",
    has_signing_keys=True,
)
