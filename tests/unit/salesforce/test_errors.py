"""What Salesforce refused is said in its own words, and with what they mean."""

from __future__ import annotations

import msgspec
import pytest

from connector.crms.salesforce.errors import ErrorDetail, to_reply
from connector.ports import ReplyState

MATCH = {"matchResults": [{"matchRecords": [{"record": {"Id": "00Q5e000008ZkM3EAK"}}]}]}


def reply_to(**error: object) -> tuple[ReplyState, str]:
    detail = msgspec.convert({"fields": [], **error}, ErrorDetail)
    reply = to_reply([detail])
    return reply.state, reply.words


def test_a_locked_row_is_tried_again() -> None:
    state, words = reply_to(statusCode="UNABLE_TO_LOCK_ROW", message="unable to obtain exclusive access")

    assert state is ReplyState.LATER
    assert "unable to obtain exclusive access" in words


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "A validation rule of the org refused it: Call me first [Phone]"),
        ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "A trigger or flow of the org failed: Call me first [Phone]"),
        ("SOMETHING_NEW", "SOMETHING_NEW: Call me first [Phone]"),
    ],
)
def test_a_refusal_says_who_refused_and_in_which_words(code: str, told: str) -> None:
    assert reply_to(statusCode=code, message="Call me first", fields=["Phone"]) == (
        ReplyState.REFUSED,
        f"{told} ({code})",
    )


@pytest.mark.parametrize("key", ["duplicateResult", "duplicateResut"])
def test_a_duplicate_rule_names_the_record_that_is_there(key: str) -> None:
    _, words = reply_to(statusCode="DUPLICATES_DETECTED", message="Use one of these records?", **{key: MATCH})

    assert words == (
        "A duplicate rule of the org refused it: Use one of these records? (00Q5e000008ZkM3EAK) (DUPLICATES_DETECTED)"
    )


@pytest.mark.parametrize("odd", [{}, {"matchResults": []}, {"matchResults": [{"matchRecords": None}]}])
def test_a_duplicate_that_is_not_told_is_no_trouble(odd: dict[str, object]) -> None:
    state, _ = reply_to(statusCode="DUPLICATES_DETECTED", message="?", duplicateResult=odd)

    assert state is ReplyState.REFUSED


def test_a_failure_without_a_reason_is_a_refusal_all_the_same() -> None:
    reply = to_reply([])

    assert (reply.state, reply.words) == (ReplyState.REFUSED, "Salesforce gave no reason.")
