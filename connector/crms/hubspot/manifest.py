"""What Coltiva does with HubSpot, and what HubSpot asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connector.crms.hubspot.limits import BATCH_SIZES
from connector.crms.hubspot.translate import CONTACT, HUBSPOT, LABEL
from connector.crms.hubspot.words import WORDS
from connector.crms.manifest import Credentials, CrmManifest, Role, Surroundings

if TYPE_CHECKING:
    from connector.ports import CrmApp


def _open_app(around: Surroundings) -> CrmApp:
    from connector.crms.hubspot.app import HubSpotApp

    return HubSpotApp(around)


MANIFEST: Final = CrmManifest(
    name=HUBSPOT,
    label=LABEL,
    account="portal",
    roles=frozenset({Role.INBOX, Role.READER, Role.WRITER, Role.LISTS, Role.ACTS, Role.EMAILS, Role.CATALOG}),
    lead_types=frozenset({CONTACT}),
    batch_sizes=BATCH_SIZES,
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
