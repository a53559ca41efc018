"""Companions: which wait to be read, and what is known of each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Text, bindparam, case, null, select, update

from connector.domain.ids import CrmRef, WorkspaceId, to_ref
from connector.ports import Connection, KnownCompanion
from connector.store.codec import from_ms, to_ms, to_optional_ms
from connector.store.erase import load_erased
from connector.store.listed import among
from connector.store.schema import companions
from connector.store.sealed import Seal
from connector.store.session import Session, limited, to_list
from connector.store.upsert import insert_if_absent, insert_into

_WORKSPACE = bindparam("workspace_", type_=Text)
_NOW = bindparam("now", type_=BigInteger)
_MINE = (companions.c.workspace == _WORKSPACE, among(companions.c.ref, "refs"))

_insert = insert_into(companions)
_new = _insert.excluded
_HEAR = _insert.on_conflict_do_update(
    index_elements=list(companions.primary_key), set_={"read_wanted_at": _new.read_wanted_at}
)
_AS_OF = select(companions.c.ref, companions.c.as_of).where(*_MINE, companions.c.as_of.is_not(None))
_UNREAD = limited(
    select(companions.c.ref)
    .where(
        companions.c.workspace == _WORKSPACE,
        companions.c.crm == bindparam("crm", type_=Text),
        companions.c.account == bindparam("account", type_=Text),
        companions.c.read_wanted_at <= _NOW,
    )
    .order_by(companions.c.read_wanted_at, companions.c.ref)
)
_KNOWN = select(
    companions.c.ref,
    companions.c.person,
    companions.c.status,
    companions.c.is_done,
    companions.c.deal,
    companions.c.as_of,
).where(*_MINE, companions.c.status.is_not(None))
# What was wanted up to the read is satisfied by it.
_REMEMBER = _insert.on_conflict_do_update(
    index_elements=list(companions.primary_key),
    set_={
        **{name: _new[name] for name in ("person", "status", "is_done", "deal", "as_of")},
        "read_wanted_at": case(
            (companions.c.read_wanted_at > bindparam("read_at", type_=BigInteger), companions.c.read_wanted_at),
            else_=null(),
        ),
    },
)
_MEET = insert_if_absent(companions)
_DROP = update(companions).where(*_MINE, companions.c.read_wanted_at <= _NOW).values(read_wanted_at=null())
_POSTPONE = (
    update(companions)
    .where(*_MINE, companions.c.read_wanted_at <= _NOW)
    .values(read_wanted_at=bindparam("until_", type_=BigInteger))
)


class StoredCompanions:
    """The Companions port."""

    __slots__ = ("_seal", "_session")

    def __init__(self, session: Session, seal: Seal) -> None:
        self._session = session
        self._seal = seal

    def hear(self, workspace: WorkspaceId, changed: Mapping[CrmRef, datetime], now: datetime) -> int:
        """Have those read that changed at these moments, but for what is known as of then; how many wait for it."""
        known = {ref: from_ms(as_of) for ref, as_of in self._session.rows(_AS_OF, _asked(workspace, changed))}
        news = sorted(ref for ref, at in changed.items() if str(ref) not in known or known[str(ref)] < at)
        self._session.run_many(_HEAR, [_to_row(workspace, ref, None, now) for ref in news])
        return len(news)

    def unread(self, connection: Connection, now: datetime, limit: int) -> Sequence[CrmRef]:
        """Those of this connection that wait to be read now, longest waiting first."""
        asked = {
            "workspace_": connection.workspace,
            "crm": connection.crm,
            "account": connection.account,
            "now": to_ms(now),
            "limit": limit,
        }
        return [to_ref(ref) for (ref,) in self._session.rows(_UNREAD, asked)]

    def known(self, workspace: WorkspaceId, refs: Collection[CrmRef]) -> Mapping[CrmRef, KnownCompanion]:
        """What is remembered of these; those never read are left out."""
        return {to_ref(ref): _to_known(*row) for ref, *row in self._session.rows(_KNOWN, _asked(workspace, refs))}

    def remember(self, workspace: WorkspaceId, read: Mapping[CrmRef, KnownCompanion], now: datetime) -> None:
        """Remember what these hold. A wish to read one again that is younger than `now` stays."""
        told = self._without_erased(workspace, read)
        rows = [_to_row(workspace, ref, one, None) | {"read_at": to_ms(now)} for ref, one in sorted(told.items())]
        self._session.run_many(_REMEMBER, rows)

    def meet(self, workspace: WorkspaceId, found: Mapping[CrmRef, KnownCompanion]) -> None:
        """Remember what these hold, but for those of which something is known or heard already."""
        told = self._without_erased(workspace, found)
        self._session.run_many(_MEET, [_to_row(workspace, ref, one, None) for ref, one in sorted(told.items())])

    def drop(self, workspace: WorkspaceId, refs: Collection[CrmRef], now: datetime) -> None:
        """Wait for these no more. A wish to read one that is younger than `now` stays."""
        self._session.run(_DROP, _asked(workspace, refs) | {"now": to_ms(now)})

    def postpone(self, workspace: WorkspaceId, refs: Collection[CrmRef], until: datetime, now: datetime) -> None:
        """Let these wait until then. A wish to read one that is younger than `now` stays."""
        self._session.run(_POSTPONE, _asked(workspace, refs) | {"now": to_ms(now), "until_": to_ms(until)})

    def _without_erased(
        self, workspace: WorkspaceId, told: Mapping[CrmRef, KnownCompanion]
    ) -> Mapping[CrmRef, KnownCompanion]:
        """Those of people who are forgotten as nobody's: the CRM may hold them on."""
        people = {one.person for one in told.values() if one.person}
        erased = load_erased(self._session, self._seal, workspace, people) if people else frozenset()
        return {ref: one._replace(person=None) if one.person in erased else one for ref, one in told.items()}


def _asked(workspace: WorkspaceId, refs: Collection[CrmRef]) -> dict[str, object]:
    return {"workspace_": workspace, "refs": to_list(map(str, refs))}


def _to_row(
    workspace: WorkspaceId, ref: CrmRef, one: KnownCompanion | None, wanted_at: datetime | None
) -> dict[str, Any]:
    return {
        "workspace": workspace,
        "ref": str(ref),
        "crm": ref.crm,
        "account": ref.account,
        "person": str(one.person) if one and one.person else None,
        "status": one.status if one else None,
        "is_done": one.is_done if one else False,
        "deal": one.deal if one else "",
        "as_of": to_ms(one.as_of) if one else None,
        "read_wanted_at": to_optional_ms(wanted_at),
    }


def _to_known(person: str | None, status: str, is_done: bool, deal: str, as_of: int) -> KnownCompanion:
    return KnownCompanion(to_ref(person) if person else None, status, bool(is_done), deal, from_ms(as_of))
