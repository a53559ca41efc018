"""Petitions that wait for a person, and how many were ruled on lately, on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from connector.domain.petition import Parking, Petition, PetitionKind, Ruling
from connector.errors import LostClaimError
from connector.ports import FiledPetition, Judged
from tests.builders import START, after
from tests.contract.store.scene import ACME, Judge, Scene, judged, lead_of

ADMISSION = PetitionKind.ADMISSION
PEOPLE = ("51", "52", "53")


def asking(subject: str = "welcome") -> Judge:
    def judge(stored: object) -> object:
        petition = Petition(f"admission:{subject}:1:0", ADMISSION, subject, START, START)
        saved = judged(stored)  # type: ignore[arg-type]
        return replace(saved, lead=replace(saved.lead, petitions={petition.key: petition}))

    return judge  # type: ignore[return-value]


@pytest.fixture
def scene(scene: Scene) -> Scene:
    """Three leads ask for a place."""
    scene.meet(*PEOPLE)
    for one in PEOPLE:
        scene.decide(lead_of(one), asking())
    return scene


def due(scene: Scene) -> Sequence[FiledPetition]:
    with scene.store.reading() as transaction:
        return transaction.petitions.due(ACME, after(days=1), 10)


def settle(scene: Scene, verdict: Parking | Ruling, *filed: FiledPetition, days: float = 0) -> None:
    with scene.store.transaction() as transaction:
        transaction.petitions.settle([Judged(one, verdict) for one in filed], after(days=days))


def parked(scene: Scene, limit: int = 10) -> Sequence[FiledPetition]:
    with scene.store.reading() as transaction:
        return transaction.petitions.parked_of(ACME, ADMISSION, "welcome", limit)


def test_those_who_wait_for_a_person_are_counted_and_found_in_their_order(scene: Scene) -> None:
    first, *others = due(scene)
    settle(scene, Parking("too many"), *others)

    with scene.store.reading() as transaction:
        assert transaction.petitions.parked(ACME, ADMISSION) == {"welcome": 2}
    assert [one.lead_id for one in parked(scene)] == [one.lead_id for one in others]
    assert len(parked(scene, limit=1)) == 1
    assert due(scene) == [first]


def test_who_waits_for_a_person_is_answered_by_one_and_only_once(scene: Scene) -> None:
    settle(scene, Parking("too many"), *due(scene))
    waiting = parked(scene)

    settle(scene, Ruling({"by": "ada"}), *waiting)

    assert parked(scene) == []
    with pytest.raises(LostClaimError):
        settle(scene, Ruling({"by": "ada"}), *waiting)


def test_only_what_was_ruled_so_lately_counts(scene: Scene) -> None:
    one, two, three = due(scene)
    settle(scene, Ruling({}), one)
    settle(scene, Ruling({}), two, days=1)
    settle(scene, Ruling({"by": "ada"}), three, days=1)

    def ruled(subject: str, since: timedelta) -> int:
        with scene.store.reading() as transaction:
            return transaction.petitions.ruled_since(ACME, ADMISSION, subject, Ruling({}), after(days=1) - since)

    assert ruled("welcome", timedelta(hours=1)) == 1
    assert ruled("welcome", timedelta(days=2)) == 2
    assert ruled("other", timedelta(days=2)) == 0
