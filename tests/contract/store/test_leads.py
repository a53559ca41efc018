"""Leads are found by their records, and not judged before they were read."""

from __future__ import annotations

from datetime import datetime

import pytest

from connector.domain.fact import Fact, FactKind
from connector.domain.lead import Lead
from connector.errors import LostClaimError
from connector.ports import Unread
from tests.builders import START, after
from tests.contract.store.scene import ACME, BOOK, CONNECTION, Scene, fact, judged, lead_of, ref

LATER = after(days=30)


def to_read(scene: Scene, now: datetime = LATER) -> list[tuple[str, bool]]:
    with scene.store.reading() as transaction:
        return [(one.ref.record_id, one.again) for one in transaction.leads.unread(CONNECTION, now, 10)]


def test_a_lead_is_found_by_its_record(scene: Scene) -> None:
    scene.meet("51")

    with scene.store.reading() as transaction:
        found = transaction.leads.find(ACME, [ref("51"), ref("52")])

    assert found == {ref("51"): lead_of("51")}


def test_a_lead_is_born_blank_under_the_book_of_its_time(scene: Scene) -> None:
    scene.meet("51")

    summary = scene.store.read_models.lead(ACME, "51")

    assert summary is not None
    assert summary.lead == Lead(lead_of("51"), born_under=BOOK, book=BOOK)


def test_hearing_of_a_lead_again_leaves_it_as_it_is(scene: Scene) -> None:
    scene.meet("51").mail(lead_of("51"), fact())
    scene.judge(lambda stored: judged(stored, email="ada@example.com"))

    scene.meet("51", read=False)

    summary = scene.store.read_models.lead(ACME, "ada@example.com")
    assert summary is not None
    assert summary.facts == 1
    assert to_read(scene) == []


def test_a_record_that_belongs_to_another_lead_by_now_is_not_given_away(scene: Scene) -> None:
    scene.meet("51")

    with scene.store.transaction() as transaction:
        transaction.leads.add(ACME, {ref("51"): lead_of("52")}, BOOK, START)

    assert scene.store.read_models.lead(ACME, lead_of("52")) is None


def test_a_new_lead_waits_to_be_read(scene: Scene) -> None:
    scene.meet("51", read=False)

    with scene.store.reading() as transaction:
        waiting = transaction.leads.unread(CONNECTION, START, 10)

    assert waiting == [Unread(ACME, lead_of("51"), ref("51"), again=False)]


def test_a_lead_whose_reading_is_postponed_waits_until_then(scene: Scene) -> None:
    scene.meet("51", "52", read=False)

    with scene.store.transaction() as transaction:
        transaction.leads.postpone_reading(ACME, {ref("51"): after(minutes=5)}, START)

    assert to_read(scene, after(minutes=4)) == [("52", False)]
    assert to_read(scene, after(minutes=5)) == [("52", False), ("51", False)]


def test_a_wish_to_read_that_came_meanwhile_is_not_postponed(scene: Scene) -> None:
    scene.meet("51")
    with scene.store.transaction() as transaction:
        transaction.leads.read_again(ACME, [ref("51")], after(minutes=2))

        transaction.leads.postpone_reading(ACME, {ref("51"): after(days=1)}, after(minutes=1))

    assert to_read(scene, after(minutes=2)) == [("51", True)]


def test_a_lead_that_was_not_read_is_not_judged_whatever_mail_it_has(scene: Scene) -> None:
    scene.meet("51", read=False).mail(lead_of("51"), fact())

    assert scene.judge() == []
    assert scene.store.next_wake_at() is None


def test_once_read_a_lead_is_judged_by_the_mail_that_came_before(scene: Scene) -> None:
    scene.meet("51", read=False).mail(lead_of("51"), fact("early"))

    scene.meet("51")

    (stored,) = scene.judge()
    assert [one.key for one in stored.unread] == ["early"]


def test_a_lead_without_mail_is_not_woken_by_being_read(scene: Scene) -> None:
    scene.meet("51")

    assert scene.judge() == []


