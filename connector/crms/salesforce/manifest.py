"""What Coltiva does with Salesforce, and what Salesforce asks for it."""

from __future__ import annotations

from typing import Final

from connector.crms.manifest import CrmManifest, Role
from connector.crms.salesforce.translate import CONTACT, LEAD, SALESFORCE
from connector.domain.outward.change import UNKEYED, ChangeKind

MANIFEST: Final = CrmManifest(
    name=SALESFORCE,
    label="Salesforce",
    roles=frozenset({Role.INBOX, Role.READER, Role.WRITER, Role.LISTS, Role.ACTS, Role.EMAILS, Role.CATALOG}),
    lead_types=frozenset({LEAD, CONTACT}),
    # REST API: sObject Collections, at most 200 records. Actions take one call each.
    batch_sizes={**dict.fromkeys(ChangeKind, 200), **dict.fromkeys(UNKEYED, 20)},
    scopes=("api", "refresh_token"),
)
