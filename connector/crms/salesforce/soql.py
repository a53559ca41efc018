"""Texts within queries: quoted, and in lists that fit into an address. SOQL and SOSL Reference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote_plus

from simple_salesforce.format import quote_soql_value

#: Address and headers share some 16,000 characters; so many are for one list: 400 ids.
_MAX_LENGTH: Final = 10_000


def quoted(text: str) -> str:
    """A text as a query holds it: `'O\\'Hara'`. Moments and numbers have no quotes and are not for this."""
    return str(quote_soql_value(text))


def lists_of(texts: Iterable[str]) -> Iterator[str]:
    """The texts in as few lists as fit into a query each: `('a','b')`."""
    group: list[str] = []
    length = 0
    for text in texts:
        item = quoted(text)
        size = len(quote_plus(item)) + len("%2C")
        if group and length + size > _MAX_LENGTH:
            yield f"({','.join(group)})"
            group, length = [], 0
        group.append(item)
        length += size
    if group:
        yield f"({','.join(group)})"
