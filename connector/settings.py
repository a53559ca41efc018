"""Settings: the environment, read once and checked at once.

Everything that is wrong is said in one message, each with its remedy. docs/settings.md explains every setting to
people; a test compares the two.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from connector.clock import FileClock
from connector.errors import SettingsError

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_WEB_ADDRESS = re.compile(r"https?://(?:[^\s/?#\[\]@:]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?(?:[/?#]\S*)?")
_LOG_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says. Secrets stay out of its repr."""

    #: May hold a password.
    database_url: str = field(repr=False)
    #: Keys that seal tokens at rest, the newest first; empty: kept in a file beside the SQLite file.
    secret_key: str = field(repr=False)
    mappings: Path
    #: Where CRMs reach us, without a slash at its end; part of what they sign.
    public_url: str
    hubspot_client_secret: str = field(repr=False)
    hubspot_app_id: str
    hubspot_base_url: str
    #: Our app in Salesforce, and what proves that we are it.
    salesforce_client_id: str
    salesforce_client_secret: str = field(repr=False)
    salesforce_key_file: Path | None
    #: A simulated org; empty for Salesforce itself.
    salesforce_base_url: str
    #: Where orgs tell of changes, and on which channel.
    salesforce_pubsub: str
    salesforce_channel: str
    #: The header in which a proxy says which client certificate it checked; empty for no such check.
    salesforce_certificate_header: str
    #: Org -> what the header may say.
    salesforce_certificates: Mapping[str, Sequence[str]]
    #: From so many waiting records on they are written by a bulk job; 0 for never.
    salesforce_bulk_from: int
    host: str
    port: int
    lease_seconds: int
    #: How long an idle worker rests before it looks again.
    poll_milliseconds: int
    #: How often each feed of a CRM is asked for what is new.
    feed_seconds: int
    #: How often each account is asked which records changed, where it can be.
    reconcile_minutes: int
    #: Bodies of deliveries that were taken in are dropped after so many days.
    retention_days: int
    log_level: str
    #: Time is read from this file instead of the machine's clock.
    clock_file: Path | None

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is one file."""
        return self.database_url.startswith("sqlite")

    def value(self, name: str) -> Any:
        """What the setting of this name says. Raises KeyError where there is none of it."""
        return getattr(self, {each.name: each.attribute for each in SETTINGS}[name])

    @property
    def has_bus(self) -> bool:
        """Whether it is known where change events come from: those of a simulated org not from Salesforce's own bus."""
        return not self.salesforce_base_url or is_loopback(f"//{self.salesforce_pubsub}")

    @property
    def database_file(self) -> Path:
        """The SQLite file."""
        return Path(self.database_url.removeprefix("sqlite:///"))


@dataclass(frozen=True, slots=True)
class Setting:
    """One variable of the environment."""

    name: str
    attribute: str
    default: str
    #: Raises ValueError with a sentence that ends in the remedy.
    parse: Callable[[str], Any]
    #: Why it is needed, where a command cannot do without it.
    remedy: str = ""


def load_settings(
    environ: Mapping[str, str] = os.environ, *, required: Collection[str] = (), one_of: Sequence[str] = ()
) -> Settings:
    """The settings of this process; `required` names those that the caller cannot do without.

    Of those in `one_of`, where it names any, it needs one at least. Raises SettingsError that lists every mistake.
    """
    mistakes: list[str] = []
    values = {setting.attribute: _read(setting, environ, mistakes) for setting in SETTINGS}
    mistakes += (
        f"{setting.name} is not set. {setting.remedy}"
        for setting in SETTINGS
        if setting.name in required and not environ.get(setting.name, "").strip()
    )
    if one_of and not any(environ.get(name, "").strip() for name in one_of):
        mistakes.append(_tell_missing(one_of))
    _refuse(mistakes)
    values["public_url"] = values["public_url"] or _own_url(values["host"], values["port"])
    settings = Settings(**values)
    _refuse(_contradictions(settings))
    return settings


def _tell_missing(one_of: Sequence[str]) -> str:
    """That none of these is set, and what the first is for."""
    (first,) = (setting for setting in SETTINGS if setting.name == one_of[0])
    others = f" Or set {' or '.join(one_of[1:])} instead." if one_of[1:] else ""
    return f"{first.name} is not set. {first.remedy}{others}"


def _refuse(mistakes: Sequence[str]) -> None:
    if mistakes:
        raise SettingsError("\n".join(mistakes))


def _read(setting: Setting, environ: Mapping[str, str], mistakes: list[str]) -> Any:
    text = environ.get(setting.name, "").strip() or setting.default
    try:
        return setting.parse(text)
    except ValueError as error:
        mistakes.append(f"{setting.name}: {error}")
        return None


