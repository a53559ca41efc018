"""The mapping beside what an account has, each difference at its place in the files."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.domain.field import FieldType
from connector.mapping.load import check_mapping
from connector.ports import Catalog, CrmProperty, DealCatalog

SIZES = ("1-5", "5-25", "1000+")
PROPERTIES = (
    CrmProperty("email", FieldType.TEXT),
    CrmProperty("country", FieldType.TEXT),
    CrmProperty("annualrevenue", FieldType.TEXT),
    CrmProperty("numemployees", FieldType.TEXT, SIZES),
    CrmProperty("lifecyclestage", FieldType.TEXT, ("lead", "customer")),
    CrmProperty("interests", FieldType.CHOICES, ("events", "reports")),
    CrmProperty("renewal_date", FieldType.DATE),
    CrmProperty("last_seen", FieldType.DATETIME),
    CrmProperty("visits", FieldType.NUMBER),
    CrmProperty("hs_email_optout", FieldType.BOOLEAN, is_writable=False),
    CrmProperty("recent_conversion_date", FieldType.DATETIME, is_writable=False, is_told=False),
    CrmProperty("hs_score", FieldType.NUMBER, is_writable=False),
    CrmProperty("coltiva_score", FieldType.NUMBER),
)
CATALOG = Catalog("hubspot", "HubSpot", {one.name: one for one in PROPERTIES})
HEAD = """\
format: 1
workspace: test
timezone: Europe/Rome
fields:
  email: {hubspot: email, identity: true}
