"""Two workers at a time: nothing is done twice, nothing is lost, nobody waits for ever."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from connector.domain.book import compile_book
from connector.domain.fact import Fact, FactKind
from connector.domain.override import OverrideEntry, OverrideKind
from connector.domain.petition import Parking
from connector.engine.judging import admissions, overrides
from connector.engine.judging.apply import Telling, apply_book
from connector.engine.judging.shelf import Shelf
from connector.errors import LostClaimError
from connector.ports import DeliveryState, Judged, NewDelivery, NewFact, Store, StoredBook, Transaction
from connector.store.store import open_store
from tests.builders import START, after
from tests.contract.store.conftest import Place
from tests.contract.store.scene import ACME, BOOK, SECRET_KEY, Scene, fact, judged, lead_of, ref, task, wants
from tests.contract.store.test_brakes import asking
from tests.office import clicking_book

#: Seconds after which a test that hangs has failed.
PATIENCE = 60
LEAD = lead_of("1")


def at_once(place: Place, *works: Callable[[Store, Barrier], object]) -> list[object]:
    """Let each work run in a thread and a store of its own, with a barrier at which all can meet."""
    barrier = Barrier(len(works), timeout=PATIENCE)
    with ThreadPoolExecutor(len(works)) as pool:
        running = [pool.submit(work, place.open(), barrier) for work in works]
        return [one.result(PATIENCE) for one in running]


def until_not_lost(store: Store, work: Callable[[Transaction], None]) -> None:
    """As a worker does: what was lost to another is taken up again."""
    for _ in range(10):
        try:
            with store.transaction() as transaction:
                return work(transaction)
        except LostClaimError:
            continue
    raise AssertionError("lost ten times")


def test_every_lead_is_judged_once(place: Place, scene: Scene) -> None:
    record_ids = [str(number) for number in range(60)]
    scene.meet(*record_ids)
    for record_id in record_ids:
        scene.mail(lead_of(record_id), fact())

    def work(store: Store, barrier: Barrier) -> Counter[str]:
        done: Counter[str] = Counter()
        is_first = True
        while True:
            with store.claim_leads(START, 10) as claim:
                if is_first:
                    barrier.wait()  # both hold what they claimed before either saves
                if not claim.leads:
                    return done
                is_first = False
                try:
                    claim.save([judged(one, desired=wants({"score": "5"}), acts=[task()]) for one in claim.leads], {})
                except LostClaimError:
                    continue
                done.update(stored.lead.id for stored in claim.leads)

    judged_by = at_once(place, work, work)

    assert sum(judged_by, Counter()) == dict.fromkeys(map(lead_of, record_ids), 1)  # type: ignore[arg-type]
    assert scene.store.read_models.health(START).outbox == {"pending": 120}


def test_on_postgres_a_second_worker_takes_other_leads_instead_of_waiting(postgres_place: Place) -> None:
    scene = Scene(postgres_place.open()).connected().meet("1", "2")
    for record_id in "12":
        scene.mail(lead_of(record_id), fact())

    with scene.store.claim_leads(START, 1) as mine, postgres_place.open().claim_leads(START, 10) as theirs:
        claimed = [stored.lead.id for claim in (mine, theirs) for stored in claim.leads]

    assert sorted(claimed) == sorted([lead_of("1"), lead_of("2")])


def test_on_sqlite_the_second_to_save_gives_up_and_nothing_of_it_is_written(sqlite_place: Place) -> None:
    scene = Scene(sqlite_place.open()).connected().meet("1")
    scene.mail(LEAD, fact())

    with scene.store.claim_leads(START, 10) as mine, sqlite_place.open().claim_leads(START, 10) as theirs:
        mine.save([judged(stored, acts=[task("mine")]) for stored in mine.leads], {})
        with pytest.raises(LostClaimError):
            theirs.save([judged(stored, acts=[task("theirs")]) for stored in theirs.leads], {})

    assert scene.change(LEAD).key == f"{LEAD}|mine"


def test_judging_keeps_nobody_from_storing_deliveries(place: Place, scene: Scene) -> None:
    scene.meet("1").mail(LEAD, fact())

    with scene.store.claim_leads(START, 10):
        place.open().keep(NewDelivery("hubspot", START, b"meanwhile"))

    assert scene.store.read_models.health(START).deliveries_waiting == 1


def test_mail_that_comes_while_a_lead_is_judged_is_read_next(place: Place, scene: Scene) -> None:
    scene.meet("1").mail(LEAD, fact("first"))

    def judge(store: Store, barrier: Barrier) -> None:
        with store.claim_leads(START, 10) as claim:
            barrier.wait()
            claim.save([judged(stored, wake_at=after(days=1)) for stored in claim.leads], {})

    def post(store: Store, barrier: Barrier) -> None:
        barrier.wait()
        Scene(store).mail(LEAD, fact("second"))

    at_once(place, judge, post)

    assert scene.store.next_wake_at() == START
    assert [one.key for stored in scene.judge() for one in stored.unread] == ["second"]


def test_mail_that_came_between_claim_and_save_wakes_the_lead_again(sqlite_place: Place) -> None:
    scene = Scene(sqlite_place.open()).connected().meet("1")
    scene.mail(LEAD, fact("first"))

    with scene.store.claim_leads(START, 10) as claim:
        scene.mail(LEAD, fact("second"))
        all_facts = claim.all_facts([LEAD])
        claim.save([judged(stored, wake_at=after(days=1)) for stored in claim.leads], {})

    assert [one.key for one in all_facts[LEAD]] == ["first"]
    assert [one.key for stored in scene.judge() for one in stored.unread] == ["second"]


def test_the_same_facts_from_two_sides_are_kept_once(place: Place, scene: Scene) -> None:
    scene.meet("1", "2")
    facts = [NewFact(lead_of(record_id), fact(str(key)), START) for key in range(40) for record_id in "12"]

    def post(store: Store, barrier: Barrier) -> int:
        barrier.wait()
        new = 0
        for start in range(0, len(facts), 8):
            with store.transaction() as transaction:
                new += transaction.leads.add_facts(ACME, facts[start : start + 8], START)
        return new

    def post_backwards(store: Store, barrier: Barrier) -> int:
        barrier.wait()
        new = 0
        for start in reversed(range(0, len(facts), 8)):
            with store.transaction() as transaction:
                new += transaction.leads.add_facts(ACME, facts[start : start + 8][::-1], START)
        return new

    new = at_once(place, post, post_backwards)

    assert sum(new) == len(facts)  # type: ignore[arg-type]
    assert scene.store.read_models.health(START).facts == len(facts)
    assert sorted(len(stored.unread) for stored in scene.judge()) == [40, 40]


def test_a_record_that_two_hear_of_at_once_becomes_one_lead(place: Place, scene: Scene) -> None:
    def hear(store: Store, barrier: Barrier) -> None:
        barrier.wait()
        for number in range(30):
            Scene(store).meet(str(number), read=False)

    at_once(place, hear, hear)

    assert scene.store.read_models.health(START).leads == 30


def test_a_record_that_two_give_to_different_leads_at_once_goes_to_one_of_them(place: Place, scene: Scene) -> None:
    scene.meet("1")

    def merge(store: Store, barrier: Barrier) -> None:
        barrier.wait()

        def work(transaction: Transaction) -> None:
            transaction.leads.merge(ACME, ref("1"), [ref("2")], START)

        until_not_lost(store, work)

    def hear(store: Store, barrier: Barrier) -> None:
        barrier.wait()

        def work(transaction: Transaction) -> None:
            known = transaction.leads.find(ACME, [ref("2")])
            if not known:
                transaction.leads.add(ACME, {ref("2"): lead_of("2")}, BOOK, START)
            transaction.leads.add_facts(ACME, [NewFact(known.get(ref("2"), lead_of("2")), fact(), START)], START)

        until_not_lost(store, work)

    at_once(place, merge, hear)

    with scene.store.reading() as transaction:
        assert transaction.leads.find(ACME, [ref("2")]) == {ref("2"): LEAD}
    assert scene.store.read_models.lead(ACME, lead_of("2")) is None
    assert scene.store.read_models.facts(ACME, LEAD) == [fact()]


def test_on_postgres_a_lead_that_is_made_while_a_book_is_applied_is_told_of_it(postgres_place: Place) -> None:
    scene = Scene(postgres_place.open()).connected().meet("1")
    with scene.store.transaction() as transaction:
        transaction.books.add(ACME, StoredBook(BOOK, {}, START))
    newer = StoredBook("v2", {}, after(minutes=1))
    telling = Telling(scene.store, Shelf(scene.store, lambda stored: compile_book(clicking_book(stored.version))))

    with postgres_place.open().transaction() as slow:
        born_under = slow.books.latest(ACME)
        assert born_under is not None
        apply_book(scene.store, lambda stored: compile_book(clicking_book(stored.version)), ACME, newer)
        assert telling.run_once(after(minutes=2)) == 1
        slow.leads.add(ACME, {ref("2"): lead_of("2")}, born_under.version, START)
    telling.run_once(after(minutes=3))

    told = {record_id: scene.store.read_models.facts(ACME, lead_of(record_id)) for record_id in "12"}
    assert {record_id: [one.name for one in facts] for record_id, facts in told.items()} == {"1": ["v2"], "2": ["v2"]}


def test_two_who_tell_leads_of_a_book_at_once_tell_each_once(place: Place, scene: Scene) -> None:
    record_ids = [str(number) for number in range(30)]
    scene.meet(*record_ids)
    book = Fact("book:v2", START, FactKind.BOOK, "v2")

    def tell(store: Store, barrier: Barrier) -> None:
        with store.reading() as transaction:
            untold = transaction.leads.untold(ACME, "v2", 20)
        barrier.wait()
        until_not_lost(store, lambda transaction: transaction.leads.tell(ACME, untold.keys(), book, START))

    at_once(place, tell, tell)

    facts = [scene.store.read_models.facts(ACME, lead_of(record_id)) for record_id in record_ids]
    assert sorted(map(len, facts)) == [0] * 10 + [1] * 20


def test_every_delivery_is_taken_in_once(place: Place, scene: Scene) -> None:
    for number in range(40):
        scene.store.keep(NewDelivery("hubspot", START, str(number).encode()))

    def take_in(store: Store, barrier: Barrier) -> Counter[bytes]:
        done: Counter[bytes] = Counter()
        is_first = True
        while True:
            try:
                with store.claim_deliveries(7) as claim:
                    if is_first:
                        barrier.wait()
                    is_first = False
                    if not claim.deliveries:
                        return done
                    with claim.transaction() as transaction:
                        transaction.deliveries.settle(
                            {delivery.id: DeliveryState.TAKEN_IN for delivery in claim.deliveries}
                        )
                done.update(delivery.body for delivery in claim.deliveries)
            except LostClaimError:
                continue

    taken = at_once(place, take_in, take_in)

    assert sum(taken, Counter()) == {str(number).encode(): 1 for number in range(40)}  # type: ignore[arg-type]


def test_of_two_who_take_a_lease_at_once_one_gets_it(place: Place, scene: Scene) -> None:
    def take(holder: str) -> Callable[[Store, Barrier], bool]:
        def work(store: Store, barrier: Barrier) -> bool:
            barrier.wait()
            with store.transaction() as transaction:
                return transaction.leases.take("dispatch", holder, after(minutes=1), START)

        return work

    assert sorted(at_once(place, take("a"), take("b"))) == [False, True]  # type: ignore[type-var]


def test_of_what_several_people_set_at_once_nothing_is_lost(place: Place, scene: Scene) -> None:
    programs = [f"p{number}" for number in range(4)]

    def pause(program: str) -> Callable[[Store, Barrier], bool]:
        def work(store: Store, barrier: Barrier) -> bool:
            barrier.wait()
            return all(
                overrides.pause(store, ACME, OverrideEntry(START, "ada", OverrideKind.PAUSED, name))
                for name in (program, f"{program}_too", f"{program}_last")
            )

        return work

    with scene.store.transaction() as transaction:
        transaction.books.add(ACME, StoredBook("v1", {}, START))
    assert at_once(place, *map(pause, programs)) == [True] * 4

    with scene.store.reading() as transaction:
        latest, versions = transaction.books.latest(ACME), transaction.books.all(ACME)
    wanted = {f"{program}{end}" for program in programs for end in ("", "_too", "_last")}
    assert latest is not None
    assert set(latest.overrides.paused) == wanted
    assert [each.applied_at for each in versions] == sorted({each.applied_at for each in versions})


def test_of_two_people_who_admit_at_once_each_lead_is_admitted_once(place: Place, scene: Scene) -> None:
    people = [str(number) for number in range(30)]
    scene.meet(*people)
    for one in people:
        scene.decide(lead_of(one), asking())
    with scene.store.transaction() as transaction:
        due = transaction.petitions.due(ACME, after(days=1), 100)
        transaction.petitions.settle([Judged(filed, Parking("too many")) for filed in due], START)

    def admit(by: str) -> Callable[[Store, Barrier], int]:
        def work(store: Store, barrier: Barrier) -> int:
            barrier.wait()
            return admissions.admit(store, ACME, "welcome", by, START)

        return work

    assert sum(at_once(place, *map(admit, ("ada", "ben", "cara")))) == 30  # type: ignore[arg-type]


def test_counters_of_two_workers_add_up(place: Place, scene: Scene) -> None:
    def count(*names: str) -> Callable[[Store, Barrier], None]:
        def work(store: Store, barrier: Barrier) -> None:
            barrier.wait()
            for _ in range(25):
                with store.transaction() as transaction:
                    transaction.counts.add(dict.fromkeys(names, 1))

        return work

    at_once(place, count("a", "b", "c"), count("c", "b", "a"))

    with scene.store.reading() as transaction:
        assert transaction.counts.all() == {"a": 50, "b": 50, "c": 50}


def test_many_threads_of_one_process_store_deliveries_at_once(place: Place) -> None:
    store = open_store(place.url, SECRET_KEY)
    place.stores.append(store)

    def keep(thread: int) -> None:
        for number in range(25):
            store.keep(NewDelivery("hubspot", START, f"{thread}.{number}".encode()))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(keep, range(4)))

    with store.claim_deliveries(200) as claim:
        assert len({delivery.body for delivery in claim.deliveries}) == 100