def _contradictions(settings: Settings) -> list[str]:
    found = []
    if not settings.is_sqlite and not settings.secret_key:
        found.append(
            "COLTIVA_SECRET_KEY is not set. With PostgreSQL every process needs the same key. Make one: "
            'python -c "import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())"'
        )
    if bool(settings.salesforce_certificate_header) != bool(settings.salesforce_certificates):
        found.append(
            "COLTIVA_SALESFORCE_CERTIFICATE_HEADER and COLTIVA_SALESFORCE_CERTIFICATES belong together. Set both, or "
            "neither: then outbound messages are taken from every connected org, without a client certificate."
        )
    if settings.clock_file and not is_loopback(settings.hubspot_base_url):
        found.append(
            "COLTIVA_CLOCK_FILE is for rehearsals against a sandbox on this machine only. Remove it, or point "
            "COLTIVA_HUBSPOT_BASE_URL at the sandbox."
        )
    elif settings.clock_file:
        found += _clock_problems(settings.clock_file)
    return found


def _clock_problems(file: Path) -> list[str]:
    try:
        FileClock(file).now()
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    except ValueError:
        problem = "does not hold a moment with its offset, such as 2026-10-19T06:00:00+00:00"
    else:
        return []
    remedy = f"Start the sandbox that keeps it, `coltiva sandbox --clock-file {file}`, or unset COLTIVA_CLOCK_FILE."
    return [f"COLTIVA_CLOCK_FILE: {file} {problem}. {remedy}"]


def is_loopback(url: str) -> bool:
    """Whether the URL leads to this very machine."""
    return urlsplit(url).hostname in _LOOPBACK


def _own_url(host: str, port: int) -> str:
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


# --- how each text is read ----------------------------------------------------------------------------------


def _parse_database(text: str) -> str:
    scheme, separator, rest = text.partition("://")
    if not separator or scheme.split("+")[0] not in ("sqlite", "postgresql", "postgres"):
        raise ValueError("not a database URL. Write sqlite:///coltiva.sqlite or postgresql://user:password@host/name.")
    if scheme == "sqlite" and (not rest.startswith("/") or rest in ("/", "/:memory:")):
        raise ValueError("SQLite needs a file, because two processes share it. Write sqlite:///coltiva.sqlite.")
    return f"postgresql://{rest}" if scheme == "postgres" else text


def _parse_keys(text: str) -> str:
    keys = [key.strip() for key in text.split(",") if key.strip()]
    for number, key in enumerate(keys, start=1):
        try:
            size = len(base64.b64decode(key, altchars=b"-_", validate=True))
        except ValueError:
            size = 0
        if size != 32:
            raise ValueError(f"key {number} of {len(keys)} is not 32 bytes in URL-safe base64 (44 characters).")
    return ",".join(keys)


def _parse_folder(text: str) -> Path:
    return Path(text).expanduser()


def _parse_optional_file(text: str) -> Path | None:
    return Path(text).expanduser() if text else None


def _parse_url(text: str) -> str:
    if not text:
        return ""
    if not _WEB_ADDRESS.fullmatch(text):
        raise ValueError(f"{text!r} is not a URL. Write it whole: https://nurture.example.com.")
    parts = urlsplit(text)
    if parts.query or parts.fragment:
        raise ValueError(f"take all from the ? or # off {text!r}.")
    if parts.scheme == "http" and not is_loopback(text):
        raise ValueError(f"{text!r} is not encrypted. Use https; plain http is for this machine only.")
    return text.rstrip("/")


def _parse_loopback(text: str) -> str:
    """Elsewhere than on this machine orgs say themselves where they are."""
    if text and not is_loopback(text):
        raise ValueError(f"{text!r} is not on this machine. It is for a simulated org; leave it empty for Salesforce.")
    return _parse_url(text)


def _parse_digits(text: str) -> str:
    if text and not (text.isascii() and text.isdigit()):
        raise ValueError(f"{text!r} is not a number. HubSpot shows the app id on the app's page.")
    return text


def _whole_number(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit()) or not least <= int(text) <= most:
            raise ValueError(f"{text!r} is not a whole number from {least} to {most}.")
        return int(text)

    return parse


