"""From what happened to the events that a webhook carries. HubSpot: Webhooks API guide."""

from __future__ import annotations

import random
from typing import Any

from connector.sandbox.hubspot.apps import App, Subscription
from connector.sandbox.hubspot.happenings import Happening, Kind
from connector.sandbox.hubspot.vocabulary import milliseconds

#: Event ids come from a space so wide that they rarely meet, though HubSpot does not promise it.
_EVENT_IDS = 2**32
_CLASSIC_ASSOCIATION_FIELDS = (
    "associationType",
    "fromObjectId",
    "toObjectId",
    "associationRemoved",
    "isPrimaryAssociation",
)


def events_of(app: App, portal_id: int, happening: Happening, dice: random.Random) -> list[dict[str, Any]]:
    """One event for each subscription of the app that the happening concerns, without `attemptNumber`."""
    heard = app.heard_by(happening.kind, happening.object_type, happening.property_name)
    return [_event(app, portal_id, subscription, happening, dice) for subscription in heard]


def _event(
    app: App, portal_id: int, subscription: Subscription, happening: Happening, dice: random.Random
) -> dict[str, Any]:
    event: dict[str, Any] = {
        "eventId": dice.randrange(1, _EVENT_IDS),
        "subscriptionId": subscription.id,
        "portalId": portal_id,
        "appId": app.app_id,
        "occurredAt": milliseconds(happening.at),
        "subscriptionType": subscription.subscription_type,
    }
    association = happening.kind is Kind.ASSOCIATION_CHANGE
    if subscription.is_generic or not association:
        event["objectId"] = int(happening.object_id)
    if subscription.is_generic:
        event["objectTypeId"] = happening.object_type.type_id
    event.update(_details(subscription, happening))
    event["changeSource"] = str(happening.origin.source)
    if happening.origin.source_id is not None:
        event["sourceId"] = happening.origin.source_id
    return event


def _details(subscription: Subscription, happening: Happening) -> dict[str, Any]:
    details = happening.details
    if happening.kind is Kind.ASSOCIATION_CHANGE and not subscription.is_generic:
        return {key: details[key] for key in _CLASSIC_ASSOCIATION_FIELDS}
    if happening.kind is Kind.PROPERTY_CHANGE and subscription.is_generic:
        return {**details, "isSensitive": False}
    return details
