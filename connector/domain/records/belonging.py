"""Which of a lead's records told a fact, and which address each of them has.

Where people turn out to be two, each record takes along what it told. Most facts name their record in their key or
data; others are known to be of the one record that the lead has in the CRM they came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connector.domain.fact import RECORD_OF, SNAPSHOT_OF, Fact, FactKind
from connector.domain.field import Field
from connector.domain.ids import to_address

#: What is no record's and concerns whoever the lead turns out to be.
_OF_ALL = frozenset({FactKind.BOOK, FactKind.EDGES, FactKind.OUTCOME})


def is_of_all(fact: Fact) -> bool:
    """Whether the fact is for everybody who was taken for one person: a mapping, what became of an email."""
    return fact.kind in _OF_ALL


def record_of(fact: Fact, records: Mapping[str, str]) -> str:
    """The record that told the fact; empty where none did, or nobody knows which.

    `records` are all that the lead ever had, each with the one as which it lives: itself, or another one.
    """
    _, _, told = fact.key.partition(":")
    named = (record for record in records if told == record or told.startswith(f"{record}:"))
    found = next(named, "") or str(fact.data.get(RECORD_OF, ""))
    if not found and SNAPSHOT_OF in fact.data:
        found = next((one for one in records if one.rpartition(":")[2] == fact.data[SNAPSHOT_OF]), "")
    if not found and fact.kind is FactKind.MERGED:
        found = fact.name
    if found:
        return records.get(found, "")
    there = {lives_as for lives_as in records.values() if lives_as.partition(":")[0] == fact.source}
    return there.pop() if len(there) == 1 else ""


def addresses(field: Field, facts: Iterable[Fact], records: Mapping[str, str]) -> Mapping[str, str]:
    """Living record -> the address it has in this field, as it is compared; without those of which none is known."""
    found: dict[str, str] = {}
    for fact in sorted(facts, key=lambda each: each.position):
        told = _addresses_in(fact, field)
        record = record_of(fact, records) if told else ""
        if record:
            found[record] = to_address(next(filter(str.strip, told), ""))
    return {record: address for record, address in found.items() if address}


def _addresses_in(fact: Fact, field: Field) -> list[str]:
    if fact.kind is not FactKind.RECORD:
        return []
    return [str(fact.data[name]) for name in field.properties.get(fact.source, ()) if name in fact.data]