def _parse_address(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not re.fullmatch(r"[A-Za-z0-9.-]+", host) or not (port.isascii() and port.isdigit()):
        raise ValueError(f"{text!r} is not a host and a port. Write it as api.pubsub.salesforce.com:7443.")
    return text


def _parse_channel(text: str) -> str:
    if not re.fullmatch(r"/data/\w+", text):
        raise ValueError(f"{text!r} is not a channel. Write it as /data/ChangeEvents or /data/coltiva__Coltiva__chn.")
    return text


def _parse_header(text: str) -> str:
    if text and not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", text):
        raise ValueError(f"{text!r} is not the name of a header. Write it as X-Client-Cert-Fingerprint.")
    return text


def _parse_certificates(text: str) -> Mapping[str, Sequence[str]]:
    """`org=certificate`, parted by semicolons: subjects hold commas and signs of equality of their own."""
    found: dict[str, list[str]] = {}
    for number, part in enumerate(filter(None, map(str.strip, text.split(";"))), start=1):
        org, _, certificate = map(str.strip, part.partition("="))
        if not re.fullmatch(r"00D[A-Za-z0-9]{15}", org) or not certificate:
            raise ValueError(f"part {number} is not an org's id of 18 characters, =, and what its certificate is.")
        found.setdefault(org, []).append(certificate)
    return found


def _parse_log_level(text: str) -> str:
    if text.lower() not in _LOG_LEVELS:
        raise ValueError(f"{text!r} is not a level. Choose one of {', '.join(_LOG_LEVELS)}.")
    return text.lower()


#: Every setting, in the order of docs/settings.md.
SETTINGS = (
    Setting("COLTIVA_DATABASE_URL", "database_url", "sqlite:///coltiva.sqlite", _parse_database),
    Setting("COLTIVA_SECRET_KEY", "secret_key", "", _parse_keys),
    Setting("COLTIVA_MAPPINGS", "mappings", "mappings/acme", _parse_folder),
    Setting("COLTIVA_PUBLIC_URL", "public_url", "", _parse_url),
    Setting(
        "COLTIVA_HUBSPOT_CLIENT_SECRET",
        "hubspot_client_secret",
        "",
        str,
        "Without it nobody can tell HubSpot's webhooks from forged ones. HubSpot shows it as the client secret on "
        "the app's Auth page.",
    ),
    Setting("COLTIVA_HUBSPOT_APP_ID", "hubspot_app_id", "", _parse_digits),
    Setting("COLTIVA_HUBSPOT_BASE_URL", "hubspot_base_url", "https://api.hubapi.com", _parse_url),
    Setting(
        "COLTIVA_SALESFORCE_CLIENT_ID",
        "salesforce_client_id",
        "",
        str,
        "Without it no Salesforce org lets us in. It is the consumer key of the External Client App.",
    ),
    Setting("COLTIVA_SALESFORCE_CLIENT_SECRET", "salesforce_client_secret", "", str),
    Setting("COLTIVA_SALESFORCE_KEY_FILE", "salesforce_key_file", "", _parse_optional_file),
    Setting("COLTIVA_SALESFORCE_BASE_URL", "salesforce_base_url", "", _parse_loopback),
    Setting("COLTIVA_SALESFORCE_PUBSUB", "salesforce_pubsub", "api.pubsub.salesforce.com:7443", _parse_address),
    Setting("COLTIVA_SALESFORCE_CHANNEL", "salesforce_channel", "/data/ChangeEvents", _parse_channel),
    Setting("COLTIVA_SALESFORCE_CERTIFICATE_HEADER", "salesforce_certificate_header", "", _parse_header),
    Setting("COLTIVA_SALESFORCE_CERTIFICATES", "salesforce_certificates", "", _parse_certificates),
    Setting("COLTIVA_SALESFORCE_BULK_FROM", "salesforce_bulk_from", "10000", _whole_number(0, 10_000_000)),
    Setting("COLTIVA_HOST", "host", "127.0.0.1", str),
    Setting("COLTIVA_PORT", "port", "8000", _whole_number(1, 65535)),
    Setting("COLTIVA_LEASE_SECONDS", "lease_seconds", "60", _whole_number(5, 3600)),
    Setting("COLTIVA_POLL_MILLISECONDS", "poll_milliseconds", "200", _whole_number(5, 10_000)),
    Setting("COLTIVA_FEED_SECONDS", "feed_seconds", "300", _whole_number(10, 86_400)),
    Setting("COLTIVA_RECONCILE_MINUTES", "reconcile_minutes", "15", _whole_number(1, 1_440)),
    Setting("COLTIVA_RETENTION_DAYS", "retention_days", "30", _whole_number(1, 3650)),
    Setting("COLTIVA_LOG_LEVEL", "log_level", "info", _parse_log_level),
    Setting("COLTIVA_CLOCK_FILE", "clock_file", "", _parse_optional_file),
)
