"""What people and the portal's machinery can be told to do from outside.

Each action is a function of the portal and named arguments; their annotations say what may be given. docs/rehearse.md
tells them to people, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from connector.sandbox.acting import Action, prepare
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.refusals import RefusalError, not_found


def add_owner(portal: Portal, email: str, first_name: str = "", last_name: str = "") -> str:
    """Invite a user who may own records; gives the owner's id."""
    return portal.add_owner(email, first_name, last_name).id


def create_contact(portal: Portal, email: str = "", **properties: str) -> str:
    """Add a contact by hand; gives its id."""
    return portal.create_contact(email or None, user=None, **properties)


def set_properties(portal: Portal, contact_id: str, values: dict[str, str]) -> None:
    """Edit a contact by hand."""
    portal.set_properties(contact_id, values)


def delete_contact(portal: Portal, contact_id: str) -> None:
    """Delete a contact so that it can be restored."""
    portal.delete_contact(contact_id)


def restore_contact(portal: Portal, contact_id: str) -> None:
    """Bring a deleted contact back."""
    portal.restore_contact(contact_id)


def merge_contacts(portal: Portal, primary_id: str, secondary_id: str) -> str:
    """Merge the second contact into the first; gives the survivor's id."""
    return portal.merge_contacts(primary_id, secondary_id)


def privacy_delete_contact(portal: Portal, contact_id: str) -> None:
    """Erase a contact for good."""
    portal.privacy_delete_contact(contact_id)


def create_deal(portal: Portal, contact_ids: list[str], values: dict[str, str]) -> str:
    """Add a deal of some contacts by hand; gives its id."""
    return portal.create_deal(contact_ids, values)


def set_deal(portal: Portal, deal_id: str, values: dict[str, str]) -> None:
    """Edit a deal by hand: to win it, set its stage."""
    portal.set_deal(deal_id, values)


def associate_deal(portal: Portal, deal_id: str, contact_id: str) -> None:
    """Say that a deal is this contact's, too."""
    portal.associate_deal(deal_id, contact_id)


def part_deal(portal: Portal, deal_id: str, contact_id: str) -> None:
    """Say that a deal is not this contact's."""
    portal.part_deal(deal_id, contact_id)


def delete_deal(portal: Portal, deal_id: str) -> None:
    """Delete a deal so that it can be restored."""
    portal.delete_deal(deal_id)


def restore_deal(portal: Portal, deal_id: str) -> None:
    """Bring a deleted deal back."""
    portal.restore_deal(deal_id)


def merge_deals(portal: Portal, primary_id: str, secondary_id: str) -> str:
    """Merge the second deal into the first; gives the survivor's id."""
    return portal.merge_deals(primary_id, secondary_id)


def complete_task(portal: Portal, task_id: str) -> None:
    """Tick a task off."""
    portal.complete_task(task_id)


def create_list(portal: Portal, name: str, processing_type: str = "MANUAL") -> str:
    """Make a contact list by hand; gives its id."""
    return portal.create_list(name, processing_type).id


def delete_list(portal: Portal, name: str) -> None:
    """Delete a list."""
    portal.delete_list(name)


def send_email_when_joined(portal: Portal, list_name: str, email_name: str) -> None:
    """The workflow that sends a marketing email to whoever joins a list."""
    portal.send_email_when_joined(list_name, email_name)


def submit_form(
    portal: Portal, email: str, form: str, page_url: str = "", values: Mapping[str, str] | None = None
) -> str:
    """A visitor fills in a form; gives the contact's id."""
    return portal.marketing.submit_form(email, form, page_url, **(values or {}))


def send_email(portal: Portal, contact_id: str, email_name: str) -> bool:
    """Send a marketing email; says whether it was sent."""
    return portal.marketing.send_email(contact_id, email_name)


def save_email(portal: Portal, email_id: int, name: str, transactional: bool = False) -> None:
    """Save an email for the single-send API."""
    portal.save_email(email_id, name, transactional=transactional)


def open_email(portal: Portal, contact_id: str, email_name: str) -> None:
    """The contact opens a marketing email."""
    portal.marketing.open_email(contact_id, email_name)


def click_email(portal: Portal, contact_id: str, email_name: str, url: str = "https://www.example.com/") -> None:
    """The contact opens a marketing email and clicks a link in it."""
    portal.marketing.click_email(contact_id, email_name, url)


def bounce_email(portal: Portal, contact_id: str, email_name: str) -> None:
    """A marketing email to the contact bounces."""
    portal.marketing.bounce_email(contact_id, email_name)


def opt_out(portal: Portal, contact_id: str) -> None:
    """The contact unsubscribes from all email."""
    portal.marketing.opt_out(contact_id)


def book_meeting(portal: Portal, contact_id: str, title: str, starts_at: datetime) -> str:
    """The contact books a meeting; gives the meeting's id."""
    return portal.marketing.book_meeting(contact_id, title, starts_at)


def visit_page(portal: Portal, contact_id: str, url: str, title: str = "") -> None:
    """The contact looks at a page of the customer's site."""
    portal.marketing.visit_page(contact_id, url, title)


def join_list(portal: Portal, contact_id: str, list_name: str) -> None:
    """A user puts the contact on a list."""
    portal.join_list(contact_id, list_name)


def leave_list(portal: Portal, contact_id: str, list_name: str) -> None:
    """A user takes the contact off a list."""
    portal.leave_list(contact_id, list_name)


#: By name.
ACTIONS: Mapping[str, Action] = {
    action.__name__: action
    for action in (
        add_owner,
        create_contact,
        set_properties,
        delete_contact,
        restore_contact,
        merge_contacts,
        privacy_delete_contact,
        create_deal,
        set_deal,
        associate_deal,
        part_deal,
        delete_deal,
        restore_deal,
        merge_deals,
        complete_task,
        create_list,
        delete_list,
        send_email_when_joined,
        submit_form,
        send_email,
        save_email,
        open_email,
        click_email,
        bounce_email,
        opt_out,
        book_meeting,
        visit_page,
        join_list,
        leave_list,
    )
}


def perform(portal: Portal, name: str, arguments: Mapping[str, Any]) -> object:
    """Do it and give what it gives. Raises WrongCommandError, or RefusalError where the portal does not do it."""
    action, values = prepare(ACTIONS, name, arguments)
    try:
        return action(portal, **values)
    except RefusalError as refusal:
        ids = ", ".join(f"{argument} {given}" for argument, given in arguments.items() if argument.endswith("_id"))
        if refusal.status == HTTPStatus.NOT_FOUND and ids:
            raise not_found(f"{name}: the portal has nothing with {ids}.") from refusal
        raise
