"""One tree from several files: every section may be spread over files, nothing may be said twice."""

from __future__ import annotations

from collections.abc import Mapping

from connector.mapping.nodes import Node, Pair, parse_yaml
from connector.mapping.report import Place, Problem, quoted

MAX_FILES = 200
#: Section -> how many levels of keys may be spread over files.
_SPREADABLE = {
    **dict.fromkeys(("fields", "signals", "segments", "scores", "programs", "lists", "notifications"), 1),
    "write_back": 2,
}
FORMAT = 1


def parse_files(files: Mapping[str, str]) -> tuple[Node, list[Problem]]:
    """The tree that the files make together, and what is wrong with them as files."""
    problems: list[Problem] = []
    top: dict[str, Pair] = {}
    for name, text in sorted(files.items())[:MAX_FILES]:
        root, found = parse_yaml(name, text)
        problems += found
        if root is not None and _is_mapping_file(name, root, problems):
            assert isinstance(root.value, dict)
            _add_all(top, root.value, problems, "", _SPREADABLE)
    first = min(files, default="")
    if len(files) > MAX_FILES:
        problems.append(Problem(first, 1, 1, f"more than {MAX_FILES} files", "put several programs into one file"))
    top["format"] = Pair(Place(first, 1, 1), Node(Place(first, 1, 1), FORMAT))
    return Node(Place(first, 1, 1), top), problems


def _is_mapping_file(name: str, root: Node, problems: list[Problem]) -> bool:
    """Whether the file is of the form and version that can be read; else reports why not."""
    if not isinstance(root.value, dict):
        if root.value is None:
            return False
        problems.append(Problem(*root.place[:3], "expected a mapping file", "write key: value lines"))
        return False
    pair = root.value.pop("format", None)
    if pair is None:
        message = '"format" is missing: the version of the mapping language'
        problems.append(Problem(name, 1, 1, message, f"begin the file with format: {FORMAT}"))
    elif pair.node.value != FORMAT or isinstance(pair.node.value, bool):
        message = f"this Coltiva reads format {FORMAT}"
        problems.append(
            Problem(*pair.node.place[:3], message, f"write format: {FORMAT}", length=pair.node.place.length)
        )
        return False
    return True


def _add_all(
    into: dict[str, Pair], pairs: dict[str, Pair], problems: list[Problem], owner: str, spreadable: Mapping[str, int]
) -> None:
    for key, pair in pairs.items():
        levels = spreadable.get(key, 0)
        if levels and pair.node.value is None:
            continue
        if key not in into:
            into[key] = Pair(pair.key, _copied(pair.node))
            continue
        first, here, more = into[key].key, into[key].node.value, pair.node.value
        if levels and isinstance(here, dict) and isinstance(more, dict):
            _add_all(here, more, problems, f" in {key}", dict.fromkeys(more, levels - 1))
        else:
            message = f"{quoted(key)}{owner} stands in {first.file}:{first.line} already"
            problems.append(Problem(*pair.key[:3], message, "say it once", length=pair.key.length))


def _copied(node: Node) -> Node:
    """The node with a mapping of its own, to which other files may add."""
    return Node(node.place, dict(node.value)) if isinstance(node.value, dict) else node
