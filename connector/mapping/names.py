"""The names that a mapping gives, so that every use of a name can be checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connector.domain.field import Field
from connector.mapping.models import MappingFile, SignalEntry
from connector.mapping.nodes import Node


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a signal carries."""

    #: Attribute -> the lead field whose type it has; None for text or whatever was given.
    known: Mapping[str, str | None]
    #: Whether it may carry others.
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Names:
    """Everything that has a name. Also what is misshapen is known by its name."""

    #: None for a field that is misshapen itself.
    fields: Mapping[str, Field | None]
    signals: Mapping[str, Attributes]
    segments: frozenset[str]
    #: Score -> its grades.
    scores: Mapping[str, tuple[str, ...]]
    #: Program -> its phases.
    programs: Mapping[str, tuple[str, ...]]
    lists: frozenset[str]


def names_of(root: Node, mapping: MappingFile, fields: Iterable[Field]) -> Names:
    """The names in a mapping: of its whole tree, and, where that is well shaped, with types and parts."""
    typed = {field.name: field for field in fields}
    return Names(
        fields={name: typed.get(name) for name in _keys(root, "fields")},
        signals={name: _attributes(mapping.signals.get(name, _MISSHAPEN)) for name in _keys(root, "signals")},
        segments=frozenset(_keys(root, "segments")),
        scores={name: _keys(root, "scores", name, "grades") for name in _keys(root, "scores")},
        programs={name: _keys(root, "programs", name, "phases") for name in _keys(root, "programs")},
        lists=frozenset(_keys(root, "lists")),
    )


#: Stands for a signal that could not be read: it may carry anything.
_MISSHAPEN = SignalEntry()


def _keys(root: Node, *path: str) -> tuple[str, ...]:
    node = root
    for part in path:
        if not isinstance(node.value, dict) or part not in node.value:
            return ()
        node = node.value[part].node
    return tuple(node.value) if isinstance(node.value, dict) else ()


def _attributes(entry: SignalEntry | None) -> Attributes:
    entry = entry or _MISSHAPEN
    known: dict[str, str | None] = dict.fromkeys(entry.attributes)
    for source in entry.hubspot:
        known |= {name: None if wanted == "value" else wanted for name, wanted in source.attributes.items()}
    return Attributes(known, is_open=not entry.hubspot and not entry.attributes)
