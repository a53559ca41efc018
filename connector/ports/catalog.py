"""What a CRM account has: the properties of the records that leads are made of."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from connector.domain.field import FieldType
from connector.ports.crm import Crm


@dataclass(frozen=True, slots=True)
class CrmProperty:
    """One property, in our words."""

    name: str
    #: As a field would hold it.
    type: FieldType
    #: The values that it may have; empty where that is not limited or not known.
    options: tuple[str, ...] = ()
    #: Whether we may set it.
    is_writable: bool = True
    #: Whether its changes are told; the CRM may keep those to itself that it calculates.
    is_told: bool = True


@dataclass(frozen=True, slots=True)
class DealCatalog:
    """What an account says of deals."""

    properties: Mapping[str, CrmProperty] = field(default_factory=dict)
    #: Pipeline -> its stages -> what people call them; all by the CRM's own names.
    pipelines: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    #: Why deals cannot be read; empty where they can.
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Catalog:
    """All the properties that an account has."""

    #: As in mapping files.
    crm: str
    #: As people write it.
    label: str
    properties: Mapping[str, CrmProperty]
    #: Feed that was tried -> why the account does not offer it; empty where it does.
    feeds: Mapping[str, str] = field(default_factory=dict)
    #: None: it was not asked.
    deals: DealCatalog | None = None
    #: Owner id -> the owner's address; None: it was not asked, or may not be.
    owners: Mapping[str, str] | None = None
    #: The alerts that the account knows, by name; None: it was not asked, or may not be.
    alerts: Collection[str] | None = None


class CatalogReader(Protocol):
    """A connected CRM account that can be asked what it has."""

    def fetch_catalog(self) -> Catalog:
        """Read the definitions of all properties, in one call. Changes nothing.

        Raises RetryableCrmError, CredentialsError or UnreadableReplyError, and CrmError where the account does not
        let us read them.
        """
        ...

    def fetch_deal_catalog(self) -> DealCatalog:
        """Read the definitions of deals' properties, and the pipelines. Changes nothing."""
        ...

    def fetch_owners(self) -> Mapping[str, str] | None:
        """Owner id -> address of everybody who may own records; None where that may not be known. Changes nothing."""
        ...

    def fetch_alerts(self) -> Collection[str] | None:
        """The alerts that it knows, by name; None where there are none, or they may not be known. Changes nothing."""
        ...

    def try_feeds(self, names: Collection[str]) -> Mapping[str, str]:
        """Feed -> why the account does not offer it, empty where it does. Changes nothing."""
        ...


class CrmAccount(Crm, CatalogReader, Protocol):
    """A connected CRM account, for all that it is asked."""
