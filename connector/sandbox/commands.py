"""The bodies of the control API that every simulated CRM takes, and how they are read."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

import flask
import msgspec

Shape = TypeVar("Shape")


class WrongCommandError(Exception):
    """A command that cannot be carried out; the words say why."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class Command(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A body of the control API."""


class ClockCommand(Command):
    """Move the CRM's time: jump to a moment, jump forwards, or change its speed."""

    set: datetime | None = None
    advance_seconds: float | None = None
    rate: float | None = None


class FaultCommand(Command):
    """A fault to put in force; `kind` is one of `ApiFault` or `WebhookFault`."""

    kind: str
    probability: float = 1.0
    times: int | None = None
    path: str = "*"
    method: str | None = None
    status: int = 500
    retry_after: int | None = None
    delay_seconds: float = 0.0


class ActionCommand(Command):
    """Something that a person or the CRM's machinery does: the name of an action, and its arguments."""

    action: str
    arguments: dict[str, Any] = {}


def read_command(shape: type[Shape]) -> Shape:
    """The body of this request. Raises WrongCommandError."""
    if not flask.request.is_json:
        raise WrongCommandError("Content-Type must be application/json", status=415)
    try:
        return msgspec.json.decode(flask.request.get_data(), type=shape)
    except msgspec.DecodeError as error:
        raise WrongCommandError(str(error)) from None
