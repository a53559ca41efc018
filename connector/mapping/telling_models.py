"""The shape of what sales is told in mapping files: tasks, notes, alerts and posts."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from connector.mapping.forms import Duration, Entry, OneOrMany, TextFor, Words

#: The custom notification type of the Salesforce package.
ALERT_TYPE = "coltiva__Hot_Lead"


class TaskEntry(Entry):
    """A task for the sales rep."""

    what: ClassVar[str] = "a task"

    subject: Words
    body: Annotated[str, Field(max_length=10_000)] = ""
    due: Duration = timedelta(days=1)
    priority: Literal["low", "medium", "high", "none"] = "medium"
    type: Literal["todo", "call", "email"] = "todo"
    remind: Duration | None = Field(default=None, description="Reminds the owner so long before it is due.")


class NoteEntry(Entry):
    """A note on the CRM record."""

    what: ClassVar[str] = "a note"

    body: Words


Task = Annotated[TaskEntry, TextFor("subject")]
Note = Annotated[NoteEntry, TextFor("body")]
Tasks = Annotated[tuple[Task, ...], OneOrMany()]
Notes = Annotated[tuple[Note, ...], OneOrMany()]


class AlertEntry(Entry):
    """What Salesforce shows at once, on screen and phone, to whoever owns the lead there: a custom notification."""

    what: ClassVar[str] = "an alert"

    title: Words
    body: Annotated[str, Field(max_length=10_000)] = Field(default="", description="Without, the title once more.")
    type: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=100)] = Field(
        default=ALERT_TYPE, description="The API name of a custom notification type; without, that of our package."
    )


class PostEntry(Entry):
    """A Chatter post on the Salesforce record."""

    what: ClassVar[str] = "a post"

    body: Words
    mention: bool = Field(default=True, description="Mentions whoever owns the lead, who is told of it then.")


Alerts = Annotated[tuple[Annotated[AlertEntry, TextFor("title")], ...], OneOrMany()]
Posts = Annotated[tuple[Annotated[PostEntry, TextFor("body")], ...], OneOrMany()]


class TellingEntry(Entry):
    """What sales is told, and by which means."""

    task: Tasks = ()
    note: Notes = ()
    alert: Alerts = Field(default=(), description="Of Salesforce: shown at once to whoever owns the lead.")
    post: Posts = Field(default=(), description="Of Salesforce: said in Chatter, on the record.")
