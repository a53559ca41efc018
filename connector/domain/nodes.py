"""What is kept up to date on a lead, and what of it each change concerns.

Segments, points for fit, lists, notifications and the conditions of programs look at fields, signals, scores and at
one another. Each is a node that knows what it reads, so that a change costs what depends on it, however large the
book is. A node whose answer time alone may change says when.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from graphlib import TopologicalSorter

from connector.domain.conditions.condition import AnyOf, Condition, eased
from connector.domain.conditions.predicate import FlipsAt, Predicate, Scales, View, compile_condition, earliest
from connector.domain.definitions import Definitions
from connector.domain.field import FieldRole
from connector.domain.programs.compiled import CompiledProgram
from connector.domain.programs.dates import comes_at
from connector.domain.sales.compiled_sales import CompiledHandOver
from connector.domain.sales.handover import OPEN
from connector.domain.traits.score import EngagementRule, FitRule, Score
from connector.domain.traits.traits import ComputedNode, DealsNode, PersonaNode, TagNode, compile_traits

#: A written score that has faded by this much is written again.
FADED_POINTS = 5


@dataclass(frozen=True, slots=True)
class Watcher:
    """A condition whose truth is kept on the lead."""

    #: `segment:x`, `list:x`, `notification:x`; `enrol:x` for a program that is entered when it comes to hold, and
    #: `hand_over:x`.
    id: str
    test: Predicate
    #: What must hold for it to go on holding: the same, or something easier.
    held: Predicate
    #: What it looks at, as in `Predicate.reads`.
    reads: frozenset[str]
    #: None where time changes nothing.
    flips_at: FlipsAt | None
    #: Whether people see it in the timeline.
    is_told: bool


@dataclass(frozen=True, slots=True)
class FitNode:
    """A rule that gives points for as long as its condition holds."""

    #: `fit:<score>:<rule>`.
    id: str
    score: Score
    rule: FitRule
    test: Predicate
    reads: frozenset[str]
    flips_at: FlipsAt | None


@dataclass(frozen=True, slots=True)
class FreezeNode(Watcher):
    """The condition while which a score stands still: `freeze:x`."""

    score: Score


@dataclass(frozen=True, slots=True)
class ExpiryNode:
    """A score whose points for signals expire."""

    #: `expiry:x`.
    id: str
    score: Score
    reads: frozenset[str]
    flips_at: FlipsAt


@dataclass(frozen=True, slots=True)
class SumNode:
    """A score that changes with the scores it is made of."""

    #: `score:x`.
    id: str
    reads: frozenset[str]
    flips_at: FlipsAt | None = None


@dataclass(frozen=True, slots=True)
class JourneyNode:
    """The conditions that end or answer a lead's enrolment in a program, or what sales does about it."""

    #: `program:x`, or `sales:x` for a hand-over.
    id: str
    #: What the conditions look at, and the enrolment itself.
    reads: frozenset[str]
    flips_at: FlipsAt | None


@dataclass(frozen=True, slots=True)
class DateNode:
    """A day by a date of the lead's, on which it enters a program."""

    #: `date:<program>:<index of the trigger>`.
    id: str
    program: str
    index: int
    reads: frozenset[str]
    flips_at: FlipsAt


@dataclass(frozen=True, slots=True)
class FadeNode:
    """A score that some CRM shows: once it has faded far enough, it is shown anew."""

    #: `faded:x`.
    id: str
    reads: frozenset[str]
    flips_at: FlipsAt


@dataclass(frozen=True, slots=True)
class CarryNode:
    """A field that is carried to CRMs: it may be frozen for a while."""

    #: `carried:x`.
    id: str
    field: str
    reads: frozenset[str]
    flips_at: FlipsAt


Node = (
    Watcher
    | ComputedNode
    | DealsNode
    | PersonaNode
    | TagNode
    | FitNode
    | ExpiryNode
    | SumNode
    | JourneyNode
    | DateNode
    | FadeNode
    | CarryNode
)


