"""The book: the compiled mapping of a workspace, in one immutable version.

The mapping layer builds `Definitions` from files; `compile_book` turns them into what `decide` runs on: predicates,
and indexes from each signal and property to what can react to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from connector.domain.conditions.comparison import compile_signal_test
from connector.domain.conditions.condition import SignalTest
from connector.domain.conditions.predicate import Predicate, Scales
from connector.domain.definitions import Definitions, EmailRule, ListRule, Notification, SignalSource, Tag
from connector.domain.field import Field, FieldRole
from connector.domain.ids import WorkspaceId
from connector.domain.nodes import CarryNode, Nodes, compile_nodes
from connector.domain.programs.compiled import (
    CHANGED,
    AttributesMatch,
    CompiledProgram,
    CompiledTrigger,
    compile_program,
    compile_trigger,
)
from connector.domain.programs.program import ListSend, Program
from connector.domain.records.sources import CompanionKind
from connector.domain.sales.compiled_sales import CompiledHandOver, compile_hand_overs, compile_takes
from connector.domain.traits.computed import Computed
from connector.domain.traits.deal import DealEvent, DealSignal, DealSource
from connector.domain.traits.score import EngagementRule, Score

#: A counter's key, how many moments it keeps, and which attributes count.
Counter = tuple[str, int, AttributesMatch]
#: A tag, whether the trigger puts it on rather than taking it off, and the trigger.
TagTrigger = tuple[Tag, bool, CompiledTrigger]


@dataclass(frozen=True, slots=True)
class Book:
    """What `decide` runs on."""

    definitions: Definitions
    fields: Mapping[str, Field]
    #: CRM -> property -> the fields it fills.
    fills: Mapping[str, Mapping[str, tuple[Field, ...]]]
    #: CRM -> property -> the signals its change gives.
    watches: Mapping[str, Mapping[str, tuple[SignalSource, ...]]]
    roles: Mapping[FieldRole, str]
    scores: Mapping[str, Score]
    #: Score -> the rules scores it is made of: itself, or the parts of the sum.
    leaves: Mapping[str, tuple[Score, ...]]
    #: The leaves of the score that leads are listed by: the first that is not a part of another.
    leading: tuple[Score, ...]
    #: Signal -> the rules it concerns, with their score.
    engagement: Mapping[str, tuple[tuple[Score, EngagementRule, AttributesMatch], ...]]
    #: Signal -> the scores that it resets.
    resets: Mapping[str, tuple[tuple[Score, AttributesMatch], ...]]
    #: Signal -> the counters it concerns.
    counters: Mapping[str, tuple[Counter, ...]]
    #: Signal -> the fields that follow from it.
    computed: Mapping[str, tuple[tuple[Computed, AttributesMatch], ...]]
    tags: Mapping[str, Tag]
    #: Signal -> the tags it may put on, then those it may take off.
    tagging: Mapping[str, tuple[TagTrigger, ...]]
    #: CRM -> how its deals are read.
    deals: Mapping[str, DealSource]
    #: CRM and what happened to a deal -> the signals that this gives.
    deal_signals: Mapping[tuple[str, DealEvent], tuple[DealSignal, ...]]
    #: What is kept up to date, and what of it each change concerns.
    nodes: Nodes
    #: The CRMs that are written to.
    crms: tuple[str, ...]
    programs: Mapping[str, CompiledProgram]
    #: Signal -> the programs it may enrol into.
    enrols: Mapping[str, tuple[str, ...]]
    #: The signals that may end or answer an enrolment.
    heard: frozenset[str]
    #: The fields that are read from a CRM and written to one.
    carried: frozenset[str]
    #: The fields whose change some program or hand-over looks for.
    listened_to: tuple[str, ...]
    notifications: Mapping[str, Notification]
    lists: Mapping[str, ListRule]
    emails: Mapping[str, EmailRule]
    #: Signal -> the attributes with which it stops all messages.
    suppresses: Mapping[str, tuple[AttributesMatch, ...]]
    hand_overs: Mapping[str, CompiledHandOver]
    #: Rep -> which leads it may be given.
    takes: Mapping[str, Predicate]
    #: The programs that stand still, and the lists on which they put leads.
    paused: frozenset[str]
    paused_lists: frozenset[str]

    @property
    def version(self) -> str:
        """The fingerprint of the mapping files."""
        return self.definitions.version

    @property
    def workspace(self) -> WorkspaceId:
        """Whose book it is."""
        return self.definitions.workspace

    def properties_to_read(self, crm: str) -> tuple[str, ...]:
        """The CRM properties that this book gives a meaning to, sorted."""
        return tuple(sorted({*self.fills.get(crm, {}), *self.watches.get(crm, {})}))

    def companion_kinds(self, crm: str) -> frozenset[CompanionKind]:
        """What beside people's records this book gives a meaning to; with deals, the roles that people have in them."""
        kinds = {source.kind for source in self.definitions.companions if source.crm == crm}
        return frozenset(kinds | {CompanionKind.ROLE} if crm in self.deals else kinds)


