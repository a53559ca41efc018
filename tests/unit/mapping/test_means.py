"""Alerts, posts and Salesforce's emails: what the mapping may say of them, and what they could never do."""

from __future__ import annotations

import pytest

from connector.domain.definitions import Definitions
from connector.domain.programs.program import Alert, Post, Telling
from connector.mapping.load import check_mapping, parse_mapping
from connector.ports import Catalog
from tests.mapping_files import BASE, files_with, mistakes_in

OWNER = "fields: {owner: {salesforce: [Lead.OwnerId, Contact.OwnerId], owner: true}}\n"
SENT = "programs: {p: {enrol: called, phases: {one: {activities: {mail: {send: {email: hi}}}}}}}\n"


def told(text: str) -> tuple[Telling, ...]:
    (notification,) = parse_mapping(files_with(OWNER + text)).notifications
    return notification.acts


def test_an_alert_and_a_post_stand_beside_the_task_in_this_order() -> None:
    acts = told("notifications: {hot: {when: {industry: a}, post: Post, alert: Alert, note: Note, task: Task}}\n")

    assert [type(act).__name__ for act in acts] == ["Task", "Note", "Alert", "Post"]


def test_a_text_alone_is_the_title_of_an_alert_and_all_of_a_post() -> None:
    acts = told(
        "notifications: {hot: {when: {industry: a}, task: T, alert: 'Hot {{ name }}', post: 'On {{ name }}'}}\n"
    )

    _, alert, post = acts
    assert isinstance(alert, Alert)
    assert isinstance(post, Post)
    assert (alert.title({"name": "Ada"}), alert.body({}), alert.type) == ("Hot Ada", "", "coltiva__Hot_Lead")
    assert (post.body({"name": "Ada"}), post.mentions_owner) == ("On Ada", True)
    assert alert.crm == post.crm == "salesforce"


def test_what_a_lead_says_of_itself_is_escaped_in_both() -> None:
    acts = told(
        "notifications: {hot: {when: {industry: a}, task: T, alert: {title: T, body: '{{ lead.firstname }}'},"
        " post: '{{ lead.firstname }}'}}\n"
    )

    words = {"lead": {"firstname": "<script>"}}
    assert [act.body(words) for act in acts[1:]] == ["&lt;script&gt;", "&lt;script&gt;"]


def test_they_may_stand_in_hand_overs_and_completed_programs() -> None:
    text = (
        OWNER + "sales:\n  teams: {t: {reps: {anna: {salesforce: 0055e000001AbCdAAK}}}}\n"
        "  hand_over: {hot: {when: {industry: a}, task: T, alert: A}}\n"
        "programs: {p: {enrol: called, completed: {task: T, post: P},"
        " phases: {one: {activities: {n: {send: {note: N}}}}}}}\n"
    )

    defined = parse_mapping(files_with(text))

    assert isinstance(defined.sales.hand_overs[0].acts[1], Alert)
    assert isinstance(next(one for one in defined.programs if one.name == "p").on_completed[1], Post)


MISTAKES = {
    "notifications: {hot: {when: {industry: a}, task: T, alert: A}}\n": (
        "an alert is for whoever owns the lead in Salesforce, and no field says who that is"
    ),
    "notifications: {hot: {when: {industry: a}, task: T, post: P}}\n": (
        "a post is made in Salesforce, and no field is read from there"
    ),
    OWNER + "notifications: {hot: {when: {industry: a}, alert: A}}\n": "warning: Salesforce drops an alert",
    OWNER + "notifications: {hot: {when: {industry: a}, task: T, alert: {body: B}}}\n": '"title" is missing',
    OWNER + "notifications: {hot: {when: {industry: a}, task: T, alert: {title: A, type: 'a b'}}}\n": "a b",
    OWNER + "notifications: {hot: {when: {industry: a}, task: T, alert: '{{ nmae }}'}}\n": 'unknown name "nmae"',
    OWNER + "notifications: {hot: {when: {industry: a}, task: T, post: {body: P, mentions: true}}}\n": "mention",
    "emails: {hi: {salesforce: {log: true}, subject: S, text: T}}\n" + SENT: (
        "Salesforce sends this email, and no field is read from there"
    ),
    OWNER + "emails: {hi: {salesforce: {log: true}, text: T}}\n" + SENT: "needs its subject",
    OWNER + "emails: {hi: {salesforce: {log: true}, subject: S}}\n" + SENT: "has one body; write text: or html:",
    OWNER + "emails: {hi: {salesforce: {log: true}, subject: S, text: T, html: H}}\n" + SENT: "has one body",
    OWNER + "emails: {hi: {salesforce: {log: true}, hubspot: {email_id: 1}, subject: S}}\n" + SENT: (
        "one CRM sends an email, not both"
    ),
    OWNER + "emails: {hi: {salesforce: {log: true}, subject: S, text: T, reply_to: a@example.com}}\n" + SENT: (
        "an email of Salesforce has no `reply_to`"
    ),
}


@pytest.mark.parametrize(("text", "words"), MISTAKES.items(), ids=list(MISTAKES.values()))
def test_what_could_never_work_is_told_with_its_place(text: str, words: str) -> None:
    (found,) = mistakes_in(text)

    assert words in found


def against(catalog: Catalog, text: str) -> list[str]:
    files = {"base.yaml": BASE, "here.yaml": f"format: 1\n{text}"}
    return [str(one) for one in check_mapping(files, catalog).problems if "alert" in one.message]


@pytest.mark.parametrize(("known", "told"), [(["coltiva__Hot_Lead"], 0), (["coltiva__Hot_Led"], 1), ([], 1), (None, 0)])
def test_an_alert_that_the_org_does_not_know_is_told(known: list[str] | None, told: int) -> None:
    text = OWNER + "notifications: {hot: {when: {industry: a}, task: T, alert: A}}\n"

    found = against(Catalog("salesforce", "Salesforce", {}, alerts=known), text)

    assert len(found) == told
    assert all('Salesforce has no alert "coltiva__Hot_Lead"' in words for words in found)


def test_an_email_of_salesforce_is_a_letter_of_ours() -> None:
    text = OWNER + "emails: {hi: {salesforce: {log: false}, subject: 'Hi {{ name }}', text: T}}\n" + SENT

    defined: Definitions = parse_mapping(files_with(text))

    (rule,) = defined.emails
    assert (rule.numbers, rule.is_logged, rule.is_transactional) == ({"salesforce": 0}, False, False)
