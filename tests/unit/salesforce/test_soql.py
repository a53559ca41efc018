from __future__ import annotations

from urllib.parse import quote_plus

from connector.crms.salesforce.soql import lists_of, quoted


def test_a_text_cannot_leave_its_quotes() -> None:
    assert quoted("O'Hara") == r"'O\'Hara'"
    assert quoted("\\' OR Name != '") == r"'\\\' OR Name != \''"


def test_long_lists_are_parted_so_that_each_fits_into_an_address() -> None:
    emails = [f"someone.with.a.long.name.{number}@example.com" for number in range(500)]

    lists = list(lists_of(emails))

    assert len(lists) > 1
    assert all(len(quote_plus(one)) < 10_010 for one in lists)
    assert ",".join(one.strip("()") for one in lists) == ",".join(quoted(email) for email in emails)


def test_a_list_of_nothing_asks_nothing() -> None:
    assert list(lists_of([])) == []
