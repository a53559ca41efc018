"""Leads and how they are found, made and marked to be read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Text,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    not_,
    null,
    or_,
    select,
    true,
    union_all,
    update,
)

from connector.domain.fact import Fact
from connector.domain.ids import CrmRef, LeadId, WorkspaceId, to_ref
from connector.ports import Connection, CurrentLead, NewFact, NewRecord, Unread
from connector.store.apart import keep_apart, let_join, part_records
from connector.store.codec import decode_lead, to_ms
from connector.store.doubles import look_again
from connector.store.erase import erase_lead, load_erased, load_erased_emails
from connector.store.facts import add_facts, load_facts_by_prefix
from connector.store.identity import LIVES, add_leads, add_refs, find_leads
from connector.store.joined import tell_joined
from connector.store.listed import among, listed
from connector.store.merge import join_leads, load_merged_away, merge_leads
from connector.store.newcomers import add_read
from connector.store.schema import UNRANKED, crm_refs, kept_apart, leads
from connector.store.sealed import Seal
from connector.store.session import Session, limited, to_list, to_rows

_WORKSPACE = bindparam("workspace_", type_=Text)
_NOW = bindparam("now", type_=BigInteger)

_CURRENT = select(leads.c.id, leads.c.doc, leads.c.last_fact, leads.c.folded_fact).where(
    leads.c.workspace == _WORKSPACE, among(leads.c.id, "ids")
)
_WANT_READING = (
    update(crm_refs)
    .where(crm_refs.c.workspace == _WORKSPACE, among(crm_refs.c.lead_id, "ids"), LIVES)
    .values(read_wanted_at=_NOW)
)
_BY_EMAIL = (
    select(leads.c.email, func.min(leads.c.id))
    .where(leads.c.workspace == _WORKSPACE, among(leads.c.email, "emails"), leads.c.email != literal_column("''"))
    .group_by(leads.c.email)
)
_named = crm_refs.alias("named")
_AS_WHICH_THEY_LIVE = select(
    case((_named.c.became == literal_column("''"), _named.c.ref), else_=_named.c.became)
).where(_named.c.workspace == _WORKSPACE, among(_named.c.ref, "refs"))
_READ_AGAIN = (
    update(crm_refs)
    .where(crm_refs.c.workspace == _WORKSPACE, crm_refs.c.ref.in_(_AS_WHICH_THEY_LIVE))
    .values(read_wanted_at=_NOW)
)
_hints = listed("hints", ref=Text, at=BigInteger)
# Of a record that was never read as of a known moment, whatever is heard is new.
_CHANGED_SINCE = (
    select(_named.c.ref)
    .join(_hints, _named.c.ref == _hints.c.ref)
    .where(_named.c.workspace == _WORKSPACE, or_(_named.c.read_as_of.is_(None), _named.c.read_as_of < _hints.c.at))
)
_READ_SINCE = (
    update(crm_refs)
    .where(crm_refs.c.workspace == _WORKSPACE, crm_refs.c.ref.in_(_CHANGED_SINCE), LIVES)
    .values(read_wanted_at=_NOW)
)
_LIVE_AGAIN = (
    update(crm_refs)
    .where(crm_refs.c.workspace == _WORKSPACE, among(crm_refs.c.ref, "refs"), not_(LIVES))
    .values(became=literal_column("''"), read_wanted_at=_NOW)
)
_WAITS = (
    crm_refs.c.workspace == _WORKSPACE,
    crm_refs.c.crm == bindparam("crm", type_=Text),
    crm_refs.c.account == bindparam("account", type_=Text),
    crm_refs.c.read_wanted_at <= _NOW,
)


def _next(is_again: str, read: ColumnElement[bool]) -> Select[Any]:
    """Some of the records that wait longest, of those that were read or were not."""
    some = limited(
        select(crm_refs.c.lead_id, crm_refs.c.ref, literal_column(is_again).label("is_again"))
        .where(*_WAITS, read)
        .order_by(crm_refs.c.read_wanted_at)
    )
    return select(some.subquery())


_TO_READ = union_all(_next("0", crm_refs.c.read_as_of.is_(None)), _next("1", crm_refs.c.read_as_of.is_not(None)))
_THIS = (crm_refs.c.workspace == _WORKSPACE, crm_refs.c.ref == bindparam("ref_", type_=Text))
_AS_OF = bindparam("as_of", type_=BigInteger)
_SET_READ = (
    update(crm_refs)
    .where(*_THIS)
    .values(
        read_as_of=case((crm_refs.c.read_as_of > _AS_OF, crm_refs.c.read_as_of), else_=_AS_OF),
        read_wanted_at=case((crm_refs.c.read_wanted_at > _NOW, crm_refs.c.read_wanted_at), else_=null()),
    )
)
_SHARED_EMAILS = (
    select(leads.c.email)
    .where(leads.c.workspace == _WORKSPACE, among(leads.c.email, "emails"), leads.c.email != literal_column("''"))
    .group_by(leads.c.email)
    .having(func.count() > literal_column("1"))
)
_IS_KEPT_APART = exists().where(
    crm_refs.c.workspace == leads.c.workspace,
    crm_refs.c.lead_id == leads.c.id,
    kept_apart.c.workspace == crm_refs.c.workspace,
    kept_apart.c.ref == crm_refs.c.ref,
)
_WITH_EMAIL = (
    select(leads.c.id)
    .where(
        leads.c.workspace == _WORKSPACE,
        leads.c.email == bindparam("email_", type_=Text),
        leads.c.email != literal_column("''"),
        not_(_IS_KEPT_APART),
    )
    .order_by(leads.c.id)
    .with_for_update()
)
_RECORDS_OF = (
    select(crm_refs.c.lead_id, func.count())
    .where(crm_refs.c.workspace == _WORKSPACE, among(crm_refs.c.lead_id, "ids"), LIVES)
    .group_by(crm_refs.c.lead_id)
)
_ALL_RECORDS_OF = select(crm_refs.c.lead_id, crm_refs.c.ref, crm_refs.c.became).where(
    crm_refs.c.workspace == _WORKSPACE, among(crm_refs.c.lead_id, "ids")
)
_LEADS_OF = select(crm_refs.c.lead_id).where(crm_refs.c.workspace == _WORKSPACE, among(crm_refs.c.ref, "refs"))
_ADMIT = (
    update(leads)
    .where(leads.c.workspace == _WORKSPACE, leads.c.id.in_(_LEADS_OF), not_(leads.c.is_read))
    # Who was read before has an alarm already, and was woken for its mail.
    .values(is_read=true(), wake_at=case((leads.c.last_fact > leads.c.folded_fact, _NOW), else_=leads.c.wake_at))
)
_POSTPONE_READING = (
    update(crm_refs)
    .where(*_THIS, crm_refs.c.read_wanted_at <= _NOW)
    .values(read_wanted_at=bindparam("until_", type_=BigInteger))
)
_VERSION = bindparam("version_", type_=Text)


def _told_otherwise(book: ColumnElement[bool]) -> Select[Any]:
    some = limited(select(leads.c.id, leads.c.book).where(leads.c.workspace == _WORKSPACE, book))
    return select(some.subquery())


# Two ranges of the index: those that know are not looked at.
_UNTOLD = union_all(_told_otherwise(leads.c.book < _VERSION), _told_otherwise(leads.c.book > _VERSION))
_SET_TOLD = (
    update(leads)
    .where(leads.c.workspace == _WORKSPACE, among(leads.c.id, "ids"))
    .values(book=_VERSION, rank=literal_column(str(UNRANKED)))
)


class StoredLeads:
    """The Leads port."""

    __slots__ = ("_seal", "_session")

    def __init__(self, session: Session, seal: Seal) -> None:
        self._session = session
        self._seal = seal

    def find(self, workspace: WorkspaceId, refs: Collection[CrmRef]) -> Mapping[CrmRef, LeadId]:
        """The leads of these records; unknown records are left out."""
        return find_leads(self._session, workspace, refs)

    def find_by_email(self, workspace: WorkspaceId, emails: Collection[str]) -> Mapping[str, LeadId]:
        """The leads that have these addresses, in lower case; of several leads, the first by id."""
        return dict(self._session.rows(_BY_EMAIL, {"workspace_": workspace, "emails": to_list(emails)}))

    def add(self, workspace: WorkspaceId, leads: Mapping[CrmRef, LeadId], book: str, now: datetime) -> None:
        """Make leads that wait to be read from their CRM. One that exists is left as it is.

        Raises LostClaimError when one of the records belongs to another lead by now.
        """
        known = self.find(workspace, leads)
        new = {ref: lead_id for ref, lead_id in leads.items() if ref not in known}
        add_refs(self._session, workspace, new, now)
        add_leads(self._session, workspace, set(new.values()), book)

    def add_read(self, workspace: WorkspaceId, records: Sequence[NewRecord], book: str, now: datetime) -> None:
        """Make leads of records that nobody heard of and that were read, and have them judged by what they hold.

        Raises LostClaimError when another worker heard of one of the records a moment ago.
        """
        add_read(self._session, workspace, records, book, now)

    def add_facts(self, workspace: WorkspaceId, facts: Sequence[NewFact], now: datetime) -> int:
        """Put facts into mailboxes and wake their leads; duplicates are dropped. Returns how many were new."""
        return add_facts(self._session, workspace, facts, now)

    def facts_by_prefix(
        self, workspace: WorkspaceId, lead_ids: Collection[LeadId], prefix: str
    ) -> Mapping[LeadId, Sequence[Fact]]:
        """Facts of these leads whose keys begin so, in order of arrival; leads without any are left out."""
        return load_facts_by_prefix(self._session, workspace, lead_ids, prefix)

    def current(self, workspace: WorkspaceId, lead_ids: Collection[LeadId]) -> Mapping[LeadId, CurrentLead]:
        """These leads as they stand; those that are gone are left out."""
        rows = self._session.rows(_CURRENT, {"workspace_": workspace, "ids": to_list(lead_ids)})
        return {row.id: CurrentLead(decode_lead(row.doc), row.last_fact > row.folded_fact) for row in rows}

    def read_again(self, workspace: WorkspaceId, refs: Collection[CrmRef], now: datetime) -> None:
        """Have these records read again; meanwhile their leads are judged by what is known."""
        asked = {"workspace_": workspace, "refs": to_list(map(str, refs)), "now": to_ms(now)}
        self._session.run(_READ_AGAIN, asked)

    def read_since(self, workspace: WorkspaceId, changed: Mapping[CrmRef, datetime], now: datetime) -> int:
        """Have these records read again, but for those that were read as of the moment of their change, or later."""
        hints = to_rows([(str(ref), to_ms(at)) for ref, at in changed.items()])
        return self._session.run(_READ_SINCE, {"workspace_": workspace, "hints": hints, "now": to_ms(now)})

    def unread(self, connection: Connection, now: datetime, limit: int) -> Sequence[Unread]:
        """Records of this connection that wait to be read now, those of which nothing is known first."""
        asked = {
            "workspace_": connection.workspace,
            "crm": connection.crm,
            "account": connection.account,
            "now": to_ms(now),
            "limit": limit,
        }
        found = sorted(self._session.rows(_TO_READ, asked), key=_is_again)
        return [Unread(connection.workspace, id_, to_ref(ref), bool(again)) for id_, ref, again in found[:limit]]

    def set_read(self, workspace: WorkspaceId, as_of: Mapping[CrmRef, datetime | None], now: datetime) -> None:
        """These records were read at this moment, as of these: from now on their leads are judged."""
        asked = {"workspace_": workspace, "now": to_ms(now)}
        rows = [{**asked, "ref_": str(ref), "as_of": to_ms(at) if at else 0} for ref, at in sorted(as_of.items())]
        self._session.run_many(_SET_READ, rows)
        self._session.run(_ADMIT, {**asked, "refs": to_list(map(str, as_of))})

    def postpone_reading(self, workspace: WorkspaceId, until: Mapping[CrmRef, datetime], now: datetime) -> None:
        """Let these records wait until then. A wish to read again that is younger than `now` stays."""
        asked = {"workspace_": workspace, "now": to_ms(now)}
        rows = [{**asked, "ref_": str(ref), "until_": to_ms(at)} for ref, at in sorted(until.items())]
        self._session.run_many(_POSTPONE_READING, rows)

    def merge(self, workspace: WorkspaceId, survivor: CrmRef, refs: Collection[CrmRef], now: datetime) -> LeadId:
        """Make one lead of all leads of these records, which live on in the CRM as `survivor`."""
        return merge_leads(self._session, workspace, survivor, refs, now)

    def shared_emails(self, workspace: WorkspaceId, emails: Collection[str]) -> frozenset[str]:
        """Which of these addresses, in lower case, several leads have."""
        found = self._session.rows(_SHARED_EMAILS, {"workspace_": workspace, "emails": to_list(emails)})
        return frozenset(email for (email,) in found)

    def with_email(self, workspace: WorkspaceId, email: str) -> Mapping[LeadId, int]:
        """The leads that have this address, locked; each with how many living records."""
        ids = [id_ for (id_,) in self._session.rows(_WITH_EMAIL, {"workspace_": workspace, "email_": email})]
        return dict(self._session.rows(_RECORDS_OF, {"workspace_": workspace, "ids": to_list(ids)}))

    def join(self, workspace: WorkspaceId, lead_ids: Collection[LeadId], now: datetime) -> LeadId:
        """Make one lead of these, all of whose records live on."""
        return join_leads(self._session, workspace, lead_ids, now)

    def records(self, workspace: WorkspaceId, lead_ids: Collection[LeadId]) -> Mapping[LeadId, Mapping[str, str]]:
        """All records that these leads ever had, each with the one as which it lives: itself, or another one."""
        found: dict[LeadId, dict[str, str]] = defaultdict(dict)
        for lead_id, ref, became in self._session.rows(
            _ALL_RECORDS_OF, {"workspace_": workspace, "ids": to_list(lead_ids)}
        ):
            found[lead_id][ref] = became or ref
        return found

    def part(
        self, workspace: WorkspaceId, lead_id: LeadId, refs: Collection[CrmRef], because: str, now: datetime
    ) -> LeadId:
        """Make a lead of its own of these records of a lead."""
        return part_records(self._session, workspace, lead_id, refs, because, now)

    def keep_apart(self, workspace: WorkspaceId, refs: Collection[CrmRef], now: datetime) -> None:
        """Join these records with nobody by their address from here on."""
        keep_apart(self._session, workspace, refs, now)

    def let_join(self, workspace: WorkspaceId, refs: Collection[CrmRef], now: datetime) -> bool:
        """Let these records be joined by their address again, and have it looked at; whether they had been apart."""
        if not let_join(self._session, workspace, refs):
            return False
        look_again(self._session, workspace, self.find(workspace, refs).values(), now)
        return True

    def tell_joined(self, workspace: WorkspaceId, lead_ids: Collection[LeadId], now: datetime) -> None:
        """Tell those of these leads that have several records why that is so."""
        tell_joined(self._session, workspace, lead_ids, now)

    def erase(self, workspace: WorkspaceId, ref: CrmRef, now: datetime) -> bool:
        """Remove all that is held of the record's lead; only a hash stays, to refuse it later."""
        return erase_lead(self._session, self._seal, workspace, ref, now)

    def merged_away(self, workspace: WorkspaceId, refs: Collection[CrmRef]) -> frozenset[CrmRef]:
        """Which of these records live on in another one."""
        return load_merged_away(self._session, workspace, refs)

    def live_again(self, workspace: WorkspaceId, refs: Collection[CrmRef], now: datetime) -> None:
        """Have those of these records read that lived on in another one, and written to as any other of their lead."""
        self._session.run(_LIVE_AGAIN, {"workspace_": workspace, "refs": to_list(map(str, refs)), "now": to_ms(now)})

    def erased_emails(self, workspace: WorkspaceId, emails: Collection[str]) -> frozenset[str]:
        """Which of these addresses, in lower case, belonged to somebody who was erased."""
        return load_erased_emails(self._session, self._seal, workspace, emails)

    def erased(self, workspace: WorkspaceId, refs: Collection[CrmRef]) -> frozenset[CrmRef]:
        """Which of these were erased."""
        return load_erased(self._session, self._seal, workspace, refs)

    def untold(self, workspace: WorkspaceId, version: str, limit: int) -> Mapping[LeadId, str]:
        """Leads that were told last of another version of the mapping than this one, and of which."""
        asked = {"workspace_": workspace, "version_": version, "limit": limit}
        return {row.id: row.book for row in self._session.rows(_UNTOLD, asked)[:limit]}

    def tell(self, workspace: WorkspaceId, lead_ids: Collection[LeadId], book: Fact, now: datetime) -> None:
        """Tell these leads of a version of the mapping. A second run changes nothing."""
        self.add_facts(workspace, [NewFact(lead_id, book, now) for lead_id in lead_ids], now)
        self._session.run(_SET_TOLD, {"workspace_": workspace, "ids": to_list(lead_ids), "version_": book.name})

    def want_reading(self, workspace: WorkspaceId, lead_ids: Collection[LeadId], now: datetime) -> None:
        """Have all records of these leads read again, as `read_again` does."""
        self._session.run(_WANT_READING, {"workspace_": workspace, "ids": to_list(lead_ids), "now": to_ms(now)})


def _is_again(row: Any) -> int:
    again: int = row.is_again
    return again
