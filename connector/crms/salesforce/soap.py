"""Reading the SOAP of outbound messages. Salesforce: Understanding the Outbound Messaging WSDL.

The parser is expat, as Python brings it, with everything turned off that XML can be turned into a weapon by: no
document type, hence no entities but the five of XML itself and nothing to fetch; UTF-8 alone; bounded depth; one pass
that keeps the few texts that are asked for. What it reads is still nobody's word: the message is not signed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

_SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
_OUTBOUND: Final = "http://soap.sforce.com/2005/09/outbound"
_RECORDS: Final = "urn:sobject.enterprise.soap.sforce.com"
_TYPE: Final = "http://www.w3.org/2001/XMLSchema-instance type"

_MESSAGE: Final = (f"{_SOAP} Envelope", f"{_SOAP} Body", f"{_OUTBOUND} notifications")
#: Where nothing else may follow; beside the body, an envelope may hold what it likes.
_STEPS: Final = frozenset({(), _MESSAGE[:2]})
_ORG: Final = (*_MESSAGE, f"{_OUTBOUND} OrganizationId")
_NOTIFICATION: Final = (*_MESSAGE, f"{_OUTBOUND} Notification")
_RECORD: Final = (*_NOTIFICATION, f"{_OUTBOUND} sObject")
#: Of a record no more is read: the rest is asked of the org itself.
_FIELDS: Final[Mapping[tuple[str, ...], str]] = {
    (*_RECORD, f"{_RECORDS} {name}"): name for name in ("Id", "SystemModstamp")
}
_NOTIFICATION_ID: Final = (*_NOTIFICATION, f"{_OUTBOUND} Id")

#: A genuine message has six levels, a compound field one or two more.
_MAX_DEPTH: Final = 16
#: Ids and moments are shorter.
_MAX_TEXT: Final = 100
#: Salesforce: Considerations for Outbound Messages.
MAX_NOTIFICATIONS: Final = 100
#: So much is read of a body to see whose message it is. The org's id comes first in it.
_HEAD: Final = 64 * 1024


class NotAMessageError(ValueError):
    """The bytes are no outbound message."""


@dataclass(slots=True)
class Notification:
    """One record of which an outbound message tells."""

    id: str = ""
    #: As the message names it, without its namespace: `Lead`.
    sobject: str = ""
    #: Of the record: `Id` and `SystemModstamp`. Empty where it was deleted before the message left.
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """An outbound message."""

    org: str
    notifications: list[Notification]


def read_org(body: bytes) -> str:
    """Whose message a body is, by what it says itself. Raises NotAMessageError, also for what is wrong further on.

    Only the head of a long body is looked at.
    """
    reader = _Reader()
    reader.read(body[:_HEAD], is_whole=len(body) <= _HEAD)
    return reader.org


def read_message(body: bytes) -> Message:
    """The whole message. Raises NotAMessageError."""
    reader = _Reader()
    reader.read(body, is_whole=True)
    return Message(reader.org, reader.notifications)


class _Reader:
    """One pass over one body."""

    def __init__(self) -> None:
        self.org = ""
        self.notifications: list[Notification] = []
        self._path: tuple[str, ...] = ()
        #: What is read of a text that is asked for; None between such texts.
        self._text: str | None = None

    def read(self, body: bytes, *, is_whole: bool) -> None:
        if b"\0" in body:  # UTF-16 is full of them, and expat would read it whatever it is told
            raise NotAMessageError("It is no UTF-8.")
        parser = expat.ParserCreate("utf-8", " ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._take
        parser.StartDoctypeDeclHandler = _refuse_document_type
        try:
            parser.Parse(body, is_whole)
        except expat.ExpatError as error:
            raise NotAMessageError(f"It is no XML: {error}.") from None
        if not self.org:
            raise NotAMessageError("It names no org.")

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        path = (*self._path, name)
        if self._path in _STEPS and path != _MESSAGE[: len(path)]:
            raise NotAMessageError("It is no outbound message.")
        if len(path) > _MAX_DEPTH:
            raise NotAMessageError("It is nested too deeply.")
        if self._text is not None:
            raise NotAMessageError("There is XML where a plain text should be.")
        self._path = path
        if path == _NOTIFICATION:
            self._begin_notification()
        elif path == _RECORD:
            self.notifications[-1].sobject = attributes.get(_TYPE, "").rpartition(":")[2][:_MAX_TEXT]
        elif path in _FIELDS or path in (_ORG, _NOTIFICATION_ID):
            self._text = ""

    def _begin_notification(self) -> None:
        if len(self.notifications) >= MAX_NOTIFICATIONS:
            raise NotAMessageError(f"It holds more than {MAX_NOTIFICATIONS} notifications.")
        self.notifications.append(Notification())

    def _take(self, text: str) -> None:
        if self._text is not None:
            self._text = (self._text + text)[: _MAX_TEXT + 1]

    def _end(self, _: str) -> None:
        path, self._path = self._path, self._path[:-1]
        if self._text is None:
            return
        text, self._text = self._text.strip(), None
        if len(text) > _MAX_TEXT:
            raise NotAMessageError("An id or a moment is too long.")
        if path == _ORG:
            self._set_org(text)
        elif path == _NOTIFICATION_ID:
            self.notifications[-1].id = text
        else:
            self.notifications[-1].fields[_FIELDS[path]] = text

    def _set_org(self, text: str) -> None:
        if self.org:
            raise NotAMessageError("It names two orgs.")
        self.org = text


def _refuse_document_type(*_: object) -> None:
    raise NotAMessageError("It declares a document type, which no outbound message does.")
