"""Scenarios in which leads buy."""

from __future__ import annotations

from textwrap import indent

import pytest

from connector.domain.book import compile_book
from connector.mapping.load import names_in, parse_mapping
from connector.mapping.report import Report
from connector.scenario import Scenario, run
from connector.scenario.reading import read_scenarios

MAPPING = """\
format: 1
workspace: shop
timezone: Europe/Rome
deals:
  hubspot: {won: {stage: [closedwon, renewed]}, lost: {stage: closedlost}}
fields:
  email:       {hubspot: email, identity: true}
  opted_out:   {hubspot: hs_email_optout, type: boolean, consent: email}
  purchases:   {deals: {count: won}}
  revenue:     {deals: {total: won}}
  last_bought: {deals: {last: won}}
signals:
  purchased:      {hubspot: {deal: won, attributes: {amount: amount}}}
  deal_lost:      {hubspot: {deal: lost}}
  deal_opened:    {hubspot: {deal: opened}}
  cart_abandoned: {hubspot: {deal: moved, to: abandoned}}
rfm: {quintiles: true}
segments:
  champions: {rfm.code: ["555", "545", "515"]}
programs:
  thanks:
    enrol: {on: purchased, when: {rfm.monetary: {gte: 4}}}
    phases: {mail: {activities: {mail: {send: {list: thanks}}}}}
lists: {thanks: Thanks}
"""
PLAIN = "format: 1\nworkspace: shop\ntimezone: Europe/Rome\nfields: {email: {hubspot: email, identity: true}}\n"
EDGES = "rfm: {recency: [30d, 90d, 180d, 365d], frequency: [1, 2, 4, 8], monetary: [100, 500, 1000, 5000]}"


def read(body: str, mapping: str = MAPPING, head: str = "") -> tuple[Report, list[Scenario]]:
    files = {"shop.yaml": mapping}
    text = f"format: 1\nbegins: 2026-09-07 09:00\n{head}scenarios:\n  tested:\n{indent(body, '    ')}"
    return read_scenarios({"here.yaml": text}, compile_book(parse_mapping(files)), names_in(files))


def passes(body: str, head: str = "") -> bool:
    report, scenarios = read(body, head=head)
    assert [str(problem) for problem in report.problems] == []
    results = [run(scenario) for scenario in scenarios]
    print(*(result.text for result in results))  # noqa: T201 - shown by pytest when a test fails
    return all(result.is_right for result in results)


def test_a_purchase_gives_its_signal_and_fills_its_fields() -> None:
    assert passes(
        """\
steps:
  - {at: day 1 10:00, deal: {won: order, amount: 250}}
  - at: day 1 10:00
    expect:
      signals: purchased
      fields: {purchases: 1, revenue: 250, last_bought: {known: true}}
      deals: {order: won}
"""
    )


def test_deals_that_were_there_before_count_and_are_no_news() -> None:
    assert passes(
        """\
deals:
  - {won: first order, amount: 100, closed_at: 2026-08-01}
  - {opened: renewal, amount: 900, stage: negotiation}
steps:
  - expect: {signals: [], fields: {purchases: 1, revenue: 100, last_bought: {before: 2026-09-01}}}
  - expect: {deals: {renewal: open}}
  - {at: day 2 10:00, deal: {won: renewal}, expect: {signals: purchased, fields: {revenue: 1000}}}
"""
    )


def test_a_deal_goes_through_its_stages() -> None:
    assert passes(
        """\
steps:
  - {at: day 1 10:00, deal: {opened: cart, amount: 40}, expect: {signals: deal_opened, deals: {cart: open}}}
  - {at: day 2 10:00, deal: {moved: cart, stage: abandoned}, expect: {signals: cart_abandoned}}
  - {at: day 3 10:00, deal: {changed: cart, amount: 50}, expect: {signals: [], deals: {cart: abandoned}}}
  - {at: day 4 10:00, deal: {lost: cart}, expect: {signals: deal_lost, fields: {revenue: 0}}}
  - {at: day 5 10:00, deal: {gone: cart}, expect: {signals: [], deals: {cart: gone}}}
"""
    )


def test_a_deal_of_two_leads_is_known_to_both() -> None:
    assert passes(
        """\
deals: [{won: shared, amount: 70, of: [ada, bruno]}, {won: own, amount: 5, of: bruno}]
leads: {ada: {}, bruno: {}, carla: {}}
steps:
  - {lead: ada, expect: {fields: {revenue: 70}}}
  - {lead: bruno, expect: {fields: {revenue: 75}}}
  - {lead: carla, expect: {fields: {revenue: 0}, deals: {shared: unknown}}}
  - {at: day 1 10:00, lead: [ada, bruno], deal: {changed: shared, amount: 100}}
  - {lead: bruno, expect: {fields: {revenue: 105}}}
"""
    )


def test_scores_follow_from_what_was_measured_and_change_when_it_is_measured_anew() -> None:
    assert passes(
        """\
steps:
  - {at: day 1 10:00, deal: {won: order, amount: 1200}, expect: {entered: thanks, fields: {rfm.code: "514"}}}
  - {at: day 2 10:00, rfm: {recency: [30d, 90d, 180d, 365d], frequency: [1, 2, 4, 8], monetary: [1, 2, 3, 4]}}
  - expect: {fields: {rfm.code: "515", rfm.monetary: 5}, joined: champions}
  - {at: day 40 10:00, expect: {fields: {rfm.recency: 4}, left: champions}}
""",
        head=f"{EDGES}\n",
    )


