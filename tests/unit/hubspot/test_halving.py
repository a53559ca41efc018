from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.crms.hubspot.errors import ErrorBody, ErrorDetail, RefusedCallError
from connector.crms.hubspot.halving import MAX_ATTEMPTS, Replies, write_in_halves
from connector.errors import CredentialsError, CrmUnavailableError
from connector.ports import RecordReply, ReplyState

RETRY_AT = datetime(2026, 11, 22, 10, tzinfo=UTC)


class Writer:
    """Writes batches; refuses any that holds a bad key, and fails for good after so many calls."""

    def __init__(self, bad: Sequence[str], *, fails_after: int = 1_000, error: Exception | None = None) -> None:
        self.bad = set(bad)
        self.written: list[str] = []
        self.calls = 0
        self.fails_after = fails_after
        self.error = error or CrmUnavailableError("gone", retry_at=RETRY_AT)

    def write(self, keys: Sequence[str]) -> Replies:
        self.calls += 1
        if self.calls > self.fails_after:
            raise self.error
        if self.bad.intersection(keys):
            raise refusal(ErrorBody(message="bad value", category="VALIDATION_ERROR"))
        self.written += keys
        return dict.fromkeys(keys, RecordReply(ReplyState.DONE))


def refusal(body: ErrorBody) -> RefusedCallError:
    return RefusedCallError(body, operation="POST /x", status=400, request_id="")


def write(keys: Sequence[str], writer: Writer) -> Replies:
    return write_in_halves(keys, writer.write, lambda key: ())


def keys(number: int) -> list[str]:
    return [str(one) for one in range(number)]


def states(replies: Replies) -> dict[ReplyState, set[str]]:
    return {state: {key for key, reply in replies.items() if reply.state is state} for state in ReplyState}


def test_one_bad_record_among_a_hundred_is_found_in_fifteen_calls() -> None:
    writer = Writer(bad=["37"])

    replies = write(keys(100), writer)

    assert states(replies)[ReplyState.REFUSED] == {"37"}
    assert replies["37"].words == "bad value"
    assert len(states(replies)[ReplyState.DONE]) == 99
    assert writer.calls <= 15


def test_a_batch_of_bad_records_costs_a_bounded_number_of_calls_and_settles_some() -> None:
    writer = Writer(bad=keys(100))

    replies = write(keys(100), writer)

    assert writer.calls == MAX_ATTEMPTS
    assert len(states(replies)[ReplyState.REFUSED]) > 20
    assert len(replies) == 100


def test_an_unknown_property_settles_all_that_have_it_at_once() -> None:
    detail = ErrorDetail(code="PROPERTY_DOESNT_EXIST", context={"propertyName": ["score"]})
    calls = []

    def refuse_score(group: Sequence[str]) -> Replies:
        calls.append(group)
        if any(int(key) % 2 for key in group):
            raise refusal(ErrorBody(message="no such property", errors=[detail]))
        return dict.fromkeys(group, RecordReply(ReplyState.DONE))

    replies = write_in_halves(keys(100), refuse_score, lambda key: ["score"] if int(key) % 2 else ["grade"])

    assert len(calls) == 2
    assert len(states(replies)[ReplyState.REFUSED]) == len(states(replies)[ReplyState.DONE]) == 50


def test_what_is_settled_stays_settled_when_hubspot_goes_away_half_way() -> None:
    writer = Writer(bad=["9"], fails_after=2)

    replies = write(keys(10), writer)

    assert states(replies)[ReplyState.DONE] == {"0", "1", "2", "3", "4"}
    assert states(replies)[ReplyState.LATER] == {"5", "6", "7", "8", "9"}
    assert replies["9"].retry_at == RETRY_AT


def test_a_failure_before_anything_is_settled_is_told_as_it_is() -> None:
    with pytest.raises(CrmUnavailableError):
        write(keys(10), Writer(bad=[], fails_after=0))


def test_refused_credentials_stop_everything() -> None:
    with pytest.raises(CredentialsError):
        write(keys(10), Writer(bad=["9"], fails_after=2, error=CredentialsError()))


@given(st.integers(1, 100), st.sets(st.integers(0, 99), max_size=4))
def test_every_record_gets_one_reply_and_none_is_written_twice(number: int, bad: set[int]) -> None:
    writer = Writer(bad=[str(one) for one in bad])

    replies = write(keys(number), writer)

    assert set(replies) == set(keys(number))
    assert states(replies)[ReplyState.REFUSED] == {str(one) for one in bad if one < number}
    assert sorted(writer.written) == sorted(states(replies)[ReplyState.DONE])
