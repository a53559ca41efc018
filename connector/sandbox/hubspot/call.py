"""One API call: who asks for what, and the answer."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, cast

import msgspec

from connector.sandbox.exchange import Reply
from connector.sandbox.hubspot.crm import Crm
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.records import RecordTable
from connector.sandbox.hubspot.refusals import invalid
from connector.sandbox.hubspot.sandbox import Sandbox
from connector.sandbox.hubspot.tokens import Grant
from connector.sandbox.hubspot.vocabulary import Origin, by_app

Shape = TypeVar("Shape")


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was let in."""

    sandbox: Sandbox
    portal: Portal
    grant: Grant
    #: The variable parts of the path.
    path: Mapping[str, str]
    query: Mapping[str, list[str]]
    body: bytes
    #: Whether the path is of the date-based generation.
    is_dated: bool

    @property
    def crm(self) -> Crm:
        """The database of the portal that is asked."""
        return self.portal.crm

    @property
    def table(self) -> RecordTable:
        """The records of the type that the path names; refuses an unknown type."""
        return self.crm.table(self.path["object_type"])

    @property
    def origin(self) -> Origin:
        """How a change made by this call is marked."""
        return by_app(self.grant.app.app_id)

    def read(self, shape: type[Shape]) -> Shape:
        """The body in a shape; refuses anything else, unknown fields too, with 400."""
        try:
            decoded: Shape = decoder(cast(Hashable, shape)).decode(self.body)
        except msgspec.DecodeError as error:
            raise invalid(f"Invalid input JSON: {error}") from None
        return decoded

    def one(self, name: str, default: str = "") -> str:
        """A query parameter that is given once."""
        return self.query.get(name, [default])[0]

    def flag(self, name: str) -> bool:
        """A boolean query parameter, false when absent."""
        return self.one(name, "false").lower() == "true"

    def many(self, name: str) -> list[str]:
        """A query parameter that may be repeated, or hold several values with commas."""
        return [part for value in self.query.get(name, []) for part in value.split(",") if part]

    def offset(self, name: str = "after", default: int = 0) -> int:
        """A whole number from 0 on, such as where a page begins; refuses anything else."""
        text = self.one(name) or str(default)
        if not text.isdecimal():
            raise invalid(f"{name} must be a whole number, not {text}.")
        return int(text)

    def number(self, name: str, default: int, *, maximum: int) -> int:
        """A whole-number query parameter; refuses one out of bounds."""
        text = self.one(name, str(default))
        if not text.isdecimal() or not 0 < int(text) <= maximum:
            raise invalid(f"{name} must be a number from 1 to {maximum}, not {text}.")
        return int(text)


Handler = Callable[[Call], Reply]


@cache
def decoder(shape: Any) -> msgspec.json.Decoder[Any]:
    """A JSON decoder for a shape, made once."""
    return msgspec.json.Decoder(shape)
