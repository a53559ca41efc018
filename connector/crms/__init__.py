"""The CRMs that Coltiva talks to, one folder each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from connector.crms.hubspot.manifest import MANIFEST as HUBSPOT
from connector.crms.manifest import CrmManifest
from connector.crms.salesforce.manifest import MANIFEST as SALESFORCE

#: Every CRM, by name.
REGISTRY: Final[Mapping[str, CrmManifest]] = {
    HUBSPOT.name: HUBSPOT,
    SALESFORCE.name: SALESFORCE,
}


def settings_to_receive() -> Sequence[str]:
    """The settings of which one must be set before anybody's webhooks can be told from forged ones.

    None where a CRM needs no setting: its accounts sign with keys that the database knows.
    """
    needed = [crm.setting for crm in REGISTRY.values()]
    return needed if all(needed) else ()
