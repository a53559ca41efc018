"""The bodies of the control API that HubSpot's sandbox takes beside those of every CRM."""

from __future__ import annotations

from typing import Literal

import msgspec

from connector.sandbox.commands import Command


class PortalCommand(Command):
    """A new portal."""

    name: str = "Example Ltd"
    time_zone: str = "Europe/Rome"


class AppCommand(Command):
    """Where an app hears, and of what."""

    target_url: str | None = None
    subscribe: Literal["classic", "generic", "none"] | None = None
    properties: tuple[str, ...] = ()
    mixes_portals: bool | None = None
    redirect_urls: tuple[str, ...] | None = None


class ConnectCommand(Command):
    """An installation; with `oauth` it ends in a refresh token, else in a token that does not run out."""

    app_id: int
    oauth: bool = False
    scopes: tuple[str, ...] | None = None
    token: str | None = None


class LimitsCommand(Command):
    """Rate limits; null switches one off."""

    max_calls: int | msgspec.UnsetType | None = msgspec.UNSET
    max_searches_per_second: int | msgspec.UnsetType | None = msgspec.UNSET
    tells_retry_after: bool | msgspec.UnsetType = msgspec.UNSET


class HabitsCommand(Command):
    """Behaviours that differ between portals."""

    partial_failure_status: int | msgspec.UnsetType = msgspec.UNSET
    unique_conflict_status: int | msgspec.UnsetType = msgspec.UNSET
    merge_gives_new_id: bool | msgspec.UnsetType = msgspec.UNSET
    merge_tells_deletions: bool | msgspec.UnsetType = msgspec.UNSET
    search_lag_seconds: float | msgspec.UnsetType = msgspec.UNSET
