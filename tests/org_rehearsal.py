"""A small workspace over a simulated Salesforce org: the real doors, the real worker, one SQLite file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connector.bootstrap import Services
from connector.ports import Connection
from connector.sandbox.salesforce.fields import Field, FieldType
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.platform import Platform

#: What our package adds.
PACKAGED = {
    "Lead": (
        Field("coltiva__Score__c", FieldType.DOUBLE),
        Field("coltiva__Phase__c", FieldType.STRING),
        Field("coltiva__Why__c", FieldType.STRING),
    ),
}


@dataclass(frozen=True)
class OrgRehearsal:
    """Everything that runs, and the environment in which the commands find it."""

    environ: Mapping[str, str]
    platform: Platform
    org: Org
    services: Services
    connection: Connection
