"""Short words for tests of handing over: a mapping with two teams, and facts of sales."""

from __future__ import annotations

from datetime import datetime

from connector.domain.definitions import Definitions
from connector.domain.fact import Fact, FactKind
from connector.domain.sales.handover import HandOver
from connector.mapping.load import parse_mapping
from tests.builders import START, Story, baseline

MAPPING = """\
format: 1
workspace: acme
timezone: Europe/Rome
fields:
  email: {hubspot: email, identity: true}
  firstname: {hubspot: firstname}
  country: {hubspot: country}
  owner: {hubspot: hubspot_owner_id, owner: true}
  stage: {hubspot: lifecyclestage, values: {lead: Lead, salesqualifiedlead: SQL, customer: Customer}}
  status: {hubspot: hs_lead_status}
  opted_out: {hubspot: hs_email_optout, type: boolean, consent: email}
signals:
  clicked: {api: {attributes: [what]}}
  called: {api: {}}
scores:
  heat: {rules: [{on: clicked, points: 10}]}
sales:
  lifecycle: stage
  status: status
  teams:
    inbound:
      hours: {days: mon-fri, hours: "09:00-17:00"}
      reps:
        anna: {hubspot: "101"}
        ben: {hubspot: "102"}
    heads:
      reps:
        maria: {hubspot: "109"}
  hand_over:
    hot:
      when: {heat: {gte: 20}}
      again: 10d
      owner: {team: inbound}
      lifecycle: SQL
      status: NEW
      next_step: Offer a demo
      untouched:
        within: 4h
        touched_by: [called, {changed: status, to: IN_PROGRESS}]
        then: [maria, next]
      accepted: {changed: status, to: OPEN_DEAL}
      rejected:
        - {changed: status, to: UNQUALIFIED, program: nurture, phase: long, lifecycle: Lead, status: OPEN}
        - {changed: status, to: BAD_TIMING}
      closed: {changed: stage, to: Customer}
lists:
  greeting: Greeting
  news: News
programs:
  nurture:
    enrol: by_hand
    again: after 0d
    phases:
      short:
        activities: {hello: {send: {list: greeting}, after: 1d, answered: clicked, within: 7d}}
        all_answered: {sales: hot}
        none_answered: long
      long:
        activities: {news: {send: {list: news}, after: 30d}}
"""


def mapping(*changes: tuple[str, str]) -> Definitions:
    """The mapping with some of its words changed."""
    text = MAPPING
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return parse_mapping({"m.yaml": text})


def selling(*changes: tuple[str, str], **properties: str) -> Story:
    """A lead that was just heard of."""
    return Story(mapping(*changes)).receive(baseline(START, email="ada@example.com", **properties))


def ruled(at: datetime, rep: str = "anna", key: str = "sales:hot:1:1", owner: str = "") -> Fact:
    """The workspace gave the lead to a rep."""
    owner = owner or {"anna": "101", "ben": "102", "maria": "109"}[rep]
    data = {"rep": rep, "team": "inbound", "owner": owner, "because": "the next in turn"}
    return Fact(f"ruling:{key}", at, FactKind.RULING, key, "", data)


def hand_over(story: Story) -> HandOver:
    """The lead's latest hand-over."""
    return story.lead.hand_overs[-1]
