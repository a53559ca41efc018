"""From a path in the mapping to a place in a file, and the problems found there."""

from __future__ import annotations

from dataclasses import dataclass, field

from connector.mapping.nodes import Node, Pair
from connector.mapping.report import Place, Problem, Severity

#: Keys and list positions from the top of the mapping down.
Path = tuple[str | int, ...]


def find(root: Node, path: Path) -> tuple[Node, Place | None]:
    """The deepest node on the path that the file has, and where its key stands.

    A position 0 where the file has no list is passed over: one thing stands for a list of one.
    """
    node, key = root, None
    for part in path:
        if isinstance(node.value, dict) and part in node.value:
            key, node = node.value[str(part)]
        elif isinstance(node.value, list) and isinstance(part, int) and part < len(node.value):
            key, node = None, node.value[part]
        elif part != 0:
            break
    return node, key


def place_of(root: Node, path: Path, *, on_key: bool) -> Place:
    """Where to point: at a scalar itself, at the key of what has parts, at the key when asked to."""
    node, key = find(root, path)
    if key is not None and (on_key or node.value is None or isinstance(node.value, dict | list)):
        return key
    return node.place


def without(node: Node, path: Path) -> Node:
    """The tree without what stands on the path; without its deepest part that the file has."""
    if not path:
        return Node(node.place, {} if isinstance(node.value, dict) else None)
    part, rest = path[0], path[1:]
    if isinstance(node.value, dict) and part in node.value:
        return _without_key(node, str(part), rest)
    if isinstance(node.value, list) and isinstance(part, int) and part < len(node.value):
        return _without_item(node, part, rest)
    return without(node, rest) if part == 0 and rest else _GONE


#: Stands for a node whose path went deeper than the file does: it is to be removed by whoever holds it.
_GONE = Node(Place("", 0, 0), None)


def _without_key(node: Node, part: str, rest: Path) -> Node:
    assert isinstance(node.value, dict)
    pair = node.value[part]
    inner = without(pair.node, rest) if rest else _GONE
    kept = {key: other for key, other in node.value.items() if key != part}
    if inner is _GONE:
        return Node(node.place, kept)
    changed = {key: Pair(pair.key, inner) if key == part else other for key, other in node.value.items()}
    return Node(node.place, changed)


def _without_item(node: Node, part: int, rest: Path) -> Node:
    assert isinstance(node.value, list)
    inner = without(node.value[part], rest) if rest else _GONE
    middle = [] if inner is _GONE else [inner]
    return Node(node.place, [*node.value[:part], *middle, *node.value[part + 1 :]])


#: Nobody reads more at once.
MAX_PROBLEMS = 200


class TooManyProblemsError(Exception):
    """So much is wrong that looking further helps nobody; never leaves the mapping's check."""


@dataclass(slots=True)
class Problems:
    """The problems of one mapping as they are found."""

    #: The mapping in which paths are looked up.
    root: Node
    found: list[Problem] = field(default_factory=list)
    #: The paths at which an error stands.
    paths: list[Path] = field(default_factory=list)

    def error(self, path: Path, message: str, hint: str = "", *, on_key: bool = False, line: int = 0) -> None:
        """Something that must be mended; `line` counts the lines of a text block, from 1."""
        self._add(self._place_of(path, on_key, line), message, hint, Severity.ERROR)
        self.paths.append(path)

    def warn(self, path: Path, message: str, hint: str = "", *, on_key: bool = False, line: int = 0) -> None:
        """Something that is allowed and probably not meant; `line` as for errors."""
        self._add(self._place_of(path, on_key, line), message, hint, Severity.WARNING)

    def _place_of(self, path: Path, on_key: bool, line: int) -> Place:
        place = place_of(self.root, path, on_key=on_key)
        return place._replace(line=place.line + line, column=1, length=1) if line else place

    def touch(self, path: Path) -> bool:
        """Whether an error stands at the path or below it."""
        return any(other[: len(path)] == path for other in self.paths)

    @property
    def has_errors(self) -> bool:
        """Whether anything must be mended, as far as was looked."""
        return any(problem.severity is Severity.ERROR for problem in self.found)

    def _add(self, place: Place, message: str, hint: str, severity: Severity) -> None:
        problem = Problem(*place[:3], message, hint, severity, place.length)
        if problem not in self.found:
            self.found.append(problem)
        if len(self.found) >= MAX_PROBLEMS:
            raise TooManyProblemsError
