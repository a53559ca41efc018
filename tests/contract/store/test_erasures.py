"""A person who asked to be forgotten is forgotten; only a hash that means nothing to others stays, to refuse them."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import create_engine, text

from connector.domain.programs.enrolment import Enrolment
from connector.ports import DeliveryState, NewDelivery, Stray, StrayReason
from connector.store.schema import metadata
from connector.store.store import open_store
from tests.builders import START, after
from tests.contract.store.conftest import Place
from tests.contract.store.scene import (
    ACCOUNT,
    ACME,
    SECRET_KEY,
    Scene,
    fact,
    judged,
    lead_of,
    petition,
    ref,
    task,
    told,
    wants,
)

LEAD = lead_of("5150")
OTHER_KEY = "b3RoZXIga2V5IG9mIHRoaXJ0eS10d28gYnl0ZXMhIS4="


def tell_everything(scene: Scene) -> None:
    """A lead that left something in every table, under two records."""
    scene.meet("5150", "5151")
    scene.store.keep(
        NewDelivery("hubspot", START, b'[{"objectId": 5150, "email": "ada@example.com"}, {"objectId": 7}]')
    )
    scene.store.keep(NewDelivery("hubspot", START, b'[{"objectId": 5150, "note": "a copy, ada@example.com"}]'))
    scene.store.keep(NewDelivery("hubspot", START, b'[{"objectId": 7}]'))
    with scene.store.claim_deliveries(10) as claim, claim.transaction() as transaction:
        transaction.deliveries.settle({delivery.id: DeliveryState.TAKEN_IN for delivery in claim.deliveries})
        stray = Stray(1, StrayReason.UNKNOWN_TYPE, "x", ACCOUNT, '{"objectId": 5150, "x": "ada@example.com"}', START)
        transaction.deliveries.add_strays([stray])
        transaction.leads.merge(ACME, ref("5150"), [ref("5151")], START)
    scene.mail(LEAD, fact(email="ada@example.com"), delivery_id=1)
    scene.judge(
        lambda stored: judged(
            stored,
            desired=wants({"why": "ada@example.com"}, "Hot"),
            acts=[task(subject="Call ada@example.com")],
            petitions=[petition(email="ada@example.com")],
            history=[told("ada@example.com")],
            enrolments=[Enrolment("welcome", 1, START, "first", START)],
            email="ada@example.com",
        )
    )


def forget(scene: Scene, record_id: str = "5150") -> bool:
    with scene.store.transaction() as transaction:
        return transaction.leads.erase(ACME, ref(record_id), after(days=1))


def everything_in(place: Place) -> str:
    """All rows of all tables as text."""
    engine = create_engine(place.url)
    with engine.connect() as connection:
        rows = [row for table in metadata.sorted_tables for row in connection.execute(table.select())]
        rows += connection.execute(text("SELECT 1")).fetchall()
    engine.dispose()
    return repr(rows)


def test_nothing_of_an_erased_person_is_left_in_any_table(place: Place, scene: Scene) -> None:
    tell_everything(scene)
    assert "ada@example.com" in everything_in(place)

    assert forget(scene) is True

    left = everything_in(place)
    assert "ada" not in left
    assert "5150" not in left
    assert "5151" not in left
    assert LEAD not in left


def test_what_could_not_be_read_and_tells_of_an_erased_person_is_gone_too(place: Place, scene: Scene) -> None:
    unread = b'[{"objectId": 7}, {"objectId": 5150, "name": "ada@example.com"}'
    with scene.store.transaction() as transaction:
        raw = '{"objectId": 5150, "x": "ada@example.com \\u0000"}'
        transaction.deliveries.add_strays([Stray(99, StrayReason.UNREADABLE, "a NUL", "", raw, START)])
    scene.store.keep(NewDelivery("hubspot", START, unread))
    scene.store.keep(NewDelivery("hubspot", START, b'[{"objectId": 7}'))
    with scene.store.claim_deliveries(10) as claim, claim.transaction() as transaction:
        transaction.deliveries.settle({delivery.id: DeliveryState.UNREADABLE for delivery in claim.deliveries})
        shown = [
            Stray(delivery.id, StrayReason.UNREADABLE, "cut", "", delivery.body[:10].decode(), START)
            for delivery in claim.deliveries
        ]
        transaction.deliveries.add_strays(shown)

    forget(scene)

    assert "ada@example.com" not in everything_in(place)
    with scene.store.reading() as transaction:
        assert len(transaction.deliveries.strays(10)) == 1


def test_what_tells_of_an_id_that_only_holds_the_erased_one_stays(scene: Scene) -> None:
    others = ['{"objectId": 151500}', '{"objectId": 51500, "x": 15150}', '{"objectId":"A5150"}', "5150x"]
    theirs = ['{"objectId": 5150}', '{"objectId":5150,"x":1}', '{"objectId":"5150"}', "5150"]
    for body in (b'[{"objectId": 51500', b'[{"objectId":5150'):
        scene.store.keep(NewDelivery("hubspot", START, body))
    with scene.store.claim_deliveries(10) as claim, claim.transaction() as transaction:
        transaction.deliveries.settle({delivery.id: DeliveryState.UNREADABLE for delivery in claim.deliveries})
        beginnings = [Stray(one.id, StrayReason.UNREADABLE, "cut", "", "[{", START) for one in claim.deliveries]
        told = [Stray(99, StrayReason.UNKNOWN_TYPE, "x", ACCOUNT, raw, START) for raw in (*others, *theirs)]
        transaction.deliveries.add_strays([*beginnings, *told])

    forget(scene)

    with scene.store.reading() as transaction:
        assert [stray.raw for stray in reversed(transaction.deliveries.strays(20))] == ["[{", *others]
    with scene.store.transaction() as transaction:
        assert transaction.deliveries.forget_before(after(days=2)) == 1


def test_other_people_and_their_deliveries_stay(scene: Scene) -> None:
    scene.meet("7").mail(lead_of("7"), fact("theirs"))
    tell_everything(scene)

    forget(scene)

    assert scene.store.read_models.lead(ACME, "7") is not None
    assert len(scene.store.read_models.facts(ACME, lead_of("7"))) == 1
    with scene.store.transaction() as transaction:
        assert transaction.deliveries.forget_before(after(days=2)) == 1


def test_an_erased_person_is_known_again_under_each_of_their_records(scene: Scene) -> None:
    tell_everything(scene)

    forget(scene)

    with scene.store.reading() as transaction:
        erased = transaction.leads.erased(ACME, [ref("5150"), ref("5151"), ref("7")])
        elsewhere = transaction.leads.erased("other", [ref("5150")])  # type: ignore[arg-type]
    assert erased == {ref("5150"), ref("5151")}
    assert elsewhere == frozenset()


def test_somebody_of_whom_nothing_is_known_can_ask_to_be_forgotten_too(scene: Scene) -> None:
    assert forget(scene, "404") is False

    with scene.store.reading() as transaction:
        assert transaction.leads.erased(ACME, [ref("404")]) == {ref("404")}


def test_a_second_run_changes_nothing(scene: Scene) -> None:
    tell_everything(scene)
    forget(scene)

    assert forget(scene) is False
    with scene.store.reading() as transaction:
        assert transaction.leads.erased(ACME, [ref("5150")]) == {ref("5150")}


def test_the_hash_of_an_older_key_is_known_as_long_as_the_key_is_listed(place: Place, scene: Scene) -> None:
    forget(scene, "404")
    rotated = open_store(place.url, f"{OTHER_KEY},{SECRET_KEY}")
    replaced = open_store(place.url, OTHER_KEY)
    place.stores += [rotated, replaced]

    known = []
    for store in (rotated, replaced):
        with store.reading() as transaction:
            known.append(transaction.leads.erased(ACME, [ref("404")]))

    assert known == [{ref("404")}, frozenset()]


def test_pages_of_an_erased_person_are_overwritten_in_the_file(sqlite_place: Place) -> None:
    store = sqlite_place.open()
    scene = Scene(store).connected()
    tell_everything(scene)

    forget(scene)
    store.wipe()

    assert b"ada@example.com" not in read_all(sqlite_place.file)
    store.close()


def read_all(file: Path) -> bytes:
    """The file with what SQLite keeps beside it."""
    return b"".join(one.read_bytes() for one in file.parent.glob(f"{file.name}*"))
