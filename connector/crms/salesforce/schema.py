"""The objects and fields of an org, as the integration user sees them. REST API: sObject Describe."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from connector.clock import Clock
from connector.crms.salesforce.client import SalesforceClient
from connector.crms.salesforce.errors import RefusedCallError
from connector.crms.salesforce.replies import FieldDescription, ObjectDescription, ObjectList, read

#: Fields come and go, and so does the right to see them.
_GOOD_FOR: Final = timedelta(hours=1)
_GOOD_FOR_DOUBTERS: Final = timedelta(seconds=30)


class Schema:
    """What one org was found to have, for an hour."""

    def __init__(self, client: SalesforceClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._known: dict[str, tuple[datetime, Mapping[str, FieldDescription]]] = {}

    def fields(self, sobject: str) -> Mapping[str, FieldDescription]:
        """The fields of an object by name; none where there is no such object, or the user may not see it."""
        now = self._clock.now()
        known = self._known.get(sobject)
        if known is None or now - known[0] > _GOOD_FOR:
            known = self._known[sobject] = now, self._fetch(sobject)
        return known[1]

    def doubt(self) -> None:
        """Something is not as it was found to be: ask anew, unless that was a moment ago."""
        edge = self._clock.now() - _GOOD_FOR_DOUBTERS
        self._known = {sobject: known for sobject, known in self._known.items() if known[0] > edge}

    def objects(self) -> Mapping[str, ObjectDescription]:
        """What the user may do with which objects. REST API: Describe Global."""
        found = read(self._client.get("sobjects"), ObjectList).sobjects
        return {one.name: one for one in found}

    def _fetch(self, sobject: str) -> Mapping[str, FieldDescription]:
        try:
            described = read(self._client.get(f"sobjects/{sobject}/describe"), ObjectDescription)
        except RefusedCallError as refusal:
            if refusal.status == 404:
                return {}
            raise
        return {field.name: field for field in described.fields}
