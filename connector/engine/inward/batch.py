"""Batches of signals as senders of the API write them: what can be read, and what is wrong with the rest, by place.

The door reads a batch to answer, and intake to take it in; both find the same. Nothing here knows the mapping.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from string import ascii_uppercase
from typing import Any, Final

import msgspec

from connector.clock import whole_milliseconds
from connector.domain.fact import Value
from connector.domain.ids import WorkspaceId, to_address
from connector.errors import MalformedRequestError
from connector.ports import API, Misfit, ToldSignal

MAX_BODY: Final = 1024 * 1024
MAX_SIGNALS: Final = 1_000
MAX_ATTRIBUTES: Final = 20
MAX_TEXT: Final = 1_000
#: How far a sender's clock may run ahead of ours; as with webhooks.
MAX_SKEW: Final = timedelta(minutes=5)
#: Before this nobody gave a signal: a moment that was sent in seconds, or left at its default, is a mistake.
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MAX_SHOWN: Final = 2_000

#: As names in the mapping language.
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,59}")
_EMAIL: Final = re.compile(r"[^\s@\x00-\x1f\x7f]{1,64}@[^\s@\x00-\x1f\x7f]{1,255}")
#: The ways to name a person by a record: how ids look, and what to say of one that does not.
_RECORD_IDS: Final[Mapping[str, tuple[re.Pattern[str], str]]] = {
    "hubspot": (re.compile(r"[1-9][0-9]{0,18}"), "is no record id of HubSpot: digits in quotation marks"),
    "salesforce": (
        re.compile(r"(?:00Q|003)[0-9A-Za-z]{15}"),
        "is no id of a lead or contact of Salesforce: 18 characters, which begin with 00Q or 003",
    ),
}
#: The last three of an id's 18 characters, by which of its five each are capitals.
_CHECKS: Final = f"{ascii_uppercase}012345"
_PLACE: Final = re.compile(r" - at `\$\.?([^`]*)`$")


class _Outer(msgspec.Struct, forbid_unknown_fields=True):
    signals: list[msgspec.Raw]


class _Item(msgspec.Struct, forbid_unknown_fields=True):
    signal: str
    email: str = ""
    hubspot: str = ""
    salesforce: str = ""
    at: str | None = None
    attributes: dict[str, msgspec.Raw] = {}


_OUTER: Final = msgspec.json.Decoder(_Outer)
_ITEM: Final = msgspec.json.Decoder(_Item)
_VALUE: Final = msgspec.json.Decoder(str | bool | float)
_UNREADABLE: Final = (msgspec.MsgspecError, ValueError, RecursionError)


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as far as it can be read."""

    told: Sequence[ToldSignal]
    misfits: Sequence[Misfit]


