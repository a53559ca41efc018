"""The mapping files beside what a connected CRM account has."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connector.errors import CrmError, SetupError

if TYPE_CHECKING:
    from connector.bootstrap import Services
    from connector.domain.definitions import Definitions
    from connector.ports import Catalog, Connection


def fetch_catalog(services: Services, asked_for: str, definitions: Definitions | None) -> Catalog:
    """What the account of a connection has, and whether it offers what these definitions ask for.

    Raises SetupError with what to do, or with what the CRM said.
    """
    from connector.mapping.against_catalog import has_alerts

    connection = _find(services, asked_for)
    try:
        account = services.open_account(connection)
        feeds = {feed.feed for feed in definitions.feeds} if definitions else set()
        deals = account.fetch_deal_catalog() if definitions and definitions.deals else None
        owners = account.fetch_owners() if definitions and definitions.sales.teams else None
        alerts = account.fetch_alerts() if definitions and has_alerts(definitions) else None
        found = replace(account.fetch_catalog(), feeds=account.try_feeds(feeds))
        return replace(found, deals=deals, owners=owners, alerts=alerts)
    except CrmError as error:
        raise SetupError(f"The properties of {connection.id} could not be read. {error}") from error


def _find(services: Services, asked_for: str) -> Connection:
    """The connection of this id, or the only one to this CRM."""
    from connector.cli.opening import all_connections

    known = all_connections(services)
    found = [one for one in known if asked_for in (one.id, one.crm)]
    if len(found) > 1:
        raise SetupError(f"There are several connections; choose one: {', '.join(one.id for one in found)}.")
    if not found:
        raise SetupError(
            f"There is no connection {asked_for}. Known: {', '.join(one.id for one in known) or 'none yet'}."
        )
    return found[0]
