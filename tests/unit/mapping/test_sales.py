"""Handing over to sales in mapping files: what it means, and every mistake at its place with a remedy."""

from __future__ import annotations

import re
from datetime import date, time, timedelta

import pytest

from connector.domain.field import FieldRole
from connector.domain.outward.own import to_crm
from connector.domain.sales.sales import OwnerRule
from connector.domain.sales.working import Absence
from connector.mapping.load import check_mapping, parse_mapping
from tests.selling import MAPPING, mapping

TEAM = "teams:\n    inbound:\n"
HOT = "  hand_over:\n    hot:\n"


def mistakes(*changes: tuple[str, str]) -> list[str]:
    """`line: message; remedy` of every error and warning in the mapping with these words changed."""
    text = MAPPING
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    found = check_mapping({"m.yaml": text}).problems
    return [f"{each.message}; {each.hint}".removesuffix("; ") for each in found]


def test_a_team_is_read_with_its_hours_and_absences() -> None:
    sales = mapping(
        ('anna: {hubspot: "101"}', "anna: {hubspot: 101, weight: 2.5, away: [2026-12-24 to 2027-01-06, 2026-08-15]}"),
        ('ben: {hubspot: "102"}', 'ben: {hubspot: "102", timezone: America/New_York, hours: {hours: "08:00-12:00"}}'),
    ).sales

    anna, ben = sales.teams[0].reps
    assert (anna.owners, anna.weight) == ({"hubspot": "101"}, 2.5)
    assert anna.hours.away == (
        Absence(date(2026, 12, 24), date(2027, 1, 6)),
        Absence(date(2026, 8, 15), date(2026, 8, 15)),
    )
    assert (anna.hours.window.opens, str(anna.hours.zone)) == (time(9), "Europe/Rome")
    assert (ben.hours.window.opens, str(ben.hours.zone)) == (time(8), "America/New_York")
    assert ben.hours.window.days == anna.hours.window.days


def test_a_rep_is_somebody_in_each_crm_and_leads_are_owned_by_one_and_the_same_there() -> None:
    owned = "owner: {hubspot: hubspot_owner_id, salesforce: [Lead.OwnerId, Contact.OwnerId], owner: true}"
    text = MAPPING.replace("owner: {hubspot: hubspot_owner_id, owner: true}", owned)
    for number in re.findall(r'hubspot: "(\d+)"', MAPPING):
        text = text.replace(f'{{hubspot: "{number}"', f'{{hubspot: "{number}", salesforce: 005000000000{number}')

    (owner,) = (each for each in parse_mapping({"m.yaml": text}).fields if each.role is FieldRole.OWNER)

    assert owner.values["005000000000101AAA"] == "101"
    assert to_crm(owner, "101", "salesforce") == "005000000000101AAA"
    assert to_crm(owner, "101", "hubspot") == "101"


def test_an_id_of_fifteen_characters_becomes_one_of_eighteen() -> None:
    sales = mapping(('anna: {hubspot: "101"}', "anna: {hubspot: 101, salesforce: 0055e000001AbCd}")).sales

    assert sales.teams[0].reps[0].owners["salesforce"] == "0055e000001AbCdAAK"


def test_a_hand_over_is_read_with_all_that_it_says() -> None:
    (rule,) = mapping().sales.hand_overs

    assert rule.owner == (OwnerRule("inbound"),)
    assert (rule.lifecycle, rule.status, rule.again_after, rule.pauses) == ("SQL", "NEW", timedelta(days=10), True)
    assert [(each.after, each.to, each.passes_on, len(each.acts)) for each in rule.escalations] == [
        (timedelta(hours=4), "maria", False, 1),
        (timedelta(hours=4), "", True, 0),
    ]
    assert [(each.target and each.target.name, each.lifecycle) for each in rule.rejected] == [
        ("nurture", "Lead"),
        (None, ""),
    ]


def test_the_only_team_need_not_be_named() -> None:
    alone = ('    heads:\n      reps:\n        maria: {hubspot: "109"}\n', "")
    sales = mapping(alone, ("owner: {team: inbound}", "owner: keep"), ("then: [maria, next]", "then: next")).sales

    assert sales.hand_overs[0].owner == (OwnerRule("inbound", keeps=True),)


