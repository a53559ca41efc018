"""An office that talks to two CRMs: a portal whose events tell what changed, and an org whose events only hint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from connector.domain.definitions import Definitions, WriteBack
from connector.domain.field import Field, FieldRole
from connector.domain.ids import ConnectionId, CrmRef
from connector.ports import Connection, Crm, CrmEvent, EventKind, LeadSummary
from tests.builders import CRM, after
from tests.office import ACCOUNT, ACME, FakeCrm, Office, clicking_book, event, sqlite_url

ORG = "00D5e000001AbCdEAK"
ORG_CONNECTION = Connection(ConnectionId(f"salesforce-{ORG}"), ACME, "salesforce", ORG, "a token")
FIELDS = (
    Field(
        "email", properties={CRM: ("email",), "salesforce": ("Contact.Email", "Lead.Email")}, role=FieldRole.IDENTITY
    ),
    Field("industry", properties={CRM: ("industry",), "salesforce": ("Lead.Industry",)}),
)


def both_book(version: str = "v1", **parts: Any) -> Definitions:
    """Clicks are counted, and the points written to both CRMs; people are known by their address in either."""
    clicks = ("score", "clicks", "points")
    written = tuple(WriteBack(crm, "coltiva_clicks", clicks, "number") for crm in (CRM, "salesforce"))
    return clicking_book(version, **{"fields": FIELDS, "write_back": written, **parts})


def ref(record_id: str) -> CrmRef:
    """`00Q...` is a lead and `003...` a contact of the org; any other id is a contact of the portal."""
    if record_id.startswith("00"):
        return CrmRef("salesforce", ORG, "lead" if record_id.startswith("00Q") else "contact", record_id)
    return CrmRef(CRM, ACCOUNT, "contact", record_id)


def hint(record_id: str, minutes: int = 0) -> CrmEvent:
    """Something about a record of the org changed."""
    return event(EventKind.HINTED, record_id, at=after(minutes=minutes))._replace(ref=ref(record_id))


class BothOffice(Office):
    """One worker, two accounts."""

    def __init__(self, folder: Path, *versions: Definitions) -> None:
        super().__init__(sqlite_url(folder), *(versions or (both_book(),)))
        self.org = FakeCrm()
        self.clock.moment = after(hours=1)
        self.open()
        with self.store.transaction() as transaction:
            transaction.connections.save(ORG_CONNECTION, self.clock.now())
        self.calls = self.new_calls("w1", self.open_crm)

    def open_crm(self, connection: Connection) -> Crm:
        """The portal or the org."""
        return self.org if connection.crm == "salesforce" else self.crm

    def holds(self, record_id: str, email: str = "mara@example.com", *, since: int = 0, **more: str) -> BothOffice:
        """A record is there, since so many minutes."""
        if ref(record_id).crm == CRM:
            self.crm.records[record_id] = {"email": email, **more}
        else:
            sobject = "Lead" if record_id.startswith("00Q") else "Contact"
            self.org.records[record_id] = {f"{sobject}.Email": email, **more}
            self.org.changed_at[record_id] = after(minutes=since)
        return self

    def summary(self, record_id: str) -> LeadSummary:
        """The lead of a record."""
        found = self.store.read_models.lead(ACME, str(ref(record_id)))
        assert found is not None, f"no lead for {record_id}"
        return found
