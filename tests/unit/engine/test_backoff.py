from __future__ import annotations

from datetime import timedelta

import pytest

from connector.engine.running.backoff import full_jitter


@pytest.mark.parametrize(
    ("attempts", "at_most"), [(1, 1), (2, 2), (3, 4), (11, 1024), (12, 2048), (13, 3600), (60, 3600)]
)
def test_the_wait_lies_anywhere_up_to_a_bound_that_doubles_to_an_hour(attempts: int, at_most: int) -> None:
    waits = [full_jitter(attempts) for _ in range(200)]

    assert all(timedelta() <= wait <= timedelta(seconds=at_most) for wait in waits)
    assert max(waits) > timedelta(seconds=at_most) / 2
    assert min(waits) < timedelta(seconds=at_most) / 2
