"""Claims: what one worker takes into its hands, and how it is saved."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Text, bindparam, case, literal_column, select, update

from connector.domain.fact import Fact
from connector.domain.ids import LeadId, to_address
from connector.errors import LostClaimError
from connector.ports import Delivery, SavedLead, StoredLead, Transaction
from connector.store.codec import decode_lead, encode, to_ms, to_optional_ms
from connector.store.database import Hold
from connector.store.doubles import save_doubles
from connector.store.facts import LeadKey, load_facts
from connector.store.partings import save_partings
from connector.store.petitions import save_petitions
from connector.store.projections import save_enrolments, save_frozen, save_history
from connector.store.purchases import save_purchases
from connector.store.sales import save_hand_overs
from connector.store.schema import UNRANKED, leads
from connector.store.session import Session, limited
from connector.store.wishes import save_wishes

_NOW = bindparam("now", type_=BigInteger)

# A worker's query: it serves every workspace.
_DUE = limited(
    select(
        leads.c.workspace,
        leads.c.id,
        leads.c.version,
        leads.c.last_fact,
        leads.c.folded_fact,
        leads.c.email,
        leads.c.doc,
    )
    .where(leads.c.wake_at <= _NOW)
    .order_by(leads.c.wake_at)
    .with_for_update(skip_locked=True)
)
_AS_READ = (
    leads.c.workspace == bindparam("workspace_", type_=Text),
    leads.c.id == bindparam("id_", type_=Text),
    leads.c.version == bindparam("read_version", type_=BigInteger),
)
_UNRANKED: ColumnElement[int] = literal_column(str(UNRANKED))
_FOLDED = bindparam("folded", type_=BigInteger)
_SAVE = (
    update(leads)
    .where(*_AS_READ)
    .values(
        version=leads.c.version + literal_column("1"),
        folded_fact=_FOLDED,
        # More came in while this was judged: again at once.
        wake_at=case((leads.c.last_fact > _FOLDED, _NOW), else_=bindparam("alarm", type_=BigInteger)),
        doc=bindparam("doc_", type_=Text),
        # Told of another version meanwhile: by that one nobody knows its place yet.
        rank=case(
            (leads.c.book == bindparam("judged_by", type_=Text), bindparam("rank_", type_=BigInteger)), else_=_UNRANKED
        ),
        idle=bindparam("idle_", type_=BigInteger),
        outlooks=bindparam("outlooks_", type_=Text),
    )
)
# Apart, for it seldom changes and is a key of its own.
_SET_EMAIL = update(leads).where(*_AS_READ[:2]).values(email=bindparam("email_", type_=Text))
_PARK = update(leads).where(*_AS_READ).values(wake_at=bindparam("again_at", type_=BigInteger))


def load_due(session: Session, now: datetime, limit: int) -> Sequence[StoredLead]:
    """The leads whose time has come, longest due first, with what came in since they were last saved."""
    due = session.rows(_DUE, {"now": to_ms(now), "limit": limit})
    if not due:
        return ()
    unread = load_facts(session, {(row.workspace, row.id): (row.folded_fact, row.last_fact) for row in due})
    return [
        StoredLead(workspace, decode_lead(doc), version, last_fact, unread.get((workspace, id_), ()), email)
        for workspace, id_, version, last_fact, _, email, doc in due
    ]


class StoredDeliveryClaim:
    """The DeliveryClaim port."""

    def __init__(
        self, deliveries: Sequence[Delivery], begin: Callable[[], AbstractContextManager[Transaction]]
    ) -> None:
        self.deliveries = deliveries
        self._begin = begin

    def transaction(self) -> AbstractContextManager[Transaction]:
        """The unit of work that takes them in; begun once."""
        return self._begin()


class StoredLeadClaim:
    """The LeadClaim port."""

    def __init__(self, hold: Hold, leads: Sequence[StoredLead], now: datetime) -> None:
        self.leads = leads
        self._hold = hold
        self._now = now

    def all_facts(self, lead_ids: Collection[LeadId]) -> Mapping[LeadId, Sequence[Fact]]:
        """Every fact of these leads, by position, as far as the claim knows them."""
        wanted = {_key(stored): (0, stored.last_fact) for stored in self.leads if stored.lead.id in lead_ids}
        with self._hold.reading() as session:
            found = load_facts(session, wanted)
        return {lead_id: sorted(facts, key=_position) for (_, lead_id), facts in found.items()}

    def save(self, saved: Sequence[SavedLead], parked: Mapping[LeadId, datetime]) -> None:
        """Write all of it in one transaction.

        Raises LostClaimError, with nothing written, when another worker saved, merged or erased one of them.
        """
        # Worded before the transaction: on SQLite nobody else can write while it is open.
        rows = [_to_row(one, self._now) for one in saved]
        emails = [_to_email(one) for one in saved if to_address(one.email) != one.stored.email]
        again = [_to_parked(one, parked[one.lead.id]) for one in self.leads if one.lead.id in parked]
        with self._hold.writing() as session:
            if session.run_many(_SAVE, rows) != len(rows) or session.run_many(_PARK, again) != len(again):
                raise LostClaimError("another worker took over one of the leads")
            session.run_many(_SET_EMAIL, emails)
            save_doubles(session, saved, self._now)
            save_history(session, saved)
            save_enrolments(session, saved)
            save_frozen(session, saved)
            save_partings(session, saved)
            save_purchases(session, saved)
            save_wishes(session, saved, self._now)
            save_hand_overs(session, saved)
            save_petitions(session, saved, self._now)


def _key(stored: StoredLead) -> LeadKey:
    return stored.workspace, stored.lead.id


def _position(fact: Fact) -> Any:
    return fact.position


def _to_row(saved: SavedLead, now: datetime) -> dict[str, Any]:
    stored, lead, rank = saved.stored, saved.lead, saved.rank
    return {
        "workspace_": stored.workspace,
        "id_": lead.id,
        "read_version": stored.version,
        "folded": stored.last_fact,
        "alarm": to_optional_ms(lead.wake_at),
        "now": to_ms(now),
        "doc_": encode(lead),
        "judged_by": lead.book,
        "rank_": UNRANKED if rank is None else rank.rank,
        "idle_": UNRANKED if rank is None else rank.idle,
        "outlooks_": "" if rank is None else encode(rank.outlooks),
    }


def _to_email(saved: SavedLead) -> dict[str, Any]:
    return {"workspace_": saved.stored.workspace, "id_": saved.lead.id, "email_": to_address(saved.email)}


def _to_parked(stored: StoredLead, again_at: datetime) -> dict[str, Any]:
    return {
        "workspace_": stored.workspace,
        "id_": stored.lead.id,
        "read_version": stored.version,
        "again_at": to_ms(again_at),
    }
