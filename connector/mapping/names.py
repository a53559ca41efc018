"""The names that a mapping gives, so that every use of a name can be checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from connector.domain.field import Field
from connector.domain.traits.rfm import FIELDS as RFM
from connector.mapping.models import MappingFile
from connector.mapping.nodes import Node
from connector.mapping.signal_models import SignalEntry


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
    personas: frozenset[str]
    tags: frozenset[str]
    #: Score -> its grades.
    scores: Mapping[str, tuple[str, ...]]
    #: Program -> its phases.
    programs: Mapping[str, tuple[str, ...]]
    lists: frozenset[str]
    #: Program -> its activities, each as `phase.activity`, and whether it asks for an answer.
    activities: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    emails: frozenset[str] = frozenset()
    teams: tuple[str, ...] = ()
    reps: frozenset[str] = frozenset()
    hand_overs: frozenset[str] = frozenset()
    #: Text block -> its source.
    texts: Mapping[str, str] = field(default_factory=dict)


def names_of(root: Node, mapping: MappingFile, fields: Iterable[Field]) -> Names:
    """The names in a mapping: of its whole tree, and, where that is well shaped, with types and parts."""
    typed = {field.name: field for field in fields}
    return Names(
        fields={name: typed.get(name) for name in (*_keys(root, "fields"), *(RFM if mapping.rfm else ()))},
        signals={name: _attributes(mapping.signals.get(name, _MISSHAPEN)) for name in _keys(root, "signals")},
        segments=frozenset(_keys(root, "segments")),
        personas=frozenset(_keys(root, "personas")),
        tags=frozenset(_keys(root, "tags")),
        scores={name: _keys(root, "scores", name, "grades") for name in _keys(root, "scores")},
        programs={name: _keys(root, "programs", name, "phases") for name in _keys(root, "programs")},
        lists=frozenset(_keys(root, "lists")),
        activities={name: dict(_activities(root, name)) for name in _keys(root, "programs")},
        emails=frozenset(_keys(root, "emails")),
        teams=_keys(root, "sales", "teams"),
        reps=frozenset(
            rep for team in _keys(root, "sales", "teams") for rep in _keys(root, "sales", "teams", team, "reps")
        ),
        hand_overs=frozenset(_keys(root, "sales", "hand_over")),
        texts=mapping.texts,
    )


def _activities(root: Node, program: str) -> Iterator[tuple[str, bool]]:
    for phase in _keys(root, "programs", program, "phases"):
        for name, asks in _steps(root, "programs", program, "phases", phase, "activities"):
            yield f"{phase}.{name}", asks


def _steps(root: Node, *path: str) -> Iterator[tuple[str, bool]]:
    """The activities under this path, those behind forks among them."""
    for name in _keys(root, *path):
        keys = _keys(root, *path, name)
        yield name, "answered" in keys or "wait_for" in keys
        for fork in ("choose", "split"):
            for case in _keys(root, *path, name, fork):
                yield from _steps(root, *path, name, fork, case, "activities")


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
    known: dict[str, str | None] = dict.fromkeys((*entry.attributes, *(entry.api.attributes if entry.api else ())))
    sources = [source for _, _, source in entry.sources]
    for source in sources:
        for name, wanted in source.attributes.items():
            known[name] = wanted if wanted not in source.own_values else None
    return Attributes(known, is_open=not sources and not entry.api and not entry.attributes)
