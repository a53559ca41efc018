"""Our values as the database keeps them: moments as whole milliseconds, documents as JSON text.

JSON keeps the order of every mapping, so a document that is read and written again has the same bytes, and sums over
a mapping come out the same.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from connector.domain.fact import Value
from connector.domain.history import HistoryEntry
from connector.domain.lead import Lead
from connector.domain.outward.change import Act
from connector.domain.override import Overrides
from connector.domain.petition import Petition
from connector.domain.sales.assigning import Assignment
from connector.domain.traits.quintiles import Edges
from connector.domain.traits.score import Outlook

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

_encode = msgspec.json.Encoder().encode

decode_lead = msgspec.json.Decoder(Lead).decode
decode_data = msgspec.json.Decoder(dict[str, Value]).decode
decode_history = msgspec.json.Decoder(tuple[HistoryEntry, ...]).decode
decode_edges = msgspec.json.Decoder(Edges).decode
decode_act = msgspec.json.Decoder(Act).decode
decode_assignment = msgspec.json.Decoder(Assignment).decode
decode_overrides = msgspec.json.Decoder(Overrides).decode
decode_petition = msgspec.json.Decoder(Petition).decode
decode_outlooks = msgspec.json.Decoder(tuple[Outlook, ...]).decode
decode_words = msgspec.json.Decoder(list[str]).decode
decode_texts = msgspec.json.Decoder(dict[str, str]).decode


def encode(value: Any) -> str:
    """A document as JSON text."""
    return _encode(value).decode()


def to_ms(moment: datetime) -> int:
    """A moment as milliseconds since 1970; what is below a millisecond is cut off."""
    return (moment - _EPOCH) // _MILLISECOND


def from_ms(ms: int) -> datetime:
    """The inverse of `to_ms`."""
    return _EPOCH + ms * _MILLISECOND


def to_optional_ms(moment: datetime | None) -> int | None:
    """`to_ms` of a moment that need not be there."""
    return None if moment is None else to_ms(moment)


def from_optional_ms(ms: int | None) -> datetime | None:
    """`from_ms` of a moment that need not be there."""
    return None if ms is None else from_ms(ms)


#: Of a lead of whom nothing is known.
NO_OUTLOOKS = encode(())
#: No texts at all, as a document.
NO_TEXTS = encode({})
