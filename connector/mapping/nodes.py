"""YAML as a tree in which everything knows its place.

Built from the parser's events alone: no tag is obeyed, no alias is followed, nothing is constructed. Size, depth and
number of nodes are bounded, so that a hostile file costs no more than a bad one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any, NamedTuple

import ruamel.yaml.events as careful
import yaml
import yaml.events as swift
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from yaml.cyaml import CParser

from connector.mapping.report import Place, Problem, quoted

Scalar = str | int | float | bool | None

#: Parsing takes about a second for so much.
MAX_CHARACTERS = 100_000
MAX_DEPTH = 30
MAX_NODES = 100_000


class Pair(NamedTuple):
    """A value in a mapping, and where its key stands."""

    key: Place
    node: Node


@dataclass(frozen=True, slots=True)
class Node:
    """A scalar, a list or a mapping."""

    place: Place
    value: Scalar | list[Node] | dict[str, Pair]
    #: Whether the text begins on the line after its place (`|` and `>`).
    is_block: bool = False


class _UnreadableError(Exception):
    """The file is no tree; never leaves this module."""

    def __init__(self, place: Place, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.problem = Problem(*place[:3], message, hint)


def parse_yaml(name: str, text: str) -> tuple[Node | None, list[Problem]]:
    """The tree of one file and what is wrong with it as YAML; no tree where it cannot be read.

    Two parsers read it. The swift one takes a tenth of the time; wherever it objects, or could read otherwise than the
    careful one, the careful one decides and finds the words: what is refused, and where, depends on it alone.
    """
    if not _UNUSUAL.search(text):
        reader = _Reader(name)
        with suppress(_UnreadableError):
            return reader.read(_swiftly(name, text), text), reader.problems
    reader = _Reader(name)
    try:
        root = reader.read(_carefully(name, text), text)
    except _UnreadableError as unreadable:
        return None, [*reader.problems, _bare_template(unreadable.problem, text) or unreadable.problem]
    return root, reader.problems


#: Where the parsers, of YAML 1.1 and 1.2, may differ: directives, blanks and breaks beside space and newline, lines of
#: blanks alone, and a comment right after the sign of a block.
_UNUSUAL = re.compile(
    r"[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|^%|^ +$|[|>][-+0-9]*#",
    re.MULTILINE,
)

#: A line in which a template begins before any quotation mark.
_BARE_TEMPLATE = re.compile(r"[^\"'#]*?(\{[{%])")


def _bare_template(problem: Problem, text: str) -> Problem | None:
    """The problem in better words where YAML took a text with {{ for braces of its own."""
    line = text.split("\n")[problem.line - 1 :][:1]
    found = _BARE_TEMPLATE.match(line[0]) if line else None
    if found is None or problem.column <= found.start(1):
        return None
    message, hint = "a text with {{ or {% needs quotation marks around it", 'write "Call {{ name }}"'
    return replace(problem, column=found.start(1) + 1, message=message, hint=hint, length=2)


#: Anything the parser was seen to raise on malformed text beside its own errors.
_PARSER_FAILURES = (YAMLError, ValueError, OverflowError, AssertionError, LookupError, AttributeError, TypeError)


def _carefully(name: str, text: str) -> Iterator[Any]:
    try:
        yield from YAML(typ="safe", pure=True).parse(text.removeprefix("\ufeff"))
    except _PARSER_FAILURES as error:
        raise _unreadable(name, error) from error


def _swiftly(name: str, text: str) -> Iterator[Any]:
    try:
        parser = CParser(text)
        while parser.check_event():
            yield parser.get_event()
    except yaml.YAMLError as error:
        raise _unreadable(name, error) from error


_DOCUMENT = (swift.DocumentStartEvent, careful.DocumentStartEvent)
_MAPPING, _MAPPING_END = (
    (swift.MappingStartEvent, careful.MappingStartEvent),
    (swift.MappingEndEvent, careful.MappingEndEvent),
)
_SEQUENCE = (swift.SequenceStartEvent, careful.SequenceStartEvent)
_SEQUENCE_END = (swift.SequenceEndEvent, careful.SequenceEndEvent)
_SCALAR, _ALIAS = (swift.ScalarEvent, careful.ScalarEvent), (swift.AliasEvent, careful.AliasEvent)
_BEGINNINGS = (*_MAPPING, *_SEQUENCE, *_SCALAR, *_ALIAS)


@dataclass(slots=True)
class _Reader:
    name: str
    problems: list[Problem] = field(default_factory=list)
    nodes: int = 0

    def read(self, events: Iterator[Any], text: str) -> Node:
        if len(text) > MAX_CHARACTERS:
            raise _UnreadableError(
                Place(self.name, 1, 1), f"the file is larger than {MAX_CHARACTERS:,} characters", "split it"
            )
        root: Node | None = None
        for event in events:
            if isinstance(event, _DOCUMENT) and root is not None:
                raise _UnreadableError(self._place(event), "a second document begins here", "make it a file of its own")
            if isinstance(event, _BEGINNINGS):
                root = self._node(event, events, 1)
        return root or Node(Place(self.name, 1, 1), {})

    def _place(self, event: Any) -> Place:
        start, end = event.start_mark, event.end_mark
        length = end.column - start.column if end.line == start.line else 1
        return Place(self.name, start.line + 1, start.column + 1, max(1, length))

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        place = self._place(event)
        self._refuse_magic(event, place)
        self.nodes += 1
        if depth > MAX_DEPTH:
            raise _UnreadableError(place, f"nested deeper than {MAX_DEPTH} levels")
        if self.nodes > MAX_NODES:
            raise _UnreadableError(place, f"more than {MAX_NODES:,} values in one file", "split it")
        if isinstance(event, _MAPPING):
            return Node(place, self._mapping(events, depth))
        if isinstance(event, _SEQUENCE):
            return Node(place, self._sequence(events, depth))
        return Node(place, to_scalar(event), is_block=getattr(event, "style", None) in ("|", ">"))

    def _refuse_magic(self, event: Any, place: Place) -> None:
        if isinstance(event, _ALIAS) or event.anchor is not None:
            remedy = "write the value out, or make it a segment"
            raise _UnreadableError(place, "anchors and aliases (& and *) are not part of the mapping language", remedy)
        if getattr(event, "tag", None) not in (None, "", "!"):
            raise _UnreadableError(
                place, "tags (!) are not part of the mapping language", "put text in quotation marks"
            )

    def _sequence(self, events: Iterator[Any], depth: int) -> list[Node]:
        items: list[Node] = []
        for event in events:
            if isinstance(event, _SEQUENCE_END):
                break
            items.append(self._node(event, events, depth + 1))
        return items

    def _mapping(self, events: Iterator[Any], depth: int) -> dict[str, Pair]:
        pairs: dict[str, Pair] = {}
        for event in events:
            if isinstance(event, _MAPPING_END):
                break
            place = self._place(event)
            if not isinstance(event, _SCALAR):
                raise _UnreadableError(place, "a key must be a word", "check colons and braces")
            self._refuse_magic(event, place)
            node = self._node(next(events), events, depth + 1)
            self._add(pairs, str(event.value), Pair(place, node))
        return pairs

    def _add(self, pairs: dict[str, Pair], key: str, pair: Pair) -> None:
        if key in pairs:
            first = pairs[key].key
            message = f"duplicate key {quoted(key)}; it stands in line {first.line} already"
            self.problems.append(Problem(*pair.key[:3], message, length=pair.key.length))
        else:
            pairs[key] = pair


def _unreadable(name: str, error: Exception) -> _UnreadableError:
    mark = error.problem_mark or error.context_mark if isinstance(error, MarkedYAMLError) else None
    place = Place(name, mark.line + 1, mark.column + 1) if mark else Place(name, 1, 1)
    return _UnreadableError(place, *_in_our_words(str(getattr(error, "problem", None) or getattr(error, "reason", ""))))


def _in_our_words(problem: str) -> tuple[str, str]:
    for sign, message, hint in _YAML_PROBLEMS:
        if sign in problem:
            return message, hint
    return f"this is not YAML: {problem}" if problem else "this is not YAML", ""


_YAML_PROBLEMS = (
    ("'\\t'", "a tab where YAML wants spaces", "indent with spaces"),
    ("special characters are not allowed", "a control character", "remove it"),
    ("mapping values are not allowed here", "a colon that YAML does not expect", "quote the text, or indent it right"),
    ("did not find expected ',' or '}'", "a brace { without its }", "check commas and braces"),
    ("expected ',' or '}'", "a brace { without its }", "check commas and braces"),
    ("expected ',' or ']'", "a bracket [ without its ]", "check commas and brackets"),
    ("expected <block end>", "this line's indentation fits none above", "align it with its neighbours"),
    ("could not find expected ':'", "a key without its colon", 'write "key: value"'),
    ("end of stream", "the file ends inside quotation marks or braces", "close them"),
)  # fmt: skip

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,14})")
_FLOAT = re.compile(r"[-+]?([0-9]{1,15}\.[0-9]{0,15}|\.[0-9]{1,15}|[0-9]{1,15})([eE][-+]?[0-9]{1,3})?")
_WORDS: Mapping[str, Scalar] = {"": None, "~": None, "null": None, "true": True, "false": False}


def to_scalar(event: Any) -> Scalar:
    """An unquoted true, false, null or number as such; all else is text, also dates and numbers like 007."""
    text = str(event.value)
    if not event.implicit[0]:
        return text
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) and not re.match(r"[-+]?0[0-9]", text) and isfinite(float(text)):
        return float(text)
    return text


def to_plain(node: Node) -> Any:
    """The tree as dicts, lists and scalars."""
    if isinstance(node.value, dict):
        return {key: to_plain(pair.node) for key, pair in node.value.items()}
    if isinstance(node.value, list):
        return [to_plain(item) for item in node.value]
    return node.value
