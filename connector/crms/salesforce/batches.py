"""Batches of records, with what became of each. REST API: sObject Collections.

An answer says for each record, in the order of the request, whether it was saved. A whole batch is refused only for
what we should not have sent; it is then written in halves, so that one bad record spoils no other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connector.crms.salesforce.client import SalesforceClient
from connector.crms.salesforce.errors import ErrorDetail, RefusedCallError, to_reply
from connector.crms.salesforce.replies import SaveResult, read
from connector.crms.salesforce.translate import to_long_id
from connector.errors import RetryableCrmError, UnreadableReplyError
from connector.ports import RecordReply, ReplyState

#: REST API: sObject Collections, at most 200 records. Of several objects, one after the other: at most ten turns.
MAX_RECORDS: Final = 200
#: Enough to find two bad records among two hundred; what is not reached comes again with the next batch.
_MAX_CALLS: Final = 24
#: What is wrong with the object, the user or the org, and not with a record.
_OF_ALL: Final = frozenset(
    {"INVALID_TYPE", "INSUFFICIENT_ACCESS_OR_READONLY", "LIMIT_EXCEEDED", "STORAGE_LIMIT_EXCEEDED"}
)

Replies = dict[str, RecordReply]
_DONE: Final = RecordReply(ReplyState.DONE)
_UNREACHED: Final = RecordReply(ReplyState.LATER, "Other records of its batch were refused first.")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one record."""

    reply: RecordReply
    errors: Sequence[ErrorDetail] = ()

    @property
    def verdict(self) -> RecordReply:
        """The reply where nothing was to be made: without an id."""
        return _DONE if self.reply.state is ReplyState.DONE else self.reply

    def has(self, *codes: str) -> bool:
        """Whether it failed for one of these reasons."""
        return any(error.code in codes for error in self.errors)


def save(client: SalesforceClient, method: str, path: str, records: Mapping[str, Any]) -> dict[str, Outcome]:
    """Send records, by any key, in as many calls as they need; one outcome a key, in any order.

    When Salesforce becomes unavailable half-way, what was reached is told and the rest is to come later.
    """
    keys = list(records)
    waiting = [keys[start : start + MAX_RECORDS] for start in range(0, len(keys), MAX_RECORDS)]
    most = len(waiting) + _MAX_CALLS
    outcomes: dict[str, Outcome] = {}
    for _ in range(most):
        if not waiting:
            break
        group = waiting.pop()
        try:
            outcomes |= _send(client, method, path, {key: records[key] for key in group})
        except RefusedCallError as refusal:
            if len(group) == 1 or _concerns_all(refusal):
                outcomes |= _answer_all([group], RecordReply(ReplyState.REFUSED, refusal.words))
            else:
                middle = len(group) // 2
                waiting += [group[middle:], group[:middle]]
        except RetryableCrmError as error:
            if not outcomes:
                raise
            later = RecordReply(ReplyState.LATER, str(error), retry_at=error.retry_at)
            return outcomes | _answer_all([group, *waiting], later)
    return outcomes | _answer_all(waiting, _UNREACHED)


def _concerns_all(refusal: RefusedCallError) -> bool:
    """Whether any other records would be refused likewise."""
    return refusal.status != 400 or refusal.code in _OF_ALL


def _answer_all(groups: Sequence[Sequence[str]], reply: RecordReply) -> dict[str, Outcome]:
    return {key: Outcome(reply) for group in groups for key in group}


def _send(client: SalesforceClient, method: str, path: str, records: Mapping[str, Any]) -> dict[str, Outcome]:
    answer = client.send(method, path, {"allOrNone": False, "records": list(records.values())})
    return to_outcomes(list(records), answer)


def to_outcomes(keys: Sequence[str], answer: bytes) -> dict[str, Outcome]:
    """What an answer says of the records of a request, in its order."""
    results = read(answer, list[SaveResult])
    if len(results) != len(keys):
        raise UnreadableReplyError(f"Salesforce answered for {len(results)} records of {len(keys)}.")
    return {key: _to_outcome(result) for key, result in zip(keys, results, strict=True)}


def _to_outcome(result: SaveResult) -> Outcome:
    if result.success:
        return Outcome(RecordReply(ReplyState.DONE, remote_id=to_long_id(result.id or "")))
    return Outcome(to_reply(result.errors), result.errors)
