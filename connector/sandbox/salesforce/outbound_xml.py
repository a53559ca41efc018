"""The SOAP of outbound messages. Salesforce: SOAP API Developer Guide, "Outbound Messaging Notifications"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
OUTBOUND = "http://soap.sforce.com/2005/09/outbound"
_SOBJECT = "urn:sobject.enterprise.soap.sforce.com"
_XSD, _XSI = "http://www.w3.org/2001/XMLSchema", "http://www.w3.org/2001/XMLSchema-instance"
_ACK = f"{{{ENVELOPE}}}Body/{{{OUTBOUND}}}notificationsResponse/{{{OUTBOUND}}}Ack"


def write_message(
    *,
    org_id: str,
    action_id: str,
    instance_url: str,
    object_name: str,
    notifications: Iterable[tuple[str, Mapping[str, Any]]],
) -> bytes:
    """A message; each notification is its id and the record's values. What is empty is left out."""
    told = "".join(_notification(object_name, one, values) for one, values in notifications)
    soap = f"{instance_url}/services/Soap"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<soapenv:Envelope xmlns:soapenv="{ENVELOPE}" xmlns:xsd="{_XSD}" xmlns:xsi="{_XSI}">\n'
        f' <soapenv:Body>\n  <notifications xmlns="{OUTBOUND}">\n'
        f"   <OrganizationId>{org_id}</OrganizationId>\n   <ActionId>{action_id}</ActionId>\n"
        '   <SessionId xsi:nil="true"/>\n'
        f"   <EnterpriseUrl>{soap}/c/66.0/{org_id[:15]}</EnterpriseUrl>\n"
        f"   <PartnerUrl>{soap}/u/66.0/{org_id[:15]}</PartnerUrl>\n"
        f"{told}  </notifications>\n </soapenv:Body>\n</soapenv:Envelope>\n"
    ).encode()


def is_acknowledged(body: bytes) -> bool:
    """Whether an answer is exactly the acknowledgement; anything else means `send again`."""
    try:
        root = ElementTree.fromstring(body)  # expat refuses what stands before the XML declaration
    except ElementTree.ParseError:
        return False
    found = root.find(_ACK) if root.tag == f"{{{ENVELOPE}}}Envelope" else None
    return found is not None and (found.text or "").strip() in ("true", "1")


def _notification(object_name: str, notification_id: str, values: Mapping[str, Any]) -> str:
    names = ["Id", *sorted(name for name in values if name != "Id")]
    told = "".join(f"     <sf:{name}>{_text(values[name])}</sf:{name}>\n" for name in names if values[name] is not None)
    return (
        f"   <Notification>\n    <Id>{notification_id}</Id>\n"
        f'    <sObject xsi:type="sf:{object_name}" xmlns:sf="{_SOBJECT}">\n{told}'
        "    </sObject>\n   </Notification>\n"
    )


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = to_soap_text(value)
    return text if text.isalnum() else escape(text)


def to_soap_text(value: Any) -> str:
    """A stored value as SOAP and Apex write it: moments end with Z."""
    text = str(value)
    return f"{text[:-5]}Z" if text.endswith(".000+0000") else text