def test_who_is_read_again_is_judged_meanwhile_and_comes_after_those_of_whom_nothing_is_known(scene: Scene) -> None:
    scene.meet("51").mail(lead_of("51"), fact())
    scene.meet("52", read=False)

    with scene.store.transaction() as transaction:
        transaction.leads.read_again(ACME, [ref("51")], START)

    assert to_read(scene) == [("52", False), ("51", True)]
    assert len(scene.judge()) == 1


def test_leads_can_be_read_again_without_naming_their_records(scene: Scene) -> None:
    scene.meet("51", "52", "53")

    with scene.store.transaction() as transaction:
        transaction.leads.want_reading(ACME, [lead_of("51"), lead_of("52")], START)

    assert sorted(to_read(scene)) == [("51", True), ("52", True)]


def test_a_wish_to_read_again_that_is_younger_than_the_reading_stays(scene: Scene) -> None:
    scene.meet("51", "52")
    with scene.store.transaction() as transaction:
        transaction.leads.read_again(ACME, [ref("51")], after(minutes=2))
        transaction.leads.read_again(ACME, [ref("52")], after(minutes=1))

    with scene.store.transaction() as transaction:
        transaction.leads.set_read(ACME, {ref("51"): None, ref("52"): None}, after(minutes=1))

    assert to_read(scene) == [("51", True)]


def test_leads_of_another_account_are_read_by_its_own_connection(scene: Scene) -> None:
    other = ref("51", account="99")
    with scene.store.transaction() as transaction:
        transaction.leads.add(ACME, {other: lead_of("other")}, BOOK, START)

    assert to_read(scene) == []


def untold(scene: Scene, version: str, limit: int = 10) -> dict[str, str]:
    with scene.store.reading() as transaction:
        found = transaction.leads.untold(ACME, version, limit)
    return {record_id: found[lead_of(record_id)] for record_id in ("51", "52", "53") if lead_of(record_id) in found}


def test_who_was_not_told_of_a_book_is_found_until_told(scene: Scene) -> None:
    scene.meet("51", "52", "53")
    book = Fact("book:v2", START, FactKind.BOOK, "v2")
    assert untold(scene, BOOK) == {}

    with scene.store.transaction() as transaction:
        transaction.leads.tell(ACME, [lead_of("51"), lead_of("53")], book, START)
        transaction.leads.tell(ACME, [lead_of("53")], book, START)

    assert untold(scene, "v2") == {"52": BOOK}
    assert untold(scene, "a third") == {"51": "v2", "52": BOOK, "53": "v2"}
    assert len(untold(scene, "a third", limit=2)) == 2
    assert [[one.key for one in stored.unread] for stored in scene.judge()] == [["book:v2"]] * 2


def test_facts_are_found_by_the_beginning_of_their_keys(scene: Scene) -> None:
    scene.meet("51", "52", "53")
    scene.mail(lead_of("51"), fact("a:2"), fact("b:1"), fact("a:1"))
    scene.mail(lead_of("52"), fact("b:a:1"), fact("a"))
    scene.mail(lead_of("53"), fact("a:3"))

    with scene.store.reading() as transaction:
        found = transaction.leads.facts_by_prefix(ACME, [lead_of("51"), lead_of("52")], "a:")

    assert found == {lead_of("51"): [fact("a:2"), fact("a:1")]}


def test_mail_for_a_lead_that_is_gone_is_given_back_to_its_sender(scene: Scene) -> None:
    with pytest.raises(LostClaimError):
        scene.mail(lead_of("nobody"), fact())


def test_a_fact_comes_out_of_the_mailbox_as_it_went_in(scene: Scene) -> None:
    scene.meet("51")
    given = fact("k", after(ms=123), text="é\n'\"", number=2.5, yes=True, several=("a", "b"), nothing="")

    scene.mail(lead_of("51"), given)

    (stored,) = scene.judge()
    assert list(stored.unread) == [given]
    assert stored.unread[0].kind is FactKind.SIGNAL
    assert scene.store.read_models.facts(ACME, lead_of("51")) == [given]
