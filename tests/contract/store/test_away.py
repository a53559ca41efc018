"""What is for a record that was deleted while its lead lives on waits; what may go elsewhere does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.domain.ids import LeadId
from connector.domain.outward.change import Act, ChangeKind, Email
from tests.builders import START
from tests.contract.store.scene import ACME, Scene, judged, lead_of, ref, task, wants

A, B = sorted(lead_of(one) for one in "12")


@pytest.fixture
def scene(scene: Scene) -> Scene:
    """One lead of two records."""
    scene.meet("1", "2")
    with scene.store.transaction() as transaction:
        transaction.leads.join(ACME, [A, B], START)
    return scene


def decide(scene: Scene, *acts: Act, gone: str = "") -> None:
    """The lead wants a score in its records, those that are there, and these acts."""
    away = tuple(str(ref(record_id)) for record_id in gone)

    def judge(stored: object) -> object:
        saved = judged(stored, desired=wants({"score": "5"}), acts=list(acts))  # type: ignore[arg-type]
        return replace(saved, lead=replace(saved.lead, gone=away))

    scene.decide(LeadId(A), judge)  # type: ignore[arg-type]


def due(scene: Scene, kind: ChangeKind) -> list[str]:
    """The records to which something of this kind would be written."""
    return sorted(one.record_id for one in scene.due() if one.kind is kind)


def test_what_is_wanted_of_a_record_that_is_gone_waits_and_comes_back_with_it(scene: Scene) -> None:
    decide(scene)
    before = due(scene, ChangeKind.PROPERTIES)
    decide(scene, gone="1")
    meanwhile = due(scene, ChangeKind.PROPERTIES)
    decide(scene)

    assert (before, meanwhile, due(scene, ChangeKind.PROPERTIES)) == (["1", "2"], ["2"], ["1", "2"])


@pytest.mark.parametrize("gone", ["1", "2"])
def test_an_act_goes_to_a_record_that_is_there(scene: Scene, gone: str) -> None:
    decide(scene, task("call"), gone=gone)

    assert due(scene, ChangeKind.TASK) == ["12".replace(gone, "")]


def test_an_act_that_waits_for_a_record_that_goes_is_given_to_the_other_one_and_stays_there(scene: Scene) -> None:
    decide(scene, task("call"))
    (former,) = due(scene, ChangeKind.TASK)
    decide(scene, gone=former)
    given = due(scene, ChangeKind.TASK)
    decide(scene)

    assert given == due(scene, ChangeKind.TASK) == ["12".replace(former, "")]


def test_an_email_leaves_by_another_record_of_its_crm(scene: Scene) -> None:
    email = Email("welcome", 7)
    decide(scene, replace(task("mail"), kind=ChangeKind.EMAIL, email=email), gone="1")

    assert due(scene, ChangeKind.EMAIL) == ["2"]
