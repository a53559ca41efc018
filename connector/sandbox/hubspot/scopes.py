"""Which scopes each operation asks for. HubSpot: Scopes; each API's reference page.

Inner sets must be granted whole; any one of the outer list is enough.
"""

from __future__ import annotations

from connector.sandbox.hubspot.refusals import Category, RefusalError
from connector.sandbox.hubspot.tokens import Grant
from connector.sandbox.hubspot.vocabulary import TYPES_BY_NAME

AnyOf = tuple[frozenset[str], ...]

#: Tasks, notes and meetings are covered by the scopes of contacts.
_SCOPE_FAMILY = {"0-1": "contacts", "0-2": "companies", "0-3": "deals"}
_FAMILIES = ("contacts", "companies", "deals")
_MISSING = (
    "This app hasn't been granted all required scopes to make this call. "
    "Read more about required scopes here: https://developers.hubspot.com/scopes."
)


def _any(*scopes: str) -> AnyOf:
    return tuple(frozenset({scope}) for scope in scopes)


OAUTH = _any("oauth")
OWNERS = _any("crm.objects.owners.read")
LISTS_READ = _any("crm.lists.read")
LISTS_CREATE = _any("crm.lists.write", "cms.membership.access_groups.write")
LISTS_WRITE = (
    frozenset({"crm.lists.read", "crm.lists.write"}),
    frozenset({"crm.lists.read", "cms.membership.access_groups.write"}),
)
PROPERTIES_READ = _any(
    *(f"crm.objects.{family}.{right}" for family in _FAMILIES for right in ("read", "write")),
    *(f"crm.schemas.{family}.read" for family in _FAMILIES),
    "automation",
    "timeline",
)
ASSOCIATIONS = _any(*(f"crm.objects.{family}.{right}" for family in _FAMILIES for right in ("read", "write")))
FORMS = _any("forms")
CONTENT = _any("content")
TRANSACTIONAL_EMAIL = _any("transactional-email")
SINGLE_SEND = _any("marketing-email", "transactional-email")

#: Placeholders that depend on the object type of the path.
OBJECT_READ, OBJECT_WRITE, SCHEMA_WRITE = "object.read", "object.write", "schema.write"
Needed = AnyOf | str


def check(grant: Grant, needed: Needed, object_type: str | None) -> None:
    """Refuse with 403 when the portal did not grant what the operation asks for."""
    alternatives = _resolve(needed, object_type) if isinstance(needed, str) else needed
    if any(required <= grant.scopes for required in alternatives):
        return
    scopes = sorted({scope for required in alternatives for scope in required})
    detail = {
        "message": "One or more of the following scopes are required.",
        "context": {"requiredGranularScopes": scopes},
    }
    refusal = RefusalError(403, Category.MISSING_SCOPES, _MISSING, errors=[detail])
    refusal.body["links"] = {"scopes": "https://developers.hubspot.com/scopes"}
    raise refusal


def _resolve(needed: str, object_type: str | None) -> AnyOf:
    found = TYPES_BY_NAME.get(object_type or "")
    family = _SCOPE_FAMILY.get(found.type_id if found else "", "contacts")
    kind, _, right = needed.partition(".")
    return _any(f"crm.{kind}s.{family}.{right}")