@dataclass(frozen=True, slots=True)
class Nodes:
    """All nodes of a book, and which of them each change concerns."""

    #: Each after what it reads: computed fields, segments, persona, tags, scores; then journeys; then what none reads.
    ordered: tuple[Node, ...]
    #: The places where journeys begin, and where what comes after them.
    journeys_at: int
    watchers_at: int
    #: `field:x`, `signal:x`, `score:x`, `segment:x`, `program:x`, `deals`, `rfm_edges` -> the places of the nodes that
    #: read it.
    concerned: Mapping[str, tuple[int, ...]]
    #: Id -> place.
    places: Mapping[str, int]

    @property
    def predicates(self) -> Iterable[Predicate]:
        """The conditions of all nodes, but those of programs."""
        for node in self.ordered:
            if isinstance(node, Watcher | FitNode):
                yield node.test
            if isinstance(node, Watcher):
                yield node.held
            if isinstance(node, PersonaNode | TagNode):
                yield from node.predicates


def compile_nodes(
    definitions: Definitions,
    programs: Mapping[str, CompiledProgram],
    hand_overs: Mapping[str, CompiledHandOver],
    scales: Scales,
) -> Nodes:
    """The nodes of a book. Raises graphlib.CycleError when segments and scores depend on one another in a circle."""
    derived = [*_sort_derived(definitions, scales), *_compile_carrying(definitions)]
    journeys = [
        *(_compile_journey(name, compiled) for name, compiled in programs.items()),
        *(_compile_hand_over(name, compiled) for name, compiled in hand_overs.items()),
    ]
    watchers: Sequence[Node] = [
        *_compile_watchers(definitions, scales),
        *_compile_dates(definitions),
        *_compile_fading(definitions),
    ]
    ordered: tuple[Node, ...] = (*derived, *journeys, *watchers)
    concerned: dict[str, list[int]] = defaultdict(list)
    for place, node in enumerate(ordered):
        for key in sorted(node.reads):
            concerned[key].append(place)
    return Nodes(
        ordered=ordered,
        journeys_at=len(derived),
        watchers_at=len(derived) + len(journeys),
        concerned={key: tuple(places) for key, places in concerned.items()},
        places={node.id: place for place, node in enumerate(ordered)},
    )


def _sort_derived(definitions: Definitions, scales: Scales) -> Sequence[Node]:
    """Computed fields, segments, persona, tags and the nodes of scores, each after what it looks at."""
    groups: dict[str, Sequence[Node]] = {node.id: [node] for node in compile_traits(definitions, scales)}
    for segment in definitions.segments:
        groups[f"segment:{segment.name}"] = [_watch(f"segment:{segment.name}", segment.when, scales, is_told=True)]
    for score in definitions.scores:
        groups[f"score:{score.name}"] = list(_compile_score(score, scales))
    reads = {key: frozenset().union(*(node.reads for node in group)) for key, group in groups.items()}
    graph = {key: sorted(reads[key] & groups.keys()) for key in sorted(groups)}
    return [node for key in TopologicalSorter(graph).static_order() for node in groups[key]]


def _compile_score(score: Score, scales: Scales) -> Iterable[Node]:
    """Points for fit come before the freezing that keeps them as they are, and are looked at anew after it."""
    freeze = f"freeze:{score.name}"
    for rule in score.rules:
        if isinstance(rule, FitRule):
            test = compile_condition(rule.when, scales)
            yield FitNode(f"fit:{score.name}:{rule.id}", score, rule, test, test.reads | {freeze}, test.flips_at)
    if score.freeze_while is not None:
        watcher = _watch(freeze, score.freeze_while, scales)
        yield FreezeNode(freeze, watcher.test, watcher.held, watcher.reads, watcher.flips_at, False, score)
    if any(isinstance(rule, EngagementRule) and rule.expires for rule in score.rules):
        expires_at = _expires_at(score.name)
        yield ExpiryNode(f"expiry:{score.name}", score, frozenset({freeze}), expires_at)
    if score.sum_of:
        yield SumNode(f"score:{score.name}", frozenset(f"score:{part}" for part in score.sum_of))


