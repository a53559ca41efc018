"""Withheld changes: a CRM tells that a sensitive property changed, and not to what. The value is read later.

The change stands in the mailbox at once, empty; when its record is read it follows with its value, its own key and
its own moment, and acts like any other change. So merges carry it, erasures remove it, and copies are dropped, as
with every fact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from connector.domain.fact import Fact

PREFIX: Final = "withheld:"


def to_withheld(change: Fact) -> Fact:
    """The change of one property as long as its value is not known."""
    (property_,) = change.data
    key = f"{PREFIX}{property_}:{change.key}"
    return Fact(key, change.at, change.kind, change.name, change.source)


def reveal(withheld: Iterable[Fact], values: Mapping[str, str]) -> Iterator[Fact]:
    """The changes with the values that were read."""
    for fact in withheld:
        property_, _, key = fact.key.removeprefix(PREFIX).partition(":")  # no name of a property holds a colon
        if property_ in values:
            yield Fact(key, fact.at, fact.kind, fact.name, fact.source, {property_: values[property_]})
