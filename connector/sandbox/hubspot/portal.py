"""One HubSpot portal, and what its people do in it. Everything here is safe to call from any thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial

from connector.sandbox.clock import SandboxClock
from connector.sandbox.hubspot.crm import Crm
from connector.sandbox.hubspot.limits import Limits
from connector.sandbox.hubspot.lists import RecordList
from connector.sandbox.hubspot.marketing import Marketing
from connector.sandbox.hubspot.owners import Owner
from connector.sandbox.hubspot.records import Record, RecordTable
from connector.sandbox.hubspot.single_sends import SavedEmail, SingleSends
from connector.sandbox.hubspot.vocabulary import CONTACT, DEAL, DEFAULT_ASSOCIATIONS, NOTE, TASK, Origin, by_user, iso
from connector.sandbox.plans import PlanBook


class Portal:
    """A customer's account: its CRM, its marketing tools, its users.

    Ids are strings, as the API has them. Methods that take `user` act as that user of the portal,
    by default its administrator; webhooks then say `CRM_UI`.
    """

    def __init__(
        self,
        portal_id: int,
        name: str,
        clock: SandboxClock,
        plans: PlanBook,
        limits: Limits,
        *,
        time_zone: str = "Europe/Rome",
    ) -> None:
        self.id = portal_id
        self.name = name
        self.clock = clock
        self.limits = limits
        self.time_zone = time_zone
        self.account_type = "STANDARD"
        self.crm = Crm(clock)
        self.admin = self.crm.owners.add("admin@example.com", "Ada", "Admin", clock.now())
        self.marketing = Marketing(self.crm)
        self.single_sends = SingleSends(self.crm, self.marketing)
        self._plans = plans
        self._workflows: dict[str, list[Callable[[str], object]]] = {}
        self.crm.lists.on_joined = self._on_joined

    @property
    def contacts(self) -> RecordTable:
        """All contacts; hold `crm.lock` while going through them."""
        return self.crm.tables[CONTACT.type_id]

    # --- people -----------------------------------------------------------------------------

    def add_owner(self, email: str, first_name: str, last_name: str) -> Owner:
        """Invite a user who may own records."""
        with self.crm.lock:
            return self.crm.owners.add(email, first_name, last_name, self.clock.now())

    def create_contact(self, email: str | None = None, *, user: Owner | None = None, **properties: str) -> str:
        """Add a contact by hand; gives its id. Refuses an address that another contact has."""
        values = {"email": email, **properties} if email else properties
        with self.crm.lock:
            checked = self.contacts.catalog.check_values(values, through_api=False)
            return self.crm.create(self.contacts, checked, self._as(user)).id

    def set_properties(self, contact_id: str, values: Mapping[str, str], *, user: Owner | None = None) -> None:
        """Edit a contact; an empty value clears a property."""
        with self.crm.lock:
            self._write(self.contacts, contact_id, values, self._as(user))

    def set_property(self, contact_id: str, name: str, value: str, *, user: Owner | None = None) -> None:
        """Edit one property of a contact."""
        self.set_properties(contact_id, {name: value}, user=user)

    def delete_contact(self, contact_id: str, *, user: Owner | None = None) -> None:
        """Delete a contact so that it can be restored."""
        with self.crm.lock:
            self.crm.archive(self.contacts, self.crm.record(CONTACT.name, contact_id), self._as(user))

    def restore_contact(self, contact_id: str, *, user: Owner | None = None) -> None:
        """Bring a deleted contact back."""
        with self.crm.lock:
            record = self.crm.record(CONTACT.name, contact_id, archived=True)
            self.crm.restore(self.contacts, record, self._as(user))

    def merge_contacts(self, primary_id: str, secondary_id: str, *, user: Owner | None = None) -> str:
        """Merge the second contact into the first; gives the survivor's id, which may be new."""
        with self.crm.lock:
            primary = self.crm.record(CONTACT.name, primary_id)
            secondary = self.crm.record(CONTACT.name, secondary_id)
            return self.crm.merge(self.contacts, primary, secondary, self._as(user)).id

    def privacy_delete_contact(self, contact_id: str, *, user: Owner | None = None) -> None:
        """Erase a contact for good, as the law may demand."""
        with self.crm.lock:
            self.crm.erase(self.contacts, self.crm.record(CONTACT.name, contact_id), self._as(user))

    # --- deals ------------------------------------------------------------------------------

    def create_deal(self, contact_ids: Iterable[str], values: Mapping[str, str], *, user: Owner | None = None) -> str:
        """Add a deal of these contacts by hand; gives its id."""
        table = self.crm.tables[DEAL.type_id]
        with self.crm.lock:
            deal_id = self.crm.create(table, table.catalog.check_values(values, through_api=False), self._as(user)).id
            for contact_id in contact_ids:
                self.associate_deal(deal_id, contact_id, user=user)
            return deal_id

    def set_deal(self, deal_id: str, values: Mapping[str, str], *, user: Owner | None = None) -> None:
        """Edit a deal, for example its stage; an empty value clears a property."""
        with self.crm.lock:
            self._write(self.crm.tables[DEAL.type_id], deal_id, values, self._as(user))

    def associate_deal(self, deal_id: str, contact_id: str, *, user: Owner | None = None) -> None:
        """Say that a deal is this contact's, too."""
        with self.crm.lock:
            ends = (DEAL.type_id, self.crm.record(DEAL.name, deal_id).id, CONTACT.type_id)
            contact = self.crm.record(CONTACT.name, contact_id).id
            self.crm.associations.link(*ends, contact, DEFAULT_ASSOCIATIONS[ends[0], ends[2]], self._as(user))

    def part_deal(self, deal_id: str, contact_id: str, *, user: Owner | None = None) -> None:
        """Say that a deal is not this contact's."""
        with self.crm.lock:
            ends = (DEAL.type_id, self.crm.record(DEAL.name, deal_id).id, CONTACT.type_id)
            self.crm.associations.unlink(*ends, self.crm.record(CONTACT.name, contact_id).id, self._as(user))

    def delete_deal(self, deal_id: str, *, user: Owner | None = None) -> None:
        """Delete a deal so that it can be restored."""
        with self.crm.lock:
            self.crm.archive(self.crm.tables[DEAL.type_id], self.crm.record(DEAL.name, deal_id), self._as(user))

    def restore_deal(self, deal_id: str, *, user: Owner | None = None) -> None:
        """Bring a deleted deal back."""
        with self.crm.lock:
            record = self.crm.record(DEAL.name, deal_id, archived=True)
            self.crm.restore(self.crm.tables[DEAL.type_id], record, self._as(user))

    def merge_deals(self, primary_id: str, secondary_id: str, *, user: Owner | None = None) -> str:
        """Merge the second deal into the first; gives the survivor's id, which may be new."""
        with self.crm.lock:
            primary, secondary = (self.crm.record(DEAL.name, id_) for id_ in (primary_id, secondary_id))
            return self.crm.merge(self.crm.tables[DEAL.type_id], primary, secondary, self._as(user)).id

    # --- tasks, lists, workflows ------------------------------------------------------------

    def complete_task(self, task_id: str, *, user: Owner | None = None) -> None:
        """Tick a task off."""
        with self.crm.lock:
            done = {"hs_task_status": "COMPLETED", "hs_task_completion_date": iso(self.clock.now())}
            self._write(self.crm.tables[TASK.type_id], task_id, done, self._as(user))

    def create_list(self, name: str, processing_type: str = "MANUAL") -> RecordList:
        """Make a contact list by hand."""
        with self.crm.lock:
            return self.crm.lists.create(name, CONTACT.type_id, processing_type, self.clock.now())

    def delete_list(self, name: str) -> None:
        """Delete a list so that it can be restored."""
        with self.crm.lock:
            found = self.crm.lists.by_name(name, CONTACT.type_id)
            self.crm.lists.delete(found.id, self.clock.now())

    def join_list(self, contact_id: str, name: str) -> None:
        """Put a contact on a list by hand."""
        with self.crm.lock:
            found = self.crm.lists.by_name(name, CONTACT.type_id)
            record = self.crm.record(CONTACT.name, contact_id)
            self.crm.lists.change(found, add=[record.id], exists=self.contacts.has, now=self.clock.now())

    def leave_list(self, contact_id: str, name: str) -> None:
        """Take a contact off a list by hand."""
        with self.crm.lock:
            found = self.crm.lists.by_name(name, CONTACT.type_id)
            record = self.crm.record(CONTACT.name, contact_id)
            self.crm.lists.change(found, remove=[record.id], exists=self.contacts.has, now=self.clock.now())

    def when_joined(self, list_name: str, action: Callable[[str], object]) -> None:
        """A workflow: do something with the id of each contact that joins a list of this name.

        The action is planned for the same moment and runs at the sandbox's next tick, not inside the
        call that changed the list. The list need not exist yet.
        """
        self._workflows.setdefault(list_name.lower(), []).append(action)

    def send_email_when_joined(self, list_name: str, email_name: str) -> None:
        """A workflow: whoever joins the list is sent a marketing email."""
        self.when_joined(list_name, lambda contact_id: self.marketing.send_email(contact_id, email_name))

    def save_email(self, email_id: int, name: str, *, transactional: bool = False, needs: Iterable[str] = ()) -> None:
        """Save an email for the single-send API; `needs` are custom properties that its design cannot do without."""
        self.single_sends.save(SavedEmail(email_id, name, transactional, frozenset(needs)))

    def plan(self, after: timedelta, action: Callable[[], object]) -> None:
        """Do something when so much portal time has passed."""
        self._plans.add(self.clock.now() + after, action)

    # --- reading back -----------------------------------------------------------------------

    def contact(self, contact_id: str) -> dict[str, str]:
        """The properties of a contact, also by an id that a merge took away."""
        with self.crm.lock:
            return dict(self.crm.record(CONTACT.name, contact_id).properties)

    def contact_id(self, email: str) -> str | None:
        """The id of the contact with this address."""
        with self.crm.lock:
            found = self.contacts.find_by("email", email)
            return found.id if found else None

    def contact_ids(self) -> list[str]:
        """The ids of all contacts, oldest first."""
        with self.crm.lock:
            return [record.id for record in self.contacts]

    def history(self, contact_id: str, name: str) -> list[tuple[datetime, str]]:
        """The values that a property of a contact had, oldest first."""
        with self.crm.lock:
            versions = self.crm.record(CONTACT.name, contact_id).history.get(name, [])
            return [(version.at, version.value) for version in versions]

    def tasks(self, contact_id: str | None = None) -> list[dict[str, str]]:
        """The properties of all tasks, or of those of one contact."""
        return self._records(TASK.type_id, contact_id)

    def notes(self, contact_id: str | None = None) -> list[dict[str, str]]:
        """The properties of all notes, or of those of one contact."""
        return self._records(NOTE.type_id, contact_id)

    def members(self, list_name: str) -> set[str]:
        """The ids of a list's members; empty when there is no such list."""
        with self.crm.lock:
            lists = [one for one in self.crm.lists if one.name.lower() == list_name.lower()]
            return set(lists[0].members) if lists else set()

    def lists_of(self, contact_id: str) -> set[str]:
        """The names of the lists that a contact is in."""
        with self.crm.lock:
            return {one.name for one in self.crm.lists.lists_of(contact_id, CONTACT.type_id)}

    def _records(self, type_id: str, contact_id: str | None) -> list[dict[str, str]]:
        with self.crm.lock:
            found: list[Record | None]
            if contact_id is None:
                found = list(self.crm.tables[type_id])
            else:
                linked = self.crm.associations.linked(CONTACT.type_id, contact_id, type_id)
                found = [self.crm.tables[type_id].find(one) for one in linked]
            return [dict(record.properties) for record in found if record is not None]

    def _write(self, table: RecordTable, record_id: str, values: Mapping[str, str], origin: Origin) -> None:
        record = self.crm.record(table.object_type.name, record_id)
        checked = table.catalog.check_values(values, through_api=False)
        self.crm.check_change(table, record, checked)
        self.crm.write(table, record, checked, origin)

    def _as(self, user: Owner | None) -> Origin:
        return by_user((user or self.admin).user_id)

    def _on_joined(self, joined: RecordList, record_id: str) -> None:
        for action in self._workflows.get(joined.name.lower(), []):
            self.plan(timedelta(0), partial(action, record_id))
