"""What was accepted once is read for ever, and means the same (decision 0012).

`tests/golden` holds mappings of every release, each with `meaning.txt`. They are added to and never edited: leads of
some customer were judged by texts like these.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.domain.book import compile_book
from connector.domain.definitions import Definitions
from connector.domain.programs.program import Alert, Outcome, Post, Program, Trigger
from connector.domain.sales.sales import Sales
from connector.domain.traits.rfm import DIMENSIONS
from connector.domain.traits.score import EngagementRule, Score
from connector.errors import MappingError
from connector.mapping.fingerprint import to_version
from connector.mapping.load import parse_kept, read_folder
from connector.mapping.sentences import signal_sentence, to_sentence

GOLDEN = Path(__file__).parents[2] / "golden"
FOLDERS = sorted(path for path in GOLDEN.iterdir() if path.is_dir())


def meaning_of(definitions: Definitions) -> Iterator[str]:
    """What a replay depends on: names under which leads keep something, and when conditions hold."""
    yield f"version {definitions.version}"
    for field in definitions.fields:
        yield f"field {field.name}: {field.type} of {dict(field.properties)}, {len(field.values)} values, {field.role}"
    for source in definitions.signals:
        yield f"signal {source.signal}: {source.property} to {source.to} with {dict(source.attributes)}"
    for segment in definitions.segments:
        yield f"segment {segment.name}: {to_sentence(segment.when)}"
    yield from _meaning_of_traits(definitions)
    for score in definitions.scores:
        yield f"score {score.name}: sum {score.sum_of}, half-life {score.half_life}, grades {score.grades}"
        yield from (f"score {score.name}: {rule.points:g} for {rule.id}" for rule in score.rules)
        yield from _turns_of(score)
    for program in definitions.programs:
        yield from _meaning_of_program(program)
    for rule in definitions.lists:
        yield f"list {rule.name}: {dict(rule.titles)} when {to_sentence(rule.when) if rule.when else 'sent'}"
    for notification in definitions.notifications:
        when = to_sentence(notification.when)
        yield f"notification {notification.name}: {when}, again after {notification.again_after}"
    for written in definitions.write_back:
        clears = ", cleared" if written.clears else ""
        yield f"write_back {written.property}: {written.source} as {written.type}{clears}"
    yield from _meaning_of_sales(definitions.sales)
    yield from _meaning_of_emails(definitions)
    yield from _meaning_of_deals(definitions)
    yield from _meaning_of_arrivals(definitions)
    yield from _meaning_of_several_crms(definitions)
    yield from _meaning_of_means(definitions)


def _meaning_of_means(definitions: Definitions) -> Iterator[str]:
    acts = [(one.name, act) for one in definitions.notifications for act in one.acts]
    acts += [(program.name, act) for program in definitions.programs for act in program.on_completed]
    for name, act in acts:
        if isinstance(act, Alert):
            yield f"alert of {name}: {act.type} in {act.crm}"
        if isinstance(act, Post):
            yield f"post of {name}: in {act.crm}, mentions {act.mentions_owner}"
    yield from (
        f"email {one.name}: logged {one.is_logged}" for one in definitions.emails if "salesforce" in one.numbers
    )


def _meaning_of_several_crms(definitions: Definitions) -> Iterator[str]:
    yield from (f"kept apart: {each}" for each in definitions.kept_apart)
    for one in definitions.companions:
        what = f"{one.kind} {one.event} of {one.only} to {one.to} with {dict(one.attributes)}"
        yield f"companion {one.signal} of {one.crm}: {what}"
    for field in definitions.fields:
        if field.prefer or field.words:
            yield f"field {field.name}: prefers {field.prefer or 'the latest'}, speaks {field.words}"
    for source in definitions.signals:
        if source.crm != "hubspot":
            yield f"signal {source.signal}: {source.property} in {source.crm}"
    for written in definitions.write_back:
        if written.crm != "hubspot":
            yield f"write_back {written.property} in {written.crm}"


def _meaning_of_sales(sales: Sales) -> Iterator[str]:
    for team in sales.teams:
        for rep in team.reps:
            takes = to_sentence(rep.takes) if rep.takes else "any"
            away = ", ".join(f"{each.first} to {each.last}" for each in rep.hours.away)
            yield f"rep {team.name}.{rep.name}: {dict(rep.owners)}, weight {rep.weight:g}, takes {takes}, away {away}"
            yield f"rep {rep.name}: {rep.hours.zone.key}, {sorted(rep.hours.window.days)}, {rep.hours.window.opens}"
    for rule in sales.hand_overs:
        when = to_sentence(rule.when) if rule.when else "by programs"
        yield f"hand_over {rule.name}: {when}, again after {rule.again_after}, pauses: {rule.pauses}"
        for owner in rule.owner:
            who = f"{owner.rep or owner.team}{' keeps' if owner.keeps else ''}"
            yield f"hand_over {rule.name}: to {who} when {to_sentence(owner.when) if owner.when else 'always'}"
        yield f"hand_over {rule.name}: {rule.lifecycle!r}, {rule.status!r}, {len(rule.acts)} acts"
        for step in rule.escalations:
            yield f"hand_over {rule.name}: after {step.after} {'next' if step.passes_on else step.to}"
        for word, triggers in (("touched", rule.touched), ("accepted", rule.accepted), ("closed", rule.closed)):
            yield f"hand_over {rule.name}: {word} by {', '.join(map(_trigger, triggers))}"
        for each in rule.rejected:
            target = each.target.name if each.target else "nothing"
            yield f"hand_over {rule.name}: {_trigger(each.trigger)} to {target}, {each.lifecycle!r}, {each.status!r}"


def _meaning_of_deals(definitions: Definitions) -> Iterator[str]:
    for source in definitions.deals:
        yield f"deals of {source.crm}: {source.amount}, {source.closed_at}, {source.stage}, {source.pipeline}"
        for outcome, stages in (("won", source.won), ("lost", source.lost)):
            if stages is not None:
                yield f"deals are {outcome}: {sorted(stages.stages)} of {sorted(stages.pipelines)}"
        yield f"deals count of {sorted(source.pipelines)}"
    for rule in definitions.deal_fields:
        yield f"field {rule.field}: {rule.measure} of {rule.of}, within {rule.within}"
    for signal in definitions.deal_signals:
        yield f"signal {signal.signal}: {signal.crm} deal {signal.event} to {signal.to} with {dict(signal.attributes)}"
    if definitions.rfm:
        for name in DIMENSIONS:
            edges = getattr(definitions.rfm, name)
            yield f"rfm {name}: {', '.join(map(str, edges)) or 'quintiles'}, within {definitions.rfm.within}"


def _meaning_of_arrivals(definitions: Definitions) -> Iterator[str]:
    for feed in definitions.feeds:
        yield f"signal {feed.signal}: {feed.crm} {feed.feed} of {feed.only!r} with {dict(feed.attributes)}"
    for told in definitions.told:
        yield f"signal {told.signal}: told with {sorted(told.attributes)}, looks up: {told.looks_up}"


def _meaning_of_traits(definitions: Definitions) -> Iterator[str]:
    for computed in definitions.computed:
        said = f"{signal_sentence(computed.on)}, {computed.attribute} by {computed.weight}, within {computed.within}"
        yield f"field {computed.name}: {computed.how} of {said}"
    for persona in definitions.personas:
        yield f"persona {persona.name}: {to_sentence(persona.when)}"
    for tag in definitions.tags:
        rules = " / ".join(", ".join(map(_trigger, triggers)) for triggers in (tag.add, tag.remove))
        yield f"tag {tag.name}: {rules} for {tag.lasts}"


def _meaning_of_emails(definitions: Definitions) -> Iterator[str]:
    for rule in definitions.emails:
        kind = "transactional" if rule.is_transactional else "marketing"
        consent = "known" if rule.needs_known_consent else "not opted out"
        shown = f"{sorted(rule.values)}, {sorted(rule.properties)}"
        yield f"email {rule.name}: {dict(rule.numbers)}, {kind}, {consent}, {shown}"
    yield from (f"messages stop on {signal_sentence(test)}" for test in definitions.suppress_on)
    yield from (f"texts look at {signal}" for signal in sorted(definitions.quoted))


def _trigger(trigger: Trigger) -> str:
    on = signal_sentence(trigger.on) if trigger.on else "when"
    return f"{on} {to_sentence(trigger.when)}" if trigger.when else on


def _turns_of(score: Score) -> Iterator[str]:
    for rule in score.rules:
        if isinstance(rule, EngagementRule) and rule.expires:
            yield f"score {score.name}: {rule.id} expires after {rule.expires}"
    yield from (f"score {score.name}: reset on {signal_sentence(test)}" for test in score.reset_on)
    if score.freeze_while:
        yield f"score {score.name}: frozen while {to_sentence(score.freeze_while)}"


def _meaning_of_program(program: Program) -> Iterator[str]:
    yield f"program {program.name}: {len(program.enrol)} ways in, again after {program.again_after}"
    if program.brake is not None:
        yield f"program {program.name}: no more than {program.brake.enrolments} in {program.brake.per}"
    for phase in program.phases:
        ways = (phase.all_answered, phase.some_answered, phase.none_answered)
        leads = ", ".join(f"{way.target.kind}:{way.target.name} after {way.after}" for way in ways)
        yield f"phase {program.name}.{phase.name}: {leads}"
        yield from (f"phase {program.name}.{phase.name}: {each}" for way in ways for each in _turns_off(way))
        for activity in phase.activities:
            for word, way in (("answered", activity.on_answer), ("not answered", activity.no_answer)):
                if way is not None:
                    yield f"activity {phase.name}.{activity.name}, {word}: {way.target.kind}:{way.target.name}"
                    yield from (f"activity {phase.name}.{activity.name}, {word}: {each}" for each in _turns_off(way))
            if activity.fork is not None and activity.fork.contest is not None:
                yield f"activity {phase.name}.{activity.name}: {activity.fork.contest}"
            kind = type(activity.send).__name__
            yield f"activity {phase.name}.{activity.name}: {kind} after {activity.after}, within {activity.within}"


def _turns_off(way: Outcome) -> Iterator[str]:
    """Other ways for some, and ways that are used up."""
    for condition, case in way.cases:
        yield f"{case.target.kind}:{case.target.name} after {case.after} if {to_sentence(condition)}"
    for each in (way, *(case for _, case in way.cases)):
        if each.times:
            yield f"{each.target.name} {each.times} times, then {each.instead.kind}:{each.instead.name}"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_what_was_accepted_once_is_read_for_ever_and_means_the_same(folder: Path) -> None:
    definitions = parse_kept(read_folder(folder))

    assert compile_book(definitions).version == definitions.version
    assert list(meaning_of(definitions)) == (folder / "meaning.txt").read_text("utf-8").splitlines()


def test_the_corpus_holds_what_the_checks_of_the_whole_refuse_today() -> None:
    assert {"acme", "minimal", "stuck"} <= {folder.name for folder in FOLDERS}


def test_a_kept_version_that_cannot_be_read_is_named_with_what_to_do() -> None:
    files = {"a.yaml": "format: 1\nworkspace: a\ntimezone: UTC\nsegments: {x: {industri: a}}\n"}

    with pytest.raises(MappingError) as caught:
        parse_kept(files)

    text = str(caught.value)
    assert f"Mapping version {to_version(files)}, by which leads were judged, cannot be read" in text
    assert "run the release that applied it" in text
    assert 'a.yaml:4:16: unknown field "industri" in a condition' in text
