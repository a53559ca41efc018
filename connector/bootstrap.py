"""The one place that names concrete classes.

What is heavy is imported when it is first needed: the web process never loads a CRM's SDK, the mapping language or a
template engine, and `coltiva --help` loads nothing of this at all.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from connector.clock import Clock, FileClock, SystemClock
from connector.errors import SettingsError
from connector.ports import Endpoint, Store
from connector.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """What every process starts from."""

    settings: Settings
    clock: Clock
    store: Store
    endpoints: Mapping[str, Endpoint]


def open_services(settings: Settings) -> Services:
    """Open the database and register the endpoints. The schema is left as it is: `Store.migrate` brings it up to date."""
    from connector.crms import REGISTRY
    from connector.store.store import open_store

    return Services(
        settings=settings,
        clock=build_clock(settings),
        store=open_store(settings.database_url, sealing_keys(settings)),
        endpoints={},
    )


def build_clock(settings: Settings) -> Clock:
    """The machine's clock, or that of a rehearsal."""
    return FileClock(settings.clock_file) if settings.clock_file else SystemClock()


def sealing_keys(settings: Settings) -> str:
    """The keys that seal tokens, newest first.

    With SQLite they may be kept in a file beside the database, readable by its owner alone: it is made on the first
    run, and every later run, in whatever process, reads the same.
    """
    if settings.secret_key:
        return settings.secret_key
    path = settings.database_file.with_name(settings.database_file.name + ".key")
    try:
        return _read_keys(path) if path.exists() else _make_keys(path)
    except OSError as error:
        raise SettingsError(
            f"COLTIVA_SECRET_KEY is not set, and {path} can be neither read nor made: {error.strerror}."
        ) from error


def _read_keys(path: Path) -> str:
    return path.read_text("ascii").strip()


def _make_keys(path: Path) -> str:
    """Make the file whole or not at all; of two processes that start at once, both end with the same key."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(base64.urlsafe_b64encode(os.urandom(32)).decode() + "\n")
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass  # another process was faster: its key counts
    finally:
        draft.unlink()
    return _read_keys(path)
