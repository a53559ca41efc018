"""What Salesforce's own library, source-deploy-retrieve, makes of the package.

It knows every type of metadata by folder and suffix, as `sf` does, which is made of it. A parser of Apex stands beside
it, for no compiler of Apex runs outside an org. `make sfdx` installs both; where they are not, these tests are skipped
with the reason, and fail instead when COLTIVA_REQUIRE_SFDX=1 (as in CI).
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from xml.etree import ElementTree

import pytest

from tests.sfdx_project import DEV_HUB, METADATA, PROJECT, ROOT, SOURCE, files

TOOLS = ROOT / "build" / "sfdx"
SCRIPTS = ROOT / "tests" / "sfdx"
#: Seconds; it takes two on an idle machine.
PATIENCE = 120
PUT_IN = {
    "COLTIVA_PACKAGE_HOST": "coltiva.test",
    "COLTIVA_PACKAGE_USER": "sender@coltiva.test",
    "COLTIVA_PACKAGE_CONTACT": "contact@coltiva.test",
}
PEOPLE_FIELDS = ("Phase__c", "Score_Band__c", "Score__c", "Why__c")
CHANGES = ("CampaignMember", "Contact", "Lead", "Opportunity", "OpportunityContactRole", "Task")
MANIFEST = {
    "ApexClass": {"EventDelivery", "RecordEvents", "RecordEventsTest", "SigningKey"},
    "ApexTrigger": {"ContactEvents", "LeadEvents"},
    "CustomField": {
        "Activity.Key__c",
        "Signing__c.Key__c",
        *(f"{sobject}.{name}" for sobject in ("Contact", "Lead") for name in PEOPLE_FIELDS),
    },
    "CustomNotificationType": {"Hot_Lead"},
    "CustomObject": {"Signing__c"},
    "ExternalClientApplication": {"Coltiva"},
    "ExtlClntAppOauthSettings": {"Coltiva"},
    "Flow": {"Coltiva_Contact_Changed", "Coltiva_Lead_Changed"},
    "NamedCredential": {"Coltiva"},
    "PermissionSet": {"Coltiva_Integration"},
    "PlatformEventChannel": {"Coltiva__chn"},
    "PlatformEventChannelMember": {f"Coltiva_chn_{name}ChangeEvent" for name in CHANGES},
    "Workflow": {"Contact", "Lead"},
    "WorkflowOutboundMessage": {"Contact.Coltiva_Contact", "Lead.Coltiva_Lead"},
}


@dataclass(frozen=True)
class Build:
    """What the library made of a folder."""

    components: list[dict[str, Any]]
    manifest: Mapping[str, set[str]]
    #: What a build would send, path -> text.
    sent: Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """What the library's script said."""

    code: int
    said: str
    problem: str


def refuse(reason: str) -> NoReturn:
    if os.environ.get("COLTIVA_REQUIRE_SFDX") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def run(script: str, *arguments: Path, project: Path, home: Path) -> Answer:
    """Run a script in a project. The library may leave files at home, so it gets another home."""
    node = shutil.which("node")
    if node is None:
        refuse("Node.js is not installed here")
    if not (TOOLS / ".installed").exists():
        refuse("source-deploy-retrieve is not installed here: run `make sfdx`")
    done = subprocess.run(
        [node, str(SCRIPTS / script), str(TOOLS), *map(str, arguments)],
        cwd=project,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "SF_DISABLE_LOG_FILE": "true", **PUT_IN},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


def ask(project: Path, source: Path, scratch: Path) -> Answer:
    return run("components.cjs", source, scratch / "sent.zip", project=project, home=scratch)


def syntax_problems(home: Path, *code: Path) -> dict[str, list[str]]:
    """File -> what a parser objects to."""
    answer = run("syntax.cjs", *code, project=PROJECT, home=home)
    assert answer.code == 0, answer.problem
    problems: dict[str, list[str]] = json.loads(answer.said)
    return problems


def build(source: Path, scratch: Path) -> Build:
    answer = ask(PROJECT, source, scratch)
    assert answer.code == 0, answer.problem
    found = json.loads(answer.said)
    with zipfile.ZipFile(io.BytesIO((scratch / "sent.zip").read_bytes())) as sent:
        told = {name: sent.read(name).decode() for name in sent.namelist() if not name.endswith("/")}
    return Build(found["components"], read_manifest(found["manifest"]), told)


def read_manifest(text: str) -> dict[str, set[str]]:
    """Type -> names, of a package.xml."""
    return {
        types.findtext(f"{METADATA}name", ""): {one.text or "" for one in types.findall(f"{METADATA}members")}
        for types in ElementTree.fromstring(text).findall(f"{METADATA}types")
    }


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return build(SOURCE, tmp_path_factory.mktemp("package"))


def test_every_file_of_the_package_belongs_to_a_component(package: Build) -> None:
    claimed = {PROJECT / name for component in package.components for name in component["files"]}

    assert claimed == set(files(SOURCE))


def test_the_manifest_holds_what_an_org_is_to_get(package: Build) -> None:
    assert package.manifest == MANIFEST


def test_a_build_puts_in_who_runs_coltiva_and_leaves_no_example(package: Build) -> None:
    everything = "\n".join(package.sent.values())

    assert all(value in everything for value in PUT_IN.values())
    assert "example.com" not in everything
    assert f"https://{PUT_IN['COLTIVA_PACKAGE_HOST']}/webhooks/" in package.sent["workflows/Lead.workflow"]


def test_the_settings_for_the_dev_hub_are_a_component_of_their_own(tmp_path: Path) -> None:
    hub = build(DEV_HUB, tmp_path)

    assert hub.manifest == {"ExtlClntAppGlobalOauthSettings": {"Coltiva"}}
    assert "example.com" not in "\n".join(hub.sent.values())


def test_a_file_with_a_suffix_that_salesforce_does_not_know_is_refused(tmp_path: Path) -> None:
    copy = shutil.copytree(PROJECT, tmp_path / "project")
    flows = copy / "force-app" / "main" / "default" / "flows"
    (flows / "Odd.flux-meta.xml").write_text("<Flux/>", encoding="utf-8")

    answer = ask(copy, copy / "force-app", tmp_path)

    assert answer.code == 1
    assert "Odd.flux-meta.xml" in answer.problem


def test_all_apex_is_well_formed(tmp_path: Path) -> None:
    code = [path for path in files(SOURCE) if path.suffix in (".cls", ".trigger")]

    problems = syntax_problems(tmp_path, *code)

    assert problems == {str(path): [] for path in code}


@pytest.mark.parametrize(
    ("name", "code"),
    [("Odd.cls", "public class Odd { void go() { return 1 } }"), ("Odd.trigger", "trigger Odd on Lead (after) {}")],
)
def test_malformed_apex_is_seen(tmp_path: Path, name: str, code: str) -> None:
    odd = tmp_path / name
    odd.write_text(code, encoding="utf-8")

    assert syntax_problems(tmp_path, odd)[str(odd)]
