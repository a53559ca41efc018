"""What the people of an org do: they make, change, delete, merge and convert records, and close tasks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.sandbox.salesforce.fields import Row
from connector.sandbox.salesforce.happenings import Actor
from connector.sandbox.salesforce.permissions import Permissions
from connector.sandbox.salesforce.refusals import RefusalError, not_found
from connector.sandbox.salesforce.standard_objects import (
    ACCOUNT,
    CAMPAIGN,
    CAMPAIGN_MEMBER,
    CAMPAIGN_STATUS,
    COMPLETED,
    CONTACT,
    CONTACT_ROLE,
    CONVERTED_STATUS,
    LEAD,
    OPPORTUNITY,
    PAIR,
    STAGES,
    TASK,
)
from connector.sandbox.salesforce.tables import Table
from connector.sandbox.salesforce.writing import parse_values

if TYPE_CHECKING:
    from connector.sandbox.salesforce.org import Org

MAX_MERGED = 3
#: Fields that point to a person, and move with one who is merged or converted.
_POINTS_TO_PERSON = (
    (CAMPAIGN_MEMBER, "LeadId"),
    (CAMPAIGN_MEMBER, "ContactId"),
    (CONTACT_ROLE, "ContactId"),
    (TASK, "WhoId"),
)
_ALL = Permissions()
#: What a contact takes over from the lead that it is converted from.
_CONVERTED_FIELDS = (
    "Salutation",
    "FirstName",
    "LastName",
    "Title",
    "Email",
    "Phone",
    "MobilePhone",
    "Description",
    "LeadSource",
    "HasOptedOutOfEmail",
    "HasOptedOutOfFax",
    "DoNotCall",
)


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a lead became."""

    account_id: str
    contact_id: str
    opportunity_id: str


