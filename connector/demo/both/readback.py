"""Both CRMs as they are, read over their public APIs with plain HTTP, and nothing of the product.

HubSpot: CRM Objects API v3. Salesforce: REST API, Query.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector.demo.both.story import EMAIL, Held, Shown

_ADDRESS = EMAIL.replace("'", r"\'")


@dataclass(frozen=True, slots=True)
class Api:
    """One CRM's API, and a token of its own for it."""

    url: str
    token: str

    def get(self, path: str, **query: str) -> Any:
        """The JSON at a path; None where there is nothing. Raises OSError for any other refusal."""
        url = f"{self.url}{path}?{urllib.parse.urlencode(query)}"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {self.token}"})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def select(self, query: str) -> Sequence[Mapping[str, Any]]:
        """The records that a query of Salesforce finds."""
        records: Sequence[Mapping[str, Any]] = self.get("/services/data/v66.0/query", q=query)["records"]
        return records


def read_both(hubspot: Api, salesforce: Api) -> Shown:
    """Every record of her that people work with. Raises OSError."""
    return Shown(_in_hubspot(hubspot), _in_salesforce(salesforce))


def _in_hubspot(api: Api) -> tuple[Held, ...]:
    properties = "coltiva_score,coltiva_phase,hubspot_owner_id"
    path = f"/crm/v3/objects/contacts/{urllib.parse.quote(EMAIL)}"
    contact = api.get(path, idProperty="email", properties=properties, associations="tasks")
    if contact is None:
        return ()
    values = contact["properties"]
    linked = contact.get("associations", {}).get("tasks", {}).get("results", ())
    tasks = [
        api.get(f"/crm/v3/objects/tasks/{task_id}", properties="hs_task_subject")["properties"]["hs_task_subject"]
        for task_id in sorted({str(task["id"]) for task in linked})
    ]
    score, owner = values.get("coltiva_score"), values.get("hubspot_owner_id")
    held = Held(
        "contact",
        float(score) if score else None,
        values.get("coltiva_phase") or "",
        _owner_name(api, owner) if owner else "",
        tuple(tasks),
    )
    return (held,)


def _owner_name(api: Api, owner_id: str) -> str:
    owner = api.get(f"/crm/v3/owners/{owner_id}")
    return f"{owner['firstName']} {owner['lastName']}"


def _in_salesforce(api: Api) -> tuple[Held, ...]:
    fields = "Id, Owner.Name, coltiva__Score__c, coltiva__Phase__c"
    leads = api.select(f"SELECT {fields} FROM Lead WHERE Email = '{_ADDRESS}' AND IsConverted = false")
    contacts = api.select(f"SELECT {fields} FROM Contact WHERE Email = '{_ADDRESS}'")
    rows = [*(("lead", row) for row in leads), *(("contact", row) for row in contacts)]
    return tuple(
        Held(
            record,
            row["coltiva__Score__c"],
            row["coltiva__Phase__c"] or "",
            row["Owner"]["Name"],
            tuple(task["Subject"] for task in api.select(f"SELECT Subject FROM Task WHERE WhoId = '{row['Id']}'")),
        )
        for record, row in rows
    )
