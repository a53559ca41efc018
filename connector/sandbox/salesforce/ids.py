"""Record ids: 15 characters that mind their case, or 18 that need not. Salesforce: "ID Field Type"."""

from __future__ import annotations

import threading
from collections import defaultdict
from itertools import count

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ALPHABET = frozenset(_DIGITS)
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
#: What stands after the prefix in every id of one server pod.
_POD = "5e0"
_SHORT, _LONG = 15, 18


def to_long(short: str) -> str:
    """The 18-character form of a 15-character id: a suffix tells which letters are capitals."""
    return short + "".join(_suffix_of(short[start : start + 5]) for start in (0, 5, 10))


def to_id(text: object) -> str | None:
    """The 18-character form of either form; None for what is no id. The long form is taken in any case."""
    if not isinstance(text, str) or not _ALPHABET.issuperset(text):
        return None
    if len(text) == _SHORT:
        return to_long(text)
    if len(text) != _LONG:
        return None
    short = _recased(text[:_SHORT], text[_SHORT:].upper())
    return None if short is None else to_long(short)


class IdMaker:
    """Makes ids that count up, as an org does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: defaultdict[str, count[int]] = defaultdict(lambda: count(1))

    def next(self, prefix: str) -> str:
        """A new id of 18 characters that begins with an object's prefix."""
        with self._lock:
            number = next(self._numbers[prefix])
        return to_long(f"{prefix}{_POD}{_in_base_62(number):0>9}")


def _suffix_of(five: str) -> str:
    return _SUFFIX[sum(1 << place for place, letter in enumerate(five) if "A" <= letter <= "Z")]


def _recased(short: str, suffix: str) -> str | None:
    """The 15 characters in the case that the suffix tells; None when it cannot be so."""
    letters = []
    for place, letter in enumerate(short):
        bits = _SUFFIX.find(suffix[place // 5])
        if bits < 0:
            return None
        is_capital = bits >> place % 5 & 1
        if is_capital and not letter.isalpha():
            return None
        letters.append(letter.upper() if is_capital else letter.lower())
    return "".join(letters)


def _in_base_62(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 62)
        text = _DIGITS[digit] + text
    return text
