from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.office import Office, clicking_book, sqlite_url


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """An office with one applied book and one connected account."""
    office = Office(sqlite_url(tmp_path), clicking_book("v1")).open()
    yield office
    office.close()
