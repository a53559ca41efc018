"""Faults that the sandbox brings about on request: by chance or by script, always repeatable."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from fnmatch import fnmatchcase


class ApiFault(StrEnum):
    """What may go wrong with an API call."""

    #: Answer with an error status instead of doing the call.
    STATUS = "status"
    #: Close the connection without doing the call.
    DROPPED_BEFORE = "dropped_before"
    #: Do the call, then close the connection: the answer is lost.
    DROPPED_AFTER = "dropped_after"
    #: Do the call, then answer with an error status all the same.
    STATUS_AFTER = "status_after"
    #: Answer late, in real time.
    SLOW = "slow"
    #: Do the first half of a batch, then answer with an error status.
    HALF_DONE = "half_done"


class WebhookFault(StrEnum):
    """What may go wrong with a webhook delivery."""

    DUPLICATED = "duplicated"
    LATE = "late"
    REORDERED = "reordered"


#: The name of every fault.
FAULTS = (*map(str, ApiFault), *map(str, WebhookFault))


def fault_kind(name: str) -> ApiFault | WebhookFault:
    """The kind of a name; raises ValueError for any other."""
    return WebhookFault(name) if name in set(WebhookFault) else ApiFault(name)


@dataclass(slots=True)
class Fault:
    """One kind of trouble, where it strikes, and how often."""

    kind: ApiFault | WebhookFault
    probability: float = 1.0
    #: How many times it strikes; None is for ever.
    times: int | None = None
    #: A shell pattern on the path of the call, such as `*/batch/update`.
    path: str = "*"
    method: str | None = None
    status: int = 500
    #: Seconds for the Retry-After header; None leaves it out.
    retry_after: int | None = None
    #: How late a slow answer (real time) or a webhook (portal time) comes.
    delay: timedelta = timedelta(0)
    struck: int = 0


class FaultBook:
    """The faults in force."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    @property
    def faults(self) -> list[Fault]:
        """Every fault that was added and not cleared, with how often it struck."""
        return list(self._faults)

    def add(self, fault: Fault) -> Fault:
        """Put a fault in force."""
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """End all faults."""
        with self._lock:
            self._faults.clear()

    def strikes_call(self, method: str, path: str) -> Fault | None:
        """The fault that this call meets, if any."""
        if not self._faults:
            return None
        with self._lock:
            for fault in self._faults:
                if isinstance(fault.kind, ApiFault) and _concerns(fault, method, path) and self._strikes(fault):
                    return fault
        return None

    def strikes_webhook(self, kind: WebhookFault) -> Fault | None:
        """The fault of this kind that a delivery meets, if any."""
        if not self._faults:
            return None
        with self._lock:
            return next((f for f in self._faults if f.kind is kind and self._strikes(f)), None)

    def _strikes(self, fault: Fault) -> bool:
        if fault.times is not None and fault.struck >= fault.times:
            return False
        if fault.probability < 1.0 and self._dice.random() >= fault.probability:
            return False
        fault.struck += 1
        return True


def _concerns(fault: Fault, method: str, path: str) -> bool:
    return (fault.method is None or fault.method == method) and fnmatchcase(path, fault.path)
