"""Join: leads of one workspace that came to have the same address are one person, from whichever CRMs they come.

An address is looked at after the lead that came by it was saved, so whoever is saved second finds the first. HubSpot
keeps addresses unique by itself; where the mapping knows people by HubSpot alone, nothing is looked at.

A record whose address becomes that of another lead goes over to that one, with all that it told: where the others of
its former lead have another address, they are somebody else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from connector.domain.book import Book
from connector.domain.field import FieldRole
from connector.domain.ids import CrmRef, LeadId, to_ref
from connector.domain.records.belonging import addresses
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
    #: Leads some of whose records had come to another person's address: each is two now.
    parted: int = 0
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
        book = shelf.latest(transaction, workspace)
        is_apart = _to_test(book.definitions.kept_apart)
        refused = transaction.leads.erased_emails(workspace, several)
        apart = {email for email in several - refused if is_apart(email)}
        result += JoinResult(apart=len(apart), refused=len(refused))
        for email in sorted(several - refused - apart):
            result += _join(transaction, book, email, now)
    return result


def _join(transaction: Transaction, book: Book, email: str, now: datetime) -> JoinResult:
    """Make one lead of all that have this address. Those of their records that have another one part first."""
    workspace = book.workspace
    records = transaction.leads.with_email(workspace, email)
    if sum(records.values()) > MOST_RECORDS:
        log.warning("address.shared", workspace=workspace, leads=len(records), records=sum(records.values()))
        return JoinResult(shared=1)
    if len(records) < 2:  # another worker was here
        return JoinResult()
    several = [lead_id for lead_id, amount in records.items() if amount > 1]
    lived_as = transaction.leads.records(workspace, several) if several else {}
    parted = 0
    ids = set(records)
    for lead_id, records_of in lived_as.items():
        strangers = _find_strangers(transaction, book, lead_id, records_of, email)
        if strangers:
            transaction.leads.part(workspace, lead_id, strangers, f"{email} is somebody else's address", now)
            ids.discard(lead_id)
            ids |= set(transaction.leads.find(workspace, set(map(to_ref, records_of.values())) - strangers).values())
            parted += 1
    transaction.leads.join(workspace, ids, now)
    return JoinResult(joined=len(ids) - 1, parted=parted)


def _find_strangers(
    transaction: Transaction, book: Book, lead_id: LeadId, records: Mapping[str, str], email: str
) -> frozenset[CrmRef]:
    """Those of a lead's records that have another address than this one, unless all have."""
    facts = transaction.leads.facts_by_prefix(book.workspace, [lead_id], "").get(lead_id, ())
    found = addresses(book.fields[book.roles[FieldRole.IDENTITY]], facts, records)
    others = frozenset(to_ref(record) for record, address in found.items() if address != email)
    return others if email in found.values() else frozenset()


def _to_test(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Whether an address is like one of these, in which `*` stands for anything."""
    parts = (".*".join(map(re.escape, pattern.split("*"))) for pattern in patterns)
    matches = re.compile("|".join(parts)).fullmatch if patterns else lambda _: None
    return lambda email: matches(email) is not None
