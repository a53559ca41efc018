"""One Salesforce org: its records, users, rules, and what others were told by it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from connector.sandbox.clock import SandboxClock
from connector.sandbox.salesforce.apps import App, Installation
from connector.sandbox.salesforce.bulk_jobs import JobBook
from connector.sandbox.salesforce.cursors import CursorBook
from connector.sandbox.salesforce.database import Database
from connector.sandbox.salesforce.fields import Field, Row, to_stamp
from connector.sandbox.salesforce.happenings import Actor, Happening
from connector.sandbox.salesforce.limits import RequestPool
from connector.sandbox.salesforce.people import People
from connector.sandbox.salesforce.permissions import Permissions


@dataclass(slots=True)
class Sent:
    """What standard actions did: notifications, posts and emails, in order."""

    notifications: list[dict[str, Any]] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)
    emails: list[dict[str, Any]] = field(default_factory=list)


class Org:
    """A customer's org. Everything that takes `lock` is safe to call from any thread."""

    def __init__(self, org_id: str, name: str, clock: SandboxClock, *, is_sandbox: bool = False) -> None:
        self.id = org_id
        self.name = name
        self.clock = clock
        #: Where its My Domain is served; set when it is.
        self.instance_url = "https://example.my.salesforce.com"
        self.login_url = "https://login.salesforce.com"
        self.lock = threading.RLock()
        self.database = Database(clock)
        self.pool = RequestPool()
        self.cursors = CursorBook()
        self.jobs = JobBook()
        self.installations: dict[str, Installation] = {}
        #: Whether the administrator says yes when an app asks for access.
        self.approves = True
        #: Whether an unknown field in one record of a collection refuses the whole call, not that record alone.
        self.unknown_field_fails_call = False
        self.sent = Sent()
        self.created_at = self.schema_changed_at = clock.now()
        self._permissions: dict[str, Permissions] = {}
        self._listeners: list[Callable[[list[Happening]], None]] = []
        self.people = People(self)
        self.admin, self.integration_user = self._set_up(is_sandbox=is_sandbox)

    # --- setup ------------------------------------------------------------------------------

    def add_fields(self, object_name: str, *fields: Field) -> None:
        """Add custom fields to an object, as an administrator or a package does."""
        with self.lock:
            self.database.schema.get(object_name).add(fields)
            self.schema_changed_at = self.clock.now()

    def install(self, app: App, *, run_as: str = "", approved: bool = True) -> Installation:
        """Install an app; by default the integration user is approved for it."""
        made = Installation(app, {self.integration_user} if approved else set(), run_as)
        self.installations[app.client_id] = made
        return made

    def installation_of(self, app: App) -> Installation:
        """What was decided about an app; nothing for one that is not installed."""
        return self.installations.get(app.client_id, Installation(app))

    def permissions_of(self, user_id: str) -> Permissions:
        """What a user may do, to look at and to change."""
        return self._permissions.setdefault(user_id, Permissions())

    # --- people -----------------------------------------------------------------------------

    def user_id(self, username: str) -> str:
        """The id of a user; empty when there is none."""
        found = self.database.tables["User"].find_by("Username", username)
        return found[0]["Id"] if found else ""

    def username(self, user_id: str) -> str:
        """The name that a user logs in with."""
        return str(self.database.tables["User"].rows[user_id]["Username"])

    # --- telling ----------------------------------------------------------------------------

    def on_change(self, listener: Callable[[list[Happening]], None]) -> None:
        """Hear of every change, transaction by transaction."""
        self._listeners.append(listener)

    def publish(self) -> None:
        """Tell what happened since the last time; hold the lock."""
        told, self.database.happenings = self.database.happenings, []
        if told:
            for listener in self._listeners:
                listener(told)

    def _set_up(self, *, is_sandbox: bool) -> tuple[str, str]:
        self._add_row(
            "Organization",
            {
                "Id": self.id,
                "Name": self.name,
                "OrganizationType": "Enterprise Edition",
                "InstanceName": "EU55",
                "IsSandbox": is_sandbox,
                "TimeZoneSidKey": "Europe/Rome",
            },
        )
        admin = self.people.add_user("admin", "Ada", "Admin")
        return admin, self.people.add_user("integration", "Integration", "User")

    def add_setup_row(self, object_name: str, values: Row) -> str:
        """Add a record of an object that only setup writes, such as a user or a queue; gives its id."""
        with self.lock:
            table = self.database.tables[object_name]
            row = {**table.object.defaults, **values}
            row.setdefault("Id", self.database.ids.next(table.object.prefix))
            return self._add_row(object_name, row)

    def _add_row(self, object_name: str, row: Row) -> str:
        table = self.database.tables[object_name]
        stamp = to_stamp(self.clock.now())
        row.update(CreatedDate=stamp, LastModifiedDate=stamp, SystemModstamp=stamp, IsDeleted=False)
        table.object.compute(row)
        table.put(row)
        record_id: str = row["Id"]
        return record_id

    def actor(self, user: str = "") -> Actor:
        """A user who acts by hand, by default the administrator."""
        return Actor(user or self.admin)
