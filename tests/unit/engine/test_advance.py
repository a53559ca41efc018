from __future__ import annotations

from datetime import timedelta

import pytest

from connector.domain.history import HistoryKind
from connector.domain.outward.change import ChangeKind, ChangeState
from connector.engine.judging import advance
from connector.engine.telling import replay
from connector.errors import LostClaimError
from connector.ports import EventKind
from tests.builders import after
from tests.office import ACME, Office, changed, clicked, event


@pytest.fixture
def known(office: Office) -> Office:
    """An office that knows contacts 51 and 52, and has read them."""
    office.crm.records["51"] = {"email": "mara@example.com", "firstname": "Mara"}
    office.crm.records["52"] = {"email": "otto@example.com", "firstname": "Otto"}
    return office.receive(clicked("first"), clicked("first", "52")).work()


def kinds(office: Office, record_id: str = "51") -> list[HistoryKind]:
    return [entry.kind for entry in office.store.read_models.history(ACME, office.lead(record_id).id)]


def test_what_a_lead_wants_of_its_crm_goes_to_the_outbox(known: Office) -> None:
    known.clock.moment = after(hours=1)
    known.receive(clicked("second", at=after(hours=1))).take_in()

    result = known.advance()

    wanted = {change.kind: change for change in known.outbox(ChangeState.PENDING)}
    assert wanted[ChangeKind.PROPERTIES].wanted == {"coltiva_clicks": "20"}
    assert (wanted[ChangeKind.MEMBERSHIP].key, wanted[ChangeKind.MEMBERSHIP].wanted) == (
        "Hot leads",
        {"member": "true"},
    )
    act = wanted[ChangeKind.TASK].act
    assert act is not None
    assert act.subject == "Call Mara"
    assert (result.leads, result.facts, result.acts, result.refolded) == (1, 1, 1, 0)


def test_a_lead_without_mail_or_alarm_is_not_looked_at(known: Office) -> None:
    assert known.advance().leads == 0


def test_a_lead_is_found_by_its_address(known: Office) -> None:
    found = known.store.read_models.lead(ACME, "mara@example.com")

    assert found is not None
    assert found.id == known.lead("51").id


def test_a_fact_that_comes_late_gives_the_state_it_would_have_given_in_time(known: Office) -> None:
    known.clock.moment = after(hours=2)
    known.receive(clicked("third", at=after(hours=2)), clicked("third", "52", at=after(hours=2))).work()
    known.clock.moment = after(hours=3)
    known.receive(clicked("second", "51", at=after(hours=1)))
    known.take_in()

    result = known.advance()

    assert (result.leads, result.refolded) == (1, 1)
    at = [
        entry.at for entry in known.store.read_models.history(ACME, known.lead().id) if entry.kind is HistoryKind.SIGNAL
    ]
    assert at == [after(), after(hours=1), after(hours=2)]
    assert known.lead().lead.holding["list:hot"] == after(hours=1)


def test_a_task_is_given_once_however_often_the_lead_is_folded_anew(known: Office) -> None:
    known.clock.moment = after(hours=2)
    known.receive(clicked("third", at=after(hours=2))).work()

    for minutes in (30, 20, 10):
        known.receive(clicked(f"late {minutes}", at=after(minutes=minutes))).work()

    assert sum(known.crm.made.values()) == 1