MISTAKES = {
    "a rep who is nobody": (
        [('anna: {hubspot: "101"}', "anna: {weight: 2}")],
        ['nothing says who the rep is in the CRM; add hubspot: "12345678", or salesforce: and a user'],
    ),
    "a rep who is nobody in one of two CRMs": (
        [("owner: {hubspot: hubspot_owner_id", "owner: {hubspot: hubspot_owner_id, salesforce: Lead.OwnerId")],
        [
            f'leads have owners in Salesforce, and nothing says who "{rep}" is there; add salesforce:'
            for rep in ("anna", "ben", "maria")
        ],
    ),
    "a rep who is no user": (
        [('anna: {hubspot: "101"}', "anna: {salesforce: 00Q000000000101}")],
        [
            (
                'expected the id of a user in Salesforce, found the text "00Q000000000101"'
                "; write salesforce: 0055e000001AbCdAAK"
            )
        ],
    ),
    "a rep whom no team has": (
        [("owner: {team: inbound}", "owner: ana")],
        ['unknown rep "ana"; did you mean "anna"?'],
    ),
    "a team that there is not": (
        [("owner: {team: inbound}", "owner: {team: inbond}")],
        ['unknown team "inbond"; did you mean "inbound"?'],
    ),
    "a turn in one of several teams": (
        [("owner: {team: inbound}", "owner: round_robin")],
        ["nothing says which team; add team: and its name"],
    ),
    "no team at all": (
        [(MAPPING[MAPPING.index("  teams:") : MAPPING.index("  hand_over:")], ""),
         ("then: [maria, next]", "then: next"), ("owner: {team: inbound}", "owner: keep")],
        ["there is no team to give leads to; add teams: to sales, with its reps"],
    ),
    "a team of nobody": (
        [('    heads:\n      reps:\n        maria: {hubspot: "109"}\n', "    heads: {reps: {}}\n"),
         ("then: [maria, next]", "then: next")],
        ['a team needs somebody to give leads to; add reps: {anna: {hubspot: "12345678"}}'],
    ),
    "an owner id that is none": (
        [('"101"', '"anna@example.com"')],
        ['expected the id of an owner in HubSpot, found the text "anna@example.com"; write hubspot: "12345678"'],
    ),
    "two reps who are one owner": (
        [('"102"', '"101"')],
        ['"anna" is this owner in HubSpot already; give each rep an owner id of its own'],
    ),
    "a rep in two teams": (
        [('        maria: {hubspot: "109"}', '        maria: {hubspot: "109"}\n        anna: {hubspot: "103"}')],
        ['the team "inbound" has a rep "anna" already; name each rep in one team'],
    ),
    "a rep with a name that means something": (
        [("        ben: {", "        next: {")],
        ['"next" has a meaning of its own and cannot be a rep\'s name; give the rep another name'],
    ),
    "a weight of nothing": (
        [('anna: {hubspot: "101"}', 'anna: {hubspot: "101", weight: 0}')],
        ['"0" is too small; write more than 0'],
    ),
    "an absence that ends before it begins": (
        [('anna: {hubspot: "101"}', 'anna: {hubspot: "101", away: 2026-12-24 to 2026-12-20}')],
        ["'2026-12-24 to 2026-12-20' ends before it begins; write the first day first"],
    ),
    "an absence that is no day": (
        [('anna: {hubspot: "101"}', 'anna: {hubspot: "101", away: in summer}')],
        ["'in summer' are no days; write 2026-12-24 to 2027-01-06"],
    ),
    "a time zone that there is not": (
        [(TEAM, f"{TEAM}      timezone: Europe/Rom\n")],
        ['unknown time zone "Europe/Rom"; did you mean "Europe/Rome"?'],
    ),
    "a wait that nothing ends": (
        [("        touched_by: [called, {changed: status, to: IN_PROGRESS}]\n", "")],
        [
            ("nothing shows that a rep looks after the lead: every lead would be escalated; "
             "add touched_by: and the signal or the field that a rep changes first")        ],
    ),
    "an escalation to nobody": (
        [("then: [maria, next]", "then: [mario, next]")],
        ['unknown rep "mario"; did you mean "maria"?'],
    ),
    "a rejection into a program that there is not": (
        [("program: nurture, phase: long", "program: nurtur")],
        ['unknown program "nurtur"; did you mean "nurture"?'],
    ),
    "a rejection into a phase that there is not": (
        [("program: nurture, phase: long", "program: nurture, phase: lang")],
        ['"nurture" has no phase "lang"; did you mean "long"?'],
    ),
    "a phase of no program": (
        [("program: nurture, phase: long", "phase: long")],
        ["`phase` belongs to `program`; add program: and its name"],
    ),
    "a stage that there is not": (
        [("lifecycle: SQL", "lifecycle: sales")],
        [('unknown lifecycle stage "sales"; known: Customer, Lead, SQL, evangelist, '
          "marketingqualifiedlead, opportunity, other, subscriber")],
    ),
    "a stage without its field": (
        [("  lifecycle: stage\n", ""), ("phase: long, lifecycle: Lead,", "phase: long,")],
        ["no field has the lifecycle stage; add lifecycle: and the field to sales"],
    ),
    "a status without its field": (
        [("  status: status\n", ""), ("lifecycle: Lead, status: OPEN", "lifecycle: Lead")],
        ["no field has the lead status; add status: and the field to sales"],
    ),
    "a field that cannot be written": (
        [("  status: status\n", "  status: heat_field\n"),
         ("  status: {hubspot", "  heat_field: {hubspot: heat, type: number}\n  status: {hubspot")],
        [
            ('"heat_field" cannot be written: it is no text that is read from a CRM; '
             "name a field with hubspot: and a property")        ],
    ),
    "nobody who owns leads": (
        [(", owner: true", "")],
        [
            ("no field says who owns a lead, so that nobody could be made its owner; "
             "add a field such as owner: {hubspot: hubspot_owner_id, owner: true}")        ],
    ),
    "a property that is written twice": (
        [("lists:\n", "write_back: {hubspot: {hs_lead_status: heat}}\nlists:\n")],
        ['"hs_lead_status" is written when leads are handed over, too; remove it here'],
    ),
    "a hand-over that nothing brings about": (
        [("      when: {heat: {gte: 20}}\n", ""), ("        all_answered: {sales: hot}\n", "")],
        ['nothing hands leads over by "hot"; add when:, or let a program lead to it with sales:'],
    ),
    "a program that hands over by a name that there is not": (
        [("all_answered: {sales: hot}", "all_answered: {sales: hat}")],
        ['unknown hand-over "hat"; did you mean "hot"?'],
    ),
    "sales and another program": (
        [("all_answered: {sales: hot}", "all_answered: {sales: hot, program: nurture}")],
        ["either sales or another place, not both"],
    ),
    "a hand-over called any": (
        [(HOT, "  hand_over:\n    any:\n"), ("{sales: hot}", "{sales: any}")],
        ['"any" stands for every hand-over and cannot be a name; give it another name'],
    ),
    "a state that there is not": (
        [("lists:\n", "segments: {theirs: {sales: {hot: asigned}}}\nlists:\n")],
        ['unknown state of a hand-over "asigned"; did you mean "assigned"?'],
    ),
    "a condition on a hand-over that there is not": (
        [("lists:\n", "segments: {theirs: {sales: cold}}\nlists:\n")],
        ['unknown hand-over "cold"; known: hot'],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "told"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_with_its_remedy(changes: list[tuple[str, str]], told: list[str]) -> None:
    found = mistakes(*changes)

    assert [each for each in found if "is read by a field, too" not in each] == told


def test_a_lead_that_is_handed_back_and_over_again_while_no_time_passes_is_refused() -> None:
    at_once = (
        ("again: 10d", "again: 0d"),
        (
            "{changed: status, to: UNQUALIFIED, program: nurture, phase: long,",
            "{when: {country: Italy}, program: nurture,",
        ),
        ("hello: {send: {list: greeting}, after: 1d, answered: clicked, within: 7d}", "hello: {send: {note: Hello}}"),
        ("        none_answered: long\n", ""),
    )

    (told,) = [each for each in mistakes(*at_once) if "circle" in each]
    assert told == "phases in a circle while no time passes: short → short; add after: to one of them"


def test_programs_that_would_stand_still_for_good_are_warned_of() -> None:
    rejected = MAPPING[MAPPING.index("      rejected:") : MAPPING.index("lists:")]

    assert mistakes((rejected, "")) == [
        (
            "nothing ends this: programs of such a lead stand still for good; "
            "add rejected: or closed:, or nurturing: continue"
        )
    ]


def test_two_tasks_for_one_thing_are_warned_of() -> None:
    rule = "notifications:\n  hot_lead: {when: {heat: {gte: 20}}, %s}\nlists:\n"

    (told,) = mistakes(("lists:\n", rule % 'task: "Call {{ name }}"'))

    assert told == (
        'leads of whom this holds are handed over by "hot", too: two tasks for one thing; '
        "remove this notification, or its task"
    )
    assert mistakes(("lists:\n", rule % "note: Hot")) == []


def test_a_field_called_sales_keeps_its_meaning_where_nothing_is_handed_over() -> None:
    text = MAPPING[: MAPPING.index("sales:\n")] + MAPPING[MAPPING.index("lists:\n") :]
    text = text.replace("        all_answered: {sales: hot}\n", "").replace(
        "fields:\n", "fields:\n  sales: {hubspot: sales}\n"
    )

    report = check_mapping({"m.yaml": text + "segments: {big: {sales: Large}}\n"})

    assert [str(each) for each in report.problems] == []


def test_the_section_may_be_spread_over_files() -> None:
    begin, teams, hand_over = (MAPPING.index(word) for word in ("sales:\n", "  teams:", "  hand_over:"))
    parted = {
        "a.yaml": f"format: 1\nsales:\n{MAPPING[hand_over : MAPPING.index('lists:')]}",
        "b.yaml": MAPPING[:begin] + MAPPING[MAPPING.index("lists:") :],
        "c.yaml": f"format: 1\n{MAPPING[begin:teams]}",
        "d.yaml": f"format: 1\nsales:\n{MAPPING[teams:hand_over]}",
    }

    definitions = parse_mapping(parted)

    assert definitions.sales.lifecycle_field == "stage"
    assert [team.name for team in definitions.sales.teams] == ["inbound", "heads"]


def test_what_two_files_say_of_sales_is_refused() -> None:
    twice = {"a.yaml": MAPPING, "b.yaml": "format: 1\nsales: {lifecycle: status}\n"}

    assert [each.message for each in check_mapping(twice).problems] == [
        '"lifecycle" in sales stands in a.yaml:18 already'
    ]
