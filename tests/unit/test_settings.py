from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from connector.errors import SettingsError
from connector.settings import SETTINGS, Settings, load_settings
from tests.org_door import ORG, OTHER_ORG

DOCUMENT = Path(__file__).parents[2] / "docs" / "settings.md"
KEY = base64.urlsafe_b64encode(bytes(32)).decode()
SANDBOX = {"COLTIVA_HUBSPOT_BASE_URL": "http://127.0.0.1:9000"}


def mistakes(environ: dict[str, str], *required: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_settings(environ, required=required)
    return str(caught.value).splitlines()


def test_an_empty_environment_is_enough_to_look_around() -> None:
    settings = load_settings({})

    assert settings.is_sqlite
    assert settings.database_file == Path("coltiva.sqlite")
    assert settings.public_url == "http://127.0.0.1:8000"


def test_a_setting_that_is_only_spaces_counts_as_not_set() -> None:
    assert load_settings({"COLTIVA_PORT": "  "}).port == 8000


@pytest.mark.parametrize(
    ("host", "url"), [("0.0.0.0", "http://127.0.0.1:9"), ("::1", "http://[::1]:9"), ("here", "http://here:9")]
)
def test_without_a_public_url_we_are_reached_where_we_listen(host: str, url: str) -> None:
    assert load_settings({"COLTIVA_HOST": host, "COLTIVA_PORT": "9"}).public_url == url


WRONG = {
    "COLTIVA_DATABASE_URL": ["mysql://x", "coltiva.sqlite", "sqlite://", "sqlite:///", "sqlite:///:memory:"],
    "COLTIVA_SECRET_KEY": ["short", KEY + ",short", "é" * 44, KEY[:-2]],
    "COLTIVA_PUBLIC_URL": [
        "nurture.example.com",
        "http://nurture.example.com",
        "https://a.example.com/?q=1",
        "https://me:secret@a.example.com",
        "https://[",
        "https://a.example.com:port",
    ],
    "COLTIVA_HUBSPOT_APP_ID": ["my app", "١٢"],
    "COLTIVA_HUBSPOT_BASE_URL": ["ftp://api.example.com", "http://api.example.com"],
    "COLTIVA_SALESFORCE_CERTIFICATE_HEADER": ["X Cert", "X-Cert:", "-"],
    "COLTIVA_SALESFORCE_CERTIFICATES": ["3f5a", f"{ORG[:15]}=3f5a", f"{ORG}=", f"{ORG}=3f5a;;x"],
    "COLTIVA_PORT": ["0", "65536", "eighty", "-1", "8e3"],
    "COLTIVA_LEASE_SECONDS": ["1", "3601"],
    "COLTIVA_RETENTION_DAYS": ["0"],
    "COLTIVA_LOG_LEVEL": ["loud"],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in WRONG.items() for text in texts])
def test_a_value_that_cannot_be_used_is_named_with_a_sentence(name: str, text: str) -> None:
    (mistake,) = mistakes({name: text, "COLTIVA_SECRET_KEY": KEY} if name != "COLTIVA_SECRET_KEY" else {name: text})

    assert mistake.startswith(f"{name}: ")
    assert mistake.endswith(".")


def test_all_mistakes_are_told_at_once() -> None:
    found = mistakes(
        {"COLTIVA_PORT": "x", "COLTIVA_LOG_LEVEL": "y", "COLTIVA_PUBLIC_URL": "z"}, "COLTIVA_HUBSPOT_CLIENT_SECRET"
    )

    assert [re.split("[: ]", line)[0] for line in found] == [
        "COLTIVA_PUBLIC_URL",
        "COLTIVA_PORT",
        "COLTIVA_LOG_LEVEL",
        "COLTIVA_HUBSPOT_CLIENT_SECRET",
    ]


def test_a_required_setting_that_is_missing_is_asked_for_with_its_reason() -> None:
    (mistake,) = mistakes({}, "COLTIVA_HUBSPOT_CLIENT_SECRET")

    assert "forged" in mistake


def test_postgresql_needs_a_key_that_all_processes_share() -> None:
    (mistake,) = mistakes({"COLTIVA_DATABASE_URL": "postgresql://db.example.com/coltiva"})

    assert mistake.startswith("COLTIVA_SECRET_KEY is not set.")


def test_time_cannot_be_forged_while_we_talk_to_a_real_crm(tmp_path: Path) -> None:
    environ = {"COLTIVA_CLOCK_FILE": str(tmp_path / "now.txt")}
    (tmp_path / "now.txt").write_text("2026-10-19T06:00:00+00:00\n", "ascii")

    (mistake,) = mistakes(environ)

    assert mistake.startswith("COLTIVA_CLOCK_FILE is for rehearsals")
    assert load_settings({**environ, **SANDBOX}).clock_file == tmp_path / "now.txt"


@pytest.mark.parametrize("text", [None, "", "noon", "2026-10-19T06:00:00"])
def test_a_clock_file_that_tells_no_time_is_refused_with_the_remedy(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "now.txt"
    if text is not None:
        file.write_text(text, "ascii")

    (mistake,) = mistakes({"COLTIVA_CLOCK_FILE": str(file), **SANDBOX})

    assert mistake.startswith(f"COLTIVA_CLOCK_FILE: {file} ")
    assert f"coltiva sandbox --clock-file {file}" in mistake


def test_several_keys_may_be_given_so_that_they_can_be_rotated() -> None:
    assert load_settings({"COLTIVA_SECRET_KEY": f"{KEY}, {KEY}"}).secret_key == f"{KEY},{KEY}"


def test_certificates_are_listed_org_by_org_in_whatever_words_a_proxy_has() -> None:
    listed = f"{ORG} = CN=acme, O=Acme ;{ORG}=3f5a;{OTHER_ORG}=77;"
    environ = {"COLTIVA_SALESFORCE_CERTIFICATE_HEADER": "X-Cert", "COLTIVA_SALESFORCE_CERTIFICATES": listed}

    settings = load_settings(environ)

    assert settings.salesforce_certificate_header == "X-Cert"
    assert settings.salesforce_certificates == {ORG: ["CN=acme, O=Acme", "3f5a"], OTHER_ORG: ["77"]}


@pytest.mark.parametrize(
    ("name", "text"),
    [("COLTIVA_SALESFORCE_CERTIFICATE_HEADER", "X-Cert"), ("COLTIVA_SALESFORCE_CERTIFICATES", f"{ORG}=3f5a")],
)
def test_half_of_a_certificate_check_is_none(name: str, text: str) -> None:
    (mistake,) = mistakes({name: text})

    assert "belong together" in mistake


def test_no_secret_shows_when_settings_are_printed() -> None:
    secrets = {
        "COLTIVA_DATABASE_URL": "postgresql://me:hidden-1@db.example.com/coltiva",
        "COLTIVA_SECRET_KEY": KEY,
        "COLTIVA_HUBSPOT_CLIENT_SECRET": "hidden-2",
    }

    shown = repr(load_settings(secrets))

    assert not any(secret in shown for secret in ("hidden-1", "hidden-2", KEY))


def test_every_setting_is_documented_with_its_default_and_no_other_is() -> None:
    rows = re.findall(r"^\| `(COLTIVA_\w+)` \| (.*?) \|", DOCUMENT.read_text("utf-8"), re.MULTILINE)

    assert rows == [(setting.name, f"`{setting.default}`" if setting.default else "") for setting in SETTINGS]


def test_every_field_of_the_settings_is_read_from_one_variable() -> None:
    assert [setting.attribute for setting in SETTINGS] == list(Settings.__dataclass_fields__)
