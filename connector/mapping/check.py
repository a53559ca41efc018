"""What each part of a mapping says well and all parts together cannot mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from graphlib import TopologicalSorter

from connector.domain.conditions.condition import (
    AllOf,
    AnyOf,
    Condition,
    GradeTest,
    Not,
    PersonaTest,
    ScoreTest,
    SegmentTest,
    TagTest,
)
from connector.domain.definitions import Definitions
from connector.domain.field import FieldRole
from connector.domain.programs.program import EmailSend, ListSend, Program
from connector.domain.traits.score import FitRule, Score
from connector.mapping.circles import find_circle
from connector.mapping.conditions import ConditionReader
from connector.mapping.emails import report_unused_emails
from connector.mapping.hysteresis import check_hysteresis
from connector.mapping.journeys import check_journeys, place_of
from connector.mapping.means import check_means
from connector.mapping.models import MappingFile
from connector.mapping.objects import check_objects
from connector.mapping.places import Path, Problems
from connector.mapping.reach import check_thresholds
from connector.mapping.report import arrows, quoted
from connector.mapping.sales_checks import check_sales
from connector.mapping.texts import check_wholes

#: A score may be a sum of sums; so much of it is added up for every lead without notice.
MAX_LEVELS = 50
MAX_LEAVES = 1_000
_REMEDY = "add a field such as opted_out: {hubspot: hs_email_optout, type: boolean, consent: email}"


def check_whole(mapping: MappingFile, definitions: Definitions, reader: ConditionReader) -> None:
    """Report what can never work; what is misshapen already is passed over."""
    problems = reader.problems
    if not _report_circles(definitions, problems):
        scores = _parts_first(definitions.scores)
        _report_tall_sums(scores, problems)
        check_thresholds(scores, reader)
    check_hysteresis(mapping, reader)
    check_wholes(reader)
    check_journeys(mapping, definitions, problems)
    check_sales(mapping, definitions, problems)
    check_objects(mapping, problems)
    check_means(mapping, definitions, problems)
    has_consent = any(field.role is FieldRole.CONSENT for field in definitions.fields)
    if not has_consent and not problems.touch(("fields",)):
        for program in definitions.programs:
            _report_sending(program, problems)
    _report_unused_lists(definitions, problems)
    report_unused_emails(definitions, problems)
    _report_nobody(definitions, problems)


def _report_nobody(definitions: Definitions, problems: Problems) -> None:
    """Warn where only a record's number tells who a lead is; a mapping with mistakes has more pressing needs."""
    has_identity = any(field.role is FieldRole.IDENTITY for field in definitions.fields)
    if definitions.fields and not has_identity and not problems.has_errors:
        message = "nobody is found by email address: no field has identity: true"
        problems.warn(("fields",), message, "add it to the field with the email address", on_key=True)


def _report_sending(program: Program, problems: Problems) -> None:
    for phase in program.phases:
        for activity in phase.activities:
            sent = next((send for send in activity.sends if isinstance(send, ListSend | EmailSend)), None)
            if sent is not None:
                path = place_of(program.name, phase, activity)
                message = "a message is sent, but no field says who opted out of email"
                key = "list" if isinstance(sent, ListSend) else "email"
                problems.error((*path, "send", key), message, _REMEDY)
                return


def _report_unused_lists(definitions: Definitions, problems: Problems) -> None:
    activities = (each for program in definitions.programs for phase in program.phases for each in phase.activities)
    filled = {send.list for activity in activities for send in activity.sends if isinstance(send, ListSend)}
    for rule in definitions.lists:
        if rule.when is None and rule.name not in filled and not problems.touch(("programs",)):
            message = f"nothing puts leads on the list {quoted(rule.name)}"
            problems.warn(("lists", rule.name), message, "add when:, or send it in an activity", on_key=True)


# --- circles of segments, scores, personas and tags ---

_KINDS: Mapping[str | int, str] = {"segments": "segment", "scores": "score", "tags": "tag", "personas": "the persona"}


def _report_circles(definitions: Definitions, problems: Problems) -> bool:
    """Report segments, scores, personas and tags that depend on one another in a circle; whether there are any."""
    graph = dict(_dependencies(definitions))
    found = False
    while circle := find_circle(graph):
        found = True
        words = arrows([" ".join((_KINDS[path[0]], *map(str, path[1:]))) for path in circle])
        problems.error(circle[-1], f"in a circle: {words}", "one of them must not look at the next", on_key=True)
        graph[circle[-1]] = set()
    return found


def _parts_first(scores: tuple[Score, ...]) -> list[Score]:
    """The scores, each after those that it adds up; they are in no circle."""
    by_name = {score.name: score for score in scores}
    order = TopologicalSorter({score.name: score.sum_of for score in scores}).static_order()
    return [by_name[name] for name in order if name in by_name]


def _report_tall_sums(scores: Iterable[Score], problems: Problems) -> None:
    """Report the first sum that would take too long to add up for every lead."""
    levels: dict[str, int] = {}
    leaves: dict[str, int] = {}
    for score in scores:
        levels[score.name] = 1 + max((levels.get(part, 0) for part in score.sum_of), default=0)
        leaves[score.name] = sum(leaves.get(part, 0) for part in score.sum_of) or 1
        if levels[score.name] > MAX_LEVELS or leaves[score.name] > MAX_LEAVES:
            message = f"a sum of sums of more than {MAX_LEVELS} levels, or of more than {MAX_LEAVES:,} scores"
            problems.error(("scores", score.name, "sum"), message, "add up the scores with rules themselves")
            return


def _dependencies(definitions: Definitions) -> Iterator[tuple[Path, set[Path]]]:
    for segment in definitions.segments:
        yield ("segments", segment.name), set(_looked_at(segment.when))
    for score in definitions.scores:
        yield ("scores", score.name), set(_score_looks_at(score))
    yield ("personas",), {path for persona in definitions.personas for path in _looked_at(persona.when)}
    for tag in definitions.tags:
        alone = (each.when for each in (*tag.add, *tag.remove) if each.on is None and each.when)
        yield ("tags", tag.name), {path for condition in alone for path in _looked_at(condition)}


def _score_looks_at(score: Score) -> Iterator[Path]:
    yield from (("scores", part) for part in score.sum_of)
    if score.freeze_while is not None:
        yield from _looked_at(score.freeze_while)
    for rule in score.rules:
        if isinstance(rule, FitRule):
            yield from _looked_at(rule.when)


def _looked_at(condition: Condition) -> Iterator[Path]:
    match condition:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _looked_at(part)
        case Not(part):
            yield from _looked_at(part)
        case SegmentTest(segment):
            yield ("segments", segment)
        case PersonaTest():
            yield ("personas",)
        case TagTest(tag):
            yield ("tags", tag)
        case ScoreTest(score) | GradeTest(score):
            yield ("scores", score)