def test_leads_with_many_facts_are_judged_one_at_a_time_after_the_others_are_saved(
    known: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    known.crm.records["53"] = {}
    clicks = [clicked(f"{n}", id_, at=after(hours=1, minutes=n)) for n in range(5) for id_ in ("51", "53")]
    known.clock.moment = after(hours=2)
    known.receive(*clicks).work()
    sound, waiting = advance.fold, []

    def fold(books, lead, facts, now):  # type: ignore[no-untyped-def]
        waiting.append({id_ for id_ in ("51", "52", "53") if known.lead(id_).unread})
        return sound(books, lead, facts, now)

    monkeypatch.setattr(advance, "fold", fold)
    monkeypatch.setattr(advance, "_MANY_FACTS", 5)
    late = [clicked("late", id_, at=after(minutes=30)) for id_ in ("51", "52", "53")]
    known.receive(*late).take_in()

    results = [known.advance() for _ in range(3)]

    assert [result.leads for result in results] == [2, 1, 0]
    assert [len(ids) for ids in waiting] == [3, 2, 1]
    assert not known.lead("51").unread + known.lead("52").unread + known.lead("53").unread


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(days=1)])
def test_a_clock_that_jumps_loses_nothing_and_gives_no_task_twice(known: Office, jump: timedelta) -> None:
    known.clock.moment = after(hours=2)
    known.receive(clicked("second", at=after(hours=2)), clicked("second", "52", at=after(hours=2))).take_in()

    known.clock.moment += jump
    known.work().receive(clicked("third", at=known.clock.now())).work()
    known.clock.moment = max(known.clock.moment, after(hours=2))
    known.work()

    assert [known.crm.records[id_]["coltiva_clicks"] for id_ in ("51", "52")] == ["30", "20"]
    assert list(known.crm.made.values()) == [1, 1]
    assert replay.verify(known.store, known.shelf, ACME).differing == ()


def test_a_defect_that_one_lead_brings_to_light_stops_no_other(known: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = advance.fold
    poisoned = known.lead("51").id

    def fold(books, lead, facts, now):  # type: ignore[no-untyped-def]
        if lead.id == poisoned:
            raise ZeroDivisionError("a defect")
        return sound(books, lead, facts, now)

    monkeypatch.setattr(advance, "fold", fold)
    known.clock.moment = after(hours=1)
    known.receive(clicked("x", "51", at=after(hours=1)), clicked("x", "52", at=after(hours=1))).take_in()

    result = known.advance()

    assert (result.leads, result.parked) == (1, 1)
    assert known.advance().amount == 0
    assert (known.lead("51").unread, known.lead("52").unread) == (1, 0)


def test_a_parked_lead_is_tried_again_later_with_all_its_mail(known: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(advance, "fold", lambda *_: 1 / 0)
        known.clock.moment = after(hours=1)
        known.receive(clicked("x", at=after(hours=1))).take_in()
        known.advance()

    known.let_pass(timedelta(minutes=15))

    assert known.lead().unread == 0
    assert known.lead().lead.desired["hubspot"].properties == {"coltiva_clicks": "20"}


def test_who_was_slower_saves_nothing_and_says_nothing(known: Office) -> None:
    known.clock.moment = after(hours=1)
    known.receive(clicked("x", at=after(hours=1))).take_in()
    slow = known.store.claim_leads(known.clock.now(), 10)

    with slow as claim:
        leads = claim.leads
        known.advance()
        with pytest.raises(LostClaimError):
            claim.save([], dict.fromkeys([leads[0].lead.id], after(hours=2)))

    assert known.lead().unread == 0


def test_a_lost_claim_is_dropped_quietly(known: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = advance.fold

    def fold(books, lead, facts, now):  # type: ignore[no-untyped-def]
        monkeypatch.setattr(advance, "fold", sound)
        known.advance()
        return sound(books, lead, facts, now)

    monkeypatch.setattr(advance, "fold", fold)
    known.clock.moment = after(hours=1)
    known.receive(clicked("x", at=after(hours=1))).take_in()

    result = known.advance()

    assert result.leads == 0
    assert kinds(known).count(HistoryKind.SIGNAL) == 2


def test_an_archived_lead_wants_nothing(known: Office) -> None:
    known.clock.moment = after(hours=1)
    known.receive(event(EventKind.DELETED, at=after(hours=1)), clicked("x", at=after(hours=1, ms=1))).work()

    assert known.outbox(ChangeState.PENDING) == []
    assert sum(known.crm.made.values()) == 0


def test_a_change_that_means_nothing_leaves_the_outbox_alone(known: Office) -> None:
    before = known.outbox()
    known.receive(changed("industry", "retail", at=after(minutes=1))).work()

    assert known.outbox() == before
