"""Coltiva's package in a simulated org: what it adds there, and that the app may act as the integration user.

Its fields and its notification type are those of `connector/crms/salesforce/package`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sandbox.salesforce.apps import App
from connector.sandbox.salesforce.fields import Field, FieldType
from connector.sandbox.salesforce.org import Org

_OF_PEOPLE: Final = (
    Field("coltiva__Score__c", FieldType.DOUBLE, precision=6, scale=0),
    Field("coltiva__Score_Band__c", length=80),
    Field("coltiva__Phase__c"),
    Field("coltiva__Why__c", FieldType.TEXTAREA, length=32_768),
)
#: Object -> the fields that it gets.
FIELDS: Final[Mapping[str, tuple[Field, ...]]] = {
    "Lead": _OF_PEOPLE,
    "Contact": _OF_PEOPLE,
    "Task": (Field("coltiva__Key__c", is_external_id=True, is_unique=True),),
}


def install_package(org: Org, app: App) -> None:
    """Install it; the integration user is the one as whom the app runs."""
    org.install(app, run_as=org.integration_user)
    org.people.add_notification_type("Hot_Lead", namespace="coltiva")
    for name, fields in FIELDS.items():
        org.add_fields(name, *fields)