class _MisfitError(ValueError):
    """A part of a signal cannot be what it is meant to be; never leaves this module."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(problem)
        self.misfit = Misfit(place, problem)


def to_endpoint(workspace: WorkspaceId) -> str:
    """The endpoint of what the key of a workspace let in."""
    return f"{API}:{workspace}"


def parse_batch(body: bytes, received_at: datetime) -> Batch:
    """The signals of a batch, and what is wrong with those that cannot be read.

    Raises MalformedRequestError where not even the outer form can be read.
    """
    told: list[ToldSignal] = []
    misfits: list[Misfit] = []
    for index, raw in enumerate(_read_outer(body)):
        try:
            told.append(_read_item(index, raw, received_at))
        except _MisfitError as error:
            place = f"signals[{index}]" + (f".{error.misfit.place}" if error.misfit.place else "")
            misfits.append(Misfit(place, error.misfit.problem))
    return Batch(told, misfits)


def _read_outer(body: bytes) -> list[msgspec.Raw]:
    try:
        items = _OUTER.decode(body)
    except _UNREADABLE as error:
        problem = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise MalformedRequestError(f'The body is not of the form {{"signals": [...]}}: {problem}.') from error
    if not 0 < len(items.signals) <= MAX_SIGNALS:
        raise MalformedRequestError(f"A batch holds 1 to {MAX_SIGNALS:,} signals, and this one {len(items.signals):,}.")
    return items.signals


def _read_item(index: int, raw: msgspec.Raw, received_at: datetime) -> ToldSignal:
    try:
        item = _ITEM.decode(raw)
    except _UNREADABLE as error:
        raise _to_misfit(error) from error
    if not _NAME.fullmatch(item.signal):
        raise _MisfitError("signal", "is no name of a signal: small letters, digits and _, at most 60")
    email, crm, record_id = _read_person(item)
    at = _read_moment(item.at, received_at)
    attributes = _read_attributes(item.attributes)
    moment = at.isoformat() if at else f"#{index}"
    # Of its parts alone: the same signal written otherwise is the same.
    parts = [item.signal, email, record_id, moment, sorted(attributes.items())]
    key = blake2b(msgspec.json.encode(parts), digest_size=16).hexdigest()
    shown = bytes(raw)[:_MAX_SHOWN].decode("utf-8", "replace")
    return ToldSignal(key, item.signal, attributes, at, email, crm, record_id, shown)


def _to_misfit(error: Exception) -> _MisfitError:
    if isinstance(error, RecursionError):
        return _MisfitError("", "nested too deeply")
    words = str(error)
    found = _PLACE.search(words)
    return _MisfitError(found[1] if found else "", words[: found.start()] if found else words)


def _read_person(item: _Item) -> tuple[str, str, str]:
    """The address, or the CRM and the record's id there."""
    given = {crm: text for crm in _RECORD_IDS if (text := getattr(item, crm))}
    if len(given) + bool(item.email) != 1:
        raise _MisfitError("", "names who it was by one of email, hubspot and salesforce, the record's id there")
    for crm, record_id in given.items():
        pattern, problem = _RECORD_IDS[crm]
        if not pattern.fullmatch(record_id):
            raise _MisfitError(crm, problem)
        if crm == "salesforce" and not _is_as_checked(record_id):
            raise _MisfitError(crm, "is no id of Salesforce: its last three characters do not fit the others")
        return "", crm, record_id
    email = to_address(item.email)
    if not is_address(email):
        raise _MisfitError("email", "is no email address")
    return email, "", ""


def _is_as_checked(record_id: str) -> bool:
    """Whether an id is the very one of its record: who was forgotten by it must not come back by another one."""
    parts = (record_id[start : start + 5] for start in (0, 5, 10))
    bits = (sum(letter.isupper() << place for place, letter in enumerate(part)) for part in parts)
    return record_id[15:] == "".join(_CHECKS[number] for number in bits)


def is_address(text: str) -> bool:
    """Whether the text may be an email address, and can be kept and asked for."""
    return _EMAIL.fullmatch(text) is not None


def _read_moment(text: str | None, received_at: datetime) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _MisfitError("at", "is no moment such as 2026-11-22T10:00:00Z") from None
    if moment.tzinfo is None:
        raise _MisfitError("at", "has no offset; write 2026-11-22T10:00:00Z or 2026-11-22T11:00:00+01:00")
    if not EARLIEST <= moment <= received_at + MAX_SKEW:
        raise _MisfitError("at", "lies in the future, or before the year 2000")
    return whole_milliseconds(moment.astimezone(UTC))


def _read_attributes(given: Mapping[str, msgspec.Raw]) -> dict[str, Value]:
    if len(given) > MAX_ATTRIBUTES:
        raise _MisfitError("attributes", f"are more than {MAX_ATTRIBUTES}")
    return {name: _read_value(name, raw) for name, raw in given.items()}


def _read_value(name: str, raw: msgspec.Raw) -> Value:
    if not _NAME.fullmatch(name):
        raise _MisfitError("attributes", "have a name that is none: small letters, digits and _, at most 60")
    place = f"attributes.{name}"
    try:
        value: Any = _VALUE.decode(raw)
    except _UNREADABLE:
        raise _MisfitError(place, "is neither text nor a number nor true or false") from None
    if isinstance(value, str) and (len(value) > MAX_TEXT or "\0" in value):
        raise _MisfitError(place, f"is longer than {MAX_TEXT:,} characters, or holds a NUL")
    result: Value = value
    return result
