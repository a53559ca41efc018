"""What the API refuses, in its words. Salesforce: "Status Codes and Error Responses", "Core Data Types"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]


class RefusalError(Exception):
    """One record, or a whole call, is refused: a code, a message, the fields at fault."""

    def __init__(
        self,
        code: str,
        message: str,
        fields: Sequence[str] | None = None,
        *,
        status: int = 400,
        details: Json | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fields = fields
        self.status = status
        self.details = details or {}

    def as_call_error(self) -> Json:
        """One entry of the list that answers a call refused as a whole."""
        told: Json = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            told["fields"] = list(self.fields)
        return told | self.details

    def as_record_error(self) -> Json:
        """One entry of `errors` of a record among many; its code has another name there."""
        told = {"statusCode": self.code, "message": self.message, "fields": list(self.fields or ())}
        return told | self.details


def not_found() -> RefusalError:
    """404: there is no such resource or record, or the user does not see it."""
    return RefusalError("NOT_FOUND", "The requested resource does not exist", status=404)


def entity_deleted() -> RefusalError:
    """404: the record is in the recycle bin."""
    return RefusalError("ENTITY_IS_DELETED", "entity is deleted", [], status=404)


def no_such_column(field: str, object_name: str) -> RefusalError:
    """The field does not exist, or the user may not see it: Salesforce does not tell which."""
    return RefusalError("INVALID_FIELD", f"No such column '{field}' on sobject of type {object_name}")


def no_such_type(object_name: str, *, status: int = 400) -> RefusalError:
    """The object does not exist, or the user may not see it."""
    return RefusalError("INVALID_TYPE", f"sObject type '{object_name}' is not supported.", status=status)


def unreadable(kind: str, token: str, value: object) -> RefusalError:
    """A JSON value of the wrong type."""
    return RefusalError(
        "JSON_PARSER_ERROR",
        f"Cannot deserialize instance of {kind} from {token} value {value} or request may be missing a required "
        "field at [line:1, column:1]",
    )


def session_expired() -> RefusalError:
    """401: the token ran out, was revoked, or never was."""
    return RefusalError("INVALID_SESSION_ID", "Session expired or invalid", status=401)


def limit_exceeded(what: str = "TotalRequests") -> RefusalError:
    """403: the day's requests are used up, or too many long ones run at once."""
    return RefusalError("REQUEST_LIMIT_EXCEEDED", f"{what} Limit exceeded.", status=403)
