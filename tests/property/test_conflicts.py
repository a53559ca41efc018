"""What two CRMs say of one field counts as the rules say, whatever is told in which order."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from connector.domain.fact import SNAPSHOT_OF, Fact, FactKind, RecordName
from connector.domain.field import Field, FieldRole, FieldType
from tests.builders import CRM, START, Story
from tests.property.books import NUMBERS, OTHER

PROPERTIES = {"city": {CRM: "city", OTHER: "Lead.City"}, "opted_out": {CRM: "optout", OTHER: "Lead.OptOut"}}
TEXTS = {"city": ("Rome", "Oslo", "Bern", ""), "opted_out": ("true", "false", "")}
MINUTE = timedelta(minutes=1)
MANY = settings(max_examples=200)


def fields(prefer: str) -> tuple[Field, ...]:
    properties = {name: {crm: (each,) for crm, each in by_crm.items()} for name, by_crm in PROPERTIES.items()}
    consent = Field("opted_out", FieldType.BOOLEAN, properties["opted_out"], role=FieldRole.CONSENT, prefer=prefer)
    return Field("city", properties=properties["city"], prefer=prefer), consent


def told(number: int, minute: int) -> Fact:
    """One CRM tells what changed, the other one's record is read; the first of each is what it held before."""
    random = Random(number)
    crm = random.choice((CRM, OTHER)) if minute > 1 else (CRM, OTHER)[minute]
    said = {PROPERTIES[name][crm]: random.choice(texts) for name, texts in TEXTS.items()}
    is_first = minute < 2
    if crm == OTHER:
        name = RecordName.BASELINE if is_first else RecordName.READ
        said[SNAPSHOT_OF] = "00Q1"
    else:
        name = RecordName.BASELINE if is_first else RecordName.CHANGED
    key = f"{'baseline:' if is_first else ''}{minute:03}"
    return Fact(key, START + minute * MINUTE, FactKind.RECORD, name, crm, said)


def words_on(field: str, facts: list[Fact]) -> dict[str, str]:
    """CRM -> what it says of the field in the end, the latest word last; without those that say nothing."""
    said, held = dict[str, str](), ""
    for fact in facts:
        text = str(fact.data[PROPERTIES[field][fact.source]])
        if fact.source == OTHER:
            if fact.name == RecordName.READ and text == held:
                continue
            held = text
        said.pop(fact.source, None)
        if text:
            said[fact.source] = text
    return said


@MANY
@given(
    numbers=st.lists(NUMBERS, min_size=2, max_size=10),
    prefer=st.sampled_from(("", CRM, OTHER)),
    order=st.randoms(use_true_random=False),
)
def test_the_word_counts_that_the_rules_name(numbers: list[int], prefer: str, order: Random) -> None:
    facts = [told(number, minute) for minute, number in enumerate(numbers)]
    arrivals = facts.copy()
    order.shuffle(arrivals)
    story = Story(fields=fields(prefer))

    for fact in arrivals:
        story.receive(fact, now=START + len(facts) * MINUTE)

    on_city, on_consent = words_on("city", facts), words_on("opted_out", facts)
    assert story.lead.fields.get("city") == on_city.get(prefer, next(reversed(on_city.values()), None))
    opted_out = "true" in on_consent.values() if on_consent else None
    assert story.lead.fields.get("opted_out") == opted_out