def compile_book(definitions: Definitions) -> Book:
    """The definitions as functions and indexes.

    Expects what `check` accepts; raises graphlib.CycleError when segments and scores depend on one another in a circle.
    """
    scales = Scales({score.name: score.grades for score in definitions.scores}, definitions.zone)
    programs = {each.name: compile_program(each, place, scales) for place, each in enumerate(definitions.programs)}
    hand_overs = compile_hand_overs(definitions.sales, scales)
    takes = compile_takes(definitions.sales, scales)
    nodes = compile_nodes(definitions, programs, hand_overs, scales)
    in_programs = (predicate for compiled in programs.values() for predicate in compiled.predicates)
    in_sales = (*takes.values(), *(test for compiled in hand_overs.values() for test in compiled.predicates))
    tagging = _index_tagging(definitions.tags, scales)
    labels = (trigger.test for found in tagging.values() for _, _, trigger in found)
    return Book(
        definitions=definitions,
        fields={field_.name: field_ for field_ in definitions.fields},
        fills=_index_fills(definitions.fields),
        watches=_index_watches(definitions.signals),
        roles={field_.role: field_.name for field_ in definitions.fields if field_.role},
        scores={score.name: score for score in definitions.scores},
        leaves=_index_leaves(definitions.scores),
        leading=_leading(definitions.scores),
        engagement=_index_engagement(definitions.scores),
        resets=_index_resets(definitions.scores),
        counters=_index_counters((*nodes.predicates, *in_programs, *in_sales, *labels)),
        computed=_index_computed(definitions.computed),
        tags={tag.name: tag for tag in definitions.tags},
        tagging=tagging,
        deals={source.crm: source for source in definitions.deals},
        deal_signals=_index_deal_signals(definitions.deal_signals),
        nodes=nodes,
        crms=_written_crms(definitions),
        programs=programs,
        enrols=_index_enrols(programs),
        heard=frozenset().union(*(each.ends_on | each.answers_on for each in programs.values())),
        carried=frozenset(node.field for node in nodes.ordered if isinstance(node, CarryNode)),
        listened_to=_listened_to(programs.values(), _heard_from_sales(definitions, hand_overs)),
        notifications={notification.name: notification for notification in definitions.notifications},
        lists={rule.name: rule for rule in definitions.lists},
        emails={rule.name: rule for rule in definitions.emails},
        suppresses=_index_suppressors(definitions.suppress_on),
        hand_overs=hand_overs,
        takes=takes,
        paused=frozenset(program.name for program in definitions.programs if program.is_paused),
        paused_lists=_paused_lists(definitions.programs),
    )


def _written_crms(definitions: Definitions) -> tuple[str, ...]:
    written = {rule.crm for rule in definitions.write_back}
    owner = next((field_ for field_ in definitions.fields if field_.role is FieldRole.OWNER), None)
    if definitions.sales.hand_overs and owner is not None:
        written |= owner.properties.keys()
    return tuple(sorted(written.union(*(rule.titles for rule in definitions.lists))))


def _paused_lists(programs: Iterable[Program]) -> frozenset[str]:
    phases = (phase for program in programs if program.is_paused for phase in program.phases)
    sends = (send for phase in phases for activity in phase.activities for send in activity.sends)
    return frozenset(send.list for send in sends if isinstance(send, ListSend))


def _index_fills(fields: Iterable[Field]) -> Mapping[str, Mapping[str, tuple[Field, ...]]]:
    index: dict[str, dict[str, list[Field]]] = defaultdict(lambda: defaultdict(list))
    for field_ in fields:
        for crm, properties in field_.properties.items():
            for property_ in properties:
                index[crm][property_].append(field_)
    return {crm: {name: tuple(found) for name, found in by_name.items()} for crm, by_name in index.items()}


def _index_watches(signals: Iterable[SignalSource]) -> Mapping[str, Mapping[str, tuple[SignalSource, ...]]]:
    index: dict[str, dict[str, list[SignalSource]]] = defaultdict(lambda: defaultdict(list))
    for source in signals:
        index[source.crm][source.property].append(source)
    return {crm: {name: tuple(found) for name, found in by_name.items()} for crm, by_name in index.items()}


def _index_deal_signals(signals: Iterable[DealSignal]) -> Mapping[tuple[str, DealEvent], tuple[DealSignal, ...]]:
    index: dict[tuple[str, DealEvent], list[DealSignal]] = defaultdict(list)
    for source in signals:
        index[source.crm, source.event].append(source)
    return {key: tuple(found) for key, found in index.items()}


