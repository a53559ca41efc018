"""A store with leads in it: as if they had been read from their CRM and judged, through the store's own functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connector.bootstrap import Services, open_services
from connector.domain.book import Book
from connector.domain.decide import Decision, fold
from connector.domain.fact import Fact, FactKind, RecordName
from connector.domain.ids import ConnectionId, CrmRef, LeadId, to_lead_id
from connector.domain.lead import blank
from connector.domain.outward.change import ChangeState
from connector.domain.traits.rank import rank_of
from connector.ports import NewFact, SavedLead, Settled, StoredLead
from connector.settings import load_settings
from tests.bench.deliveries import APP_ID, SECRET
from tests.bench.portal import PortalAddress, baseline
from tests.bench.processes import run_to_end

DATABASE = "coltiva.sqlite"
_MAPPING = Path(__file__).with_name("mapping")
_BATCH = 2_000
#: Ids of contacts that only our store knows.
_FIRST_UNMEASURED_ID = 900_000_000_000


def settings_of(folder: Path, port: int, portal_url: str) -> dict[str, str]:
    """The environment of every process that works on the store in this folder."""
    return {
        "COLTIVA_DATABASE_URL": f"sqlite:///{folder / DATABASE}",
        "COLTIVA_PORT": str(port),
        "COLTIVA_MAPPINGS": str(_MAPPING),
        "COLTIVA_HUBSPOT_CLIENT_SECRET": SECRET,
        "COLTIVA_HUBSPOT_APP_ID": str(APP_ID),
        "COLTIVA_HUBSPOT_BASE_URL": portal_url,
        "COLTIVA_LOG_LEVEL": "warning",
    }


def connect(folder: Path, portal: PortalAddress) -> None:
    """Connect the portal as a person would."""
    environ = settings_of(folder, 8000, portal.url) | {"HUBSPOT_TOKEN": portal.token}
    run_to_end("-m", "connector", "connect", "hubspot", environ=environ)


@dataclass(frozen=True, slots=True)
class Filling:
    """What a store is filled with."""

    services: Services
    book: Book
    portal: PortalAddress
    #: What the baseline makes of a lead; the same of every lead but for names.
    template: Decision
    read_at: datetime

    @property
    def connection_id(self) -> ConnectionId:
        return ConnectionId(f"hubspot:{self.portal.portal_id}")


def open_filling(folder: Path, portal: PortalAddress) -> Filling:
    """Open a connected store to fill it."""
    services = open_services(load_settings(settings_of(folder, 8000, portal.url)))
    book, _ = services.read_mapping()
    read_at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    lead = blank(LeadId("template"), book.version)
    template = fold(lambda version: book, lead, [to_baseline(0, read_at)], read_at)
    return Filling(services, book, portal, template, read_at)


def fill(filling: Filling, leads: int, measured: int) -> None:
    """So many leads, the first contacts of the portal spread evenly among them. All wait, none is due."""
    numbers = list(_numbers(leads, measured))
    for start in range(0, leads, _BATCH):
        _add(filling, numbers[start : start + _BATCH])
        _save(filling)
        _settle(filling)


def to_baseline(number: int, at: datetime) -> Fact:
    """What was read of a contact."""
    return Fact(f"baseline:{number}", at, FactKind.RECORD, RecordName.BASELINE, "hubspot", baseline(number))


def _numbers(leads: int, measured: int) -> Iterator[int]:
    """The numbers of all contacts, the measured ones (those below `measured`) spread among the others."""
    others = iter(range(measured, leads))
    for number in range(measured):
        yield number
        for _ in range((number + 1) * (leads - measured) // measured - number * (leads - measured) // measured):
            yield next(others)


def _ref(portal: PortalAddress, number: int) -> CrmRef:
    ids: Sequence[str] = portal.contact_ids
    record_id = ids[number] if number < len(ids) else str(_FIRST_UNMEASURED_ID + number)
    return CrmRef("hubspot", portal.portal_id, "contact", record_id)


def _add(filling: Filling, numbers: Sequence[int]) -> None:
    workspace = filling.book.workspace
    ids = {number: to_lead_id(workspace, _ref(filling.portal, number)) for number in numbers}
    facts = [NewFact(lead_id, to_baseline(number, filling.read_at), filling.read_at) for number, lead_id in ids.items()]
    with filling.services.store.transaction() as transaction:
        refs = {_ref(filling.portal, number): lead_id for number, lead_id in ids.items()}
        transaction.leads.add(workspace, refs, filling.book.version, filling.read_at)
        transaction.leads.add_facts(workspace, facts, filling.read_at)
        transaction.leads.set_read(workspace, dict.fromkeys(refs), filling.read_at)


def _save(filling: Filling) -> None:
    with filling.services.store.claim_leads(filling.read_at, _BATCH) as claim:
        claim.save([_to_saved(filling, stored) for stored in claim.leads], {})


def _to_saved(filling: Filling, stored: StoredLead) -> SavedLead:
    lead, baseline_fact = filling.template.lead, stored.unread[0]
    email, lastname = str(baseline_fact.data["email"]), str(baseline_fact.data["lastname"])
    named = replace(
        lead,
        id=stored.lead.id,
        fields={**lead.fields, "email": email, "lastname": lastname},
        position=(*lead.position[:3], baseline_fact.key),
    )
    rank = rank_of(filling.book.leading, named.scores, named.holding, named.seen, named.position[1])
    return SavedLead(stored, named, filling.template.history, filling.template.acts, email, rank=rank)


def _settle(filling: Filling) -> None:
    """The CRM holds what the leads want."""
    with filling.services.store.transaction() as transaction:
        due = transaction.outbox.due(filling.connection_id, datetime.now(UTC), 10 * _BATCH)
        transaction.outbox.settle(
            [Settled(change, ChangeState.DONE, filling.read_at) for change in due], filling.read_at
        )
