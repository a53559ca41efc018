"""The book: the compiled mapping of a workspace, in one immutable version.

The mapping layer builds `Definitions` from files; `compile_book` turns them into what `decide` runs on: predicates,
and indexes from each signal and property to what can react to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from graphlib import TopologicalSorter
from zoneinfo import ZoneInfo

from connector.domain.calendar import ALWAYS_OPEN, SendWindow
from connector.domain.condition import AnyOf, Condition
from connector.domain.fact import Value
from connector.domain.field import Field, FieldRole
from connector.domain.ids import WorkspaceId
from connector.domain.predicate import ALWAYS, Predicate, Scales, compile_condition, compile_signal_test
from connector.domain.program import Note, Program, Task, Trigger
from connector.domain.score import EngagementRule, FitRule, Score


@dataclass(frozen=True, slots=True)
class SignalSource:
    """A CRM property whose change is a signal."""

    signal: str
    crm: str
    property: str
    #: The new value must be one of these; empty: any value, but not a cleared one.
    to: tuple[str, ...] = ()
    #: Attribute -> `value` for the new value, or the name of a lead field.
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Segment:
    """A named condition."""

    name: str
    when: Condition


@dataclass(frozen=True, slots=True)
class ListRule:
    """A list that CRMs keep for us."""

    name: str
    #: CRM -> the list's name over there.
    titles: Mapping[str, str]
    #: Who belongs on it; None for a list that only activities fill.
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """What a rep is told when a condition comes to hold."""

    name: str
    when: Condition
    acts: tuple[Task | Note, ...]
    #: Told again at the earliest so long after the last time: scores hover around thresholds.
    again_after: timedelta = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class WriteBack:
    """A CRM property that we keep up to date."""

    crm: str
    property: str
    #: Its path: ("score", name, "points" | "grade" | "why"), ("program", name, "phase" | "activity" | "state"),
    #: ("field", name) or ("segments",).
    source: tuple[str, ...]
    #: The CRM property type to create: `number` or `string`.
    type: str = "string"
    label: str = ""


@dataclass(frozen=True, slots=True)
class Definitions:
    """All that the mapping files of one workspace say."""

    workspace: WorkspaceId
    #: The fingerprint of the files.
    version: str
    zone: ZoneInfo
    fields: tuple[Field, ...] = ()
    signals: tuple[SignalSource, ...] = ()
    segments: tuple[Segment, ...] = ()
    scores: tuple[Score, ...] = ()
    programs: tuple[Program, ...] = ()
    lists: tuple[ListRule, ...] = ()
    notifications: tuple[Notification, ...] = ()
    write_back: tuple[WriteBack, ...] = ()
    window: SendWindow = ALWAYS_OPEN
    #: How long acts wait before they leave, so that a late fact can still change the verdict.
    settle: timedelta = timedelta()


AttributesMatch = Callable[[Mapping[str, Value]], bool]
#: A counter's key, how many moments it keeps, and which attributes count.
Counter = tuple[str, int, AttributesMatch]


@dataclass(frozen=True, slots=True)
class Watcher:
    """A condition whose truth is kept on the lead."""

    #: `segment:x`, `list:x`, `notification:x`, or `enrol:x` for a program that is entered when it comes to hold.
    id: str
    test: Predicate


@dataclass(frozen=True, slots=True)
class ScoreNode:
    """A score in its place among the things that depend on one another."""

    score: Score
    fit: tuple[tuple[FitRule, Predicate], ...]
    #: What its fit rules look at, as in `Predicate.reads`, and the scores whose sum it is.
    reads: frozenset[str]
    parts: frozenset[str]


@dataclass(frozen=True, slots=True)
class CompiledTrigger:
    """A trigger as functions."""

    #: The signal it answers to; empty for a condition alone.
    signal: str
    matches: AttributesMatch
    test: Predicate


@dataclass(frozen=True, slots=True)
class CompiledProgram:
    """A program with its triggers as functions."""

    program: Program
    enrol: tuple[CompiledTrigger, ...]
    goal: tuple[CompiledTrigger, ...]
    exit: tuple[CompiledTrigger, ...]
    #: The signals of goal and exit; the empty one stands for conditions.
    ends_on: frozenset[str]
    #: Phase and activity -> what counts as the answer.
    answers: Mapping[tuple[str, str], tuple[CompiledTrigger, ...]]
    #: The signals of answers; the empty one stands for conditions.
    answers_on: frozenset[str]
    #: Conditions of goals, exits and answers whose outcome time alone may change.
    timed: tuple[Predicate, ...]


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
    #: Signal -> the rules it concerns, with their score.
    engagement: Mapping[str, tuple[tuple[Score, EngagementRule, AttributesMatch], ...]]
    #: Signal -> the counters it concerns.
    counters: Mapping[str, tuple[Counter, ...]]
    #: Segments and scores with fit rules, each after what it looks at.
    derived: tuple[Watcher | ScoreNode, ...]
    #: Lists, notifications and enrolment conditions: they look at everything, nothing looks at them.
    watchers: tuple[Watcher, ...]
    #: All conditions whose answer time alone may change, but those of programs.
    timed: tuple[Predicate, ...]
    #: The scores that some CRM shows.
    shown_scores: tuple[str, ...]
    #: The CRMs that are written to.
    crms: tuple[str, ...]
    programs: Mapping[str, CompiledProgram]
    #: Signal -> the programs it may enrol into.
    enrols: Mapping[str, tuple[str, ...]]
    notifications: Mapping[str, Notification]
    lists: Mapping[str, ListRule]

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


def compile_book(definitions: Definitions) -> Book:
    """The definitions as functions and indexes.

    Expects what `check` accepts; raises graphlib.CycleError when segments and scores depend on one another in a circle.
    """
    scales = Scales({score.name: score.grades for score in definitions.scores}, definitions.zone)
    derived = _sort_derived(definitions, scales)
    watchers = tuple(_compile_watchers(definitions, scales))
    programs = {program.name: _compile_program(program, scales) for program in definitions.programs}
    return Book(
        definitions=definitions,
        fields={field_.name: field_ for field_ in definitions.fields},
        fills=_index_fills(definitions.fields),
        watches=_index_watches(definitions.signals),
        roles={field_.role: field_.name for field_ in definitions.fields if field_.role},
        scores={score.name: score for score in definitions.scores},
        leaves=_index_leaves(definitions.scores),
        engagement=_index_engagement(definitions.scores),
        counters=_index_counters(_all_predicates(derived, watchers, programs.values())),
        derived=derived,
        watchers=watchers,
        timed=tuple(test for test in _all_predicates(derived, watchers, ()) if test.flips_at is not None),
        shown_scores=_shown_scores(definitions),
        crms=_written_crms(definitions),
        programs=programs,
        enrols=_index_enrols(programs),
        notifications={notification.name: notification for notification in definitions.notifications},
        lists={rule.name: rule for rule in definitions.lists},
    )


def _shown_scores(definitions: Definitions) -> tuple[str, ...]:
    sources = (rule.source for rule in definitions.write_back)
    return tuple(dict.fromkeys(source[1] for source in sources if source[0] == "score"))


def _written_crms(definitions: Definitions) -> tuple[str, ...]:
    written = {rule.crm for rule in definitions.write_back}
    return tuple(sorted(written.union(*(rule.titles for rule in definitions.lists))))


def _compile_watchers(definitions: Definitions, scales: Scales) -> Iterable[Watcher]:
    for rule in definitions.lists:
        if rule.when is not None:
            yield Watcher(f"list:{rule.name}", compile_condition(rule.when, scales))
    for notification in definitions.notifications:
        yield Watcher(f"notification:{notification.name}", compile_condition(notification.when, scales))
    for program in definitions.programs:
        conditions = tuple(trigger.when for trigger in program.enrol if trigger.on is None and trigger.when)
        if conditions:
            yield Watcher(f"enrol:{program.name}", compile_condition(AnyOf(conditions), scales))


def _sort_derived(definitions: Definitions, scales: Scales) -> tuple[Watcher | ScoreNode, ...]:
    nodes: dict[str, Watcher | ScoreNode] = {}
    reads: dict[str, set[str]] = {}
    for segment in definitions.segments:
        key = f"segment:{segment.name}"
        watcher = Watcher(key, compile_condition(segment.when, scales))
        nodes[key], reads[key] = watcher, set(watcher.test.reads)
    for score in definitions.scores:
        key = f"score:{score.name}"
        node = _compile_score_node(score, scales)
        nodes[key] = node
        reads[key] = set(node.reads)
    graph = {key: sorted(seen & nodes.keys()) for key, seen in sorted(reads.items())}
    return tuple(nodes[key] for key in TopologicalSorter(graph).static_order())


def _compile_score_node(score: Score, scales: Scales) -> ScoreNode:
    rules = (rule for rule in score.rules if isinstance(rule, FitRule))
    fit = tuple((rule, compile_condition(rule.when, scales)) for rule in rules)
    parts = frozenset(f"score:{part}" for part in score.sum_of)
    return ScoreNode(score, fit, reads=parts.union(*(test.reads for _, test in fit)), parts=parts)


def _compile_trigger(trigger: Trigger, scales: Scales) -> CompiledTrigger:
    return CompiledTrigger(
        signal=trigger.on.signal if trigger.on else "",
        matches=compile_signal_test(trigger.on) if trigger.on else lambda attributes: True,
        test=compile_condition(trigger.when, scales) if trigger.when else ALWAYS,
    )


def _compile_program(program: Program, scales: Scales) -> CompiledProgram:
    def compile_all(triggers: Iterable[Trigger]) -> tuple[CompiledTrigger, ...]:
        return tuple(_compile_trigger(trigger, scales) for trigger in triggers)

    goal, exit_ = compile_all(program.goal), compile_all(program.exit)
    answers = {
        (phase.name, activity.name): compile_all(activity.answered)
        for phase in program.phases
        for activity in phase.activities
    }
    waited_for = [trigger for triggers in answers.values() for trigger in triggers]
    return CompiledProgram(
        program=program,
        enrol=compile_all(program.enrol),
        goal=goal,
        exit=exit_,
        ends_on=frozenset(trigger.signal for trigger in (*goal, *exit_)),
        answers=answers,
        answers_on=frozenset(trigger.signal for trigger in waited_for),
        timed=tuple(
            trigger.test
            for trigger in (*goal, *exit_, *waited_for)
            if not trigger.signal and trigger.test.flips_at is not None
        ),
    )


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


def _index_leaves(scores: Sequence[Score]) -> Mapping[str, tuple[Score, ...]]:
    by_name = {score.name: score for score in scores}

    def leaves(score: Score) -> tuple[Score, ...]:
        parts = (by_name[name] for name in score.sum_of)
        return tuple(leaf for part in parts for leaf in leaves(part)) if score.sum_of else (score,)

    return {score.name: leaves(score) for score in scores}


def _index_engagement(
    scores: Iterable[Score],
) -> Mapping[str, tuple[tuple[Score, EngagementRule, AttributesMatch], ...]]:
    index: dict[str, list[tuple[Score, EngagementRule, AttributesMatch]]] = defaultdict(list)
    for score in scores:
        for rule in score.rules:
            if isinstance(rule, EngagementRule):
                index[rule.on.signal].append((score, rule, compile_signal_test(rule.on)))
    return {signal: tuple(found) for signal, found in index.items()}


def _all_predicates(
    derived: Iterable[Watcher | ScoreNode], watchers: Iterable[Watcher], programs: Iterable[CompiledProgram]
) -> Iterable[Predicate]:
    for node in (*derived, *watchers):
        if isinstance(node, Watcher):
            yield node.test
        else:
            yield from (test for _, test in node.fit)
    for compiled in programs:
        for triggers in (compiled.enrol, compiled.goal, compiled.exit, *compiled.answers.values()):
            yield from (trigger.test for trigger in triggers)


def _index_counters(predicates: Iterable[Predicate]) -> Mapping[str, tuple[Counter, ...]]:
    unique = {test.counter: test for predicate in predicates for test in predicate.counters}
    index: dict[str, list[Counter]] = defaultdict(list)
    for key, test in sorted(unique.items()):
        index[test.what.signal].append((key, test.at_least, compile_signal_test(test.what)))
    return {signal: tuple(found) for signal, found in index.items()}


def _index_enrols(programs: Mapping[str, CompiledProgram]) -> Mapping[str, tuple[str, ...]]:
    index: dict[str, list[str]] = defaultdict(list)
    for name, compiled in programs.items():
        for signal in dict.fromkeys(trigger.signal for trigger in compiled.enrol):
            index[signal].append(name)
    return {signal: tuple(names) for signal, names in index.items()}
