"""Links between records, kept in both directions. HubSpot: Associations API guide."""

from __future__ import annotations

from collections.abc import Callable

from connector.sandbox.hubspot.refusals import invalid
from connector.sandbox.hubspot.vocabulary import (
    DEFAULT_ASSOCIATIONS,
    OBJECT_TYPES,
    PRIMARY_ASSOCIATIONS,
    ObjectType,
    Origin,
)

#: Told of one side of a link: its type, its id, who did it, the wire details.
Announce = Callable[[ObjectType, str, Origin, dict[str, object]], None]

_TYPES = {t.type_id: t for t in OBJECT_TYPES}
_PRIMARY_TO_DEFAULT = {type_id: DEFAULT_ASSOCIATIONS[ends] for ends, type_id in PRIMARY_ASSOCIATIONS.items()}


def default_type(from_type: str, to_type: str) -> int:
    """The unlabelled association type between two object types; refuses a pair that has none."""
    found = DEFAULT_ASSOCIATIONS.get((from_type, to_type))
    if found is None:
        raise invalid(f"No association types exist between {from_type} and {to_type}")
    return found


def check_type(from_type: str, to_type: str, category: str, type_id: int) -> None:
    """Refuse a type that does not lead from the one object type to the other."""
    ends = (from_type, to_type)
    known = {DEFAULT_ASSOCIATIONS.get(ends), PRIMARY_ASSOCIATIONS.get(ends)}
    if category != "HUBSPOT_DEFINED" or type_id not in known:
        raise invalid(f"Association type {category} {type_id} doesn't exist between {from_type} and {to_type}")


def label_of(type_id: int) -> str | None:
    """The label that the API shows for a type."""
    return "Primary" if type_id in _PRIMARY_TO_DEFAULT else None


def target_of(from_type: str, type_id: int) -> str:
    """Where an association type leads to from an object type; refuses one that does not start there."""
    for table in (DEFAULT_ASSOCIATIONS, PRIMARY_ASSOCIATIONS):
        for (start, end), known in table.items():
            if start == from_type and known == type_id:
                return end
    raise invalid(f"Association type {type_id} doesn't exist from {from_type}")


class Associations:
    """All links of a portal."""

    def __init__(self, announce: Announce) -> None:
        self._announce = announce
        #: (from type, from id, to type) to the linked ids, each with its association types.
        self._links: dict[tuple[str, str, str], dict[str, set[int]]] = {}

    def linked(self, from_type: str, from_id: str, to_type: str) -> dict[str, set[int]]:
        """Ids linked to a record, with the types of each link."""
        return self._links.get((from_type, from_id, to_type), {})

    def link(self, from_type: str, from_id: str, to_type: str, to_id: str, type_id: int, origin: Origin) -> None:
        """Link two records; a primary link is an unlabelled one too. A second time changes nothing."""
        default, is_primary = _PRIMARY_TO_DEFAULT.get(type_id, type_id), type_id in _PRIMARY_TO_DEFAULT
        for one in (default, type_id) if is_primary else (type_id,):
            inverse = _inverse(from_type, to_type, one)
            types = self._links.setdefault((from_type, from_id, to_type), {}).setdefault(to_id, set())
            if one in types:
                continue
            types.add(one)
            self._links.setdefault((to_type, to_id, from_type), {}).setdefault(from_id, set()).add(inverse)
            self._tell(from_type, from_id, to_type, to_id, one, origin, removed=False)
            self._tell(to_type, to_id, from_type, from_id, inverse, origin, removed=False)

    def unlink(self, from_type: str, from_id: str, to_type: str, to_id: str, origin: Origin) -> None:
        """Take every link between two records away."""
        types = self._links.get((from_type, from_id, to_type), {}).pop(to_id, set())
        self._links.get((to_type, to_id, from_type), {}).pop(from_id, None)
        for one in sorted(types):
            inverse = _inverse(from_type, to_type, one)
            self._tell(from_type, from_id, to_type, to_id, one, origin, removed=True)
            self._tell(to_type, to_id, from_type, from_id, inverse, origin, removed=True)

    def forget(self, type_id: str, record_id: str) -> None:
        """Drop the links of an erased record without telling."""
        for other in _TYPES:
            for linked_id in self._links.pop((type_id, record_id, other), {}):
                self._links.get((other, linked_id, type_id), {}).pop(record_id, None)

    def move(self, type_id: str, old_id: str, new_id: str) -> None:
        """Give the links of a merged-away record to the survivor."""
        if old_id == new_id:
            return
        for other in _TYPES:
            for linked_id, types in self._links.pop((type_id, old_id, other), {}).items():
                self._links.setdefault((type_id, new_id, other), {}).setdefault(linked_id, set()).update(types)
                back = self._links[(other, linked_id, type_id)]
                back.setdefault(new_id, set()).update(back.pop(old_id, set()))

    def _tell(
        self, from_type: str, from_id: str, to_type: str, to_id: str, type_id: int, origin: Origin, *, removed: bool
    ) -> None:
        first, second = _TYPES[from_type], _TYPES[to_type]
        details: dict[str, object] = {
            "associationType": f"{first.name}_to_{second.name}".upper(),
            "associationCategory": "HUBSPOT_DEFINED",
            "associationTypeId": type_id,
            "fromObjectId": int(from_id),
            "toObjectId": int(to_id),
            "fromObjectTypeId": from_type,
            "toObjectTypeId": to_type,
            "associationRemoved": removed,
            "isPrimaryAssociation": type_id in _PRIMARY_TO_DEFAULT,
        }
        self._announce(first, from_id, origin, details)


def _inverse(from_type: str, to_type: str, type_id: int) -> int:
    table = PRIMARY_ASSOCIATIONS if type_id in _PRIMARY_TO_DEFAULT else DEFAULT_ASSOCIATIONS
    return table[(to_type, from_type)]
