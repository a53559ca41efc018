"""What people and the portal's machinery can be told to do from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from connector.sandbox.portal import Portal


def _properties(portal: Portal, contact_id: str, values: dict[str, str]) -> None:
    portal.set_properties(contact_id, values)


def _submit(portal: Portal, email: str, form: str, page_url: str = "", values: Mapping[str, str] | None = None) -> str:
    return portal.marketing.submit_form(email, form, page_url, **(values or {}))


def _book(portal: Portal, contact_id: str, title: str, starts_at: str) -> str:
    return portal.marketing.book_meeting(contact_id, title, datetime.fromisoformat(starts_at))


#: What people and the portal's machinery can be told to do.
ACTIONS: dict[str, Callable[..., object]] = {
    "add_owner": lambda portal, **given: portal.add_owner(**given).id,
    "create_contact": Portal.create_contact,
    "set_properties": _properties,
    "delete_contact": Portal.delete_contact,
    "restore_contact": Portal.restore_contact,
    "merge_contacts": Portal.merge_contacts,
    "privacy_delete_contact": Portal.privacy_delete_contact,
    "complete_task": Portal.complete_task,
    "create_list": lambda portal, **given: portal.create_list(**given).id,
    "delete_list": Portal.delete_list,
    "send_email_when_joined": Portal.send_email_when_joined,
    "submit_form": _submit,
    "send_email": lambda portal, **given: portal.marketing.send_email(**given),
    "open_email": lambda portal, **given: portal.marketing.open_email(**given),
    "click_email": lambda portal, **given: portal.marketing.click_email(**given),
    "bounce_email": lambda portal, **given: portal.marketing.bounce_email(**given),
    "opt_out": lambda portal, **given: portal.marketing.opt_out(**given),
    "book_meeting": _book,
    "visit_page": lambda portal, **given: portal.marketing.visit_page(**given),
}