"""


def differences(text: str, catalog: Catalog = CATALOG) -> list[str]:
    """Every problem as `line:column: words`, those of the head left out."""
    report = check_mapping({"a.yaml": HEAD + text}, catalog)
    return [str(problem).removeprefix("a.yaml:") for problem in report.problems]


def fields(text: str) -> list[str]:
    return differences(f"  x: {text}\n")


WELL_READ = [
    "{hubspot: country}",
    "{hubspot: visits}",
    "{hubspot: renewal_date}",
    "{hubspot: visits, type: number}",
    "{hubspot: visits, type: boolean}",
    "{hubspot: renewal_date, type: datetime}",
    "{hubspot: last_seen, type: date}",
    "{hubspot: interests, type: choices}",
    "{hubspot: lifecyclestage, type: choices}",
    "{hubspot: lifecyclestage, values: {lead: prospect}}",
    "{hubspot: country, values: {Italia: Italy}}",
    "{hubspot: annualrevenue, type: number, values: {much: 1000}}",
    "{hubspot: numemployees, type: number, values: {1-5: 1, 5-25: 5, 1000+: 1000}}",
    "{salesforce: Lead.City}",
]


@pytest.mark.parametrize("field", WELL_READ)
def test_a_field_that_can_hold_what_its_property_has_is_not_spoken_of(field: str) -> None:
    assert fields(field) == []


READ_OTHERWISE = {
    "{hubspot: contry}": '6:16: HubSpot has no property "contry"; did you mean "country"?',
    "{hubspot: zzz}": '6:16: HubSpot has no property "zzz"; make it in HubSpot, or name another one',
    "{hubspot: [country, ip_country]}": '6:26: warning: HubSpot has no property "ip_country"; did you mean "country"?',
    "{hubspot: renewal_date, type: number}": (
        '6:16: "renewal_date" in HubSpot is of type date, and no value of it is a number; write type: date'
    ),
    "{hubspot: visits, type: date}": (
        '6:16: "visits" in HubSpot is of type number, and no value of it is a date; write type: number'
    ),
    "{hubspot: interests}": '6:16: warning: "interests" in HubSpot holds several of a set at once; write type: choices',
    "{hubspot: annualrevenue, type: number}": (
        '6:16: warning: "annualrevenue" in HubSpot is text: what is no number there is no value here'
    ),
    "{hubspot: numemployees, type: number}": (
        '6:16: warning: options of "numemployees" in HubSpot are no number: "1-5", "5-25", "1000+"; '
        "say in values: what each of them is"
    ),
    "{hubspot: numemployees, type: number, values: {1-5: 1, 5-25: 5}}": (
        '6:16: warning: options of "numemployees" in HubSpot are no number: "1000+"; '
        "say in values: what each of them is"
    ),
    "{hubspot: lifecyclestage, values: {leed: prospect}}": (
        '6:41: warning: "leed" is none of the options in HubSpot; did you mean "lead"?'
    ),
    "{hubspot: recent_conversion_date, type: datetime}": (
        '6:16: warning: HubSpot calculates "recent_conversion_date", and does not reliably tell of its changes; '
        "let a form's hidden field or a workflow set a property of your own"
    ),
}


@pytest.mark.parametrize(("field", "told"), READ_OTHERWISE.items(), ids=READ_OTHERWISE)
def test_a_field_that_would_be_read_otherwise_than_meant_is_told(field: str, told: str) -> None:
    assert fields(field) == [told]


SIGNALS = {
    "{when_changed: last_seen}": [],
    "{when_changed: lifecyclestage, to: customer}": [],
    "{when_changed: lst_seen}": ['7:31: HubSpot has no property "lst_seen"; did you mean "last_seen"?'],
    "{when_changed: lifecyclestage, to: [lead, custmer]}": [
        '7:58: warning: "custmer" is none of the options in HubSpot; did you mean "customer"?'
    ],
    "{when_changed: recent_conversion_date}": [
        (
            '7:31: warning: HubSpot calculates "recent_conversion_date", and does not reliably tell of its changes; '
            "let a form's hidden field or a workflow set a property of your own"
        )
    ],
    "[{when_changed: last_seen}, {when_changed: lst_seen}]": [
        '7:59: HubSpot has no property "lst_seen"; did you mean "last_seen"?'
    ],
}


@pytest.mark.parametrize(("source", "told"), SIGNALS.items(), ids=SIGNALS)
def test_a_signal_that_would_never_come_is_told(source: str, told: list[str]) -> None:
    assert differences(f"signals:\n  x: {{hubspot: {source}}}\n") == told


WRITTEN = {
    "coltiva_score": [],
    "not_there_yet": [],
    "hs_score": ['9:13: "hs_score" in HubSpot cannot be written to; write to a property of another name'],
    "country": [
        (
            '9:13: "country" in HubSpot is of type text, and what is written to it is a number; '
            "write to a property of another name"
        )
    ],
    "numemployees": [
        (
            '9:13: "numemployees" in HubSpot is one of a set, and what is written to it is a number; '
            "write to a property of another name"
        )
    ],
}


@pytest.mark.parametrize(("name", "told"), WRITTEN.items(), ids=WRITTEN)
def test_a_property_that_cannot_be_kept_up_to_date_is_told(name: str, told: list[str]) -> None:
    score = "scores:\n  fit: {rules: [{when: {email: {known: true}}, points: 5}]}\n"

    assert differences(f"{score}write_back:\n  hubspot: {{{name}: fit}}\n") == told


def test_an_account_of_another_crm_has_no_say() -> None:
    assert differences("  x: {hubspot: contry}\n", Catalog("salesforce", "Salesforce", {})) == []


def test_without_an_account_nothing_is_said_of_it() -> None:
    assert check_mapping({"a.yaml": f"{HEAD}  x: {{hubspot: contry}}\n"}).problems == ()


# --- deals --------------------------------------------------------------------------------------------------

DEAL_PROPERTIES = (
    CrmProperty("amount", FieldType.NUMBER),
    CrmProperty("closedate", FieldType.DATETIME),
    CrmProperty("dealstage", FieldType.TEXT),
    CrmProperty("pipeline", FieldType.TEXT),
    CrmProperty("dealname", FieldType.TEXT),
)
PIPELINES = {
    "default": {"qualified": "Qualified to buy", "closedwon": "Closed won", "closedlost": "Closed lost"},
    "77001": {"77002": "Renewed", "77003": "Churned"},
}
DEALS = replace(CATALOG, deals=DealCatalog({one.name: one for one in DEAL_PROPERTIES}, PIPELINES))


def deals(source: str, signal: str = "{deal: won}", catalog: Catalog = DEALS) -> list[str]:
    text = (
        f"  bought: {{deals: {{count: won}}}}\ndeals:\n  hubspot: {source}\nsignals:\n  sold: {{hubspot: {signal}}}\n"
    )
    return differences(text, catalog)


@pytest.mark.parametrize(
    "source",
    [
        "{won: {stage: closedwon}, lost: {stage: closedlost}}",
        "{won: {stage: [closedwon, '77002']}, pipelines: [default, '77001']}",
        "{won: {stage: '77002', pipeline: '77001'}}",
    ],
)
def test_deals_as_the_account_has_them_are_fine(source: str) -> None:
    assert deals(source, "{deal: moved, to: qualified}") == []


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (
            "{won: {stage: closewon}}",
            '8:26: no pipeline in HubSpot has a stage "closewon"; did you mean "closedwon"?',
        ),
        ("{won: {stage: Closed won}}", '8:26: no pipeline in HubSpot has a stage "Closed won"; write closedwon'),
        (
            "{won: {stage: closedwon, pipeline: '77001'}}",
            '8:26: no pipeline in HubSpot has a stage "closedwon"; known: 77002, 77003',
        ),
        (
            "{won: {stage: closedwon}, pipelines: defaults}",
            '8:49: HubSpot has no pipeline "defaults"; did you mean "default"?',
        ),
        (
            "{won: {stage: closedwon}, amount: amunt}",
            '8:46: deals in HubSpot have no property "amunt"; did you mean "amount"?',
        ),
        (
            "{won: {stage: closedwon}, amount: dealname}",
            '8:46: "dealname" of deals in HubSpot is of type text; name a property of type number',
        ),
    ],
)
def test_what_the_account_lacks_of_deals_is_told_with_what_it_has(source: str, told: str) -> None:
    assert deals(source) == [told]


def test_a_stage_of_a_signal_is_looked_for_in_all_pipelines() -> None:
    (told,) = deals("{won: {stage: closedwon}}", "{deal: moved, to: qualifid}")

    assert told == '10:37: no pipeline in HubSpot has a stage "qualifid"; did you mean "qualified"?'


def test_deals_that_may_not_be_read_are_told_once() -> None:
    catalog = replace(CATALOG, deals=DealCatalog(problem="a scope is missing"))

    (told,) = deals("{won: {stage: closewon}}", catalog=catalog)

    assert told == (
        "8:3: HubSpot does not let deals be read: a scope is missing; "
        "grant the app the scope to read deals, and connect again"
    )


def test_stages_in_a_property_of_ones_own_are_not_compared_with_pipelines() -> None:
    assert deals("{won: {stage: sold}, stage: dealname}") == []


SELLING = """\
  owner: {hubspot: country, owner: true}
  stage: {hubspot: lifecyclestage, values: {customer: won}}
