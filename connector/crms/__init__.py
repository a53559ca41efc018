"""The CRMs that Coltiva talks to, one folder each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.crms.hubspot.manifest import MANIFEST as HUBSPOT
from connector.crms.manifest import CrmManifest
from connector.crms.salesforce.manifest import MANIFEST as SALESFORCE

#: Every CRM, by name.
REGISTRY: Final[Mapping[str, CrmManifest]] = {
    HUBSPOT.name: HUBSPOT,
    SALESFORCE.name: SALESFORCE,
}
