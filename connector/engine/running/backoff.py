"""How long to wait before trying again: exponential, with full jitter, so that many who failed do not return as one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from tenacity import RetryCallState, Retrying, wait_random_exponential

#: From the number of failed attempts to the wait before the next one.
Backoff = Callable[[int], timedelta]

#: After an attempt at most 1 s, after the next at most 2 s, 4 s ... and never more than an hour.
_WAIT = wait_random_exponential(multiplier=1, max=3600)
_RETRYING = Retrying(wait=_WAIT)


def full_jitter(attempts: int) -> timedelta:
    """Any time up to a bound that doubles with each attempt, an hour at most."""
    state = RetryCallState(_RETRYING, fn=None, args=(), kwargs={})
    state.attempt_number = attempts
    return timedelta(milliseconds=round(_WAIT(state) * 1000))