def _watch(id_: str, condition: Condition, scales: Scales, *, is_told: bool = False) -> Watcher:
    test, easier = compile_condition(condition, scales), eased(condition)
    if easier == condition:
        return Watcher(id_, test, test, test.reads, test.flips_at, is_told)
    held = compile_condition(easier, scales)

    def flips_at(view: View) -> datetime | None:
        flip = (held if id_ in view.holding else test).flips_at
        return flip(view) if flip else None

    return Watcher(id_, test, held, test.reads, flips_at, is_told)


def _expires_at(score: str) -> FlipsAt:
    return lambda view: view.expires_at(score)


def _compile_watchers(definitions: Definitions, scales: Scales) -> Iterable[Watcher]:
    for rule in definitions.lists:
        if rule.when is not None:
            yield _watch(f"list:{rule.name}", rule.when, scales, is_told=True)
    for notification in definitions.notifications:
        yield _watch(f"notification:{notification.name}", notification.when, scales)
    for hand_over in definitions.sales.hand_overs:
        if hand_over.when is not None:
            yield _watch(f"hand_over:{hand_over.name}", hand_over.when, scales)
    for program in definitions.programs:
        conditions = tuple(
            trigger.when for trigger in program.enrol if not trigger.on and not trigger.date and trigger.when
        )
        if conditions:
            yield _watch(f"enrol:{program.name}", AnyOf(conditions), scales)


def _compile_journey(name: str, compiled: CompiledProgram) -> JourneyNode:
    key = f"program:{name}"
    flips = [test.flips_at for test in compiled.conditions if test.flips_at is not None]

    def flips_at(view: View) -> datetime | None:
        return earliest(flip(view) for flip in flips) if view.in_program(name, None) else None

    reads = frozenset({key}).union(*(test.reads for test in compiled.conditions))
    return JourneyNode(key, reads, flips_at if flips else None)


def _compile_hand_over(name: str, compiled: CompiledHandOver) -> JourneyNode:
    conditions = tuple(compiled.conditions)
    flips = [test.flips_at for test in conditions if test.flips_at is not None]

    def flips_at(view: View) -> datetime | None:
        return earliest(flip(view) for flip in flips) if view.in_sales(name, OPEN) else None

    reads = frozenset({"sales"}).union(*(test.reads for test in conditions)) if conditions else frozenset()
    return JourneyNode(f"sales:{name}", reads, flips_at if flips else None)


def _compile_dates(definitions: Definitions) -> Iterable[DateNode]:
    zones = frozenset(f"field:{each.name}" for each in definitions.fields if each.role is FieldRole.TIMEZONE)
    for program in definitions.programs:
        for index, trigger in enumerate(program.enrol):
            if trigger.date is not None:
                reads = zones | {f"field:{trigger.date.field}"}
                yield DateNode(f"date:{program.name}:{index}", program.name, index, reads, comes_at(trigger.date))


def _compile_carrying(definitions: Definitions) -> Iterable[CarryNode]:
    """A node for each field that is written to some CRM and filled by one."""
    written = {rule.source[1] for rule in definitions.write_back if rule.source[0] == "field"}
    for field_ in definitions.fields:
        if field_.name in written and field_.properties:
            name = field_.name
            yield CarryNode(f"carried:{name}", name, frozenset({f"field:{name}"}), _thaws_at(name))


def _thaws_at(field_: str) -> FlipsAt:
    return lambda view: view.frozen_until.get(field_)


def _compile_fading(definitions: Definitions) -> Iterable[FadeNode]:
    sources = (rule.source for rule in definitions.write_back)
    for name in dict.fromkeys(source[1] for source in sources if source[0] == "score"):
        yield FadeNode(f"faded:{name}", frozenset({f"score:{name}"}), _faded_at(name))


def _faded_at(score: str) -> FlipsAt:
    def faded_at(view: View) -> datetime | None:
        points = view.points(score)
        falls_to, rises_to = points - FADED_POINTS + 1, points + FADED_POINTS
        return earliest(
            (
                view.passes_at(score, max(falls_to, 1) if points > 0 else falls_to),
                view.passes_at(score, min(rises_to, -1) if points < 0 else rises_to),
            )
        )

    return faded_at
