"""Apps that portals install: credentials, scopes, target URL and webhook subscriptions."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from itertools import count

from connector.sandbox.hubspot.happenings import Kind
from connector.sandbox.hubspot.refusals import invalid
from connector.sandbox.hubspot.vocabulary import CONTACT, DEAL, TYPES_BY_NAME, ObjectType

MAX_SUBSCRIPTIONS = 1_000
_FIRST_SUBSCRIPTION_ID = 7_562_001
#: HubSpot does not let these be subscribed to.
UNSUBSCRIBABLE = frozenset({"num_unique_conversion_events", "hs_lastmodifieddate"})

#: What a marketplace app of this kind asks for. HubSpot: Scopes.
DEFAULT_SCOPES = (
    "oauth",
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "crm.objects.companies.read",
    "crm.objects.companies.write",
    "crm.objects.deals.read",
    "crm.objects.deals.write",
    "crm.schemas.contacts.read",
    "crm.schemas.contacts.write",
    "crm.schemas.companies.read",
    "crm.schemas.companies.write",
    "crm.schemas.deals.read",
    "crm.schemas.deals.write",
    "crm.lists.read",
    "crm.lists.write",
    "crm.objects.owners.read",
    "content",
    "forms",
    "marketing-email",
    "transactional-email",
)

#: A broad choice of contact properties to hear of, as an app-wide subscription must be.
WATCHED_CONTACT_PROPERTIES = (
    "email",
    "firstname",
    "lastname",
    "company",
    "jobtitle",
    "phone",
    "city",
    "state",
    "country",
    "industry",
    "website",
    "numemployees",
    "annualrevenue",
    "message",
    "lifecyclestage",
    "hs_lead_status",
    "hubspot_owner_id",
    "hs_persona",
    "hs_timezone",
    "hs_email_optout",
    "hs_email_bounce",
    "hs_email_hard_bounce_reason_enum",
    "hs_email_last_send_date",
    "hs_email_last_open_date",
    "hs_email_last_click_date",
    "hs_email_last_reply_date",
    "hs_email_last_email_name",
    "hs_latest_source_timestamp",
    "hs_last_sales_activity_timestamp",
    "hs_last_sales_activity_type",
    "engagements_last_meeting_booked",
    "hs_latest_meeting_activity",
    "hs_analytics_last_url",
    "hs_analytics_last_timestamp",
    "hs_marketable_status",
    "hs_merged_object_ids",
)

#: The properties of deals that tell of purchases.
WATCHED_DEAL_PROPERTIES = ("amount", "closedate", "dealstage", "pipeline")


@dataclass(frozen=True, slots=True)
class Subscription:
    """One thing an app hears of, in the classic form (`contact.creation`) or the generic one (`object.creation`)."""

    id: int
    subscription_type: str
    object_type: ObjectType
    kind: Kind
    property_name: str | None = None

    @property
    def is_generic(self) -> bool:
        """Whether events carry `objectTypeId` and the other fields of the `object.*` form."""
        return self.subscription_type.startswith("object.")


@dataclass(slots=True)
class App:
    """One app of a developer; the same in every portal that installs it."""

    app_id: int = 50_780_459
    client_id: str = "sandbox-client-id"
    client_secret: str = "sandbox-client-secret"
    target_url: str | None = None
    scopes: tuple[str, ...] = DEFAULT_SCOPES
    redirect_urls: tuple[str, ...] = ()
    #: One POST may carry events of several portals. HubSpot does not say; expect it.
    mixes_portals: bool = True
    _by_subject: dict[tuple[Kind, str, str | None], list[Subscription]] = field(default_factory=dict)
    _watched: dict[str, set[str]] = field(default_factory=dict)
    _subscription_ids: count[int] = field(default_factory=lambda: count(_FIRST_SUBSCRIPTION_ID))

    @property
    def subscriptions(self) -> list[Subscription]:
        """All subscriptions, in the order they were made."""
        found = [one for subscribed in self._by_subject.values() for one in subscribed]
        return sorted(found, key=lambda one: one.id)

    def subscribe(
        self, subscription_type: str, *, property_name: str | None = None, object_type_id: str | None = None
    ) -> Subscription:
        """Hear of one more thing; `object_type_id` belongs to the `object.*` form. Refuses what HubSpot refuses."""
        prefix, _, kind_name = subscription_type.partition(".")
        object_type = TYPES_BY_NAME.get(object_type_id or "" if prefix == "object" else prefix)
        if object_type is None or kind_name not in list(Kind):
            raise invalid(f"{subscription_type} can not be subscribed to.")
        kind = Kind(kind_name)
        if (kind is Kind.PROPERTY_CHANGE) != (property_name is not None) or property_name in UNSUBSCRIBABLE:
            raise invalid(f"{subscription_type} can not be subscribed to with property {property_name}.")
        if len(self.subscriptions) >= MAX_SUBSCRIPTIONS:
            raise invalid(f"An app can have at most {MAX_SUBSCRIPTIONS} subscriptions.")
        made = Subscription(next(self._subscription_ids), subscription_type, object_type, kind, property_name)
        self._by_subject.setdefault((kind, object_type.type_id, property_name), []).append(made)
        if property_name is not None:
            self._watched.setdefault(object_type.type_id, set()).add(property_name)
        return made

    def subscribe_broadly(self, *, generic: bool = False, properties: Iterable[str] = ()) -> None:
        """The subscriptions that a nurturing app ships with: contacts and deals, by the classic or generic form."""
        self._subscribe_to(CONTACT, (*WATCHED_CONTACT_PROPERTIES, *properties), generic=generic)
        self.subscribe(f"{CONTACT.name}.{Kind.PRIVACY_DELETION}")
        self._subscribe_to(DEAL, WATCHED_DEAL_PROPERTIES, generic=generic)

    def _subscribe_to(self, object_type: ObjectType, properties: Iterable[str], *, generic: bool) -> None:
        prefix, type_id = ("object", object_type.type_id) if generic else (object_type.name, None)
        for kind in (Kind.CREATION, Kind.DELETION, Kind.MERGE, Kind.RESTORE, Kind.ASSOCIATION_CHANGE):
            self.subscribe(f"{prefix}.{kind}", object_type_id=type_id)
        for name in dict.fromkeys(properties):
            self.subscribe(f"{prefix}.{Kind.PROPERTY_CHANGE}", property_name=name, object_type_id=type_id)

    @property
    def is_generic(self) -> bool:
        """Whether it hears of contacts in the `object.*` form."""
        return any(subscription.is_generic for subscription in self.subscriptions)

    def subscribe_anew(self, *, generic: bool, properties: Iterable[str] = ()) -> None:
        """Subscribe broadly in this form instead of what there was; properties heard of before are kept."""
        kept = (*self.watched(CONTACT), *properties)
        self.unsubscribe_all()
        self.subscribe_broadly(generic=generic, properties=sorted(kept))

    def unsubscribe_all(self) -> None:
        """Hear of nothing."""
        self._by_subject.clear()
        self._watched.clear()

    def heard_by(self, kind: Kind, object_type: ObjectType, property_name: str | None = None) -> list[Subscription]:
        """The subscriptions that one happening concerns."""
        return self._by_subject.get((kind, object_type.type_id, property_name), [])

    def watched(self, object_type: ObjectType) -> Set[str]:
        """The properties of a type whose changes are heard of."""
        return self._watched.get(object_type.type_id, frozenset())
