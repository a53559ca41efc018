"""One mistake gets one message, and a warning tells of what would hold in silence."""

from __future__ import annotations

import pytest

from connector.mapping.load import check_mapping
from tests.mapping_files import BASE, mistakes_in


def activity(send: str) -> str:
    return f"programs:\n  x:\n    enrol: called\n    phases:\n      one: {{activities: {{a: {{{send}}}}}}}\n"


FIRST_SMS = """\
programs:
  x:
    enrol: called
    phases:
      one: {activities: {a: {send: {note: Hi}}}, all_answered: two}
      two: {activities: {a: {send: {sms: gift}}}}
    completed: {program: y}
  y:
    phases: {one: {activities: {a: {send: {note: Hi}}}}}
lists:
  gift: Gift
"""
SMS_ALONE = """\
programs:
  x:
    enrol: called
    phases: {one: {activities: {a: {send: {sms: gift}}}}}
    completed: {program: y}
  y: {phases: {one: {activities: {a: {send: {note: Hi}}}}}}
"""
SINGLE = {
    "a way of sending to come": (activity("send: {sms: gift}"), '6:37: SMS ("sms") is not supported yet'),
    "a phase that others lead to": (FIRST_SMS, '7:37: SMS ("sms") is not supported yet'),
    "a program that leads to another": (SMS_ALONE, '5:44: SMS ("sms") is not supported yet'),
    "a misspelt way of sending": (
        activity("send: {lst: greeting}"),
        '6:37: unknown key "lst" in send; did you mean "list"?',
    ),
    "a list without name": (
        activity("send: {list: }"),
        '6:37: nothing stands after "list"; write a value, or remove the key',
    ),
    "nothing to send": (
        activity("send: {}"),
        (
            "6:30: an activity sends one thing: a list, an email, a task or a note; "
            "write send: {list: greeting}, for example"
        ),
    ),
    "two things to send": (
        activity("send: {list: greeting, note: Hi}"),
        "6:30: an activity sends one thing: a list, an email, a task or a note; make two activities of two things",
    ),
    "a misspelt key that is needed": (
        activity("sent: {note: Hi}"),
        '6:30: unknown key "sent" in an activity; did you mean "send"?',
    ),
    "a key that is needed and not there": (
        activity("again: false"),
        "6:26: an activity sends something; add send: {list: greeting}, for example",
    ),
    "the only signal of a score that fades": (
        "scores:\n  x: {half_life: 30d, rules: [{on: called, points: many}]}\n",
        '3:52: expected a number, found the text "many"; write it without quotation marks',
    ),
}


@pytest.mark.parametrize(("text", "told"), SINGLE.values(), ids=SINGLE)
def test_one_mistake_gets_one_message(text: str, told: str) -> None:
    assert mistakes_in(text) == [told]


NOTIFICATION = "notifications:\n  hot:\n    when: {segment: big}\n"
BARE = {
    "at the beginning": (f"{NOTIFICATION}    task: {{{{ name }}}} is hot\n", "5:11"),
    "before a colon": (f"{NOTIFICATION}    task: Hot {{{{ name }}}}: {{{{ scores.fit }}}}\n", "5:15"),
    "in braces": (f"{NOTIFICATION}    task: {{subject: {{{{ name }}}}, body: x}}\n", "5:21"),
    "in the middle, in braces": (f"{NOTIFICATION}    task: {{subject: Call {{{{ name }}}}}}\n", "5:26"),
    "a choice": (f"{NOTIFICATION}    task: {{% if name %}}x{{% endif %}}\n", "5:11"),
}


@pytest.mark.parametrize(("text", "place"), BARE.values(), ids=BARE)
def test_a_template_without_quotation_marks_is_told_to_need_them(text: str, place: str) -> None:
    expected = f'{place}: a text with {{{{ or {{% needs quotation marks around it; write "Call {{{{ name }}}}"'

    assert mistakes_in(text) == [expected]


def test_a_template_in_quotation_marks_is_not_blamed_for_what_follows_it() -> None:
    (found,) = mistakes_in(f'{NOTIFICATION}    task: "Call {{{{ name }}}}": now\n')

    assert "quotation marks around it" not in found


# --- warnings ---


def test_a_mapping_that_finds_nobody_by_address_is_warned_about() -> None:
    files = {"base.yaml": BASE.replace("{hubspot: email, identity: true}", "{hubspot: email}")}

    (warning,) = check_mapping(files).warnings

    assert str(warning) == (
        "base.yaml:4:1: warning: nobody is found by email address: no field has identity: true; "
        "add it to the field with the email address"
    )


BIRTHDAYS = """\
fields:
  birthday: {{hubspot: date_of_birth, type: date}}
  born: {{hubspot: birth_date, type: date}}
  next_birthday: {{hubspot: next_birthday, type: date}}
segments:
  x: {condition}
"""


@pytest.mark.parametrize(
    "condition", ["{birthday: {within_next: 1d}}", "{birthday: {within_last: 7d}}", "{born: {within_next: 30d}}"]
)
def test_a_birthday_that_is_asked_for_as_if_it_came_round_is_warned_about(condition: str) -> None:
    (found,) = mistakes_in(BIRTHDAYS.format(condition=condition))

    assert found.startswith("7:7: warning: ")
    assert "does not come round" in found
    assert "next_birthday" in found


@pytest.mark.parametrize(
    "condition",
    [
        "{next_birthday: {within_next: 1d}}",
        "{birthday: {more_than_ago: 6570d}}",
        "{birthday: {within_last: 6570d}}",
        "{birthday: {known: true}}",
        "{renewal: {within_next: 7d}}",
    ],
)
def test_what_may_well_be_meant_of_a_date_is_not_warned_about(condition: str) -> None:
    assert mistakes_in(BIRTHDAYS.format(condition=condition)) == []
