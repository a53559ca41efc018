"""A worker that dies between any two steps loses nothing and does nothing twice."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from connector.domain.outward.change import ChangeState
from connector.engine.telling.replay import to_bytes
from connector.ports import EventKind
from tests.builders import after
from tests.office import ACME, FakeCrm, Office, clicked, clicking_book, contact, event, sqlite_url


class Killed(BaseException):
    """The process ends here, without a chance to tidy up."""


@dataclass(slots=True)
class Fuse:
    """Burns down step by step, and kills at zero."""

    length: int
    burnt: int = 0

    def __call__(self) -> None:
        self.burnt += 1
        if self.burnt == self.length:
            raise Killed


class FragileStore:
    """A store whose worker may die before, inside and after every transaction."""

    def __init__(self, store: Any, fuse: Fuse) -> None:
        self._store = store
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        with self._breaking(self._store.transaction) as transaction:
            yield transaction

    @contextmanager
    def claim_deliveries(self, limit: int) -> Iterator[Any]:
        with self._store.claim_deliveries(limit) as claim:
            yield FragileClaim(claim, self._breaking)

    @contextmanager
    def claim_leads(self, *args: Any) -> Iterator[Any]:
        with self._store.claim_leads(*args) as claim:
            yield FragileClaim(claim, self._breaking)

    @contextmanager
    def _breaking(self, begin: Callable[[], Any]) -> Iterator[Any]:
        self._fuse()
        with begin() as transaction:
            yield transaction
            self._fuse()
        self._fuse()


@dataclass(frozen=True, slots=True)
class FragileClaim:
    """A claim whose worker may die while it saves."""

    claim: Any
    breaking: Callable[..., Any]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.claim, name)

    def transaction(self) -> Any:
        return self.breaking(self.claim.transaction)

    def save(self, *args: Any) -> None:
        with self.breaking(lambda: nothing(self.claim.save, args)):
            pass


@contextmanager
def nothing(save: Callable[..., None], args: Sequence[Any]) -> Iterator[None]:
    yield
    save(*args)


@dataclass(slots=True)
class FragileCrm(FakeCrm):
    """A CRM whose caller may die before it asks, and before it hears the answer."""

    fuse: Callable[[], None] = field(default=lambda: None)

    def __getattribute__(self, name: str) -> Any:
        found = object.__getattribute__(self, name)
        if name not in ("fetch_records", "write_properties", "write_membership", "write_acts"):
            return found

        def call(*args: Any) -> Any:
            self.fuse()
            answer = found(*args)
            self.fuse()
            return answer

        return call


def begin(folder: Path) -> None:
    """Two leads become hot, one of them is merged, and nothing of it was looked at yet."""
    folder.mkdir()
    office = Office(sqlite_url(folder), clicking_book("v1")).open()
    office.receive(clicked("a", "1"), clicked("b", "1", at=after(minutes=-1)))
    office.receive(clicked("a", "2"), event(EventKind.MERGED, "3", merged=(contact("2"),), at=after(ms=1)))
    office.receive(clicked("c", "2", at=after(ms=2)), clicked("d", "1", at=after(minutes=-2)))
    office.close()


def new_crm() -> FragileCrm:
    crm = FragileCrm()
    crm.records |= {record_id: {"firstname": "Mara"} for record_id in "123"}
    return crm


def work(folder: Path, crm: FragileCrm, fuse: Fuse, holder: str) -> Office:
    """A worker starts, and works until nothing is left or it is killed."""
    office = Office(sqlite_url(folder), clicking_book("v1"), crm=crm)
    office.store = FragileStore(office.store, fuse)
    office.clock.moment = after(minutes=2) if holder == "heir" else after(ms=5)
    office.shelf._store = office.store
    office.calls = office.new_calls(holder)
    crm.fuse = fuse
    return office.work()


def outcome(office: Office, crm: FakeCrm) -> Mapping[str, Any]:
    """All that must be the same however often a worker died."""
    leads = office.store.read_models.leads(ACME, 100)
    return {
        "leads": [to_bytes(summary.lead) for summary in leads],
        "facts": [
            [fact.key for fact in office.store.read_models.facts(ACME, one.id) if not fact.is_baseline] for one in leads
        ],
        "history": [office.store.read_models.history(ACME, one.id) for one in leads],
        "outbox": sorted((one.kind, one.key, one.record_id, one.state) for one in office.outbox()),
        "records": dict(crm.records),
        "lists": dict(crm.lists),
        "made": dict(crm.made),
    }


def test_a_worker_may_die_between_any_two_steps(tmp_path: Path) -> None:
    begin(tmp_path / "begun")
    shutil.copytree(tmp_path / "begun", tmp_path / "unharmed")
    crm, unharmed = new_crm(), Fuse(-1)
    expected = outcome(work(tmp_path / "unharmed", crm, unharmed, "first"), crm)
    assert set(crm.made.values()) == {1}
    assert {state for _, _, _, state in expected["outbox"]} == {ChangeState.DONE}

    for length in range(1, unharmed.burnt + 1):
        folder, crm = tmp_path / f"killed-{length}", new_crm()
        shutil.copytree(tmp_path / "begun", folder)
        with pytest.raises(Killed):
            work(folder, crm, Fuse(length), "first")

        heir = work(folder, crm, Fuse(-1), "heir")

        assert outcome(heir, crm) == expected, f"killed at step {length} of {unharmed.burnt}"
        heir.close()
