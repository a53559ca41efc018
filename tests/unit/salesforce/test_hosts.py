from __future__ import annotations

import pytest

from connector.crms.salesforce.hosts import PRODUCTION, SANDBOX, to_audience, to_host
from connector.errors import SetupError

REHEARSAL = "http://127.0.0.1:8100"


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("login.salesforce.com", "https://login.salesforce.com"),
        ("https://test.salesforce.com/", "https://test.salesforce.com"),
        (" https://Acme.my.salesforce.com ", "https://acme.my.salesforce.com"),
        ("acme--uat.sandbox.my.salesforce.com", "https://acme--uat.sandbox.my.salesforce.com"),
    ],
)
def test_an_org_is_reached_at_its_own_address(written: str, host: str) -> None:
    assert to_host(written) == host


@pytest.mark.parametrize(
    "written",
    [
        "",
        "http://login.salesforce.com",
        "https://my.salesforce.com",
        "https://evil.example.com",
        "https://evil.example.com/.my.salesforce.com",
        "https://login.salesforce.com.evil.example.com",
        "https://evilmy.salesforce.com",
        "https://login.salesforce.com@evil.example.com",
        "https://evil.example.com#.my.salesforce.com",
        "https://evil.example.com?x=.my.salesforce.com",
        "https://acme.my.salesforce.com:8443",
        "https://acme.my.salesforce.com/services",
        "https://169.254.169.254",
        "http://127.0.0.1:8100",
        "http://localhost",
        "file:///etc/passwd",
        "https://acme.my.salesforce.com\n.evil.example.com",
        "https://ａcme.my.salesforce.com",
    ],
)
def test_nobody_makes_us_call_another_address(written: str) -> None:
    with pytest.raises(SetupError, match="no address of a Salesforce org"):
        to_host(written)


def test_a_rehearsal_reaches_the_simulated_orgs_on_this_machine_and_nobody_else() -> None:
    assert to_host("http://127.0.0.1:8100/", REHEARSAL) == REHEARSAL
    assert to_host("http://127.0.0.1:8101", REHEARSAL) == "http://127.0.0.1:8101"
    for elsewhere in (
        "http://127.0.0.2:8100",
        "https://127.0.0.1:8100",
        "http://127.0.0.1:8100/admin",
        "http://a@127.0.0.1",
    ):
        with pytest.raises(SetupError):
            to_host(elsewhere, REHEARSAL)


def test_no_setting_opens_the_way_to_another_machine() -> None:
    with pytest.raises(SetupError):
        to_host("https://evil.example.com", "https://evil.example.com")


def test_a_token_for_a_sandbox_is_not_meant_for_production() -> None:
    assert to_audience("https://acme--uat.sandbox.my.salesforce.com") == to_audience(SANDBOX) == SANDBOX
    assert to_audience("https://acme.my.salesforce.com") == to_audience(PRODUCTION) == PRODUCTION
