"""What the control API of every simulated CRM does: its time and its faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import msgspec

from connector.sandbox.clock import SandboxClock
from connector.sandbox.commands import ClockCommand, FaultCommand, WrongCommandError, read_command
from connector.sandbox.faults import FAULTS, Fault, FaultBook, fault_kind

Json = dict[str, Any]


def move_clock(clock: SandboxClock, advance: Callable[[timedelta], None]) -> Json:
    """Set, advance or pace the CRM's time; advancing does what falls due on the way."""
    wanted = read_command(ClockCommand)
    if wanted.set is not None:
        clock.set(wanted.set)
    if wanted.advance_seconds is not None:
        advance(timedelta(seconds=wanted.advance_seconds))
    if wanted.rate is not None:
        clock.run_at(wanted.rate)
    return {"now": iso(clock), "rate": clock.rate}


def list_faults(faults: FaultBook) -> Json:
    """The faults in force."""
    return {"faults": [_fault_body(fault) for fault in faults.faults]}


def add_fault(faults: FaultBook) -> Json:
    """Put a fault in force."""
    wanted = msgspec.structs.asdict(read_command(FaultCommand))
    delay = timedelta(seconds=wanted.pop("delay_seconds"))
    name = wanted.pop("kind")
    try:
        kind = fault_kind(name)
    except ValueError:
        raise WrongCommandError(f"There is no fault {name}. Choose one of {', '.join(FAULTS)}.") from None
    return _fault_body(faults.add(Fault(kind, **wanted, delay=delay)))


def clear_faults(faults: FaultBook) -> Json:
    """End all faults."""
    faults.clear()
    return list_faults(faults)


def iso(clock: SandboxClock) -> str:
    """The CRM's time, as its JSON has moments."""
    return (
        clock.now().isoformat(timespec="milliseconds" if clock.now().microsecond else "seconds").replace("+00:00", "Z")
    )


def _fault_body(fault: Fault) -> Json:
    body = asdict(fault)
    body["delay_seconds"] = body.pop("delay").total_seconds()
    return body
