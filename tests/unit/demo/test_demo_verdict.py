"""The judge of the demo is strict, and reckons without the product."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.demo.cast import ROLES
from connector.demo.expected import Due, Expected, engagement, expect, fit, open_at
from connector.demo.life import Diary
from connector.demo.people import BEGINS_AT, ENDS_AT, ZONE, Person, invent, shares
from connector.demo.readback import Seen, SentEmail
from connector.demo.script import KEPT_DAYS, Deed, Gets, Message, Role
from connector.demo.verdict import judge

DAY = timedelta(days=1)
EMAIL = "ada@example.com"
RECAP = Due(Message.RECAP, BEGINS_AT + DAY, is_sure=True)
NOWHERE = {"known_contact": ("", ""), "lost_customer": ("", "")}
EXPECTED = Expected(
    messages=(RECAP,),
    ends={"new_contact": ("newsletter", "completed"), **NOWHERE},
    score=74.4,
    interest="energy",
    segments=("event_goers", "warm"),
    lists=frozenset({Message.RECAP.list_title}),
    calls=1,
    hot_tasks=1,
    notes=1,
)
SEEN = Seen(
    {
        "coltiva_new_contact": "newsletter",
        "coltiva_new_contact_state": "completed",
        **dict.fromkeys((f"coltiva_{program}{word}" for program in NOWHERE for word in ("", "_state")), ""),
        "coltiva_interest": "energy",
        "coltiva_segments": "event_goers;warm",
        "coltiva_score": "76",
        "coltiva_grade": "A",
    },
    frozenset({Message.RECAP.list_title}),
    ("Ada looked at our renewal offer", "Hot lead: Ada, score 71"),
    ("reached the goal",),
    (SentEmail(Message.RECAP, BEGINS_AT + DAY),),
)


def test_a_portal_that_is_as_it_must_be_is_acquitted() -> None:
    assert judge({EMAIL: EXPECTED}, {EMAIL: SEEN}) == []


def seen_with(**properties: str) -> Seen:
    return replace(SEEN, properties={**SEEN.properties, **properties})


DIFFERENT = {
    "another phase": seen_with(coltiva_new_contact="reading"),
    "another end": seen_with(coltiva_new_contact_state="exited"),
    "a phase of a program never entered": seen_with(coltiva_lost_customer="survey"),
    "a segment too few": seen_with(coltiva_segments="warm"),
    "another interest": seen_with(coltiva_interest="planning"),
    "a score too far off": seen_with(coltiva_score="81"),
    "no score": seen_with(coltiva_score=""),
    "a grade that its score does not earn": seen_with(coltiva_grade="B"),
    "a list too few": replace(SEEN, lists=frozenset()),
    "a list too many": replace(SEEN, lists=SEEN.lists | {"Coltiva – renew"}),
    "a task too few": replace(SEEN, tasks=SEEN.tasks[:1]),
    "a task of a kind nobody wants": replace(SEEN, tasks=(*SEEN.tasks, "Water the plants")),
    "a note twice": replace(SEEN, notes=SEEN.notes * 2),
    "a message too few": replace(SEEN, emails=()),
    "a message twice": replace(SEEN, emails=SEEN.emails * 2),
    "another message": replace(SEEN, emails=(SentEmail(Message.NEWS, BEGINS_AT + DAY),)),
    "a message on another day": replace(SEEN, emails=(SentEmail(Message.RECAP, BEGINS_AT + 2 * DAY),)),
}


@pytest.mark.parametrize("seen", DIFFERENT.values(), ids=DIFFERENT)
def test_whatever_is_not_as_it_must_be_is_found(seen: Seen) -> None:
    assert judge({EMAIL: EXPECTED}, {EMAIL: seen})


def test_a_task_twice_is_found() -> None:
    twice = replace(SEEN, tasks=(*SEEN.tasks, SEEN.tasks[0]))

    assert 'must have 1 tasks "looked at our renewal offer", not 2' in judge({EMAIL: EXPECTED}, {EMAIL: twice})[0]


def test_a_contact_that_is_missing_or_from_nowhere_is_found() -> None:
    assert judge({EMAIL: EXPECTED}, {}) == [f"{EMAIL}: is not in the portal"]
    assert judge({}, {EMAIL: SEEN}) == [f"{EMAIL}: is in the portal and in no story"]


def test_who_is_held_out_for_comparison_gets_all_or_nothing_of_it() -> None:
    due = replace(EXPECTED, messages=(RECAP, Due(Message.HELLO, BEGINS_AT + 2 * DAY, is_sure=False)))

    assert judge({EMAIL: due}, {EMAIL: SEEN}) == []
    assert judge({EMAIL: due}, {EMAIL: replace(SEEN, emails=(SentEmail(Message.HELLO, BEGINS_AT + 2 * DAY),))})


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        (datetime(2026, 9, 8, 10, tzinfo=ZONE), datetime(2026, 9, 8, 10, tzinfo=ZONE)),
        (datetime(2026, 9, 8, 7, tzinfo=ZONE), datetime(2026, 9, 8, 9, tzinfo=ZONE)),
        (datetime(2026, 9, 8, 18, tzinfo=ZONE), datetime(2026, 9, 9, 9, tzinfo=ZONE)),
        (datetime(2026, 9, 11, 20, tzinfo=ZONE), datetime(2026, 9, 14, 9, tzinfo=ZONE)),
        (datetime(2026, 9, 12, 12, tzinfo=ZONE), datetime(2026, 9, 14, 9, tzinfo=ZONE)),
    ],
)
def test_messages_leave_on_working_days_from_nine_to_six(moment: datetime, opens: datetime) -> None:
    assert open_at(moment) == opens


def test_messages_that_leave_daily_know_no_weekend() -> None:
    assert open_at(datetime(2026, 9, 12, 12, tzinfo=ZONE), is_daily=True) == datetime(2026, 9, 12, 10, tzinfo=UTC)


def test_points_fade_by_half_in_two_months() -> None:
    assert engagement([(BEGINS_AT, Deed.ASK_REPORT)], BEGINS_AT + 60 * DAY) == pytest.approx(7.5)


def test_points_are_capped_within_their_stretch_of_time() -> None:
    clicks = [(BEGINS_AT + hour * timedelta(hours=1), Deed.CLICK) for hour in range(10)]

    assert engagement(clicks, BEGINS_AT + timedelta(hours=10)) == pytest.approx(20, abs=0.5)


def test_the_future_earns_nothing_yet() -> None:
    assert engagement([(ENDS_AT, Deed.ATTEND)], BEGINS_AT) == 0


@pytest.mark.parametrize("contacts", [len(ROLES), len(ROLES) + 1, 60, 300, 1_000])
def test_every_role_is_played_and_everybody_plays_one(contacts: int) -> None:
    people = invent(contacts, seed=1)

    assert len(people) == sum(shares(contacts)) == contacts
    assert {person.role.name for person in people} == {role.name for role in ROLES}
    assert len({person.email for person in people}) == contacts


def test_the_same_seed_makes_the_same_people_and_another_one_others() -> None:
    assert invent(50, seed=7) == invent(50, seed=7) != invent(50, seed=8)


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_script_refers_to_messages_that_have_come(role: Role) -> None:
    known: set[Message] = set()
    for beat in role.script:
        if isinstance(beat, Gets):
            assert beat.since is None or beat.since in known
            known.add(beat.message)


def test_every_message_is_awaited_by_somebody() -> None:
    assert {beat.message for role in ROLES for beat in role.script if isinstance(beat, Gets)} == set(Message)
    assert set(KEPT_DAYS) == set(Message)


def test_what_must_come_follows_the_script_as_far_as_the_person_went() -> None:
    person = player("late clicker")
    asked = person.begins_at + timedelta(hours=6)

    silent = expect(person, [(asked, Deed.ASK_REPORT)], ENDS_AT)
    done: Diary = [(asked - hours, deed) for hours, deed in EARLIER] + [(asked, Deed.ASK_REPORT)]
    until_then = expect(person, done, ENDS_AT)

    assert silent.messages == ()
    assert [due.message for due in until_then.messages] == [Message.THANKS_PLANNING, Message.SECOND_PLANNING]
    assert until_then.interest == "planning"


EARLIER = [
    *((timedelta(hours=6 - 2 * number), Deed.SKIM_ENERGY) for number in range(3)),
    (timedelta(hours=2), Deed.READ_PLANNING),
]


def test_somebody_hot_is_told_of_once_a_month_and_never_once_a_customer() -> None:
    person = replace(player("bystander"), **FIT)
    visits = [(BEGINS_AT + hour * timedelta(hours=1), Deed.ATTEND) for hour in range(2)]
    again = [(BEGINS_AT + 100 * DAY + hour * timedelta(hours=1), Deed.ATTEND) for hour in range(2)]

    assert fit(person) == 30
    assert expect(person, visits, ENDS_AT).hot_tasks == 1
    assert expect(person, visits + again, ENDS_AT + 100 * DAY).hot_tasks == 2
    assert expect(person, [(BEGINS_AT, Deed.SIGN), *visits], ENDS_AT).hot_tasks == 0


FIT = {"industry": "MACHINERY", "numemployees": "50-100", "country": "France", "jobtitle": "Buyer", "company": "Borea"}


def player(name: str) -> Person:
    return next(person for person in invent(len(ROLES), seed=1) if person.role.name == name)
