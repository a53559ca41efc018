"""The Salesforce package says what the rest of Coltiva says.

What Salesforce's own library says of it: tests/integration/test_sfdx_project.py, where Node.js is.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from connector.crms.salesforce import signature
from connector.crms.salesforce.events_inbox import SignedEvents
from connector.crms.salesforce.oauth import SCOPES
from connector.crms.salesforce.outbound import OutboundMessages
from connector.crms.salesforce.permissions import NEEDED
from connector.crms.salesforce.translate import KEY_FIELD, OBJECTS, PEOPLE
from connector.ports import EventKind
from tests.org_door import batch
from tests.sfdx_project import (
    DEFAULT,
    DEV_HUB,
    METADATA,
    PROJECT,
    ROOT,
    SOURCE,
    component,
    components,
    files,
    settings,
    texts,
)

NAMESPACE = "coltiva__"
MANUAL = ROOT / "docs" / "install-salesforce.md"
XML = [path for path in files(SOURCE, DEV_HUB) if path.suffix == ".xml"]
APEX = [path for path in files(SOURCE) if path.suffix in (".cls", ".trigger")]
#: A hint needs these; see the manual.
TOLD = ["CreatedDate", "Id", "LastModifiedById", "LastModifiedDate", "SystemModstamp"]
MOMENT = "2026-11-21T10:00:00.000Z"
#: What only a Salesforce org knows or may know.
SECRETS = re.compile(
    r"<(consumerKey|consumerSecret|certificate|oauthLink|orgScopedExternalApp|password|oauthToken|authorizationHeader)>"
    r"|[A-Za-z0-9+/]{42,}=|\b00D[A-Za-z0-9]{12}|-----BEGIN"
)


def packaged_fields(sobject: str) -> set[str]:
    """The fields on an object by the names under which they are read and written."""
    folder = DEFAULT / "objects" / sobject / "fields"
    return {NAMESPACE + path.name.removesuffix(".field-meta.xml") for path in folder.iterdir()}


def named_fields(*pages: Path) -> set[str]:
    """The packaged fields that pages or modules name."""
    return {name for page in pages for name in re.findall(r"coltiva__\w+__c\b", page.read_text("utf-8"))}


@pytest.mark.parametrize("path", XML, ids=lambda path: path.name)
def test_every_metadata_file_is_xml_in_salesforces_namespace(path: Path) -> None:
    root = ElementTree.parse(path).getroot()

    assert {element.tag.partition("}")[0] + "}" for element in root.iter()} == {METADATA}


@pytest.mark.parametrize("path", files(), ids=lambda path: path.name)
def test_the_package_holds_no_secret(path: Path) -> None:
    assert SECRETS.search(path.read_text("utf-8")) is None


def test_a_secret_in_the_package_would_be_seen() -> None:
    samples = ("<consumerSecret>x</consumerSecret>", "00D5e000001AbCdEAK", "MDEy" * 10 + "MDE=")

    assert all(SECRETS.search(sample) for sample in samples)


def test_the_project_makes_one_managed_package_of_our_namespace() -> None:
    project = settings()

    packages = [one for one in project["packageDirectories"] if "package" in one]
    assert [one["path"] for one in packages] == [SOURCE.name]
    assert f"{project['namespace']}__" == NAMESPACE
    assert re.fullmatch(r"\d+\.\d+\.\d+\.NEXT", packages[0]["versionNumber"])
    assert all((PROJECT / one["path"]).is_dir() for one in project["packageDirectories"])


def test_source_and_project_are_of_the_same_api_version() -> None:
    told = {text for path in XML for text in texts(ElementTree.parse(path).getroot(), "apiVersion")}
    told |= {text for _, one in components("workflow") for text in texts(one, "outboundMessages/apiVersion")}

    assert told == {settings()["sourceApiVersion"]}


def test_source_names_nothing_by_its_namespace() -> None:
    assert not named_fields(*XML, *APEX)


def test_leads_and_contacts_get_the_same_fields() -> None:
    assert packaged_fields("Lead") == packaged_fields("Contact")


def test_the_package_brings_every_field_that_the_adapter_and_the_manuals_name() -> None:
    pages = [*(ROOT / "docs").rglob("*.md"), *(ROOT / "connector" / "crms" / "salesforce").glob("*.py")]

    assert named_fields(*pages) <= packaged_fields("Lead") | packaged_fields("Activity")


def test_the_manual_names_every_field_that_the_package_brings() -> None:
    assert named_fields(MANUAL) == packaged_fields("Lead") | packaged_fields("Activity")


def test_a_tasks_key_is_a_unique_external_id() -> None:
    key = ElementTree.parse(DEFAULT / "objects" / "Activity" / "fields" / "Key__c.field-meta.xml").getroot()

    assert packaged_fields("Activity") == {KEY_FIELD}
    assert texts(key, "externalId") == texts(key, "unique") == ["true"]


def test_the_permission_set_grants_all_packaged_fields_and_nothing_else() -> None:
    grants = component("permissionset", "Coltiva_Integration")

    granted = set(texts(grants, "fieldPermissions/field"))
    packaged = {f"{sobject}.{name}" for sobject in PEOPLE for name in packaged_fields(sobject)} | {f"Task.{KEY_FIELD}"}
    assert {name.replace(".", f".{NAMESPACE}") for name in granted} == packaged
    assert set(texts(grants, "fieldPermissions/editable")) == {"true"}
    assert not grants.findall(f"{METADATA}objectPermissions")


@pytest.mark.parametrize("sobject", PEOPLE)
def test_a_flow_sends_the_outbound_message_of_its_object(sobject: str) -> None:
    flow = component("flow", f"Coltiva_{sobject}_Changed")
    message = component("workflow", sobject)

    assert texts(flow, "actionCalls/actionType") == ["outboundMessage"]
    assert texts(flow, "actionCalls/actionName") == [f"{sobject}.{texts(message, 'outboundMessages/fullName')[0]}"]
    assert texts(flow, "start/connector/targetReference") == texts(flow, "actionCalls/name")
    assert texts(flow, "start/object") == [sobject]
    assert texts(flow, "start/recordTriggerType") == ["CreateAndUpdate"]
    assert texts(flow, "start/triggerType") == ["RecordAfterSave"]
    assert texts(flow, "status") == ["Active"]


@pytest.mark.parametrize("sobject", PEOPLE)
def test_an_outbound_message_holds_what_a_hint_needs_and_goes_to_our_door(sobject: str) -> None:
    message = component("workflow", sobject)

    assert sorted(texts(message, "outboundMessages/fields")) == TOLD
    assert texts(message, "outboundMessages/includeSessionId") == ["false"]
    (url,) = texts(message, "outboundMessages/endpointUrl")
    assert url == f"https://nurture.example.com/webhooks/{OutboundMessages.name}"


def test_the_channel_has_every_object_that_is_read() -> None:
    members = list(components("platformEventChannelMember"))

    told = {texts(one, "selectedEntity")[0].removesuffix("ChangeEvent") for _, one in members}
    assert told == {*OBJECTS.values(), "OpportunityContactRole"}
    assert told <= {*NEEDED}
    assert {text for _, one in members for text in texts(one, "eventChannel")} == {"Coltiva__chn"}
    assert [name for name, _ in components("platformEventChannel")] == ["Coltiva__chn"]


@pytest.mark.parametrize("name", [name for name, _ in components("platformEventChannelMember")])
def test_a_channel_member_is_named_by_its_channel_and_entity(name: str) -> None:
    assert name == f"Coltiva_chn_{texts(component('platformEventChannelMember', name), 'selectedEntity')[0]}"


def test_the_app_asks_for_the_scopes_that_connecting_asks_for() -> None:
    (scopes,) = texts(component("ecaOauth", "Coltiva"), "commaSeparatedOauthScopes")

    named = {re.sub(r"(?<!^)(?=[A-Z])", "_", scope).lower() for scope in scopes.split(", ")}
    assert named == set(SCOPES)


def test_the_app_can_be_packaged_and_proves_itself_with_pkce_secret_and_rotating_tokens() -> None:
    app, oauth = component("eca", "Coltiva"), component("ecaGlblOauth", "Coltiva")

    assert texts(app, "distributionState") == ["Packageable"]
    assert texts(oauth, "isPkceRequired") == texts(oauth, "isRefreshTokenRotationEnabled") == ["true"]
    assert texts(oauth, "isConsumerSecretOptional") == ["false"]
    assert texts(oauth, "externalClientApplication") == ["Coltiva"]


def test_what_may_not_be_packaged_lies_outside_the_package() -> None:
    assert not [path for path in files(SOURCE) if "GlblOauth" in path.name]
    assert [path.name for path in files(DEV_HUB)] == ["Coltiva.ecaGlblOauth-meta.xml"]


def test_apex_signs_with_the_headers_of_our_door_and_no_other() -> None:
    code = (DEFAULT / "classes" / "EventDelivery.cls").read_text("utf-8")

    headers = {name.lower() for name in re.findall(r"'(X-[\w-]+)'", code)}
    assert headers == {
        signature.ORG_HEADER,
        signature.TIMESTAMP_HEADER,
        signature.DELIVERY_HEADER,
        signature.SIGNATURE_HEADER,
    }


@pytest.mark.parametrize(
    ("change", "more"),
    [
        ("DELETE", {}),
        ("DELETE", {"record": {"MasterRecordId": "00Q5e000008ZkM4EAK"}}),
        ("UNDELETE", {}),
        ("CONVERT", {"convertedContactId": "0035e00000QrStUAAV"}),
    ],
)
def test_our_door_understands_what_apex_tells(change: str, more: dict[str, Any]) -> None:
    code = (DEFAULT / "classes" / "RecordEvents.cls").read_text("utf-8")
    common = {"object": "Lead", "id": "00Q5e000008ZkM3EAK", "change": change, "systemModstamp": MOMENT}
    event = {**common, "lastModifiedById": "0055e000007UsErAAK", **more}

    parsed = SignedEvents(lambda org, now: ()).parse(batch(event))

    assert {f"'{word}'" for word in (change, *event)} <= {*re.findall(r"'\w+'", code)}
    assert parsed.events
    assert not parsed.unreadable
    assert EventKind.OTHER not in {one.kind for one in parsed.events}


def test_apex_tells_no_change_but_these() -> None:
    code = (DEFAULT / "classes" / "RecordEvents.cls").read_text("utf-8")

    assert {*re.findall(r"add\(\w+\.Id, '(\w+)'\)", code)} == {"DELETE", "UNDELETE", "CONVERT"}


def test_apex_calls_our_door_by_the_named_credential() -> None:
    code = (DEFAULT / "classes" / "EventDelivery.cls").read_text("utf-8")

    assert re.findall(r"'callout:(\w+)/webhooks/([\w/]+)'", code) == [("Coltiva", SignedEvents.name)]
    assert texts(component("namedCredential", "Coltiva"), "endpoint") == ["https://nurture.example.com"]


def test_the_signing_key_is_kept_where_only_the_package_sees_it() -> None:
    setting = component("object", "Signing__c")

    assert texts(setting, "visibility") == ["Protected"]
    assert texts(setting, "customSettingsType") == ["Hierarchy"]


@pytest.mark.parametrize("path", APEX, ids=lambda path: path.name)
def test_apex_keeps_to_sharing_and_has_its_metadata(path: Path) -> None:
    code = path.read_text("utf-8")

    assert path.with_name(f"{path.name}-meta.xml").is_file()
    assert path.suffix == ".trigger" or "with sharing class" in code or "@IsTest" in code


def test_the_package_stays_out_of_the_wheel() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]

    assert build["targets"]["wheel"]["exclude"] == [PROJECT.relative_to(ROOT).as_posix()]
