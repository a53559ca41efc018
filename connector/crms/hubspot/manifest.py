"""What Coltiva does with HubSpot, and what HubSpot asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connector.crms.hubspot.translate import CONTACT, HUBSPOT
from connector.crms.hubspot.words import WORDS
from connector.crms.manifest import Credentials, CrmManifest, Role, Surroundings
from connector.domain.outward.change import ChangeKind

if TYPE_CHECKING:
    from connector.ports import CrmApp


def _open_app(around: Surroundings) -> CrmApp:
    from connector.crms.hubspot.app import HubSpotApp

    return HubSpotApp(around)


MANIFEST: Final = CrmManifest(
    name=HUBSPOT,
    label="HubSpot",
    account="portal",
    roles=frozenset({Role.INBOX, Role.READER, Role.WRITER, Role.LISTS, Role.ACTS, Role.EMAILS, Role.CATALOG}),
    lead_types=frozenset({CONTACT}),
    batch_sizes={
        # HubSpot: Using object APIs: at most 100 inputs.
        ChangeKind.PROPERTIES: 100,
        ChangeKind.TASK: 100,
        ChangeKind.NOTE: 100,
        # Never made there: they name the CRM whose means they are.
        ChangeKind.ALERT: 100,
        ChangeKind.POST: 100,
        # One call each; so many are held against consent together.
        ChangeKind.EMAIL: 20,
        # Not documented by HubSpot: a size that is safe.
        ChangeKind.MEMBERSHIP: 500,
    },
    scopes=(
        "oauth",
        "crm.objects.contacts.read",
        "crm.objects.contacts.write",
        "crm.schemas.contacts.read",
        "crm.schemas.contacts.write",
        "crm.lists.read",
        "crm.lists.write",
        "crm.objects.owners.read",
        "crm.objects.deals.read",
    ),
    words=WORDS,
    open_app=_open_app,
    credentials=Credentials(
        "Access token of your HubSpot app", "on the app's Auth page", "HUBSPOT_TOKEN", "COLTIVA_HUBSPOT_BASE_URL"
    ),
    ways_in=(HUBSPOT,),
    setting="COLTIVA_HUBSPOT_CLIENT_SECRET",
)