sales:
  lifecycle: stage
  teams: {inbound: {reps: {anna: {hubspot: "101"}, ben: {hubspot: "102"}}}}
  hand_over: {hot: {when: {stage: lead}, lifecycle: won, nurturing: continue}}
"""


def test_reps_who_are_no_owners_there_are_told_with_those_who_are() -> None:
    catalog = replace(CATALOG, owners={"101": "anna@example.com", "103": "ben@example.com"})

    assert differences(SELLING, catalog) == [
        '10:67: HubSpot has no owner "102"; known: 101 (anna@example.com), 103 (ben@example.com)'
    ]


def test_owners_that_may_not_be_known_are_passed_over() -> None:
    assert differences(SELLING) == []


def test_a_stage_that_the_account_does_not_have_is_told() -> None:
    text = SELLING.replace("lifecycle: won,", "lifecycle: opportunity,")

    (told,) = differences(text)
    assert '"opportunity" is none of the options of "lifecyclestage" in HubSpot' in told


def test_words_of_a_field_that_two_crms_fill_are_not_judged_by_one() -> None:
    alone = "{hubspot: lifecyclestage, values: {Working: lead}}"
    both = "{hubspot: lifecyclestage, salesforce: Lead.Status, values: {Working: lead}}"

    assert any('"Working" is none of the options' in problem for problem in fields(alone))
    assert not any("none of the options" in problem for problem in fields(both))
