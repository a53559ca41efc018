"""Structured log lines: one JSON object an outcome, named noun and past verb (`change.settled`).

Lines carry ids and counts, never payloads, addresses or secrets. What slips in through the text of an error
is blotted out before the line is written.

Structlog is loaded by whoever first asks for the log, and without Rich, which it would load where it is installed: five
megabytes for tracebacks in colour that nobody sees in JSON.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from types import ModuleType
from typing import TYPE_CHECKING, Any, TextIO, cast

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger as Logger

#: Keys whose values never belong on a log line, whatever they hold.
_PRIVATE_KEYS = frozenset({"authorization", "body", "email", "payload", "password", "raw", "secret", "token", "value"})
_ADDRESS = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
_SECRET = re.compile(r"(?i)(?:://[^\s/@]+@|\bbearer\s+\S+|\bpat-[\w-]{8,}|\b(?:token|secret|password)=[^\s&\"']+)")


#: The least level to write, and where to if not to standard error.
_choice: tuple[str, TextIO | None] = ("info", None)


def configure(level: str = "info", stream: TextIO | None = None) -> None:
    """Write lines of this level and above to the stream or, by default, to standard error. Once a process."""
    global _choice
    _choice = (level, stream)
    if "structlog" in sys.modules:
        _configure(*_choice)


def get_logger() -> Logger:
    """The log. May be called before `configure`: a logger takes its settings when it is used."""
    structlog = _load()
    if not structlog.is_configured():
        _configure(*_choice)
    return cast("Logger", structlog.get_logger())


def _load() -> ModuleType:
    """Structlog. It does without Rich where Rich cannot be imported."""
    if "structlog" not in sys.modules and "rich" not in sys.modules:
        sys.modules["rich"] = None  # type: ignore[assignment]  # what the import system takes for: not there
        try:
            import structlog
        finally:
            del sys.modules["rich"]
    import structlog

    return structlog


def _configure(level: str, stream: TextIO | None) -> None:
    import structlog

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.format_exc_info,
            redact,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lambda *_: structlog.WriteLogger(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blot out private keys, and addresses and secrets inside any text."""
    for key, value in event.items():
        if key in _PRIVATE_KEYS:
            event[key] = "[private]"
        elif isinstance(value, str):
            event[key] = without_secrets(value)
    return event


def without_secrets(text: str) -> str:
    """The text with email addresses, tokens and passwords blotted out."""
    return _ADDRESS.sub("[address]", _SECRET.sub("[secret]", text))
