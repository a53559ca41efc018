"""One worker renews a token for all of them, and no token is used before it is kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier

import pytest

from connector.domain.ids import ConnectionId
from connector.engine.running.tokens import StoredToken
from connector.errors import CredentialsError, CrmUnavailableError, StoreUnavailableError
from tests.office import CONNECTION, Office


@dataclass
class Vendor:
    """Renews each token once, as a CRM does that rotates them."""

    asked: list[str] = field(default_factory=list)

    def ask(self, spent: str) -> str:
        self.asked.append(spent)
        return f"{spent}+{len(self.asked)}"


def keeper(office: Office) -> StoredToken:
    return StoredToken(office.store, office.clock, CONNECTION.id)


def kept(office: Office) -> str:
    with office.store.reading() as transaction:
        connection = transaction.connections.by_id(CONNECTION.id)
    assert connection is not None
    return connection.token


@pytest.fixture
def spent(office: Office) -> str:
    return kept(office)


def test_a_renewed_token_is_kept(office: Office, spent: str) -> None:
    renewed = keeper(office).renew(spent, Vendor().ask)

    assert renewed == kept(office) == f"{spent}+1"


def test_whoever_comes_second_is_given_what_the_first_one_got(office: Office, spent: str) -> None:
    vendor = Vendor()
    first = keeper(office).renew(spent, vendor.ask)

    second = keeper(office).renew(spent, vendor.ask)

    assert second == first
    assert vendor.asked == [spent]


def test_eight_threads_that_meet_a_spent_token_ask_once(office: Office, spent: str) -> None:
    vendor, start = Vendor(), Barrier(8)
    shared = keeper(office)

    def meet(number: int) -> str:
        start.wait(timeout=60)
        try:
            return (shared if number % 2 else keeper(office)).renew(spent, vendor.ask)
        except CrmUnavailableError:
            return "later"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(meet, range(8), timeout=60))

    assert vendor.asked == [spent]
    assert set(answers) <= {f"{spent}+1", "later"}
    assert kept(office) == f"{spent}+1"


def test_nobody_asks_while_another_worker_does(office: Office, spent: str) -> None:
    other, told = keeper(office), []

    def ask(_: str) -> str:
        with pytest.raises(CrmUnavailableError) as caught:
            other.renew(spent, Vendor().ask)
        told.append(caught.value.retry_at)
        return "renewed"

    assert keeper(office).renew(spent, ask) == "renewed"
    assert [at > office.clock.now() for at in told if at] == [True]


def test_a_refusal_lets_the_next_worker_ask(office: Office, spent: str) -> None:
    def refuse(_: str) -> str:
        raise CredentialsError("gone")

    with pytest.raises(CredentialsError):
        keeper(office).renew(spent, refuse)

    assert kept(office) == spent
    assert keeper(office).renew(spent, Vendor().ask) == f"{spent}+1"


def test_what_a_person_connects_meanwhile_is_not_overwritten(office: Office, spent: str) -> None:
    def ask(_: str) -> str:
        with office.store.transaction() as transaction:
            transaction.connections.replace_token(
                CONNECTION.id, old=spent, new="connected anew", now=office.clock.now()
            )
        return "renewed from the old one"

    assert keeper(office).renew(spent, ask) == "connected anew"
    assert kept(office) == "connected anew"


def test_a_token_that_could_not_be_kept_is_neither_used_nor_asked_for_again(
    office: Office, spent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor, one = Vendor(), keeper(office)

    def fail(self: StoredToken, *_: object) -> bool:
        raise StoreUnavailableError

    with monkeypatch.context() as broken:
        broken.setattr(StoredToken, "_keep", fail)
        with pytest.raises(StoreUnavailableError):
            one.renew(spent, vendor.ask)

    assert one.renew(spent, vendor.ask) == kept(office) == f"{spent}+1"
    assert vendor.asked == [spent]


def test_a_connection_that_is_gone_renews_nothing(office: Office) -> None:
    vendor = Vendor()

    with pytest.raises(CredentialsError, match="not there any more"):
        StoredToken(office.store, office.clock, ConnectionId("gone")).renew(CONNECTION.token, vendor.ask)

    assert vendor.asked == []
