"""Purchases in a portal are scored among all who bought: from a deal's webhook to a property of the contact."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from connector.cli import app
from connector.domain.ids import WorkspaceId
from connector.engine.telling import replay
from tests.rehearsal import BEGINS_AT, Rehearsal, rehearsed

MAPPING = """\
format: 1
workspace: shop
timezone: Europe/Rome
fields:
  email: {hubspot: email, identity: true}
  opted_out: {hubspot: hs_email_optout, type: boolean, consent: email}
signals:
  purchased: {hubspot: {deal: won}}
programs:
  thanks:
    enrol: {on: purchased, when: {rfm.monetary: 5}}
    phases: {mail: {activities: {mail: {send: {list: thanks}}}}}
deals: {hubspot: {won: {stage: closedwon}}}
rfm: {quintiles: true}
segments:
  champions: {rfm.code: ["555", "554", "545", "515"]}
lists:
  thanks: Thanks
  champions: {hubspot: Champions, when: {segment: champions}}
write_back:
  hubspot: {coltiva_rfm: rfm.code}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Rehearsal]:
    """A portal whose contacts buy."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "shop.yaml").write_text(MAPPING, "utf-8")
    with rehearsed(tmp_path, folder) as found:
        yield found


def buy(shop: Rehearsal, number: int, amount: int, days_ago: int) -> str:
    """A new contact buys something."""
    contact_id = shop.portal.create_contact(f"buyer{number}@example.com")
    closed = BEGINS_AT - timedelta(days=days_ago)
    values = {"dealname": "Order", "amount": str(amount), "dealstage": "closedwon", "closedate": closed.isoformat()}
    shop.portal.create_deal([contact_id], values)
    return contact_id


def told(shop: Rehearsal, *contact_ids: str) -> list[str]:
    """What the portal says of these contacts."""
    return [shop.portal.contact(contact_id).get("coltiva_rfm", "") for contact_id in contact_ids]


def test_every_fifth_of_the_buyers_sees_its_scores_in_the_portal(
    shop: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    buyers = [buy(shop, number, amount=10 * number, days_ago=100 - number) for number in range(1, 31)]
    shop.let_pass(timedelta(minutes=6))
    shop.let_pass(timedelta(minutes=1))
    champion = buy(shop, 99, amount=5_000, days_ago=0)
    shop.let_pass(timedelta(minutes=1))
    shop.let_pass(timedelta(minutes=1))

    for name, value in shop.environ.items():
        monkeypatch.setenv(name, value)
    printed = CliRunner().invoke(app, ["rfm"])
    data = json.loads(CliRunner().invoke(app, ["rfm", "--json"]).stdout)
    measured = json.loads(CliRunner().invoke(app, ["rfm", "--now", "--json"]).stdout)

    explained = CliRunner().invoke(app, ["explain", "buyer99@example.com"])

    assert Counter(told(shop, *buyers)) == {"111": 6, "212": 6, "313": 6, "414": 6, "515": 6}
    assert told(shop, champion) == ["515"]
    assert shop.portal.members("Champions") == {champion, *buyers[24:]}
    # Who bought before anything was measured is scored, and not thanked for what is past.
    assert shop.portal.members("Thanks") == {champion}
    assert "RFM 515" in explained.output
    assert "monetary   5  5,000 in all" in explained.output
    assert "31 leads bought something" in printed.output
    assert "Quintiles measured Mon 7 Sep 2026" in printed.output
    assert "≤ 76 days" in printed.output
    assert data["bought"] == 31
    assert data["leads"]["515"] == 7
    assert data["edges"]["monetary"] == [60.0, 120.0, 180.0, 240.0]
    assert measured["edges"]["monetary"] == [70.0, 130.0, 190.0, 250.0]
    services = shop.services
    assert replay.verify(services.store, services.open_shelf(), WorkspaceId("shop")).differing == ()
