from __future__ import annotations

import re

from connector.mapping.fingerprint import to_version
from connector.mapping.load import parse_mapping
from tests.mapping_files import BASE

FILES = {"a.yaml": "format: 1\nworkspace: x\n", "b.yaml": "format: 1\n"}


def test_a_version_is_twelve_hexadecimal_digits() -> None:
    assert re.fullmatch(r"[0-9a-f]{12}", to_version(FILES))


def test_a_version_does_not_depend_on_the_order_of_files_nor_on_line_ends() -> None:
    shuffled = dict(reversed(FILES.items()))
    from_windows = {name: "\ufeff" + text.replace("\n", "\r\n") for name, text in FILES.items()}

    assert to_version(FILES) == to_version(shuffled) == to_version(from_windows)


def test_a_version_changes_with_every_word_and_every_name() -> None:
    versions = {
        to_version(FILES),
        to_version({**FILES, "b.yaml": "format: 1 \n"}),
        to_version({"a.yaml": FILES["a.yaml"], "c.yaml": FILES["b.yaml"]}),
        to_version({"a.yaml": FILES["a.yaml"] + FILES["b.yaml"]}),
        to_version({"a.yaml": FILES["a.yaml"], "b.yaml": ""}),
    }

    assert len(versions) == 5


def test_definitions_carry_the_version_of_their_files() -> None:
    assert parse_mapping({"base.yaml": BASE}).version == to_version({"base.yaml": BASE})
