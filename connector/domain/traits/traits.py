"""What kind of lead it is: the nodes of computed fields, of the persona and of tags."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from connector.domain.conditions.condition import AnyOf
from connector.domain.conditions.predicate import FlipsAt, Predicate, Scales, View, compile_condition, earliest
from connector.domain.definitions import Definitions, Persona, Tag
from connector.domain.fact import Value
from connector.domain.programs.program import Trigger
from connector.domain.traits import deal, rfm
from connector.domain.traits.computed import Computed
from connector.domain.traits.deal import DealField
from connector.domain.traits.rfm import Rfm


@dataclass(frozen=True, slots=True)
class ComputedNode:
    """A field that follows from signals."""

    #: `field:x`.
    id: str
    computed: Computed
    reads: frozenset[str]
    flips_at: FlipsAt | None


@dataclass(frozen=True, slots=True)
class DealsNode:
    """A field that follows from deals."""

    #: `field:x`.
    id: str
    field: str
    value_of: Callable[[View], Value | None]
    reads: frozenset[str]
    flips_at: FlipsAt | None


@dataclass(frozen=True, slots=True)
class PersonaNode:
    """Who the lead is: the first persona whose condition holds."""

    #: `persona`.
    id: str
    tests: tuple[tuple[str, Predicate], ...]
    reads: frozenset[str]
    flips_at: FlipsAt | None

    @property
    def predicates(self) -> Iterable[Predicate]:
        """Its conditions."""
        return (test for _, test in self.tests)


@dataclass(frozen=True, slots=True)
class TagNode:
    """A tag with the conditions that put it on and take it off when they come to hold."""

    #: `tag:x`.
    id: str
    tag: Tag
    adds: Predicate
    removes: Predicate
    reads: frozenset[str]
    flips_at: FlipsAt

    @property
    def predicates(self) -> Iterable[Predicate]:
        """Its conditions."""
        return self.adds, self.removes


Trait = ComputedNode | DealsNode | PersonaNode | TagNode


def compile_traits(definitions: Definitions, scales: Scales) -> Iterable[Trait]:
    """The nodes; total and pure."""
    yield from map(_compile_computed, definitions.computed)
    yield from map(_compile_deals, definitions.deal_fields)
    if definitions.rfm:
        yield from _compile_rfm(definitions.rfm)
    if definitions.personas:
        yield _compile_personas(definitions.personas, scales)
    for tag in definitions.tags:
        yield _compile_tag(tag, scales)


def _compile_computed(computed: Computed) -> ComputedNode:
    name = computed.name

    def flips_at(view: View) -> datetime | None:
        memory = view.mentions.get(name)
        return memory.changes_at(computed, view.fields.get(name), view.now) if memory else None

    reads = frozenset({f"signal:{computed.on.signal}"})
    return ComputedNode(f"field:{name}", computed, reads, flips_at if computed.within else None)


def _compile_deals(rule: DealField) -> DealsNode:
    return DealsNode(
        id=f"field:{rule.field}",
        field=rule.field,
        value_of=lambda view: deal.value_of(rule, view.deals, view.now),
        reads=frozenset({"deals"}),
        flips_at=(lambda view: deal.changes_at(rule, view.deals, view.now)) if rule.within else None,
    )


def _compile_rfm(rule: Rfm) -> Iterable[DealsNode]:
    def compile_one(name: str) -> DealsNode:
        return DealsNode(
            id=f"field:{name}",
            field=name,
            value_of=lambda view: rfm.value_of(rule, view.rfm_edges, name, view.deals, view.now),
            reads=frozenset({"deals", "rfm_edges"}),
            flips_at=lambda view: rfm.changes_at(rule, view.rfm_edges, view.deals, view.now),
        )

    return map(compile_one, rfm.FIELDS)


def _compile_personas(personas: Iterable[Persona], scales: Scales) -> PersonaNode:
    tests = tuple((persona.name, compile_condition(persona.when, scales)) for persona in personas)
    predicates = [test for _, test in tests]
    return PersonaNode("persona", tests, _reads(predicates), _flips(predicates))


def _compile_tag(tag: Tag, scales: Scales) -> TagNode:
    key, name = f"tag:{tag.name}", tag.name
    adds, removes = _any_condition(tag.add, scales), _any_condition(tag.remove, scales)
    flips = _flips([adds, removes])

    def flips_at(view: View) -> datetime | None:
        return earliest((flips and flips(view), view.loses_tag_at(name)))

    return TagNode(key, tag, adds, removes, _reads([adds, removes]), flips_at)


def _any_condition(triggers: Iterable[Trigger], scales: Scales) -> Predicate:
    """Any of the conditions that stand alone; those that belong to a signal are asked when it comes."""
    return compile_condition(AnyOf(tuple(each.when for each in triggers if each.on is None and each.when)), scales)


def _reads(predicates: Iterable[Predicate]) -> frozenset[str]:
    return frozenset().union(*(each.reads for each in predicates))


def _flips(predicates: Iterable[Predicate]) -> FlipsAt | None:
    flips = [each.flips_at for each in predicates if each.flips_at is not None]
    return (lambda view: earliest([flip(view) for flip in flips])) if flips else None
