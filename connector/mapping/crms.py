"""The CRMs of the mapping language: each is a key in the sections that speak of it, and its folder says how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from pydantic import BaseModel, create_model

from connector.crms import REGISTRY
from connector.crms.manifest import CrmManifest, MappingWords

#: The CRMs that mapping files can name, in the order in which they are looked at.
CRMS: Final = tuple(REGISTRY)
LABELS: Final[Mapping[str, str]] = {name: crm.label for name, crm in REGISTRY.items()}
WORDS: Final[Mapping[str, MappingWords]] = {name: crm.words for name, crm in REGISTRY.items()}

if TYPE_CHECKING:
    CrmName = str
else:
    CrmName = Literal[CRMS]

_Entry = TypeVar("_Entry", bound=BaseModel)


def with_crms(to_key: Callable[[CrmManifest], tuple[Any, Any]]) -> Callable[[type[_Entry]], type[_Entry]]:
    """Gives the model that it decorates a key for each CRM: `to_key` makes its type and field."""

    def extend(entry: type[_Entry]) -> type[_Entry]:
        keys: dict[str, Any] = {crm.name: to_key(crm) for crm in REGISTRY.values()}
        return create_model(entry.__name__, __base__=entry, __module__=entry.__module__, __doc__=entry.__doc__, **keys)

    return extend
