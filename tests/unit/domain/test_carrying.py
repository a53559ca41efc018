"""What one CRM says of a field is written to the other where the mapping says so, until they quarrel over it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from connector.domain.definitions import WriteBack
from connector.domain.fact import Fact, FactKind, RecordName
from connector.domain.field import Field, FieldType
from connector.domain.history import HistoryKind
from connector.domain.records.carrying import FROZEN_FOR, MOST_FLIPS
from tests.builders import CRM, START, Story, after, book_applied, definitions
from tests.unit.domain.test_snapshots import CONTACT, LEAD, ORG, first_read, read

CITY = Field("city", properties={CRM: ("city",), ORG: ("Lead.City", "Contact.City")})
BOTH_WAYS = (WriteBack(CRM, "city", ("field", "city")), WriteBack(ORG, "Lead.City", ("field", "city")))


def story(field: Field = CITY, written: tuple[WriteBack, ...] = BOTH_WAYS) -> Story:
    return Story(fields=(field,), write_back=written)


def known(city: str = "") -> Fact:
    data = {"city": city}
    return Fact("baseline:hubspot:123:contact:51", START, FactKind.RECORD, RecordName.BASELINE, CRM, data)


def says(at: datetime, city: str) -> Fact:
    """The portal tells of a change."""
    return Fact(f"portal:{at}", at, FactKind.RECORD, RecordName.CHANGED, CRM, {"city": city})


def holds(story: Story, crm: str) -> dict[str, str]:
    return dict(story.lead.desired[crm].properties)


def thaw(at: datetime) -> Fact:
    """A person has the field carried again."""
    return Fact(f"thaw:{at}", at, FactKind.COMMAND, "thaw", "cli", {"field": "city"})


def quarrel(times: int, begins: datetime = START, every: timedelta = timedelta(minutes=5)) -> list[Fact]:
    """The org says Milano whenever the portal says Milan, and the other way round; it holds what is carried to it."""
    facts = []
    for number in range(1, times + 1):
        at = begins + every * number
        portal = [says(at, "Milan"), read(at + every / 2, City="Milan")]
        facts += [read(at, City="Milano")] if number % 2 else portal
    return facts


# --- where the mapping says so ------------------------------------------------------------------------------


def test_a_value_goes_to_the_other_crm_where_the_mapping_says_so() -> None:
    one_way = story(written=BOTH_WAYS[1:]).receive(known("Rome"), first_read())

    one_way.receive(says(after(days=1), "Milan"))

    assert (holds(one_way, ORG), one_way.lead.desired.get(CRM)) == ({"Lead.City": "Milan"}, None)


def test_a_value_goes_nowhere_where_the_mapping_does_not_say_so() -> None:
    assert story(written=()).receive(known("Rome"), first_read()).lead.desired == {}


def test_nothing_is_written_of_a_field_without_a_value() -> None:
    silent = story().receive(known(), first_read())

    assert (holds(silent, CRM), holds(silent, ORG)) == ({}, {})


def test_a_property_is_emptied_with_the_field_where_the_mapping_says_so() -> None:
    rule = WriteBack(ORG, "Lead.City", ("field", "city"), clears=True)

    assert holds(story(written=(rule,)).receive(known(), first_read()), ORG) == {"Lead.City": ""}


def test_a_crm_is_not_told_what_it_said_last_itself() -> None:
    both = story().receive(known("Rome"), first_read())
    both.receive(says(after(days=1), "Milan"))
    assert (holds(both, CRM), holds(both, ORG)) == ({}, {"Lead.City": "Milan"})

    both.receive(read(after(days=2), City="Turin"))

    assert (holds(both, CRM), holds(both, ORG)) == ({"city": "Turin"}, {})


def test_two_records_of_one_crm_are_both_told() -> None:
    both = story().receive(known("Rome"), first_read(f"x:{LEAD}"), first_read(f"x:{CONTACT}"))
    records = {f"{ORG}:00D:lead:{LEAD}": START, f"{ORG}:00D:contact:{CONTACT}": START}
    facts = [Fact(f"baseline:{ref}", at, FactKind.RECORD, RecordName.BASELINE, ORG, {}) for ref, at in records.items()]

    both.receive(*facts, read(after(days=1), City="Milan"))

    assert holds(both, ORG) == {"Lead.City": "Milan"}


def test_each_crm_is_told_in_its_own_words() -> None:
    stage = Field("stage", properties={CRM: ("stage",), ORG: ("Lead.Stage",)}, values={"Kunde": "customer"})
    carried = story(stage, (WriteBack(ORG, "Lead.Stage", ("field", "stage")),))

    carried.receive(Fact("b", START, FactKind.RECORD, RecordName.BASELINE, CRM, {"stage": "customer"}))

    assert holds(carried, ORG) == {"Lead.Stage": "Kunde"}


def test_choices_are_told_in_the_words_of_the_crm_that_is_told() -> None:
    properties = {CRM: ("topics",), ORG: ("Lead.Topics",)}
    topics = Field("topics", FieldType.CHOICES, properties, {"Zeit": "time"})
    carried = story(topics, (WriteBack(ORG, "Lead.Topics", ("field", "topics")),))

    carried.receive(Fact("b", START, FactKind.RECORD, RecordName.BASELINE, CRM, {"topics": "time;money"}))

    assert holds(carried, ORG) == {"Lead.Topics": "Zeit;money"}


# --- what comes back is not taken for somebody's word -------------------------------------------------------


def test_what_comes_back_late_does_not_outweigh_what_was_said_since() -> None:
    both = story().receive(known("Rome"), first_read(City="Rome"))
    both.receive(says(after(minutes=1), "Milan"), says(after(minutes=2), "Turin"))

    both.receive(read(after(minutes=3), City="Milan"))

    assert (both.lead.fields["city"], holds(both, ORG)) == ("Turin", {"Lead.City": "Turin"})


def test_who_goes_back_to_what_was_carried_there_means_it() -> None:
    both = story().receive(known("Rome"), first_read(City="Rome"))
    both.receive(says(after(minutes=1), "Milan"), read(after(minutes=2), City="Milan"))
    both.receive(read(after(minutes=3), City="Turin"))

    both.receive(read(after(minutes=4), City="Milan"))

    assert both.lead.fields["city"] == "Milan"


def test_who_puts_back_what_was_there_before_means_it() -> None:
    both = story().receive(known("Milan"), first_read(City="Milan"))
    both.receive(says(after(minutes=1), "Turin"), read(after(minutes=2), City="Turin"))

    both.receive(read(after(minutes=3), City="Milan"))

    assert both.lead.fields["city"] == "Milan"


def test_a_record_that_is_read_again_and_only_repeats_itself_says_nothing_new() -> None:
    both = story().receive(known("Rome"), first_read(City="Rome"))
    both.receive(read(after(minutes=1), City="Milan"))

    both.receive(Fact("again", after(minutes=2), FactKind.RECORD, RecordName.READ, CRM, {"city": "Rome"}))

    assert both.lead.fields["city"] == "Milan"


# --- a quarrel ----------------------------------------------------------------------------------------------


def test_a_field_over_which_crms_quarrel_is_frozen_and_nothing_of_it_is_written() -> None:
    both = story().receive(known("Milan"), first_read())

    *most, last, _ = quarrel(MOST_FLIPS + 1)
    both.receive(*most)
    assert both.lead.frozen_until == {}
    both.receive(last)

    (told,) = both.told(HistoryKind.FIELD_FROZEN)
    assert (told.subject, told.detail["times"]) == ("city", MOST_FLIPS + 1)
    assert both.lead.frozen_until == {"city": told.at + FROZEN_FOR}
    assert (holds(both, CRM), holds(both, ORG)) == ({}, {})


def test_the_lead_itself_goes_on_by_the_latest_word() -> None:
    both = story().receive(known("Milan"), first_read(), *quarrel(MOST_FLIPS + 2))

    both.receive(says(after(hours=2), "Turin"))

    assert (both.lead.fields["city"], holds(both, ORG)) == ("Turin", {})


def test_what_one_crm_says_often_is_no_quarrel() -> None:
    words = [says(after(minutes=number), f"town {number}") for number in range(1, 30)]

    assert story().receive(known("Milan"), first_read(), *words).lead.frozen_until == {}


def test_a_quarrel_that_takes_days_is_none() -> None:
    slow = quarrel(20, every=timedelta(minutes=20))

    assert story().receive(known("Milan"), first_read(), *slow).lead.frozen_until == {}


@pytest.mark.parametrize(("words", "is_frozen"), [("ab", True), ("abc", False)])
def test_a_field_of_one_crm_is_frozen_where_two_values_take_turns(words: str, is_frozen: bool) -> None:
    one = Field("city", properties={CRM: ("city",)})
    facts = [says(after(minutes=number), words[number % len(words)]) for number in range(1, 12)]

    carried = story(one, BOTH_WAYS[1:]).receive(known("a"), *facts)

    assert bool(carried.lead.frozen_until) is is_frozen


def test_a_field_that_is_not_carried_is_never_frozen() -> None:
    assert story(written=()).receive(known("Milan"), first_read(), *quarrel(20)).lead.turns == {}


def test_a_frozen_field_is_carried_again_when_its_time_is_over() -> None:
    both = story().receive(known("Milan"), first_read(), *quarrel(MOST_FLIPS + 1))
    ((_, until),) = both.lead.frozen_until.items()

    both.let_pass(until - timedelta(minutes=1))
    assert both.lead.frozen_until
    both.let_pass(until + timedelta(minutes=1))

    (thawed,) = both.told(HistoryKind.FIELD_THAWED)
    assert (both.lead.frozen_until, thawed.detail) == ({}, {"by": "time"})
    assert holds(both, ORG) == {"Lead.City": "Milan"}


def test_a_person_may_have_it_carried_again_at_once() -> None:
    both = story().receive(known("Milan"), first_read(), *quarrel(MOST_FLIPS + 1))

    both.receive(thaw(after(hours=1)))

    (thawed,) = both.told(HistoryKind.FIELD_THAWED)
    assert (both.lead.frozen_until, thawed.detail["by"]) == ({}, "cli")


def test_from_then_on_it_is_counted_anew() -> None:
    both = story().receive(known("Milan"), first_read(), *quarrel(MOST_FLIPS + 1))
    both.receive(thaw(after(minutes=31)))

    both.receive(*quarrel(MOST_FLIPS, begins=after(minutes=32), every=timedelta(minutes=1)))

    assert both.lead.frozen_until == {}


def test_a_new_mapping_leaves_it_frozen() -> None:
    parts: dict[str, Any] = {"fields": (CITY,), "write_back": BOTH_WAYS}
    both = Story(definitions("v1", **parts), definitions("v2", **parts))
    both.receive(known("Milan"), first_read(), *quarrel(MOST_FLIPS + 1))
    frozen = both.lead.frozen_until

    both.receive(book_applied(after(hours=1), "v2"))

    assert (both.lead.frozen_until, bool(frozen), both.lead.book) == (frozen, True, "v2")


def test_it_is_the_same_in_any_order_of_arrival() -> None:
    facts = [known("Milan"), first_read(), *quarrel(MOST_FLIPS + 2)]
    clean, told = story().receive_all(facts, after(days=1)), story()

    for fact in reversed(facts):
        told.receive(fact, now=after(days=1))

    assert msgspec.json.encode(told.lead) == msgspec.json.encode(clean.lead)
