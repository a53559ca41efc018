"""A door for orgs to knock at: the real Salesforce endpoints over a store that only remembers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from xml.sax.saxutils import escape

from connector.crms.salesforce import signature
from connector.crms.salesforce.events_inbox import SignedEvents
from connector.crms.salesforce.outbound import OutboundMessages
from connector.ports import Store
from tests.door import NOW, RememberingStore, StandingClock
from webhooks.door import Door
from webhooks.refusals import Refusals

ORG = "00D5e000001AbCdEAK"
OTHER_ORG = "00D5e000001AbCfEAK"
ANA = "00Q5e000008ZkM3EAK"
STAMP = "2026-11-21T10:00:00.000Z"
#: 32 bytes each, in base64.
SECRET = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
NEXT_SECRET = "YWJjZGVmZ2hpamFiY2RlZmdoaWphYmNkZWZnaGlqYWI="
OUTBOUND = "/webhooks/salesforce/outbound"
EVENTS = "/webhooks/salesforce/events"
XML = {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'}

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


def build_org_door(store: RememberingStore, **certificates: Any) -> Door:
    """A door that knows one org, which has two keys."""
    outbound = OutboundMessages(lambda org, now: org == ORG, **certificates)
    events = SignedEvents(lambda org, now: (SECRET, NEXT_SECRET) if org == ORG else ())
    as_store = cast(Store, store)
    refusals = Refusals(as_store, flush_seconds=3600)
    return Door({outbound.name: outbound, events.name: events}, as_store, StandingClock(), refusals)


def notification(record_id: str = ANA, sobject: str = "Lead", *, number: int = 1, **fields: str) -> str:
    """One notification. Without an id of a record it is that of a record that was deleted meanwhile."""
    shown = {"Id": record_id, **fields} if record_id else fields
    inner = "".join(f"<sf:{name}>{escape(value)}</sf:{name}>" for name, value in shown.items())
    return (
        f"<Notification><Id>04l5e00000Gx7Q{number:04}</Id>"
        f'<sObject xsi:type="sf:{sobject}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">{inner}</sObject>'
        "</Notification>"
    )


def message(*notifications: str, org: str = ORG, soap: str = _SOAP, prolog: str = "", head: str = "") -> bytes:
    """An outbound message."""
    inner = "".join(notifications or (notification(SystemModstamp=STAMP),))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{prolog}'
        f'<soapenv:Envelope xmlns:soapenv="{soap}" xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{head}<soapenv:Body>'
        '<notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
        f"<OrganizationId>{org}</OrganizationId><ActionId>04k5e000000CaRkAAK</ActionId>"
        '<SessionId xsi:nil="true"/><EnterpriseUrl>https://acme.my.salesforce.com</EnterpriseUrl>'
        f"<PartnerUrl>https://acme.my.salesforce.com</PartnerUrl>{inner}"
        "</notifications></soapenv:Body></soapenv:Envelope>"
    ).encode()


def told(change: str = "UPDATE", record_id: str = ANA, **more: Any) -> dict[str, Any]:
    """One event of an org's own code."""
    return {"object": "Lead", "id": record_id, "change": change, "systemModstamp": STAMP, **more}


def batch(*events: Mapping[str, Any], org: str = ORG, delivery: str = "d-1") -> bytes:
    """A body of events."""
    return json.dumps({"orgId": org, "deliveryId": delivery, "events": events or (told(),)}).encode()


def signed_by_org(
    body: bytes, *, org: str = ORG, delivery: str = "d-1", at: datetime = NOW, secret: str = SECRET
) -> dict[str, str]:
    """The headers of a genuine request."""
    stamp = str(int(at.timestamp()))
    return {
        "Content-Type": "application/json",
        "X-Coltiva-Org": org,
        "X-Coltiva-Timestamp": stamp,
        "X-Coltiva-Delivery": delivery,
        "X-Coltiva-Signature": signature.sign(secret, stamp, body),
    }


def without(headers: Mapping[str, str], *names: str) -> dict[str, str]:
    """The headers but for these."""
    return {name: value for name, value in headers.items() if name not in names}


def bodies(store: RememberingStore) -> Sequence[tuple[str, bytes]]:
    """What was kept, and for whom."""
    return [(delivery.endpoint, delivery.body) for delivery in store.kept]
