"""The ways on which chance sent leads are counted as leads stand, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.domain.programs.contest import Tally
from connector.domain.programs.enrolment import Enrolment
from connector.domain.programs.parting import HOLDOUT, Parting
from tests.builders import START, after
from tests.contract.store.scene import ACME, Judge, Scene, judged, lead_of, ref

ONE, TWO = lead_of("51"), lead_of("52")
ENROLLED = Enrolment("welcome", 1, START, "first", START)
SHORT = Parting("welcome", 1, "first.subject", "short", START, is_answered=False, is_won=False)
LONG = SHORT._replace(case="long", at=after(days=1))


@pytest.fixture
def scene(scene: Scene) -> Scene:
    """Two leads that were read."""
    return scene.meet("51", "52")


def parting(*partings: Parting, refolded: bool = False) -> Judge:
    return lambda stored: replace(judged(stored, enrolments=[ENROLLED], refolded=refolded), partings=partings)


def tallies(scene: Scene, fork: str = "first.subject") -> list[Tally]:
    return list(scene.store.read_models.tallies(ACME, "welcome").get(fork, ()))


def test_leads_are_counted_by_way_with_what_they_did(scene: Scene) -> None:
    scene.decide(ONE, parting(SHORT._replace(is_answered=True)))
    scene.decide(TWO, parting(LONG._replace(is_won=True)))

    assert tallies(scene) == [Tally("long", 1, 0, 1, after(days=1)), Tally("short", 1, 1, 0, START)]


def test_a_lead_that_answers_later_is_counted_anew_and_not_twice(scene: Scene) -> None:
    scene.decide(ONE, parting(SHORT))

    scene.decide(ONE, parting(SHORT._replace(is_answered=True)))
    scene.decide(ONE, parting())

    assert tallies(scene) == [Tally("short", 1, 1, 0, START)]


def test_what_a_lead_folded_anew_never_did_is_counted_no_more(scene: Scene) -> None:
    scene.decide(ONE, parting(SHORT, SHORT._replace(fork=HOLDOUT, case="nurtured")))

    scene.decide(ONE, parting(LONG, refolded=True))

    assert (tallies(scene), tallies(scene, HOLDOUT)) == ([Tally("long", 1, 0, 0, after(days=1))], [])


def test_leads_that_become_one_are_counted_as_what_the_one_did(scene: Scene) -> None:
    scene.decide(ONE, parting(SHORT))
    scene.decide(TWO, parting(SHORT))

    with scene.store.transaction() as transaction:
        transaction.leads.merge(ACME, ref("51"), [ref("52")], START)

    assert tallies(scene) == []
    scene.judge(parting(LONG))
    assert [tally.entered for tally in tallies(scene)] == [1]


def test_an_erased_lead_is_counted_no_more(scene: Scene) -> None:
    scene.decide(ONE, parting(SHORT))

    with scene.store.transaction() as transaction:
        transaction.leads.erase(ACME, ref("51"), START)

    assert tallies(scene) == []
