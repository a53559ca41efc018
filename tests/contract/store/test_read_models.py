"""What people ask the store."""

from __future__ import annotations

import pytest

from connector.domain.ids import WorkspaceId
from connector.domain.outward.change import ChangeState
from connector.ports import LeadSummary, NewDelivery
from tests.builders import START, after
from tests.contract.store.scene import ACME, Scene, fact, judged, lead_of, ref, task, wants

LEAD = lead_of("51")


@pytest.fixture
def scene(scene: Scene) -> Scene:
    """A lead with an address, two records and three facts, of which one is new; and another lead."""
    scene.meet("51", "52", "7").mail(LEAD, fact("late", after(hours=1)), fact("early"))
    scene.judge(lambda stored: judged(stored, email="Ada@Example.com"))
    with scene.store.transaction() as transaction:
        transaction.leads.merge(ACME, ref("51"), [ref("52")], START)
    scene.judge(lambda stored: judged(stored, email="Ada@Example.com"))
    scene.mail(LEAD, fact("new", after(hours=2)))
    return scene


@pytest.mark.parametrize(
    "who",
    [LEAD, "ada@example.com", "ADA@EXAMPLE.COM", "hubspot:4711:contact:51", "hubspot:4711:contact:52", "51", "52"],
)
def test_a_lead_is_found_by_whatever_people_know_of_it(scene: Scene, who: str) -> None:
    found = scene.store.read_models.lead(ACME, who)

    assert found is not None
    assert found.id == LEAD
    assert found.refs == (ref("51"), ref("52"))
    assert (found.facts, found.unread) == (3, 1)


@pytest.mark.parametrize("who", ["", "nobody@example.com", "5", "%", "hubspot"])
def test_nobody_is_found_by_what_fits_nobody(scene: Scene, who: str) -> None:
    assert scene.store.read_models.lead(ACME, who) is None


def test_a_lead_of_another_workspace_is_not_found(scene: Scene) -> None:
    assert scene.store.read_models.lead(WorkspaceId("beta"), LEAD) is None
    assert scene.store.read_models.leads(WorkspaceId("beta"), 10) == []


def test_leads_are_shown_page_by_page(scene: Scene) -> None:
    pages: list[LeadSummary] = []
    after_id = None
    while page := scene.store.read_models.leads(ACME, 1, after_id):
        pages += page
        after_id = page[-1].id

    assert [one.id for one in pages] == sorted([LEAD, lead_of("7")])


def test_a_lead_that_was_not_read_yet_is_found_by_the_address_that_was_told_of_it(scene: Scene) -> None:
    scene.meet("8", read=False).mail(lead_of("8"), fact(email="eve_1@example.com"))

    found = scene.store.read_models.unread(ACME, "eve_1@example.com")

    assert found is not None
    assert found.id == lead_of("8")


@pytest.mark.parametrize("email", ["", "%", "eve@example.co", "eve_example.com", "EVE", 'e"', "ada@example.com"])
def test_an_address_that_was_told_of_nobody_finds_no_unread_lead(scene: Scene, email: str) -> None:
    scene.meet("8", read=False).mail(lead_of("8"), fact(email="eve@example.com"))

    assert scene.store.read_models.unread(ACME, email) is None


def test_facts_are_shown_in_the_order_in_which_they_happened(scene: Scene) -> None:
    assert [one.key for one in scene.store.read_models.facts(ACME, LEAD)] == ["early", "late", "new"]


def test_the_state_of_everything_is_told_in_numbers(scene: Scene) -> None:
    scene.meet("8", read=False)
    scene.judge(lambda stored: judged(stored, desired=wants({"score": "5"}), acts=[task()], wake_at=after(days=1)))
    scene.settle(scene.due()[1], ChangeState.REFUSED, words="no")
    for minute in (5, 3):
        scene.store.keep(NewDelivery("hubspot", after(minutes=minute), b"{}"))

    health = scene.store.read_models.health(START)

    assert (health.deliveries_waiting, health.oldest_delivery_at) == (2, after(minutes=3))
    assert (health.leads, health.leads_unread, health.leads_due, health.facts) == (3, 1, 0, 3)
    assert health.outbox == {"pending": 1, "refused": 1}
    assert health.strays == {}
    assert scene.store.read_models.health(after(days=1)).leads_due == 1


def test_where_no_delivery_waits_none_is_the_oldest(scene: Scene) -> None:
    health = scene.store.read_models.health(START)

    assert health.oldest_delivery_at is None
