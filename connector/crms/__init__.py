"""The CRMs that Coltiva talks to, one folder each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.crms.hubspot.manifest import MANIFEST as HUBSPOT
from connector.crms.manifest import CrmManifest

#: Every CRM, by name.
REGISTRY: Final[Mapping[str, CrmManifest]] = {
    HUBSPOT.name: HUBSPOT,
}
