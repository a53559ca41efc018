"""The questions of the CLI and the console, one query each."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Executable,
    Select,
    Text,
    bindparam,
    exists,
    func,
    literal_column,
    select,
    text,
    tuple_,
    union_all,
)

from connector.domain.fact import Fact
from connector.domain.history import HistoryEntry
from connector.domain.ids import LeadId, WorkspaceId, to_address, to_ref
from connector.domain.programs.contest import Tally
from connector.ports import DeliveryState, Health, LeadSummary, OutboxChange, ProgramCount, RankedLead
from connector.store.codec import (
    decode_history,
    decode_lead,
    decode_outlooks,
    decode_words,
    encode,
    from_optional_ms,
    to_ms,
)
from connector.store.database import Database
from connector.store.facts import FACT_COLUMNS, to_fact
from connector.store.functions import AllOf
from connector.store.listed import among
from connector.store.outbox import COLUMNS as CHANGE_COLUMNS
from connector.store.outbox import to_change
from connector.store.partings import load_tallies
from connector.store.schema import (
    UNRANKED,
    crm_refs,
    deliveries,
    enrolments,
    facts,
    frozen_fields,
    history,
    leads,
    leases,
    outbox,
    strays,
)
from connector.store.session import limited, to_list

_WORKSPACE = bindparam("workspace", type_=Text)
_LEAD = bindparam("lead_id", type_=Text)
_NOW = bindparam("now", type_=BigInteger)
_WHO = bindparam("who", type_=Text)
_EMAIL = bindparam("email", type_=Text)

_refs = (
    select(AllOf(crm_refs.c.ref))
    .where(crm_refs.c.workspace == leads.c.workspace, crm_refs.c.lead_id == leads.c.id)
    .scalar_subquery()
)
_facts = (
    select(func.count()).where(facts.c.workspace == leads.c.workspace, facts.c.lead_id == leads.c.id).scalar_subquery()
)
_unread = (
    select(func.count())
    .where(facts.c.workspace == leads.c.workspace, facts.c.lead_id == leads.c.id, facts.c.seq > leads.c.folded_fact)
    .scalar_subquery()
)
_SUMMARY = select(
    leads.c.workspace, leads.c.id, leads.c.email, _refs, leads.c.doc, _facts, _unread, leads.c.is_read
).where(leads.c.workspace == _WORKSPACE)
_LEADS = limited(_SUMMARY.where(leads.c.id > bindparam("after", type_=Text)).order_by(leads.c.id))
_THOSE = _SUMMARY.where(among(leads.c.id, "ids"))
_VERSIONS = select(leads.c.book).where(leads.c.workspace == _WORKSPACE).distinct()
_place = tuple_(leads.c.rank, leads.c.idle, leads.c.id)
_behind = (bindparam("idle_", type_=BigInteger), bindparam("after", type_=Text))
_after = tuple_(bindparam("rank_", type_=BigInteger), *_behind)
_RANKED = limited(
    select(leads.c.rank, leads.c.idle, leads.c.id, leads.c.outlooks)
    .where(leads.c.workspace == _WORKSPACE, leads.c.book == bindparam("version", type_=Text), _place > _after)
    .order_by(leads.c.rank, leads.c.idle, leads.c.id)
)
# An index holds all that it asks.
_RECENT = limited(
    select(leads.c.idle, leads.c.id)
    .where(leads.c.workspace == _WORKSPACE, tuple_(leads.c.idle, leads.c.id) > tuple_(*_behind))
    .order_by(leads.c.idle, leads.c.id)
)
_named = leads.alias("named")
_LEAD_OF = limited(
    _SUMMARY.where(
        leads.c.id.in_(
            union_all(
                select(_named.c.id).where(_named.c.workspace == _WORKSPACE, _named.c.id == _WHO),
                select(_named.c.id).where(
                    _named.c.workspace == _WORKSPACE, _named.c.email == _EMAIL, text("named.email <> ''")
                ),
                select(crm_refs.c.lead_id).where(crm_refs.c.workspace == _WORKSPACE, crm_refs.c.ref == _WHO),
                select(crm_refs.c.lead_id).where(crm_refs.c.workspace == _WORKSPACE, crm_refs.c.record_id == _WHO),
            )
        )
    ).order_by(leads.c.id)
)
# An index holds these alone.
_NEVER_READ = (crm_refs.c.read_wanted_at.is_not(None), crm_refs.c.read_as_of.is_(None))
_told = facts.alias("told")
_UNREAD = limited(
    _SUMMARY.where(
        leads.c.id.in_(select(crm_refs.c.lead_id).where(crm_refs.c.workspace == _WORKSPACE, *_NEVER_READ)),
        ~leads.c.is_read,
        exists().where(
            _told.c.workspace == leads.c.workspace,
            _told.c.lead_id == leads.c.id,
            _told.c.data.like(bindparam("said", type_=Text), escape="\\"),
        ),
    ).order_by(leads.c.id)
)

_FACTS = select(*FACT_COLUMNS).where(facts.c.workspace == _WORKSPACE, facts.c.lead_id == _LEAD)
_HISTORY = (
    select(history.c.entries)
    .where(history.c.workspace == _WORKSPACE, history.c.lead_id == _LEAD)
    .order_by(history.c.version)
)
_CHANGES = (
    select(*CHANGE_COLUMNS).where(outbox.c.workspace == _WORKSPACE, outbox.c.lead_id == _LEAD).order_by(outbox.c.id)
)
_FUNNEL = (
    select(enrolments.c.program, enrolments.c.phase, enrolments.c.state, func.count())
    .where(enrolments.c.workspace == _WORKSPACE)
    .group_by(enrolments.c.program, enrolments.c.phase, enrolments.c.state)
    .order_by(enrolments.c.program, enrolments.c.phase, enrolments.c.state)
)
_HELD = select(leases.c.name, leases.c.holder).where(leases.c.until_at > _NOW).order_by(leases.c.name)


def _line(section: str, word: Any, number: Any) -> Select[Any]:
    return select(literal_column(f"'{section}'").label("section"), word.label("word"), number.label("number"))


_nothing: ColumnElement[str] = literal_column("''")
_RECEIVED = deliveries.c.state == literal_column(f"'{DeliveryState.RECEIVED}'")
_HEALTH = union_all(
    _line("deliveries_waiting", _nothing, func.count()).where(_RECEIVED),
    _line("oldest_delivery_at", _nothing, func.min(deliveries.c.received_at)).where(_RECEIVED),
    _line("leads", _nothing, func.count()).select_from(leads),
    _line("leads_unread", _nothing, func.count(crm_refs.c.lead_id.distinct())).where(
        *_NEVER_READ,
        exists().where(leads.c.workspace == crm_refs.c.workspace, leads.c.id == crm_refs.c.lead_id, ~leads.c.is_read),
    ),
    _line("leads_due", _nothing, func.count()).where(leads.c.wake_at <= _NOW),
    _line("facts", _nothing, func.count()).select_from(facts),
    _line("outbox", outbox.c.state, func.count()).group_by(outbox.c.state),
    _line("frozen", frozen_fields.c.field, func.count()).group_by(frozen_fields.c.field),
    _line("strays", strays.c.reason, func.count()).group_by(strays.c.reason),
)


#: Before all places.
_FIRST = (UNRANKED - 1, UNRANKED - 1, LeadId(""))


class StoredReadModels:
    """The ReadModels port."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def lead(self, workspace: WorkspaceId, who: str) -> LeadSummary | None:
        """By lead id, email address, CRM reference or record id."""
        found = self._rows(_LEAD_OF, workspace=workspace, who=who, email=to_address(who), limit=1)
        return _to_summary(found[0]) if found else None

    def unread(self, workspace: WorkspaceId, email: str) -> LeadSummary | None:
        """A lead that was not read from its CRM yet, by an address, in lower case, that the CRM told of it."""
        found = self._rows(_UNREAD, workspace=workspace, said=_holding(email), limit=1)
        return _to_summary(found[0]) if found else None

    def leads(self, workspace: WorkspaceId, limit: int, after: LeadId | None = None) -> Sequence[LeadSummary]:
        """By id, paged."""
        return [_to_summary(row) for row in self._rows(_LEADS, workspace=workspace, limit=limit, after=after or "")]

    def those(self, workspace: WorkspaceId, lead_ids: Collection[LeadId]) -> Mapping[LeadId, LeadSummary]:
        """These leads; those that are gone are left out."""
        found = self._rows(_THOSE, workspace=workspace, ids=to_list(lead_ids))
        return {summary.id: summary for summary in map(_to_summary, found)}

    def versions_told(self, workspace: WorkspaceId) -> Sequence[str]:
        """The mapping versions that leads were told of last."""
        return [version for (version,) in self._rows(_VERSIONS, workspace=workspace)]

    def ranked(
        self, workspace: WorkspaceId, version: str, limit: int, after: tuple[int, int, LeadId] | None = None
    ) -> Sequence[RankedLead]:
        """Leads that were told of this version last, by place, paged."""
        rank, idle, id_ = after or _FIRST
        found = self._rows(
            _RANKED, workspace=workspace, version=version, limit=limit, rank_=rank, idle_=idle, after=id_
        )
        return [_to_ranked(row) for row in found]

    def recent(
        self, workspace: WorkspaceId, limit: int, after: tuple[int, int, LeadId] | None = None
    ) -> Sequence[RankedLead]:
        """Leads by their last activity alone, those of whom it is not known first, paged; without outlooks."""
        _, idle, id_ = after or _FIRST
        found = self._rows(_RECENT, workspace=workspace, limit=limit, idle_=idle, after=id_)
        return [RankedLead((0, idle, id_), None if idle == UNRANKED else ()) for idle, id_ in found]

    def facts(self, workspace: WorkspaceId, lead_id: LeadId) -> Sequence[Fact]:
        """All, by position."""
        found = [to_fact(row) for row in self._rows(_FACTS, workspace=workspace, lead_id=lead_id)]
        return sorted(found, key=lambda fact: fact.position)

    def history(self, workspace: WorkspaceId, lead_id: LeadId) -> Sequence[HistoryEntry]:
        """All, oldest first."""
        found = self._rows(_HISTORY, workspace=workspace, lead_id=lead_id)
        return [entry for (entries,) in found for entry in decode_history(entries)]

    def changes(self, workspace: WorkspaceId, lead_id: LeadId) -> Sequence[OutboxChange]:
        """Everything of the outbox that concerns the lead."""
        return [to_change(row) for row in self._rows(_CHANGES, workspace=workspace, lead_id=lead_id)]

    def funnel(self, workspace: WorkspaceId) -> Sequence[ProgramCount]:
        """Enrolments by program, phase and state."""
        return [ProgramCount(*row) for row in self._rows(_FUNNEL, workspace=workspace)]

    def tallies(self, workspace: WorkspaceId, program: str) -> Mapping[str, Sequence[Tally]]:
        """What became of the leads on each way of each split of the program; the empty one is its holdout."""
        with self._database.reading() as session:
            return load_tallies(session, workspace, program)

    def health(self, now: datetime) -> Health:
        """The numbers of `coltiva status`."""
        sections: dict[str, dict[str, int]] = defaultdict(dict)
        for section, word, number in self._rows(_HEALTH, now=to_ms(now)):
            sections[section][word] = number
        return Health(
            deliveries_waiting=sections["deliveries_waiting"][""],
            leads=sections["leads"][""],
            leads_unread=sections["leads_unread"][""],
            leads_due=sections["leads_due"][""],
            facts=sections["facts"][""],
            outbox=sections["outbox"],
            strays=sections["strays"],
            frozen=sections["frozen"],
            oldest_delivery_at=from_optional_ms(sections["oldest_delivery_at"][""]),
        )

    def held_leases(self, now: datetime) -> Mapping[str, str]:
        """Lease -> its holder."""
        return dict(self._rows(_HELD, now=to_ms(now)))

    def _rows(self, statement: Executable, **parameters: Any) -> Sequence[Any]:
        with self._database.reading() as session:
            return session.rows(statement, parameters)


def _holding(value: str) -> str:
    """The pattern of data in which the value stands whole, as some property's."""
    text = encode({"": value})[len('{"":') : -1]
    return "%:" + re.sub(r"[\\%_]", r"\\\g<0>", text) + "%"


def _to_ranked(row: Any) -> RankedLead:
    rank, idle, id_, outlooks = row
    return RankedLead((rank, idle, id_), None if rank == UNRANKED else decode_outlooks(outlooks))


def _to_summary(row: Any) -> LeadSummary:
    workspace, id_, email, refs, doc, facts_, unread, is_read = row
    return LeadSummary(
        workspace=workspace,
        id=id_,
        email=email,
        refs=tuple(sorted(map(to_ref, decode_words(refs)))),
        lead=decode_lead(doc),
        facts=facts_,
        unread=unread,
        is_read=bool(is_read),
    )