def test_without_a_measurement_there_are_no_scores() -> None:
    assert passes("steps: [{deal: {won: order, amount: 9}, expect: {fields: {rfm.code: {unknown: true}}}}]\n")


def test_a_difference_tells_how_the_deal_stands() -> None:
    _, (scenario,) = read("steps: [{at: day 1 10:00, deal: {won: order, amount: 9}, expect: {deals: {order: lost}}}]\n")

    text = run(scenario).text

    assert "deal order" in text
    assert "- expected  lost" in text
    assert "+ found     won, closedwon" in text
    assert "order" in text


MISTAKES = {
    "steps: [{deal: {wom: order}}]": 'unknown key "wom" in a deal; did you mean "won"?',
    "steps: [{deal: {won: a, lost: b}}]": (
        "one thing happens to a deal; write {won: order}; or opened, lost, moved, changed, gone"
    ),
    "steps: [{deal: {moved: a}}]": "`moved` needs the stage that it came to; add stage: and its name",
    "deals: {won: order}\nsteps: [{deal: {gone: ordre}}]": 'unknown deal "ordre"; did you mean "order"?',
    "steps: [{deal: {won: a, stage: closedlost}}]": (
        'a deal in the stage "closedlost" is lost, not won; name another stage'
    ),
    "steps: [{deal: {won: a, closed_at: soon}}]": '"soon" is no moment; write 2026-09-07 10:00 or day 3 10:00',
    "leads: {ada: {}, bob: {}}\ndeals: {won: a}\nsteps: [{lead: ada}]": (
        "this deal does not say whose it is; add of: ada"
    ),
    "leads: {ada: {}, bob: {}}\ndeals: {won: a, of: bop}\nsteps: [{lead: ada}]": (
        'unknown lead "bop"; did you mean "bob"?'
    ),
    "rfm: {recency: [1d, 2d, 3d, 4d], frequency: [1, 2, 3, 4]}\nsteps: [{did: purchased}]": (
        "nothing says where the fifths of monetary end; add monetary:"
    ),
    "rfm: {recency: [1d, 2d, 3d]}\nsteps: [{did: purchased}]": (
        "expected four edges in rising order between five scores; write [1, 2, 4, 8]"
    ),
}


@pytest.mark.parametrize("body", MISTAKES)
def test_mistakes_are_told_with_a_remedy(body: str) -> None:
    report, _ = read(body)

    assert [str(problem).partition(" ")[2] for problem in report.problems] == [MISTAKES[body]]


PLAIN_MISTAKES = {
    "steps: [{deal: {won: order}}]": (
        "the mapping reads no deals; add deals: {hubspot: {won: {stage: closedwon}}} to the mapping"
    ),
    "steps: [{expect: {deals: {order: won}}}]": (
        "the mapping reads no deals; add deals: {hubspot: {won: {stage: closedwon}}} to it"
    ),
    f"{EDGES}\nsteps: [{{at: day 1 10:00}}]": "the mapping measures no quintiles; add quintiles: true to its rfm",
}


@pytest.mark.parametrize("body", PLAIN_MISTAKES)
def test_what_the_mapping_knows_nothing_of_is_told(body: str) -> None:
    report, _ = read(body, PLAIN)

    assert [str(problem).partition(" ")[2] for problem in report.problems] == [PLAIN_MISTAKES[body]]


ORG = """\
format: 1
workspace: shop
timezone: Europe/Rome
deals: {salesforce: {won: {stage: Closed Won}}}
fields:
  email:     {salesforce: [Lead.Email, Contact.Email], identity: true}
  purchases: {deals: {count: won}}
signals:
  bought: {salesforce: {deal: won}}
  worked: {salesforce: {when_changed: Lead.Status, to: Working}}
scores: {interest: {rules: [{on: worked, points: 20}, {on: bought, points: 5}]}}
write_back: {salesforce: {coltiva__Score__c: interest}}
"""


def test_what_is_in_salesforce_is_set_bought_and_expected_by_its_own_names() -> None:
    report, scenarios = read(
        """\
lead: {salesforce: {Lead.Email: ada@example.com}}
steps:
  - {at: day 1 10:00, set: {salesforce: {Lead.Status: Working}}}
  - {at: day 1 11:00, deal: {won: order, amount: 250}}
  - at: day 1 12:00
    expect: {fields: {purchases: 1}, deals: {order: won}, salesforce: {coltiva__Score__c: 25}}
""",
        ORG,
    )

    assert [str(problem) for problem in report.problems] == []
    assert [run(scenario).is_right for scenario in scenarios] == [True]


def test_a_field_of_salesforce_that_the_mapping_does_not_read_is_named_with_the_nearest() -> None:
    report, _ = read("steps:\n  - {at: day 1 10:00, set: {salesforce: {Lead.Statu: Working}}}\n", ORG)

    assert [problem.message for problem in report.problems] == ['the mapping does not read the property "Lead.Statu"']
    assert "Lead.Status" in report.problems[0].hint
