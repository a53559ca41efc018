"""What a CRM only hints at is read, once for all that hint at it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from connector.engine.inward.intake import IntakeResult
from connector.ports import CrmEvent, EventKind
from tests.builders import START, after
from tests.office import CONNECTION, FakeCrm, Office, clicking_book, contact, event, sqlite_url

MINUTE = timedelta(minutes=1)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """An office whose CRM tells since when its records are so."""
    crm = FakeCrm()
    crm.records["51"] = {"email": "mara@example.com", "industry": "x"}
    office = Office(sqlite_url(tmp_path), clicking_book("v1"), crm=crm).open()
    yield office
    office.close()


def hint(record_id: str = "51", *, at: datetime = START, **more: object) -> CrmEvent:
    return event(EventKind.HINTED, record_id, at=at, **more)


def reads(office: Office) -> list[tuple[str, ...]]:
    return [about for name, about in office.crm.calls if name == "fetch_records"]


def take_in(office: Office, *events: CrmEvent) -> IntakeResult:
    return office.receive(*events).take_in()


def test_a_hint_about_a_record_that_nobody_knew_makes_a_lead_that_is_read(office: Office) -> None:
    result = take_in(office, hint())
    office.work()

    assert (result.hints, result.leads, result.facts, result.strays) == (1, 1, 0, 0)
    assert office.lead().lead.fields["email"] == "mara@example.com"
    assert reads(office) == [("51",)]


def test_a_hint_about_a_known_record_has_it_read_again(office: Office) -> None:
    office.receive(hint()).work()
    office.crm.records["51"]["firstname"] = "Mara"
    office.clock.moment += MINUTE

    result = take_in(office, hint(at=after(minutes=1)))
    office.work()

    assert (result.hints, result.leads, result.rereads) == (1, 0, 1)
    assert office.lead().lead.fields["firstname"] == "Mara"


def test_many_hints_about_a_record_cost_one_read(office: Office) -> None:
    result = take_in(office, hint(key="a"), hint(key="b", at=after(ms=-5)), hint(key="c", at=after(minutes=-3)))
    office.work()

    assert (result.hints, result.rereads) == (3, 1)
    assert reads(office) == [("51",)]


def test_a_hint_of_what_was_read_already_costs_nothing(office: Office) -> None:
    office.crm.changed_at["51"] = after(minutes=-1)
    office.receive(hint(at=after(minutes=-1))).work()

    same = take_in(office, hint(at=after(minutes=-1)))
    older = take_in(office, hint(at=after(minutes=-2)))
    office.work()

    assert (same.hints, same.rereads, older.rereads) == (1, 0, 0)
    assert reads(office) == [("51",)]


def test_a_change_after_the_one_that_was_read_is_read(office: Office) -> None:
    office.crm.changed_at["51"] = after(minutes=-1)
    office.receive(hint(at=after(minutes=-1))).work()

    result = take_in(office, hint(at=after(minutes=-1, ms=1)))

    assert result.rereads == 1


def test_what_was_read_within_the_second_of_a_change_is_read_once_more(office: Office) -> None:
    """Another change in that second would bear the same moment."""
    office.crm.changed_at["51"] = START
    office.receive(hint(at=START)).work()

    result = take_in(office, hint(at=START, key="another"))

    assert result.rereads == 1


def test_an_impossible_moment_is_read(office: Office) -> None:
    office.crm.changed_at["51"] = after(minutes=-1)
    office.receive(hint()).work()

    result = take_in(office, hint(at=datetime.max.replace(tzinfo=START.tzinfo)))

    assert result.rereads == 1


def test_a_hint_of_a_record_that_lives_on_in_another_one_reads_nothing(office: Office) -> None:
    office.crm.records["52"] = {}
    office.receive(event(EventKind.MERGED, "52", merged=(contact("51"),))).work()
    office.crm.calls.clear()

    result = take_in(office, hint("51", at=after(minutes=4)))
    office.work()

    assert (result.superseded, result.hints, reads(office)) == (1, 0, [])


def test_a_record_that_comes_back_after_a_merge_is_read_again_and_belongs_to_the_same_lead(office: Office) -> None:
    office.crm.records["52"] = {}
    office.receive(event(EventKind.MERGED, "52", merged=(contact("51"),))).work()
    office.crm.calls.clear()

    office.receive(event(EventKind.RESTORED, "51", at=after(minutes=4)), hint("51", at=after(minutes=4))).work()

    assert ("51",) in reads(office)
    assert office.lead("51").id == office.lead("52").id


def test_hints_about_people_who_asked_to_be_forgotten_are_refused(office: Office) -> None:
    office.receive(hint()).work()
    office.receive(event(EventKind.ERASED)).work()
    office.crm.calls.clear()

    result = take_in(office, hint(at=after(minutes=4)))
    office.work()

    assert (result.refused, result.hints, result.leads, reads(office)) == (1, 0, 0, [])


def test_hints_from_accounts_that_nobody_knows_are_kept_aside(office: Office) -> None:
    take_in(office, hint()._replace(ref=contact("51", account="99"), raw="a hint"))

    assert office.strays() == [("unknown_account", "contact.hinted")]


def test_hints_about_other_objects_are_kept_aside(office: Office) -> None:
    result = take_in(office, hint()._replace(ref=contact("7")._replace(object_type="company")))

    assert (result.hints, office.strays()) == (0, [("other_object", "contact.hinted")])


def test_what_our_own_user_did_is_an_echo_and_what_others_did_is_not(office: Office) -> None:
    with office.store.transaction() as transaction:
        transaction.connections.save(replace(CONNECTION, user="005U"), office.clock.now())

    ours, theirs, nobodys = (take_in(office, hint(by=by, key=by or "-")) for by in ("005U", "005V", ""))

    assert (ours.echoes, ours.hints, ours.leads) == (1, 0, 0)
    assert (theirs.echoes, theirs.hints) == (0, 1)
    assert (nobodys.echoes, nobodys.hints) == (0, 1)


def test_tasks_that_we_made_ourselves_are_not_kept_aside(office: Office) -> None:
    with office.store.transaction() as transaction:
        transaction.connections.save(replace(CONNECTION, user="005U"), office.clock.now())
    task = contact("7")._replace(object_type="task")

    ours = take_in(office, hint(by="005U")._replace(ref=task))
    theirs = take_in(office, hint(by="005V", key="theirs")._replace(ref=task))

    assert (ours.echoes, ours.strays, theirs.echoes, theirs.strays) == (1, 0, 0, 1)


def test_a_connection_that_names_no_user_has_no_echoes_by_user(office: Office) -> None:
    result = take_in(office, hint(by=""))

    assert (result.echoes, result.hints) == (0, 1)