def _index_leaves(scores: Sequence[Score]) -> Mapping[str, tuple[Score, ...]]:
    by_name = {score.name: score for score in scores}

    def leaves(score: Score) -> tuple[Score, ...]:
        parts = (by_name[name] for name in score.sum_of)
        return tuple(leaf for part in parts for leaf in leaves(part)) if score.sum_of else (score,)

    return {score.name: leaves(score) for score in scores}


def outermost(scores: Sequence[Score]) -> Iterator[Score]:
    """The scores that are not a part of another."""
    inner = {part for score in scores for part in score.sum_of}
    return (score for score in scores if score.name not in inner)


def _leading(scores: Sequence[Score]) -> tuple[Score, ...]:
    first = next(outermost(scores), None)
    return _index_leaves(scores)[first.name] if first else ()


def _index_engagement(
    scores: Iterable[Score],
) -> Mapping[str, tuple[tuple[Score, EngagementRule, AttributesMatch], ...]]:
    index: dict[str, list[tuple[Score, EngagementRule, AttributesMatch]]] = defaultdict(list)
    for score in scores:
        for rule in score.rules:
            if isinstance(rule, EngagementRule):
                index[rule.on.signal].append((score, rule, compile_signal_test(rule.on)))
    return {signal: tuple(found) for signal, found in index.items()}


def _index_resets(scores: Iterable[Score]) -> Mapping[str, tuple[tuple[Score, AttributesMatch], ...]]:
    index: dict[str, list[tuple[Score, AttributesMatch]]] = defaultdict(list)
    for score in scores:
        for test in score.reset_on:
            index[test.signal].append((score, compile_signal_test(test)))
    return {signal: tuple(found) for signal, found in index.items()}


def _index_counters(predicates: Iterable[Predicate]) -> Mapping[str, tuple[Counter, ...]]:
    unique = {test.counter: test for predicate in predicates for test in predicate.counters}
    index: dict[str, list[Counter]] = defaultdict(list)
    for key, test in sorted(unique.items()):
        index[test.what.signal].append((key, test.at_least, compile_signal_test(test.what)))
    return {signal: tuple(found) for signal, found in index.items()}


def _index_suppressors(tests: Iterable[SignalTest]) -> Mapping[str, tuple[AttributesMatch, ...]]:
    index: dict[str, list[AttributesMatch]] = defaultdict(list)
    for test in tests:
        index[test.signal].append(compile_signal_test(test))
    return {signal: tuple(found) for signal, found in index.items()}


def _index_computed(fields: Iterable[Computed]) -> Mapping[str, tuple[tuple[Computed, AttributesMatch], ...]]:
    index: dict[str, list[tuple[Computed, AttributesMatch]]] = defaultdict(list)
    for field_ in fields:
        index[field_.on.signal].append((field_, compile_signal_test(field_.on)))
    return {signal: tuple(found) for signal, found in index.items()}


def _index_tagging(tags: Sequence[Tag], scales: Scales) -> Mapping[str, tuple[TagTrigger, ...]]:
    index: dict[str, list[TagTrigger]] = defaultdict(list)
    for is_added in (True, False):
        for tag in tags:
            for trigger in tag.add if is_added else tag.remove:
                if trigger.on is not None:
                    index[trigger.on.signal].append((tag, is_added, compile_trigger(trigger, scales)))
    return {signal: tuple(found) for signal, found in index.items()}


def _index_enrols(programs: Mapping[str, CompiledProgram]) -> Mapping[str, tuple[str, ...]]:
    index: dict[str, list[str]] = defaultdict(list)
    for name, compiled in programs.items():
        for signal in dict.fromkeys(trigger.signal for trigger in compiled.enrol):
            index[signal].append(name)
    return {signal: tuple(names) for signal, names in index.items()}


def _listened_to(programs: Iterable[CompiledProgram], by_sales: frozenset[str]) -> tuple[str, ...]:
    signals = by_sales.union(*(_heard(compiled) for compiled in programs))
    return tuple(sorted(signal.removeprefix(CHANGED) for signal in signals if signal.startswith(CHANGED)))


def _heard_from_sales(definitions: Definitions, hand_overs: Mapping[str, CompiledHandOver]) -> frozenset[str]:
    """The signals by which sales says what it makes of a lead: a new owner always."""
    if not hand_overs:
        return frozenset()
    signals = (trigger.signal for compiled in hand_overs.values() for trigger in compiled.triggers)
    owners = (CHANGED + field_.name for field_ in definitions.fields if field_.role is FieldRole.OWNER)
    return frozenset({*signals, *owners})


def _heard(compiled: CompiledProgram) -> frozenset[str]:
    return compiled.ends_on | compiled.answers_on | {trigger.signal for trigger in compiled.enrol}
