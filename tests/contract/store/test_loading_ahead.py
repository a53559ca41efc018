"""What is loaded before a worker forks is shared by its processes."""

from __future__ import annotations

from typing import NoReturn

import pytest

from connector.domain.programs.enrolment import Enrolment
from connector.store.session import Wording
from tests.builders import START
from tests.contract.store.conftest import Place
from tests.contract.store.scene import Scene, judged, lead_of


def test_a_store_that_loaded_ahead_words_nothing_when_it_works(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def word_late(self: Wording, statement: object) -> NoReturn:
        raise AssertionError(f"worded late: {statement}")

    store = place.open()
    store.load_ahead()

    monkeypatch.setattr(Wording, "_compile", word_late)

    scene = Scene(store).connected().meet("51")
    scene.decide(lead_of("51"), lambda stored: judged(stored, enrolments=[Enrolment("p", 1, START, "one", START)]))
    scene.decide(lead_of("51"), judged)
    assert store.next_wake_at() is None
