"""The first leads of an order are found by index, and are those that looking at every lead would find."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from connector.domain.book import Book, compile_book
from connector.domain.definitions import Definitions
from connector.domain.fact import Fact, FactKind
from connector.domain.ids import LeadId
from connector.domain.traits.rank import points_of, rank_of
from connector.domain.traits.score import Outlook, Part, Score
from connector.engine.telling import ranking
from connector.engine.telling.order import Order
from connector.engine.telling.roster import list_leads, to_row, walk
from connector.ports import SavedLead, StoredLead
from tests.builders import START, after
from tests.contract.store.scene import ACME, BOOK, Scene, judged, lead_of

NOW = after(days=30)
SCORES = (
    Score("total", sum_of=("fit", "engagement", "slow")),
    Score("fit"),
    Score("engagement", half_life=timedelta(days=7)),
    Score("slow", half_life=timedelta(days=90)),
)


@pytest.fixture
def book() -> Book:
    return compile_book(Definitions(version=BOOK, workspace=ACME, zone=ZoneInfo("UTC"), scores=SCORES))


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "_PAGE", 7)


def scored(stored: StoredLead, book: Book, parts: dict[str, dict[str, Part]], at: datetime = START) -> SavedLead:
    """The lead with these points, as of this moment."""
    saved = judged(stored)
    lead = replace(saved.lead, book=book.version, scores=parts, position=(1, at, 2, "folded"))
    return replace(saved, lead=lead, rank=rank_of(book.leading, lead.scores, lead.holding, lead.seen, at))


def anything(random: Random, book: Book) -> Callable[[StoredLead], SavedLead]:
    """Few different numbers, so that many leads are equal."""

    def judge(stored: StoredLead) -> SavedLead:
        at = after(days=random.randint(0, 20))
        fit = Part(float(random.randint(-5, 5)), START, fades=False)
        fading = {name: Part(float(random.choice([-8, 0, 8, 40])), at) for name in ("engagement", "slow")}
        given = {name: {"r": part} for name, part in fading.items() if random.random() < 0.7}
        return scored(stored, book, {"fit": {"r": fit}, **given}, at)

    return judge


def listed_slowly(scene: Scene, book: Book, order: Order) -> list[LeadId]:
    """By looking at every lead."""
    rows = [to_row(summary, book, NOW) for summary in walk(scene.store.read_models, ACME)]
    never = after(days=-9999)
    rows.sort(
        key=lambda row: (
            -row.scores["total"].points if order is Order.SCORE else 0,
            -((row.active_at or never) - never).total_seconds(),
            row.id,
        )
    )
    return [row.id for row in rows]


def listed(scene: Scene, book: Book, order: Order, limit: int) -> list[LeadId]:
    """Page by page."""
    found: list[LeadId] = []
    while True:
        behind = found[-1] if found else None
        page = list_leads(scene.store.read_models, ACME, book, NOW, order=order, limit=limit, after=behind)
        if not page:
            return found
        found += [row.id for row in page]


def tell(scene: Scene, version: str, ids: Sequence[LeadId]) -> None:
    """Tell leads of another version of the mapping."""
    with scene.store.transaction() as transaction:
        transaction.leads.tell(ACME, ids, Fact(f"book:{version}", START, FactKind.BOOK, version), START)


@pytest.fixture
def crowd(scene: Scene, book: Book) -> Scene:
    """Sixty leads: most with points, some never judged, some told of another version, some never read."""
    numbers = [str(number) for number in range(60)]
    scene.meet(*numbers[:50]).meet(*numbers[50:], read=False)
    random = Random(7)
    for number in numbers[:44]:
        scene.decide(lead_of(number), anything(random, book))
    tell(scene, "another", [lead_of(number) for number in numbers[:9]])
    return scene


@pytest.mark.parametrize("order", [Order.SCORE, Order.ACTIVITY])
@pytest.mark.parametrize("limit", [1, 4, 100])
def test_the_first_leads_are_those_that_looking_at_every_lead_finds(
    crowd: Scene, book: Book, order: Order, limit: int
) -> None:
    assert listed(crowd, book, order, limit) == listed_slowly(crowd, book, order)


def test_leads_that_cannot_be_among_the_first_are_not_looked_at(
    scene: Scene, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [str(number) for number in range(40)]
    scene.meet(*numbers)
    for points, number in enumerate(numbers):
        parts = {"fit": {"r": Part(float(points), START, fades=False)}}
        scene.decide(lead_of(number), lambda stored, parts=parts: scored(stored, book, parts))  # type: ignore[misc]
    asked: list[int] = []

    def counted(outlooks: Sequence[Outlook], now: datetime) -> int:
        asked.append(1)
        return points_of(outlooks, now)

    monkeypatch.setattr(ranking, "points_of", counted)

    found = list_leads(scene.store.read_models, ACME, book, NOW, order=Order.SCORE, limit=3)

    assert [row.scores["total"].points for row in found] == [39, 38, 37]
    assert len(asked) == 7, "one page"


def places(scene: Scene, version: str = BOOK) -> dict[LeadId, bool]:
    """Of the leads that were told of this version, whether their place is known."""
    found = scene.store.read_models.ranked(ACME, version, 100)
    return {one.place[2]: one.outlooks is not None for one in found}


def test_the_place_of_a_lead_is_unknown_from_its_being_told_of_a_version_until_it_is_judged_by_it(
    scene: Scene, book: Book
) -> None:
    scene.meet("51").decide(lead_of("51"), lambda stored: scored(stored, book, {}))
    known = places(scene)
    tell(scene, "v2", [lead_of("51")])
    told = places(scene, "v2")
    by_the_former = scene.judge(lambda stored: scored(stored, book, {}))
    still = places(scene, "v2")
    scene.decide(lead_of("51"), lambda stored: scored(stored, _of_version(book, "v2"), {}))

    assert (known, told, still) == ({lead_of("51"): True}, {lead_of("51"): False}, {lead_of("51"): False})
    assert len(by_the_former) == 1
    assert places(scene, "v2") == {lead_of("51"): True}


def _of_version(book: Book, version: str) -> Book:
    return compile_book(replace(book.definitions, version=version))


def test_a_lead_that_was_never_judged_has_no_points_and_a_known_place(scene: Scene) -> None:
    scene.meet("51", read=False)

    assert scene.store.read_models.ranked(ACME, BOOK, 10)[0].place == (0, 0, lead_of("51"))
    assert places(scene) == {lead_of("51"): True}


def test_leads_that_became_one_begin_without_points(scene: Scene, book: Book) -> None:
    parts = {"fit": {"r": Part(9.0, START, fades=False)}}
    scene.meet("51", "52").decide(lead_of("51"), lambda stored: scored(stored, book, parts))
    with scene.store.transaction() as transaction:
        into = transaction.leads.join(ACME, [lead_of("51"), lead_of("52")], START)

    assert [one.place for one in scene.store.read_models.ranked(ACME, BOOK, 10)] == [(0, 0, into)]
