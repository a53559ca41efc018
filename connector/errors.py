"""Every error of the product, grouped by what happens next.

| error | HTTP answer | retried | final state | who is told |
| --- | --- | --- | --- | --- |
| SetupError (SettingsError, MappingError) | - | no | the command refuses to start | the person at the terminal |
| UnknownNameError | - | no | nothing is changed | the person at the terminal |
| SignatureError | 401 | by the sender | delivery refused and counted | status |
| UnknownAccountError | 403 | by the sender | delivery refused and counted | status |
| UnknownEndpointError | 404 | by the sender | delivery refused and counted | status |
| OversizeError | 413 | by the sender | delivery refused and counted | status |
| UnsupportedMediaError | 415 | by the sender | delivery refused and counted | status |
| MalformedRequestError | 400 | by the sender | delivery refused and counted | status |
| KeyRefusedError | 401 | by the sender | delivery refused and counted | status |
| ReusedNameError | 409 | by the sender | delivery refused and counted | status |
| UnreadableSignalsError | 422 | by the sender | delivery refused and counted | status |
| RetryableCrmError (RateLimitedError, CrmUnavailableError) | - | yes, at retry_at | pending again | status |
| RejectedRecordError | - | no | dead letter | dead-letters |
| CredentialsError | - | when credentials change | connection paused | status |
| FeedRefusedError | - | yes, after an hour | the feed waits, others go on | status |
| PlaceLostError | - | yes, from the earliest place there is | what was missed is looked up | log |
| UnreadableReplyError | - | yes, with back-off | pending again | log |
| LostClaimError | - | by its new holder | dropped quietly | log |
| StoreUnavailableError | 503 | yes, with back-off | unchanged | log |
| InvariantError | 500 | no | worker goes on with the next | log |

A duplicate, an unsupported event, an unknown account or an unmatched record is a counted result, not an error.
"""

from __future__ import annotations

from datetime import datetime


class ConnectorError(Exception):
    """Something went wrong in Coltiva."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (self.__doc__ or "").strip().splitlines()[0])


class SetupError(ConnectorError):
    """Coltiva cannot start as it is set up."""


class SettingsError(SetupError):
    """A setting is missing or has a value that cannot be used."""


class MappingError(SetupError):
    """The mapping files have mistakes; each is listed with file, line and column."""


class UnknownNameError(ConnectorError):
    """A command names something that is not there."""


class DeliveryError(ConnectorError):
    """A request was refused before anything of it was kept."""

    status = 400
    #: A short word for the JSON answer and for the counters.
    code = "refused"


class MalformedRequestError(DeliveryError):
    """The request is not of the form this endpoint takes."""

    status, code = 400, "malformed"


class SignatureError(DeliveryError):
    """The signature is missing, wrong, or outside its time window."""

    status, code = 401, "signature"


class UnknownAccountError(DeliveryError):
    """No workspace is connected to the account that the request names."""

    status, code = 403, "account"


class KeyRefusedError(DeliveryError):
    """The key is missing, unknown or revoked."""

    status, code = 401, "key"


class ReusedNameError(DeliveryError):
    """The idempotency key was used for another batch."""

    status, code = 409, "idempotency_key"


class UnreadableSignalsError(DeliveryError):
    """None of the signals can be read."""

    status, code = 422, "signals"


class UnknownEndpointError(DeliveryError):
    """There is no such endpoint."""

    status, code = 404, "not_found"


class OversizeError(DeliveryError):
    """The body is larger than a genuine delivery can be."""

    status, code = 413, "too_large"


class UnsupportedMediaError(DeliveryError):
    """The body is not of a media type this endpoint takes."""

    status, code = 415, "media_type"


class CrmError(ConnectorError):
    """A call to the CRM failed."""

    def __init__(
        self,
        message: str = "",
        *,
        operation: str = "",
        status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.operation = operation
        self.status = status
        #: The vendor's own id of the failed request, to quote to its support.
        self.request_id = request_id


class RetryableCrmError(CrmError):
    """The call failed and may succeed later."""

    def __init__(
        self,
        message: str = "",
        *,
        retry_at: datetime | None = None,
        operation: str = "",
        status: int | None = None,
        request_id: str | None = None,
        may_be_done: bool = True,
    ) -> None:
        super().__init__(message, operation=operation, status=status, request_id=request_id)
        #: When the CRM said to come back; None leaves it to our back-off.
        self.retry_at = retry_at
        #: Whether the CRM may have done all the same what it was asked for; False where it surely did nothing.
        self.may_be_done = may_be_done


class RateLimitedError(RetryableCrmError):
    """The CRM's rate limit is reached."""


class CrmUnavailableError(RetryableCrmError):
    """The CRM did not answer, or answered that it cannot serve now."""


class RejectedRecordError(CrmError):
    """The CRM refused this record for good."""


class CredentialsError(CrmError):
    """The CRM no longer accepts our credentials."""


class FeedRefusedError(CrmError):
    """The CRM does not let us read this feed."""


class PlaceLostError(CrmError):
    """What a CRM told since the place that we know is not kept any more."""


class UnreadableReplyError(CrmError):
    """The CRM answered something that we cannot read."""


class StoreError(ConnectorError):
    """The store could not do what was asked."""


class LostClaimError(StoreError):
    """Another worker took over what this one had claimed."""


class StoreUnavailableError(StoreError):
    """The database does not answer."""


class InvariantError(ConnectorError):
    """Coltiva broke a rule of its own: a defect."""
