"""Salesforce's answers as our errors, as tables, once. REST API Developer Guide, status codes and error responses.

An error's own text tells what happened in words that are safe to log. What Salesforce said, which may name a person,
travels apart, in `RefusedCallError.words`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from connector.errors import (
    CredentialsError,
    CrmError,
    CrmUnavailableError,
    RateLimitedError,
    RejectedRecordError,
    UnreadableReplyError,
)
from connector.ports import RecordReply, ReplyState

CONVERTED: Final = "CANNOT_UPDATE_CONVERTED_LEAD"
DUPLICATE_VALUE: Final = "DUPLICATE_VALUE"
#: What is said of a record that is not there, or that we may not see.
GONE: Final = frozenset(
    {"ENTITY_IS_DELETED", "NOT_FOUND", "INVALID_CROSS_REFERENCE_KEY", "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"}
)
#: What may succeed later, a record or a call.
_LATER: Final = frozenset(
    {
        "UNABLE_TO_LOCK_ROW", "QUERY_TIMEOUT", "INVALID_QUERY_LOCATOR", "SERVER_UNAVAILABLE", "UNKNOWN_EXCEPTION",
        "REQUEST_RUNNING_TOO_LONG", "REQUEST_LIMIT_EXCEEDED",
    }
)  # fmt: skip
_LATER_STATUSES: Final = frozenset({408, 420, 429, 500, 502, 503, 504})
#: What ends in a person's changing the org or the app.
_CLOSED: Final[Mapping[str, str]] = {
    "API_DISABLED_FOR_ORG": "The edition or the integration user has no API access. Enable it, then connect again.",
    "API_CURRENTLY_DISABLED": "The org's API is disabled. Enable it, then connect again.",
    "UNSUPPORTED_API_VERSION": "The org no longer serves this version of the API. Update Coltiva.",
}
#: How long nothing leaves after REQUEST_LIMIT_EXCEEDED, by what its message begins with.
_LIMITS: Final[Mapping[str, timedelta]] = {
    "TotalRequests": timedelta(hours=1),
    "ConcurrentPerOrgLongTxn": timedelta(seconds=15),
}
_ANY_LIMIT: Final = timedelta(minutes=5)
#: Who refused it, or what is wrong, before Salesforce's own words.
_EXPLAINED: Final[Mapping[str, str]] = {
    "APEX_ERROR": "The org's own automation failed",
    "CANNOT_EXECUTE_FLOW_TRIGGER": "A flow of the org failed",
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": "A trigger or flow of the org failed",
    CONVERTED: "The lead was converted",
    "DUPLICATES_DETECTED": "A duplicate rule of the org refused it",
    DUPLICATE_VALUE: "Another record has this unique value",
    "ENTITY_IS_DELETED": "The record is in the recycle bin",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": "A validation rule of the org refused it",
    "FIELD_INTEGRITY_EXCEPTION": "A value does not fit the others",
    "INSUFFICIENT_ACCESS_OR_READONLY": "The integration user may not do this",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": "The integration user may not see a record that it needs",
    "INVALID_CROSS_REFERENCE_KEY": "A record that it names is not there, or the integration user may not see it",
    "INVALID_EMAIL_ADDRESS": "This is no email address",
    "INVALID_FIELD": "The field is missing, or the integration user may not see it",
    "INVALID_FIELD_FOR_INSERT_UPDATE": "The integration user may not write the field",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": "The picklist does not have this value",
    "INVALID_TYPE": "The object is missing, or the integration user may not see it",
    "INACTIVE_OWNER_OR_USER": "The owner is not active",
    "LIMIT_EXCEEDED": "A limit of the org is reached",
    "NOT_FOUND": "The record is not there, or the integration user may not see it",
    "REQUIRED_FIELD_MISSING": "The org demands a field that is empty",
    "STORAGE_LIMIT_EXCEEDED": "The org's storage is full",
    "STRING_TOO_LONG": "The text is too long for the field",
}
_MAX_WORDS: Final = 2_000


class ErrorDetail(msgspec.Struct, rename="camel"):
    """Why a call or a record failed; every field may be missing."""

    #: Of a call that failed.
    error_code: str | None = ""
    #: Of a record in a batch.
    status_code: str | None = ""
    message: str | None = ""
    fields: list[str] | None = None
    #: Of an action that failed: what it gives in place of all this.
    errors: list[ErrorDetail] | None = None
    #: By both its names; Salesforce misspells it.
    duplicate_result: dict[str, Any] | None = None
    duplicate_resut: dict[str, Any] | None = None

    @property
    def code(self) -> str:
        """Salesforce's word for it."""
        return self.error_code or self.status_code or ""

    @property
    def words(self) -> str:
        """What it means, in Salesforce's own words and with the fields it names, for a person."""
        explained = _EXPLAINED.get(self.code, self.code)
        said = self.message or ""
        fields = f" [{', '.join(self.fields)}]" if self.fields else ""
        other = f" ({match})" if (match := self._match()) else ""
        return f"{explained}: {said}{fields}{other} ({self.code})"[:_MAX_WORDS]

    def _match(self) -> str:
        """The record that is taken for the same."""
        try:
            found = (self.duplicate_result or self.duplicate_resut or {})["matchResults"][0]["matchRecords"][0]
            return str(found["record"]["Id"])
        except (LookupError, TypeError):
            return ""


class RefusedCallError(RejectedRecordError):
    """Salesforce refused a call for good."""

    def __init__(self, detail: ErrorDetail, *, operation: str, status: int) -> None:
        super().__init__(
            f"Salesforce refused {operation}: {detail.code} ({status}).", operation=operation, status=status
        )
        self.detail = detail
        self.code = detail.code
        #: Salesforce's own words, for the person who looks at the dead letter.
        self.words = detail.words


def to_error(operation: str, status: int, content: object, now: datetime) -> CrmError:
    """The error that an answer to a whole call stands for; 401 is none of them."""
    detail = _parse(content)
    code = detail.code if detail else ""
    where: dict[str, Any] = {"operation": operation, "status": status}
    if detail and code == "REQUEST_LIMIT_EXCEEDED":
        limit = (detail.message or "").split(" ")[0]
        message = f"Salesforce's limit of calls is reached ({limit or 'unnamed'}, {operation})."
        return RateLimitedError(message, retry_at=now + _LIMITS.get(limit, _ANY_LIMIT), may_be_done=False, **where)
    if code in _CLOSED:
        return CredentialsError(f"Salesforce refused {operation} ({code}). {_CLOSED[code]}", **where)
    if status in _LATER_STATUSES or code in _LATER:
        return CrmUnavailableError(f"Salesforce cannot serve {operation} now ({code or status}).", **where)
    if detail is None:
        return UnreadableReplyError(f"Salesforce answered {operation} with {status} and no reason.", **where)
    return RefusedCallError(detail, **where)


def to_reply(errors: Sequence[ErrorDetail]) -> RecordReply:
    """The answer for one record that failed in a batch."""
    words = "; ".join(error.words for error in errors)[:_MAX_WORDS]
    is_later = any(error.code in _LATER for error in errors)
    return RecordReply(ReplyState.LATER if is_later else ReplyState.REFUSED, words or "Salesforce gave no reason.")


def _parse(content: object) -> ErrorDetail | None:
    """The first error of a body; None when Salesforce did not write it: a proxy's page, or something new."""
    try:
        details = msgspec.convert(content if isinstance(content, list) else [content], list[ErrorDetail])
    except msgspec.ValidationError:
        return None
    first = next(iter(details[0].errors or details), None) if details else None
    return first if first and first.code else None
