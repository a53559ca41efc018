"""The judge of the demo is strict, and reckons without the product."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.demo.cast import ROLES, Deed, Email
from connector.demo.expected import HOT, WARM, Expected, engagement, expect
from connector.demo.people import BEGINS_AT, ENDS_AT, Person, invent, shares
from connector.demo.readback import Seen
from connector.demo.verdict import judge

DAY = timedelta(days=1)
EMAIL = "ada@example.com"
EXPECTED = Expected(
    phase="decision",
    renewal_phase="",
    score=74.4,
    segments=("factories", "warm"),
    lists=frozenset({HOT, WARM}),
    uncertain_lists=frozenset(),
    calls=1,
    offers=0,
    comebacks=0,
    hot_tasks=1,
    notes=1,
)
SEEN = Seen(
    {
        "coltiva_phase": "decision",
        "coltiva_renewal_phase": "",
        "coltiva_segments": "factories;warm",
        "coltiva_score": "76",
        "coltiva_grade": "A",
    },
    frozenset({HOT, WARM}),
    ("Call Ada: interested in Energy costs", "Hot lead: Ada, score 71"),
    ("reached the goal",),
)


def test_a_portal_that_is_as_it_must_be_is_acquitted() -> None:
    assert judge({EMAIL: EXPECTED}, {EMAIL: SEEN}) == []


def seen_with(**properties: str) -> Seen:
    return replace(SEEN, properties={**SEEN.properties, **properties})


DIFFERENT = {
    "another phase": seen_with(coltiva_phase="awareness"),
    "a phase of a program never entered": seen_with(coltiva_renewal_phase="offer"),
    "a segment too few": seen_with(coltiva_segments="warm"),
    "a score too far off": seen_with(coltiva_score="81"),
    "no score": seen_with(coltiva_score=""),
    "a grade that its score does not earn": seen_with(coltiva_grade="B"),
    "a list too few": replace(SEEN, lists=frozenset({HOT})),
    "a list too many": replace(SEEN, lists=SEEN.lists | {"Coltiva – newsletter"}),
    "a task too few": replace(SEEN, tasks=SEEN.tasks[:1]),
    "a task of a kind nobody wants": replace(SEEN, tasks=(*SEEN.tasks, "Water the plants")),
    "a note twice": replace(SEEN, notes=SEEN.notes * 2),
}


@pytest.mark.parametrize("seen", DIFFERENT.values(), ids=DIFFERENT)
def test_whatever_is_not_as_it_must_be_is_found(seen: Seen) -> None:
    assert judge({EMAIL: EXPECTED}, {EMAIL: seen})


def test_a_task_twice_is_found() -> None:
    twice = replace(SEEN, tasks=(*SEEN.tasks, SEEN.tasks[0]))

    assert 'must have 1 tasks "interested in", not 2' in judge({EMAIL: EXPECTED}, {EMAIL: twice})[0]


def test_a_contact_that_is_missing_or_from_nowhere_is_found() -> None:
    assert judge({EMAIL: EXPECTED}, {}) == [f"{EMAIL}: is not in the portal"]
    assert judge({}, {EMAIL: SEEN}) == [f"{EMAIL}: is in the portal and in no story"]


def test_a_list_of_which_nobody_can_tell_is_let_pass() -> None:
    uncertain = replace(EXPECTED, uncertain_lists=frozenset({HOT}))

    assert judge({EMAIL: uncertain}, {EMAIL: replace(SEEN, lists=frozenset({WARM}))}) == []


def test_points_fade_by_half_in_a_month() -> None:
    assert engagement([(BEGINS_AT, Deed.READ_REPORT)], BEGINS_AT + 30 * DAY) == pytest.approx(7.5)


def test_points_are_capped_within_their_stretch_of_time() -> None:
    clicks = [(BEGINS_AT + hour * timedelta(hours=1), Deed.CLICK) for hour in range(10)]

    given = engagement(clicks, BEGINS_AT + timedelta(hours=10))

    assert given == pytest.approx(32 + 5, abs=0.5)


def test_the_future_earns_nothing_yet() -> None:
    assert engagement([(ENDS_AT, Deed.BOOK_MEETING)], BEGINS_AT) == 0


@pytest.mark.parametrize("contacts", [12, 13, 60, 300, 1_000])
def test_every_role_is_played_and_everybody_plays_one(contacts: int) -> None:
    people = invent(contacts, seed=1)

    assert len(people) == sum(shares(contacts)) == contacts
    assert {person.role.name for person in people} == {role.name for role in ROLES}
    assert len({person.email for person in people}) == contacts


def test_the_same_seed_makes_the_same_people_and_another_one_others() -> None:
    assert invent(50, seed=7) == invent(50, seed=7) != invent(50, seed=8)


def test_everybody_awaits_only_emails_that_they_do_not_click() -> None:
    for role in ROLES:
        assert not set(role.ending.awaiting) & set(role.clicks), role.name


def test_somebody_hot_is_told_of_once_a_month_and_never_once_a_customer() -> None:
    person = replace(best(), role=next(role for role in ROLES if role.name == "convinced reader"))
    booked = (BEGINS_AT + DAY, Deed.BOOK_MEETING)

    once = expect(person, [booked], ENDS_AT)
    again = expect(person, [booked, (BEGINS_AT + 40 * DAY, Deed.BOOK_MEETING)], ENDS_AT)
    bought = expect(person, [(BEGINS_AT, Deed.BUY), booked], ENDS_AT)

    assert [found.hot_tasks for found in (once, again, bought)] == [1, 2, 0]


def best() -> Person:
    """Somebody who fits as well as can be without being hot."""
    return replace(
        invent(12, seed=1)[0],
        industry="MACHINERY",
        numemployees="50-100",
        country="France",
        jobtitle="Buyer",
        company="Borea",
    )


def test_every_email_has_its_list() -> None:
    from connector.demo.cast import LISTS

    assert sorted(LISTS.values()) == sorted(Email)
