"""Join: leads of one workspace that came to have the same address are one person, from whichever CRMs they come.

An address is looked at after the lead that came by it was saved, so whoever is saved second finds the first. HubSpot
keeps addresses unique by itself; where the mapping knows people by HubSpot alone, nothing is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from connector.domain.book import Book
from connector.domain.field import FieldRole
from connector.domain.ids import WorkspaceId
from connector.engine.judging.shelf import Shelf
from connector.errors import LostClaimError
from connector.log import get_logger
from connector.ports import Double, Store, Transaction

#: Addresses looked at in one transaction, in which on SQLite nobody else can write.
_BATCH: Final = 200
#: An address of more records than this is that of an office or a robot.
MOST_RECORDS: Final = 20
#: HubSpot: an address is that of one contact of the portal at most (Contacts API guide).
_UNIQUE: Final = frozenset({"hubspot"})

log = get_logger()


@dataclass(frozen=True, slots=True)
class JoinResult:
    """What became of some addresses; the counters `join.*` add these up."""

    #: Looked at.
    addresses: int = 0
    #: Leads that went: each is another one now.
    joined: int = 0
    #: Addresses whose leads the mapping keeps apart, and such as too many have.
    apart: int = 0
    shared: int = 0
    #: Addresses of people who asked to be forgotten.
    refused: int = 0

    def __add__(self, other: JoinResult) -> JoinResult:
        mine, theirs = asdict(self), asdict(other)
        return JoinResult(**{name: mine[name] + theirs[name] for name in mine})


def knows_by_address(book: Book) -> bool:
    """Whether leads with the same address are the same person, and not kept apart by their CRM already."""
    name = book.roles.get(FieldRole.IDENTITY)
    return name is not None and not book.fields[name].properties.keys() <= _UNIQUE


def run_once(store: Store, shelf: Shelf, now: datetime) -> JoinResult:
    """Look at the next addresses. A second run finds the next ones; looking at one twice changes nothing.

    When another worker was faster nothing is done, and the addresses wait on.
    """
    with store.reading() as transaction:
        waiting = transaction.doubles.waiting(_BATCH)
    if not waiting:
        return JoinResult()
    try:
        with store.transaction() as transaction:
            result = _look_at(transaction, shelf, waiting, now)
            transaction.doubles.settle([one.id for one in waiting])
            transaction.counts.add({f"join.{name}": amount for name, amount in asdict(result).items() if amount})
    except LostClaimError:
        log.info("claim.lost", step="join")
        return JoinResult()
    log.debug("addresses.looked_at", **asdict(result))
    return result


def _look_at(transaction: Transaction, shelf: Shelf, waiting: Sequence[Double], now: datetime) -> JoinResult:
    result = JoinResult(addresses=len(waiting))
    for workspace in sorted({one.workspace for one in waiting}):
        emails = {one.email for one in waiting if one.workspace == workspace}
        several = transaction.leads.shared_emails(workspace, emails)
        if not several:
            continue
        is_apart = _to_test(shelf.latest(transaction, workspace).definitions.kept_apart)
        refused = transaction.leads.erased_emails(workspace, several)
        apart = {email for email in several - refused if is_apart(email)}
        result += JoinResult(apart=len(apart), refused=len(refused))
        for email in sorted(several - refused - apart):
            result += _join(transaction, workspace, email, now)
    return result


def _join(transaction: Transaction, workspace: WorkspaceId, email: str, now: datetime) -> JoinResult:
    """Make one lead of all that have this address."""
    records = transaction.leads.with_email(workspace, email)
    if sum(records.values()) > MOST_RECORDS:
        log.warning("address.shared", workspace=workspace, leads=len(records), records=sum(records.values()))
        return JoinResult(shared=1)
    if len(records) < 2:  # another worker was here
        return JoinResult()
    transaction.leads.join(workspace, records, now)
    return JoinResult(joined=len(records) - 1)


def _to_test(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Whether an address is like one of these, in which `*` stands for anything."""
    parts = (".*".join(map(re.escape, pattern.split("*"))) for pattern in patterns)
    matches = re.compile("|".join(parts)).fullmatch if patterns else lambda _: None
    return lambda email: matches(email) is not None
