from __future__ import annotations

from string import ascii_letters, ascii_uppercase, digits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.crms.salesforce.translate import object_type_of, own_fields, to_long_id


@pytest.mark.parametrize(
    ("written", "long"),
    [
        ("00D5e000001AbCd", "00D5e000001AbCdEAK"),
        ("00D5e000001AbCdEAK", "00D5e000001AbCdEAK"),
        ("000000000000000", "000000000000000AAA"),
        ("00QAAAAAAAAAAAA", "00QAAAAAAAAAAAA255"),
    ],
)
def test_every_id_is_known_in_its_long_form(written: str, long: str) -> None:
    assert to_long_id(written) == long


@given(st.text(alphabet=ascii_letters + digits, min_size=15, max_size=15))
def test_two_ids_that_differ_in_capitals_alone_stay_two(short: str) -> None:
    long = to_long_id(short)
    bits = [
        sum(1 << place for place in range(5) if part[place].isupper()) for part in (short[:5], short[5:10], short[10:])
    ]

    assert long == short + "".join((ascii_uppercase + "012345")[number] for number in bits)
    assert to_long_id(long) == long


@pytest.mark.parametrize("text", ["", "77", "00Q5e000008ZkM3' OR ''='", "00Q5e000008ZkM3EA", "00Q5é00000AbCdE"])
def test_what_is_no_id_never_gets_into_a_query(text: str) -> None:
    assert to_long_id(text) == ""


def test_what_a_record_is_follows_from_its_id() -> None:
    ids = ("00Q5e000008ZkM3EAK", "0035e000008ZkM3AAK", "0065e000008ZkM3EAK", "00v5e000008ZkM3EAK", "00T5e000008ZkM3EAK")

    assert [object_type_of(one) for one in ids] == ["lead", "contact", "opportunity", "campaign_member", "task"]
    assert object_type_of("0015e000008ZkM3EAK") == ""


def test_an_object_has_its_own_properties_and_those_of_no_object_in_particular() -> None:
    asked = ["Lead.Email", "Contact.Email", "coltiva__Score__c"]

    assert own_fields("Lead", asked) == {"Lead.Email": "Email", "coltiva__Score__c": "coltiva__Score__c"}
