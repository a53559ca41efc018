"""One tree from several files: every section may be spread over files, nothing may be said twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from connector.mapping.nodes import Node, Pair, parse_yaml
from connector.mapping.report import Place, Problem, quoted

MAX_FILES = 100
MAX_TOTAL = 500_000
#: Section -> how many levels of keys may be spread over files.
_SPREADABLE = {
    **dict.fromkeys(
        ("fields", "signals", "segments", "tags", "scores", "programs", "lists", "notifications", "emails", "texts"), 1
    ),
    "write_back": 2,
    "sales": 2,
}
FORMAT = 1


class Merged(NamedTuple):
    """What several files say together."""

    root: Node
    problems: list[Problem]
    #: Whether every file could be read: else a name that nobody gives may stand in one that could not.
    is_complete: bool


def parse_files(files: Mapping[str, str]) -> Merged:
    """The tree that the files make together, and what is wrong with them as files."""
    first = min(files, default="")
    start = Place(first, 1, 1)
    top = {"format": Pair(start, Node(start, FORMAT))}
    refusal = _refusal(files)
    if refusal:
        return Merged(Node(start, top), [Problem(first, 1, 1, *refusal)], is_complete=False)
    problems: list[Problem] = []
    is_complete = True
    for name, text in sorted(files.items()):
        root, found = parse_yaml(name, text)
        problems += found
        pairs = _pairs(root, problems) if root else None
        if pairs is None:
            is_complete = False
        else:
            _add_all(top, pairs, problems, "", _SPREADABLE)
    return Merged(Node(start, top), problems, is_complete)


def _refusal(files: Mapping[str, str]) -> tuple[str, str] | None:
    if not files:
        return "there is no mapping here", "a workspace is a folder of .yaml files"
    if len(files) > MAX_FILES:
        return f"more than {MAX_FILES} files", "put several programs into one file"
    if sum(map(len, files.values())) > MAX_TOTAL:
        return f"all files together are larger than {MAX_TOTAL:,} characters", "split the workspace"
    return None


def _pairs(root: Node, problems: list[Problem]) -> dict[str, Pair] | None:
    """What a file says beside its format; None, and reported, where that is not of a form that can be read."""
    if not isinstance(root.value, dict):
        problems.append(Problem(*root.place[:3], "expected a mapping file", "write key: value lines"))
        return None
    pair = root.value.get("format")
    if pair is None:
        message = '"format" is missing: the version of the mapping language'
        problems.append(Problem(root.place.file, 1, 1, message, f"begin the file with format: {FORMAT}"))
    elif pair.node.value != FORMAT or isinstance(pair.node.value, bool):
        file, line, column, length = pair.node.place
        message = f"this Coltiva reads format {FORMAT}"
        problems.append(Problem(file, line, column, message, f"write format: {FORMAT}", length=length))
        return None
    return {key: other for key, other in root.value.items() if key != "format"}


def _add_all(
    into: dict[str, Pair], pairs: dict[str, Pair], problems: list[Problem], owner: str, spreadable: Mapping[str, int]
) -> None:
    for key, pair in pairs.items():
        levels = spreadable.get(key, 0)
        if levels and not isinstance(pair.node.value, dict):
            problems.extend(_no_section(key, pair))
            continue
        if key not in into:
            into[key] = Pair(pair.key, _copied(pair.node))
            continue
        first, here, more = into[key].key, into[key].node.value, pair.node.value
        if isinstance(here, dict) and isinstance(more, dict) and levels:
            parts = (part for part, inner in more.items() if isinstance(inner.node.value, dict))
            _add_all(here, more, problems, f" in {key}", dict.fromkeys(parts, levels - 1))
        else:
            message = f"{quoted(key)}{owner} stands in {first.file}:{first.line} already"
            problems.append(Problem(*pair.key[:3], message, "say it once", length=pair.key.length))


def _no_section(key: str, pair: Pair) -> list[Problem]:
    """What to say of a section without names in it; nothing, if it is merely empty."""
    if pair.node.value is None:
        return []
    message = f"{quoted(key)} must be a mapping: names, and under each what it is"
    return [Problem(*pair.key[:3], message, "write key: value lines, indented", length=pair.key.length)]


def _copied(node: Node) -> Node:
    """The node with a mapping of its own, to which other files may add."""
    return Node(node.place, dict(node.value)) if isinstance(node.value, dict) else node
