"""Durations: `7d`, `2h`, `1d12h`, `7 days`, and ISO 8601 (`P7D`)."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_WORDS = {"min": "m", "mins": "m"} | {
    form: unit
    for unit, word in (("w", "week"), ("d", "day"), ("h", "hour"), ("m", "minute"), ("s", "second"))
    for form in (word, f"{word}s", unit)
}
_PART = re.compile(r"([0-9]{1,7}) ?([a-z]+)")
_ISO = re.compile(r"P(?:([0-9]{1,7})W)?(?:([0-9]{1,7})D)?(?:T(?:([0-9]{1,7})H)?(?:([0-9]{1,7})M)?(?:([0-9]{1,7})S)?)?")
#: A hundred years; beyond lies only a typing mistake.
MAX_DURATION = timedelta(days=36_525)
#: What JSON Schema can say of a duration.
PATTERN = r"^( *[0-9]+ ?[a-zA-Z]+)+ *$|^P[0-9A-Z]+$"


def parse_duration(text: str) -> timedelta:
    """The duration that the text names.

    Raises ValueError with a sentence for people when it names none, or one beyond a hundred years.
    """
    seconds = _iso_seconds(text.strip()) if text.strip().startswith("P") else _seconds(text.strip().lower())
    if seconds > MAX_DURATION.total_seconds():
        raise ValueError(f"{text.strip()!r} is longer than a hundred years")
    return timedelta(seconds=seconds)


def _seconds(text: str) -> int:
    parts = _PART.findall(text)
    if not parts or _PART.sub("", text).strip():
        raise ValueError(_complaint(text))
    units = [_WORDS.get(word, "") for _, word in parts]
    if "" in units or len(set(units)) < len(units):
        raise ValueError(_complaint(text))
    return sum(int(amount) * _UNITS[unit] for (amount, _), unit in zip(parts, units, strict=True))


def _iso_seconds(text: str) -> int:
    match = _ISO.fullmatch(text)
    if match is None or not any(match.groups()):
        if re.fullmatch(r"P[0-9]+[YM].*", text):
            raise ValueError("months and years differ in length; write days, such as 30d or 365d")
        raise ValueError(_complaint(text))
    return sum(int(amount or 0) * _UNITS[unit] for amount, unit in zip(match.groups(), "wdhms", strict=True))


def _complaint(text: str) -> str:
    if re.search(r"month|year|\d ?(mo|y)\b", text):
        return "months and years differ in length; write days, such as 30d or 365d"
    return f"{text[:40]!r} is not a duration; write 7d, 2h, 90m or 1d12h"


def format_duration(duration: timedelta) -> str:
    """The shortest text that `parse_duration` reads back as this duration (whole seconds): 7d, 1d12h."""
    left = int(duration.total_seconds())
    parts = []
    for unit in "dhms":
        amount, left = divmod(left, _UNITS[unit])
        if amount:
            parts.append(f"{amount}{unit}")
    return "".join(parts) or "0s"
