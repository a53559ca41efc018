"""A card is made, moves, and is scored: from Rolo's webhook to what stands in Rolo, over real HTTP.

Played in a copy of the repository in which docs/add-a-crm.md was followed, by tests/integration/test_add_a_crm.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from connector.bootstrap import Services, open_services
from connector.cli.connect import connect_by_token
from connector.crms import REGISTRY
from connector.domain.outward.change import ChangeKind
from connector.engine.running.signing import add_signing_key
from connector.engine.running.worker import Worker
from connector.mapping.load import check_folder
from connector.sandbox.told_clock import ToldClock
from connector.settings import load_settings
from tests.rehearsal import open_door
from tests.rolo.server import RoloBook, running

ROOT = Path(__file__).parents[2]
MAPPING = ROOT / "mappings" / "rolo"


@dataclass
class Stage:
    """Everything that runs."""

    book: RoloBook
    services: Services
    worker: Worker
    clock: ToldClock
    target: str
    secret: str

    def knock(self) -> None:
        """Rolo tells what happened, and everything is done that is due then."""
        assert self.book.knock(self.target, self.secret) == 200
        self.work()

    def work(self) -> None:
        for _ in range(3):
            self.worker.run_until_idle()

    def let_pass(self, span: timedelta) -> None:
        self.clock.advance(span)
        self.book.now = self.clock.now()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    book = RoloBook()
    clock = ToldClock(tmp_path / "clock.txt", book.now)
    environ = {
        "COLTIVA_DATABASE_URL": f"sqlite:///{tmp_path / 'rolo.sqlite'}",
        "COLTIVA_MAPPINGS": str(MAPPING),
        "COLTIVA_PUBLIC_URL": "http://127.0.0.1:1",
        "COLTIVA_CLOCK_FILE": str(tmp_path / "clock.txt"),
        "COLTIVA_HUBSPOT_BASE_URL": "http://127.0.0.1:1",
        "COLTIVA_LOG_LEVEL": "error",
    }
    with running(book) as url:
        services = open_services(load_settings(environ))
        services.store.migrate()
        link = url.replace("://", "://the%20key%20of%20Coltiva@")
        connection, _ = connect_by_token(services, "rolo", link)
        with services.store.transaction() as transaction:
            secret = add_signing_key(transaction, connection, services.clock.now()).secret
        with open_door(environ) as port:
            target = f"http://127.0.0.1:{port}/webhooks/rolo"
            yield Stage(book, services, services.build_worker(), clock, target, secret)
        services.store.close()


def test_the_workspace_of_the_guide_is_without_mistakes() -> None:
    assert check_folder(MAPPING).problems == ()


def test_every_crm_is_in_the_registry() -> None:
    assert list(REGISTRY) == ["hubspot", "salesforce", "rolo"]


def test_a_card_that_moves_is_scored_labelled_and_called(stage: Stage) -> None:
    book = stage.book
    ada = book.add_record(email="ada@example.com", city="Rome", rep="7")
    stage.knock()
    stage.let_pass(timedelta(minutes=5))
    book.change(ada, "city", "Turin")
    stage.knock()

    (todo,) = book.acts(ChangeKind.TASK, ada)
    assert book.values(ada)["coltiva_interest"] == "30"
    assert book.members("Movers") == {ada}
    assert (todo.subject, todo.owner, todo.is_done) == ("Call ada@example.com", "7", False)


def test_what_we_wrote_comes_back_and_changes_nothing(stage: Stage) -> None:
    book = stage.book
    ada = book.add_record(email="ada@example.com", city="Rome", rep="7")
    stage.knock()
    stage.let_pass(timedelta(minutes=5))
    book.change(ada, "city", "Turin")
    stage.knock()
    writes = book.writes()
    assert [event["by"] for event in book.untold] == ["coltiva"]

    stage.knock()

    assert book.writes() == writes
    assert book.values(ada)["coltiva_interest"] == "30"


def test_a_forged_webhook_is_refused(stage: Stage) -> None:
    stage.book.add_record(email="ada@example.com")

    with pytest.raises(OSError, match="401"):
        stage.book.knock(stage.target, "another key")
