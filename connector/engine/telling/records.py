"""A lead's records as people speak of them: which of them are gone, how, and what its history says of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from connector.domain.book import Book
from connector.domain.field import FieldRole
from connector.domain.history import Detail, HistoryEntry, HistoryKind
from connector.domain.ids import CrmRef, to_ref
from connector.domain.lead import Lead

#: What has a record for its subject, if any.
_OF_RECORDS = frozenset({HistoryKind.ARCHIVED, HistoryKind.RESTORED, HistoryKind.PARTED})


@dataclass(frozen=True, slots=True)
class Records:
    """What is known of a lead's records beyond the lead itself."""

    #: Record -> the one as which it lives: itself, or another one.
    lives_as: Mapping[str, str] = field(default_factory=dict)
    #: CRM -> its name as people write it.
    labels: Mapping[str, str] = field(default_factory=dict)

    def label(self, crm: str) -> str:
        """`HubSpot`."""
        return self.labels.get(crm, crm)

    def name(self, record: str) -> str:
        """`HubSpot contact 51`; what is no record's reference stays as it is."""
        return f"{self.label(to_ref(record).crm)} {_within(record)}" if record.count(":") > 2 else record

    def turned_into(self, record: str) -> str:
        """As what it lives on that was converted, such as `contact 51`; empty where it is what it was."""
        other = self.lives_as.get(record, record)
        is_converted = other != record and to_ref(other).object_type != to_ref(record).object_type
        return _within(other) if is_converted else ""


def _within(record: str) -> str:
    ref = to_ref(record)
    return f"{ref.object_type.replace('_', ' ')} {ref.record_id}"


@dataclass(frozen=True, slots=True)
class GoneRecord:
    """A record that the lead is known by no more."""

    ref: str
    #: `deleted`, `merged` or `converted`.
    how: str


def find_gone(lead: Lead, refs: Iterable[CrmRef], records: Records) -> tuple[GoneRecord, ...]:
    """Those of the lead's records that are gone, in the order given."""
    gone = (ref for ref in map(str, refs) if ref in lead.gone or ref in lead.deleted)
    return tuple(GoneRecord(ref, _how(lead, ref, records)) for ref in gone)


def _how(lead: Lead, ref: str, records: Records) -> str:
    if ref in lead.deleted:
        return "deleted"
    return "converted" if records.turned_into(ref) else "merged"


# --- history ------------------------------------------------------------------------------------------------


def retell(history: Sequence[HistoryEntry], book: Book, records: Records) -> Iterator[HistoryEntry]:
    """The history with names in place of ids, where they are known.

    That a CRM's word does not count is told once, until that CRM says something else or the field changes.
    """
    said: dict[tuple[str, str], object] = {}
    for entry in history:
        if entry.kind is HistoryKind.FIELD_CHANGED:
            said = {place: word for place, word in said.items() if place[0] != entry.subject}
        elif entry.kind is HistoryKind.FIELD_KEPT:
            place, word = (entry.subject, str(entry.detail.get("crm", ""))), entry.detail.get("said")
            if place in said and said[place] == word:
                continue
            said[place] = word
        yield _with_names(entry, book, records)


def _with_names(entry: HistoryEntry, book: Book, records: Records) -> HistoryEntry:
    if entry.kind is HistoryKind.FIELD_CHANGED:
        return _with_reps(entry, book)
    if entry.kind is HistoryKind.FIELD_KEPT:
        return replace(entry, detail=_who_has_the_say(entry, book, records))
    if entry.kind is HistoryKind.MERGED:
        return replace(entry, detail=_what_became(entry.detail, records))
    if entry.kind is HistoryKind.KNOWN:
        return replace(entry, subject=records.label(entry.subject))
    return replace(entry, subject=records.name(entry.subject)) if entry.kind in _OF_RECORDS else entry


def _with_reps(entry: HistoryEntry, book: Book) -> HistoryEntry:
    """Owners whom the mapping knows, by their names."""
    owner = book.fields.get(book.roles.get(FieldRole.OWNER, ""))
    if owner is None or entry.subject != owner.name:
        return entry
    sales, crm = book.definitions.sales, next(iter(owner.properties), "")
    reps = {name: sales.rep_of(crm, str(id_)) for name, id_ in entry.detail.items()}
    return replace(entry, detail={**entry.detail, **{name: rep.name for name, rep in reps.items() if rep}})


def _who_has_the_say(entry: HistoryEntry, book: Book, records: Records) -> Detail:
    """Both CRMs by their names; without the one that has the say where the mapping names none any more."""
    kept = book.fields.get(entry.subject)
    prefer = {"prefer": records.label(kept.prefer)} if kept and kept.prefer else {}
    return {**entry.detail, "crm": records.label(str(entry.detail.get("crm", "?"))), **prefer}


def _what_became(detail: Detail, records: Records) -> Detail:
    """The other record by its name; and as what it lives on where it was converted, and not joined by us."""
    record = str(detail.get("lead", "?"))
    became = "" if "because" in detail else records.turned_into(record)
    return {**detail, "lead": records.name(record), **({"became": became} if became else {})}
