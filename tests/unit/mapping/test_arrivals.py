"""Which signals of a mapping an account gives, and how late."""

from __future__ import annotations

from datetime import timedelta

from connector.domain.field import FieldType
from connector.mapping.arrivals import Arrival, tell_arrivals
from connector.mapping.load import parse_mapping
from connector.ports import Catalog, CrmProperty

MAPPING = """\
format: 1
workspace: both
timezone: Europe/Rome
fields:
  email: {hubspot: email, salesforce: [Lead.Email, Contact.Email], identity: true}
deals:
  salesforce: {won: {stage: Closed Won}}
signals:
  email_clicked: {hubspot: {when_changed: hs_email_last_click_date}}
  report_read:   {hubspot: {poll: form_submissions, form: Report}}
  worked_on:     {salesforce: {when_changed: Lead.Status}}
  called:        {salesforce: {task: completed, type: Call}}
  bought:        {salesforce: {deal: won}}
  moved_on:      {salesforce: {deal: moved, to: Proposal}}
  page_read:     {api: {attributes: [page]}}
"""


def arrivals(crm: str, label: str, name: str) -> list[Arrival]:
    catalog = Catalog(crm, label, {name: CrmProperty(name, FieldType.TEXT)})
    return tell_arrivals(parse_mapping({"m.yaml": MAPPING}), timedelta(minutes=5), timedelta(minutes=15), catalog)


def test_an_account_is_asked_for_the_signals_of_its_own_crm_alone() -> None:
    told = arrivals("salesforce", "Salesforce", "Lead.Status")

    assert [(one.signal, one.source, one.delay) for one in told] == [
        ("bought", "salesforce: deal won", "at once"),
        ("called", "salesforce: task (Call)", "at once if Salesforce tells of it, else within 15m"),
        ("moved_on", "salesforce: deal moved to Proposal", "at once"),
        ("page_read", "API", "at once"),
        ("worked_on", "salesforce: Lead.Status changes", "at once"),
    ]


def test_another_crm_has_its_own() -> None:
    told = arrivals("hubspot", "HubSpot", "hs_email_last_click_date")

    assert [(one.signal, one.delay) for one in told] == [
        ("email_clicked", "at once"),
        ("page_read", "at once"),
        ("report_read", "within 5m"),
    ]
