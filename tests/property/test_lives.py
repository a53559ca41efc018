"""Who is whom, and what counts, over two CRMs: the same whoever was heard of first, and whenever it was looked at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.domain.definitions import WriteBack
from connector.domain.fact import Fact, FactKind, RecordName
from connector.engine.telling.replay import verify
from connector.ports import EventKind
from tests.builders import CRM, START, Story, after
from tests.office import ACME, clicked, event
from tests.two_crms import BothOffice, hint, ref
from tests.unit.domain.test_carrying import CITY, thaw
from tests.unit.domain.test_snapshots import ORG, first_read, read

CONTACT, TWIN, LEAD, OTHER = "51", "52", "00Q1", "00Q2"
MARA, ANA = "mara@example.com", "ana@example.com"
BOTH_WAYS = (WriteBack(CRM, "city", ("field", "city")), WriteBack(ORG, "Lead.City", ("field", "city")))

Step = Callable[[BothOffice], object]


def _comes(record_id: str, email: str, minutes: int) -> Step:
    """A record of the org has this address from then on."""
    return lambda office: office.holds(record_id, email, since=minutes).receive(hint(record_id, minutes))


def _clicks(record_id: str) -> Step:
    return lambda office: office.receive(clicked(record_id, record_id=record_id))


def _merges(office: BothOffice) -> object:
    return office.receive(event(EventKind.MERGED, CONTACT, merged=(ref(TWIN),), at=after(minutes=40)))


#: Whatever comes first: Mara's lead turns out to be Ana's, and Mara's two contacts to be one.
STEPS: tuple[Step, ...] = (
    _clicks(CONTACT),
    _clicks(TWIN),
    _comes(OTHER, ANA, 5),
    _comes(LEAD, MARA, 10),
    _comes(LEAD, ANA, 20),
    _merges,
)


@settings(max_examples=12, deadline=None)
@given(order=st.permutations(range(len(STEPS))), looks=st.lists(st.booleans(), min_size=6, max_size=6))
def test_who_is_whom_is_the_same_in_whatever_order_it_is_heard(order: list[int], looks: list[bool]) -> None:
    order.remove(4)
    order.insert(order.index(3) + 1, 4)  # a record is what it is: it had her address before it had the other one
    with TemporaryDirectory() as folder:
        office = BothOffice(Path(folder)).holds(CONTACT, MARA).holds(TWIN, MARA)
        for number, looked_at in zip(order, looks, strict=True):
            STEPS[number](office)
            if looked_at:
                office.work()
        office.work()

        ids = [office.summary(one).id for one in (CONTACT, TWIN, LEAD, OTHER)]
        assert (ids[0] == ids[1], ids[2] == ids[3], ids[1] == ids[2]) == (True, True, False)
        assert (office.summary(CONTACT).email, office.summary(LEAD).email) == (MARA, ANA)
        assert [office.summary(one).lead.seen.get("clicked") is None for one in (CONTACT, LEAD)] == [True, True]
        assert office.crm.records[CONTACT]["coltiva_clicks"] == "20"
        assert {office.org.records[one].get("coltiva_clicks", "0") for one in (LEAD, OTHER)} == {"0"}
        assert sum(office.crm.made.values()) + sum(office.org.made.values()) == 1
        assert verify(office.store, office.shelf, ACME).differing == ()
        office.close()


@st.composite
def words(draw: st.DrawFn) -> list[Fact]:
    """What two CRMs say of one field, minute by minute, and a person who thaws it."""
    facts = [Fact("baseline:portal", START, FactKind.RECORD, RecordName.BASELINE, CRM, {"city": "Rome"}), first_read()]
    for minute in range(1, draw(st.integers(1, 25))):
        at, who = after(minutes=5 * minute), draw(st.sampled_from("ppooot"))
        city = draw(st.sampled_from(("", "Rome", "Milan", "Turin")))
        if who == "t":
            facts.append(thaw(at))
        elif who == "o":
            facts.append(read(at, City=city))
        else:
            facts.append(Fact(f"portal:{at}", at, FactKind.RECORD, RecordName.CHANGED, CRM, {"city": city}))
    return facts


@settings(max_examples=100, deadline=None)
@given(facts=words(), data=st.data())
def test_a_quarrel_ends_the_same_in_any_order_of_arrival_and_in_pieces(facts: list[Fact], data: st.DataObject) -> None:
    clean, told, piecewise = (Story(fields=(CITY,), write_back=BOTH_WAYS) for _ in range(3))
    end = after(days=3)

    clean.receive_all(facts, end)
    for fact in data.draw(st.permutations(facts)):
        told.receive(fact, now=after(days=1))
    for fact in facts:
        piecewise.receive(fact, now=max(fact.at, piecewise.lead.position[1]))

    for story in (told.let_pass(end), piecewise.let_pass(end)):
        assert msgspec.json.encode(story.lead) == msgspec.json.encode(clean.lead)
    assert all(text for desired in clean.lead.desired.values() for text in desired.properties.values())