class People:
    """Users at work, by default the administrator. Ids may have 15 or 18 characters; values are as in JSON."""

    def __init__(self, org: Org) -> None:
        self._org = org
        #: Lead field to the contact field that conversion copies it to. Salesforce: "Map Custom Lead Fields".
        self.mapped_on_conversion: dict[str, str] = {}

    # --- users and queues -------------------------------------------------------------------

    def add_user(self, login: str, first_name: str, last_name: str) -> str:
        """Add a user who may own records; gives the id."""
        address = f"{login}@example.com"
        return self._org.add_setup_row(
            "User",
            {"Username": f"{login}.{self._org.id[-6:]}@example.com", "FirstName": first_name, "LastName": last_name}
            | {"Email": address},
        )

    def deactivate_user(self, user_id: str) -> None:
        """Let a user no longer own anything new."""
        with self._org.lock:
            users = self._org.database.tables["User"]
            users.change(users.rows[user_id], {"IsActive": False})

    def add_queue(self, name: str) -> str:
        """Add a queue, which may own leads though nobody is behind it; gives its id."""
        return self._org.add_setup_row(
            "Group", {"Name": name, "DeveloperName": name.replace(" ", "_"), "Type": "Queue"}
        )

    def add_notification_type(self, name: str, *, namespace: str = "") -> str:
        """Add a kind of custom notification; gives its id."""
        values: Row = {"DeveloperName": name, "MasterLabel": name.replace("_", " "), "Desktop": True, "Mobile": True}
        if namespace:
            values["NamespacePrefix"] = namespace
        return self._org.add_setup_row("CustomNotificationType", values)

    def add_sender(self, address: str, name: str = "Sender") -> str:
        """Add an address of the organization from which emails may be sent; gives its id."""
        return self._org.add_setup_row("OrgWideEmailAddress", {"Address": address, "DisplayName": name})

    # --- records of any object --------------------------------------------------------------

    def create(self, object_name: str, /, *, user: str = "", **values: Any) -> str:
        """Make a record; gives its id."""
        with self._org.lock:
            table = self._table(object_name)
            checked = parse_values(table.object, values, _ALL, is_new=True)
            made = self._org.database.insert(table, checked, self._org.actor(user))
            self._org.publish()
            return made

    def change(self, record_id: str, /, *, user: str = "", **values: Any) -> None:
        """Change a record; None empties a field."""
        with self._org.lock:
            table, row = self._record(record_id)
            checked = parse_values(table.object, values, _ALL, is_new=False)
            self._org.database.update(table, row, checked, self._org.actor(user))
            self._org.publish()

    def delete(self, record_id: str, *, user: str = "") -> None:
        """Move a record into the recycle bin."""
        with self._org.lock:
            table, row = self._record(record_id)
            self._org.database.delete(table, row, self._org.actor(user))
            self._org.publish()

    def undelete(self, record_id: str, *, user: str = "") -> None:
        """Bring a record back from the recycle bin."""
        with self._org.lock:
            table, row = self._record(record_id)
            self._org.database.undelete(table, row, self._org.actor(user))
            self._org.publish()

    def empty_bin(self) -> None:
        """Delete for good whatever is in the recycle bin; nobody hears of it."""
        with self._org.lock:
            for table in self._org.database.tables.values():
                for record_id in tuple(table.deleted):
                    table.forget(table.rows[record_id])

    def read(self, record_id: str) -> Row:
        """The values of a record, deleted or not; empty fields are left out."""
        with self._org.lock:
            _, row = self._record(record_id)
            return {name: value for name, value in row.items() if not name.startswith("_")}

    def records(self, object_name: str, **values: Any) -> list[Row]:
        """The records of an object that have these values."""
        with self._org.lock:
            rows = list(self._table(object_name))
            return [dict(row) for row in rows if all(row.get(name) == value for name, value in values.items())]

    # --- leads and contacts -----------------------------------------------------------------

    def create_lead(self, email: str | None = None, *, user: str = "", **values: Any) -> str:
        """Make a lead by hand; the names that a lead cannot be without are made up."""
        given = {"LastName": "Lead", "Company": "Example Ltd", **({"Email": email} if email else {}), **values}
        return self.create(LEAD, user=user, **given)

    def create_contact(self, email: str | None = None, *, user: str = "", **values: Any) -> str:
        """Make a contact by hand."""
        given = {"LastName": "Contact", **({"Email": email} if email else {}), **values}
        return self.create(CONTACT, user=user, **given)

    def merge(self, winner_id: str, *loser_ids: str, user: str = "") -> None:
        """Merge one or two records into another of the same object: they are deleted, what hangs on them moves."""
        if not 1 <= len(loser_ids) < MAX_MERGED:
            raise RefusalError("INVALID_NUMBER_OF_RECORDS", "a merge takes two or three records", [])
        with self._org.lock, self._org.database.transaction():
            actor = self._org.actor(user)
            table, winner = self._record(winner_id)
            for loser_id in loser_ids:
                other, loser = self._record(loser_id)
                if other is not table or table.object.name not in (LEAD, CONTACT, ACCOUNT):
                    raise RefusalError("INVALID_TYPE", "merge is not supported for these records", [])
                self._move(loser["Id"], winner["Id"], actor)
                self._org.database.delete(table, loser, actor, master_id=winner["Id"])
            self._org.database.set_by_system(table, winner, {}, actor)
        with self._org.lock:
            self._org.publish()

    def convert(
        self, lead_id: str, *, account_id: str = "", contact_id: str = "", opportunity: str = "", user: str = ""
    ) -> Conversion:
        """Convert a lead: into an account and a contact, new ones unless given, and an opportunity if it is named."""
        with self._org.lock, self._org.database.transaction():
            actor = self._org.actor(user)
            leads, lead = self._record(lead_id)
            if lead.get("IsConverted"):
                raise RefusalError("CANNOT_UPDATE_CONVERTED_LEAD", "lead is already converted", [])
            became = self._become(lead, account_id, contact_id, opportunity, actor)
            self._move(lead["Id"], became.contact_id, actor, keeps_members=True)
            self._org.database.set_by_system(leads, lead, _what_it_became(self._org, became), actor)
        with self._org.lock:
            self._org.publish()
        return became

    # --- opportunities, campaigns, tasks ----------------------------------------------------

    def create_opportunity(
        self, contact_ids: Iterable[str] = (), *, name: str = "Deal", user: str = "", **values: Any
    ) -> str:
        """Make an opportunity with contact roles, the first of them primary; gives its id."""
        stage = values.pop("StageName", next(iter(STAGES)))
        close = values.pop("CloseDate", self._org.clock.now().date().isoformat())
        made = self.create(OPPORTUNITY, user=user, Name=name, StageName=stage, CloseDate=close, **values)
        for place, contact_id in enumerate(contact_ids):
            self.create(CONTACT_ROLE, user=user, OpportunityId=made, ContactId=contact_id, IsPrimary=place == 0)
        return made

    def create_campaign(self, name: str, *, statuses: Mapping[str, bool] | None = None, user: str = "") -> str:
        """Make a campaign; `statuses`, where given, are those of its members and whether they mean a response."""
        made = self.create(CAMPAIGN, user=user, Name=name, IsActive=True)
        if statuses is not None:
            for status in self.records(CAMPAIGN_STATUS, CampaignId=made):
                self.delete(status["Id"], user=user)
            for place, (label, responded) in enumerate(statuses.items()):
                values = {"CampaignId": made, "Label": label, "HasResponded": responded}
                self.create(CAMPAIGN_STATUS, user=user, **values, IsDefault=place == 0, SortOrder=place + 1)
        return made

    def close_task(self, task_id: str, *, user: str = "") -> None:
        """Tick a task off."""
        self.change(task_id, user=user, Status=COMPLETED)

    # --- inside -----------------------------------------------------------------------------

    def _table(self, object_name: str) -> Table:
        return self._org.database.tables[self._org.database.schema.get(object_name).name]

    def _record(self, record_id: str) -> tuple[Table, Row]:
        table = self._org.database.table_of(record_id)
        row = None if table is None else table.find(record_id)
        if table is None or row is None:
            raise not_found()
        return table, row

    def _move(self, old: str, new: str, actor: Actor, *, keeps_members: bool = False) -> None:
        """Let what points to one person point to another; a second membership of a campaign is dropped."""
        for object_name, field in _POINTS_TO_PERSON:
            table = self._org.database.tables[object_name]
            for row in table.find_by(field, old):
                if object_name == CAMPAIGN_MEMBER:
                    self._move_member(table, row, "ContactId" if keeps_members else field, new, actor)
                else:
                    self._org.database.set_by_system(table, row, {field: new}, actor)

    def _move_member(self, table: Table, row: Row, field: str, new: str, actor: Actor) -> None:
        pair = f"{row['CampaignId']} {new}"
        if table.find_by(PAIR, pair):
            self._org.database.delete(table, row, actor)
        else:
            changes = {field: new, PAIR: pair, "LeadOrContactId": new, "Type": _type_of(field)}
            self._org.database.set_by_system(table, row, changes, actor)

    def _become(self, lead: Row, account_id: str, contact_id: str, opportunity: str, actor: Actor) -> Conversion:
        database = self._org.database
        if contact_id:
            _, contact = self._record(contact_id)
            account_id = account_id or contact.get("AccountId", "")
        if not account_id:
            values = {"Name": lead["Company"], "OwnerId": self._owner(lead, actor)}
            account_id = database.insert(self._table(ACCOUNT), values, actor)
        if not contact_id:
            contact_id = database.insert(self._table(CONTACT), self._contact_of(lead, account_id, actor), actor)
        opportunity_id = ""
        if opportunity:
            opportunity_id = self._open_opportunity(opportunity, account_id, contact_id, actor)
        return Conversion(account_id, contact_id, opportunity_id)

    def _contact_of(self, lead: Row, account_id: str, actor: Actor) -> Row:
        values = {name: lead[name] for name in _CONVERTED_FIELDS if name in lead}
        mapped = {theirs: lead[ours] for ours, theirs in self.mapped_on_conversion.items() if ours in lead}
        return {**values, **mapped, "AccountId": account_id, "OwnerId": self._owner(lead, actor)}

    def _owner(self, lead: Row, actor: Actor) -> str:
        """Who owns what a lead becomes: its owner, unless that is a queue."""
        owner: str = lead["OwnerId"]
        return owner if owner.startswith("005") else actor.user_id

    def _open_opportunity(self, name: str, account_id: str, contact_id: str, actor: Actor) -> str:
        database = self._org.database
        values = {"Name": name, "StageName": next(iter(STAGES)), "AccountId": account_id}
        values["CloseDate"] = self._org.clock.now().date().isoformat()
        made = database.insert(self._table(OPPORTUNITY), values, actor)
        role = {"OpportunityId": made, "ContactId": contact_id, "IsPrimary": True}
        database.insert(self._table(CONTACT_ROLE), role, actor)
        return made


def _type_of(field: str) -> str:
    return "Contact" if field == "ContactId" else "Lead"


def _what_it_became(org: Org, became: Conversion) -> Row:
    return {
        "IsConverted": True,
        "IsUnreadByOwner": False,
        "Status": CONVERTED_STATUS,
        "ConvertedDate": org.clock.now().date().isoformat(),
        "ConvertedAccountId": became.account_id,
        "ConvertedContactId": became.contact_id,
        "ConvertedOpportunityId": became.opportunity_id or None,
    }
