"""What the people of an org can be told to do from outside.

Each action is a function of the org and named arguments; their annotations say what may be given. docs/rehearse.md
tells them to people, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connector.sandbox.acting import Action, prepare
from connector.sandbox.commands import WrongCommandError
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.standard_objects import CAMPAIGN, CAMPAIGN_MEMBER, CONTACT, TASK


def add_user(org: Org, login: str, first_name: str = "", last_name: str = "") -> str:
    """Add a user who may own records; gives the id."""
    return org.people.add_user(login, first_name, last_name or login)


def create_lead(org: Org, email: str = "", **fields: Any) -> str:
    """Add a lead by hand; gives its id."""
    return org.people.create_lead(email or None, **fields)


def create_contact(org: Org, email: str = "", **fields: Any) -> str:
    """Add a contact by hand; gives its id."""
    return org.people.create_contact(email or None, **fields)


def set_fields(org: Org, record_id: str, values: dict[str, Any]) -> None:
    """Edit a record by hand; null empties a field."""
    org.people.change(record_id, **values)


def convert_lead(org: Org, lead_id: str, contact_id: str = "", opportunity: str = "") -> dict[str, str]:
    """Convert a lead: into a new contact or the one that is given, with an opportunity if it is named."""
    became = org.people.convert(lead_id, contact_id=contact_id, opportunity=opportunity)
    return {
        "account_id": became.account_id,
        "contact_id": became.contact_id,
        "opportunity_id": became.opportunity_id,
    }


def merge_records(org: Org, winner_id: str, loser_id: str) -> None:
    """Merge the second lead or contact into the first."""
    org.people.merge(winner_id, loser_id)


def delete_record(org: Org, record_id: str) -> None:
    """Move a record into the recycle bin."""
    org.people.delete(record_id)


def restore_record(org: Org, record_id: str) -> None:
    """Bring a record back from the recycle bin."""
    org.people.undelete(record_id)


def create_opportunity(
    org: Org, contact_ids: list[str], name: str = "Deal", values: dict[str, Any] | None = None
) -> str:
    """Add an opportunity in which these contacts have a role; gives its id."""
    return org.people.create_opportunity(contact_ids, name=name, **(values or {}))


def create_campaign(org: Org, name: str) -> str:
    """Make a campaign whose members can be Sent or Responded; gives its id."""
    return org.people.create_campaign(name)


def add_to_campaign(org: Org, campaign: str, person_id: str, status: str = "") -> str:
    """Put somebody into the campaign of this name, or give the member another status; gives the member's id."""
    found = org.people.records(CAMPAIGN, Name=campaign)
    if not found:
        raise WrongCommandError(f"There is no campaign {campaign}.")
    field = "ContactId" if org.database.table_of(person_id) is org.database.tables[CONTACT] else "LeadId"
    values = {"Status": status} if status else {}
    members = org.people.records(CAMPAIGN_MEMBER, CampaignId=found[0]["Id"], **{field: person_id})
    if not members:
        return org.people.create(CAMPAIGN_MEMBER, CampaignId=found[0]["Id"], **{field: person_id}, **values)
    org.people.change(members[0]["Id"], **values)
    member: str = members[0]["Id"]
    return member


def log_call(org: Org, person_id: str, subject: str = "Call", result: str = "") -> str:
    """A rep logs a call, which is a task that is done; gives its id."""
    values = {"CallDisposition": result} if result else {}
    return org.people.create(TASK, WhoId=person_id, Subject=subject, TaskSubtype="Call", Status="Completed", **values)


def complete_task(org: Org, task_id: str) -> None:
    """Tick a task off."""
    org.people.close_task(task_id)


#: By name.
ACTIONS: Final[Mapping[str, Action]] = {
    action.__name__: action
    for action in (
        add_user,
        create_lead,
        create_contact,
        set_fields,
        convert_lead,
        merge_records,
        delete_record,
        restore_record,
        create_opportunity,
        create_campaign,
        add_to_campaign,
        log_call,
        complete_task,
    )
}


def perform(org: Org, name: str, arguments: Mapping[str, Any]) -> object:
    """Do it and give what it gives. Raises WrongCommandError, or RefusalError where the org does not do it."""
    action, values = prepare(ACTIONS, name, arguments)
    return action(org, **values)
