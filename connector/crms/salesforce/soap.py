"""Reading the SOAP of outbound messages. Salesforce: Understanding the Outbound Messaging WSDL.

The parser is expat, as Python brings it, with everything turned off that XML can be turned into a weapon by: no
document type, hence no entities but the five of XML itself and nothing to fetch; UTF-8 alone; bounded depth and number
of elements; one pass that keeps the few texts that are asked for. What it reads is still nobody's word: the message is
not signed.
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

#: A genuine message has six levels, a compound field one or two more.
_MAX_DEPTH: Final = 16
#: No object has a thousand fields that could be selected, and a message tells of a hundred records.
_MAX_ELEMENTS: Final = 100_000
#: Ids and moments are shorter.
_MAX_TEXT: Final = 100
#: Salesforce: Considerations for Outbound Messages.
MAX_NOTIFICATIONS: Final = 100
#: So much is read of a body to see whose message it is. The org's id comes first in it.
_HEAD: Final = 4 * 1024


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


@dataclass(frozen=True, slots=True)
class _Place:
    """A place in a message, and what may follow there; all that has no place is passed over."""

    inner: Mapping[str, _Place] = field(default_factory=dict)
    #: Whether something new begins there.
    begins: bool = False
    #: What the text there is.
    holds: str = ""
    #: Whether nothing may follow there that has no place.
    is_strict: bool = False


#: Of a record no more is read: the rest is asked of the org itself.
_RECORD: Final = _Place({f"{_RECORDS} {name}": _Place(holds=name) for name in ("Id", "SystemModstamp")}, begins=True)
_NOTIFICATION: Final = _Place(
    {f"{_OUTBOUND} Id": _Place(holds="notification"), f"{_OUTBOUND} sObject": _RECORD}, begins=True
)
_NOTIFICATIONS: Final = _Place(
    {f"{_OUTBOUND} OrganizationId": _Place(holds="org"), f"{_OUTBOUND} Notification": _NOTIFICATION}
)
_BODY: Final = _Place({f"{_OUTBOUND} notifications": _NOTIFICATIONS}, is_strict=True)
_DOCUMENT: Final = _Place({f"{_SOAP} Envelope": _Place({f"{_SOAP} Body": _BODY})}, is_strict=True)
_NOWHERE: Final = _Place()


class _Reader:
    """One pass over one body."""

    def __init__(self) -> None:
        self.org = ""
        self.notifications: list[Notification] = []
        self._places = [_DOCUMENT]
        self._elements = 0
        #: What is read of a text that has its place; None between such texts.
        self._text: str | None = None
        self._parser = parser = expat.ParserCreate("utf-8", " ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = _refuse_document_type

    def read(self, body: bytes, *, is_whole: bool) -> None:
        """Read a body, or the head of one. Raises NotAMessageError."""
        if b"\0" in body:  # UTF-16 is full of them, and expat would read it whatever it is told
            raise NotAMessageError("It is no UTF-8.")
        try:
            self._parser.Parse(body, is_whole)
        except expat.ExpatError as error:
            raise NotAMessageError(f"It is no XML: {error}.") from None
        finally:
            del self._parser  # which holds us as we hold it: neither is to wait for the garbage collector
        if not self.org:
            raise NotAMessageError("It names no org.")

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        outer = self._places[-1]
        place = outer.inner.get(name, _NOWHERE)
        if place is _NOWHERE and outer.is_strict:
            raise NotAMessageError("It is no outbound message.")
        self._places.append(place)
        self._elements += 1
        if len(self._places) > _MAX_DEPTH or self._elements > _MAX_ELEMENTS:
            raise NotAMessageError("It is nested too deeply, or has too many elements.")
        if self._text is not None:
            raise NotAMessageError("There is XML where a plain text should be.")
        if place.begins:
            self._begin(place, attributes)
        elif place.holds:
            self._text = ""
            self._parser.CharacterDataHandler = self._take

    def _begin(self, place: _Place, attributes: Mapping[str, str]) -> None:
        if place is _RECORD:
            self.notifications[-1].sobject = attributes.get(_TYPE, "").rpartition(":")[2][:_MAX_TEXT]
            return
        if len(self.notifications) >= MAX_NOTIFICATIONS:
            raise NotAMessageError(f"It holds more than {MAX_NOTIFICATIONS} notifications.")
        self.notifications.append(Notification())

    def _take(self, text: str) -> None:
        self._text = f"{self._text}{text}"[: _MAX_TEXT + 1]

    def _end(self, _: str) -> None:
        place = self._places.pop()
        if self._text is None:
            return
        text, self._text = self._text.strip(), None
        self._parser.CharacterDataHandler = None
        if len(text) > _MAX_TEXT:
            raise NotAMessageError("An id or a moment is too long.")
        self._keep(place.holds, text)

    def _keep(self, name: str, text: str) -> None:
        if name == "org":
            if self.org:
                raise NotAMessageError("It names two orgs.")
            self.org = text
        elif name == "notification":
            self.notifications[-1].id = text
        else:
            self.notifications[-1].fields[name] = text


def _refuse_document_type(*_: object) -> None:
    raise NotAMessageError("It declares a document type, which no outbound message does.")
