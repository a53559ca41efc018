"""The swift parser reads what the careful one reads, and nothing that the careful one refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from connector.mapping import nodes

PIECES = (
    "a", "key", "1", "-1", "0.5", ":", ": ", ",", ", ", "{", "}", "[", "]", "\n", "\n  ", "\n    ", "\n- ", "- ",
    "? ", "?",
    '"', "'", " ", "#", " # c", "|", "|\n  ", ">", ">-", "|2", "&x ", "*x", "!t ", "~", "true", "http://x/y",
    "\\", "\\n",
    "é", "😀", "---\n", "...\n", "%", "@", "`", "<<", "a:b", "(", "'s'", '"a":', "{}", '"\\/"', "\t", "\u2028", "\x85",
)  # fmt: skip
FRAMES = ("{}", "k: {}", "k:\n  - {}", "{{a: {}}}", "a: 1\n{}\nb: 2\n")
TEXTS = st.builds(
    lambda frame, pieces: frame.format("".join(pieces)),
    st.sampled_from(FRAMES),
    st.lists(st.sampled_from(PIECES), max_size=9),
)
Events = Callable[[str, str], Iterator[Any]]


def read(events: Events, text: str) -> tuple[Any, list[Any]] | None:
    """The file as data and what is wrong with it; None for what is refused."""
    reader = nodes._Reader("f")
    try:
        return nodes.to_plain(reader.read(events("f", text), text)), reader.problems
    except nodes._UnreadableError:
        return None


@example("k: |#c\n  x\n")
@example("\n|\n  \n    1a[]")
@example("{url: http://x/y, 'a':1}")
@given(TEXTS)
def test_what_the_swift_parser_reads_the_careful_one_reads_alike(text: str) -> None:
    swift = None if nodes._UNUSUAL.search(text) else read(nodes._swiftly, text)

    assert swift is None or swift == read(nodes._carefully, text)
