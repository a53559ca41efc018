"""Explain: why a lead stands where it stands, as data; the CLI and the console put it into words and pages.

Pure: it folds nothing and asks nobody, it only reads what the ledger, the enrolments and the outbox say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from html import unescape
from math import floor, fsum

from connector.domain.book import Book, outermost
from connector.domain.draft import Draft
from connector.domain.field import format_value
from connector.domain.history import HistoryEntry, HistoryKind
from connector.domain.outward.change import ChangeKind
from connector.domain.outward.desire import desire
from connector.domain.outward.wording import display_name
from connector.domain.traits.computed import Computed, counting_of, shares_of
from connector.domain.traits.score import Score
from connector.engine.telling.buying import DealExplanation, RfmExplanation, explain_deals, explain_rfm
from connector.engine.telling.records import GoneRecord, Records, find_gone, retell
from connector.engine.telling.selling import HandOverExplanation
from connector.engine.telling.timeline import tell
from connector.engine.telling.waiting import EnrolmentExplanation, WaitOutside, explain_enrolment
from connector.ports import LeadSummary, OutboxChange

#: Sums of fading points come out a hair below the tenth they mean.
_TOLERANCE = 1e-6
_TAG = re.compile(r"<[^>]*>")
_TURNS = (HistoryKind.RESET, HistoryKind.FROZEN, HistoryKind.THAWED)
_CAUSES = (HistoryKind.SIGNAL, HistoryKind.FIELD_CHANGED)


@dataclass(frozen=True, slots=True)
class Expiry:
    """Points that count until then."""

    at: datetime
    points: float


@dataclass(frozen=True, slots=True)
class Reason:
    """What one rule gives now."""

    rule: str
    #: In tenths of a point; the reasons of a score add up to the digit.
    tenths: int
    #: How many times it gave points, and when last.
    times: int
    last_at: datetime
    #: What of it expires when, the first ahead; nothing while its score is frozen.
    expiries: tuple[Expiry, ...] = ()


@dataclass(frozen=True, slots=True)
class ScorePart:
    """A score made of rules."""

    name: str
    tenths: int
    half_life: timedelta | None
    reasons: tuple[Reason, ...]
    #: Since when nothing changes it; None where it is not frozen.
    frozen_since: datetime | None = None
    #: When its points for signals last began anew; None for never.
    reset_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ScoreExplanation:
    """A score as a sum: its parts add up to `tenths`, which rounded down is `points`."""

    name: str
    points: int
    grade: str
    tenths: int
    parts: tuple[ScorePart, ...]


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """Points given or taken, and why; or, without a rule and points, what else happened to the score."""

    at: datetime
    score: str
    #: Empty where the score was reset or frozen, or counts on.
    rule: str
    points: float
    total: float
    why: str


@dataclass(frozen=True, slots=True)
class Group:
    """A segment or list that holds the lead."""

    name: str
    since: datetime


@dataclass(frozen=True, slots=True)
class TagExplanation:
    """A tag that the lead has."""

    name: str
    since: datetime
    #: When it comes off by itself; None for never.
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Share:
    """How much one value was said: how often, or how much of what weighs it."""

    value: str
    amount: float
    last_at: datetime


@dataclass(frozen=True, slots=True)
class FieldExplanation:
    """A field that follows from signals, and what its value was chosen from, the heaviest first."""

    name: str
    value: str
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class FrozenField:
    """A field of which nothing is written, and until when."""

    name: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Write:
    """One thing that we write to a CRM, and what became of it."""

    kind: str
    what: str
    state: str
    due_at: datetime
    words: str


@dataclass(frozen=True, slots=True)
class Given:
    """A signal that the lead gave: how often, when last, and what the last one said."""

    signal: str
    times: int
    last_at: datetime
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the timeline."""

    at: datetime
    kind: str
    what: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """All there is to say of one lead."""

    id: str
    name: str
    email: str
    #: The records that it is known by; `gone` are those that it was known by.
    refs: tuple[str, ...]
    standing: str
    now: datetime
    scores: tuple[ScoreExplanation, ...]
    ledger: tuple[LedgerLine, ...]
    segments: tuple[Group, ...]
    lists: tuple[Group, ...]
    enrolments: tuple[EnrolmentExplanation, ...]
    writes: tuple[Write, ...]
    #: The latest first.
    signals: tuple[Given, ...]
    timeline: tuple[Happening, ...]
    #: Of a lead of whom we know a record's id alone: why the record was not read yet, and what helps.
    unread_because: str = ""
    #: None where no persona's condition holds.
    persona: Group | None = None
    tags: tuple[TagExplanation, ...] = ()
    computed: tuple[FieldExplanation, ...] = ()
    #: The latest first.
    hand_overs: tuple[HandOverExplanation, ...] = ()
    deals: tuple[DealExplanation, ...] = ()
    rfm: RfmExplanation | None = None
    #: Programs that the lead waits to enter.
    outside: tuple[WaitOutside, ...] = ()
    #: Fields over which CRMs quarrel.
    frozen: tuple[FrozenField, ...] = ()
    gone: tuple[GoneRecord, ...] = ()


def explain(
    summary: LeadSummary,
    history: Sequence[HistoryEntry],
    changes: Sequence[OutboxChange],
    book: Book,
    now: datetime,
    records: Records | None = None,
) -> Explanation:
    """Why the lead stands where it stands now."""
    lead, records = summary.lead, records or Records()
    draft = Draft(lead, book, now)
    draft.now = now
    gone = find_gone(lead, summary.refs, records)
    resets = {entry.subject: entry.at for entry in history if entry.kind is HistoryKind.RESET}
    return Explanation(
        id=lead.id,
        name=display_name(draft),
        email=summary.email,
        refs=tuple(ref for ref in map(str, summary.refs) if ref not in {one.ref for one in gone}),
        gone=gone,
        standing=str(lead.standing),
        now=now,
        scores=tuple(_explain_score(draft, score, resets) for score in outermost(book.definitions.scores)),
        ledger=tuple(_ledger(history)),
        persona=None if draft.persona_since is None else Group(draft.persona, draft.persona_since),
        tags=tuple(_tags(draft)),
        frozen=tuple(FrozenField(name, until) for name, until in lead.frozen_until.items()),
        computed=tuple(_explain_field(draft, computed) for computed in book.definitions.computed),
        deals=explain_deals(draft),
        rfm=explain_rfm(draft),
        segments=tuple(Group(name, since) for name, since in sorted(_held(draft, "segment:").items())),
        lists=tuple(Group(name, since) for name, since in sorted(_lists(draft).items())),
        enrolments=tuple(explain_enrolment(draft, enrolment) for enrolment in reversed(lead.enrolments)),
        writes=tuple(_writes(changes)),
        signals=tuple(_signals(history)),
        timeline=tuple(Happening(entry.at, str(entry.kind), tell(entry)) for entry in retell(history, book, records)),
    )


# --- scores -------------------------------------------------------------------------------------------------


def _explain_score(draft: Draft, score: Score, resets: Mapping[str, datetime]) -> ScoreExplanation:
    leaves = draft.book.leaves[score.name]
    worths = [_worths(draft, leaf) for leaf in leaves]
    exact = [fsum(points for _, points in each) for each in worths]
    total = floor(fsum(exact) * 10 + _TOLERANCE)
    tenths = in_tenths(exact, total)
    parts = (
        replace(_part(draft, leaf, each, own), reset_at=resets.get(leaf.name))
        for leaf, each, own in zip(leaves, worths, tenths, strict=True)
    )
    return ScoreExplanation(score.name, draft.points(score.name), draft.grade(score.name), sum(tenths), tuple(parts))


def _worths(draft: Draft, leaf: Score) -> list[tuple[str, float]]:
    """Each rule and what its points are worth now, the weightiest first."""
    return sorted(draft.worths(leaf), key=lambda each: (-abs(each[1]), each[0]))


def _part(draft: Draft, leaf: Score, worths: list[tuple[str, float]], tenths: int) -> ScorePart:
    parts, frozen_since = draft.parts.get(leaf.name, {}), draft.frozen_since(leaf)
    shares = in_tenths([points for _, points in worths], tenths)
    reasons = []
    for (rule, _), share in zip(worths, shares, strict=True):
        part = parts[rule]
        expiries = () if frozen_since else tuple(Expiry(*lot) for lot in part.lots)
        reasons.append(Reason(rule, share, part.count, part.at, expiries))
    return ScorePart(leaf.name, tenths, leaf.half_life, tuple(reasons), frozen_since)


def in_tenths(amounts: Sequence[float], total: int) -> list[int]:
    """The amounts in whole tenths that add up to the total, given in tenths and within a tenth for each of them.

    What rounding loses or wins goes to the amounts that it would treat most unfairly.
    """
    rounded = [round(amount * 10) for amount in amounts]
    missing = total - sum(rounded)
    step = 1 if missing > 0 else -1
    by_unfairness = sorted(range(len(amounts)), key=lambda index: step * (rounded[index] - amounts[index] * 10))
    for index in by_unfairness[: abs(missing)]:
        rounded[index] += step
    return rounded


def _ledger(history: Iterable[HistoryEntry]) -> Iterator[LedgerLine]:
    """Points given and taken, each with what set it off."""
    causes: dict[str, str] = {}
    for entry in history:
        if entry.kind in _CAUSES and entry.cause:
            causes[entry.cause] = tell(entry)
        if entry.kind is HistoryKind.SCORED:
            detail = entry.detail
            points, total = float(detail["points"]), float(detail["total"])
            why = str(detail.get("because") or causes.get(entry.cause, "" if entry.cause else "time passed"))
            yield LedgerLine(entry.at, entry.subject, str(detail["rule"]), points, total, why)
        elif entry.kind in _TURNS:
            yield LedgerLine(entry.at, entry.subject, "", 0.0, float(entry.detail.get("total", 0.0)), tell(entry))


def _signals(history: Iterable[HistoryEntry]) -> Iterator[Given]:
    """Each signal once, who came last first."""
    given: dict[str, Given] = {}
    for entry in history:
        if entry.kind is HistoryKind.SIGNAL:
            before = given.pop(entry.subject, None)
            attributes = {name: str(value) for name, value in entry.detail.items() if value != ""}
            given[entry.subject] = Given(entry.subject, before.times + 1 if before else 1, entry.at, attributes)
    return reversed(given.values())


# --- programs, groups, writes -------------------------------------------------------------------------------


def _held(draft: Draft, prefix: str) -> dict[str, datetime]:
    return {key.removeprefix(prefix): since for key, since in draft.holding.items() if key.startswith(prefix)}


def _lists(draft: Draft) -> Mapping[str, datetime]:
    """The lists whose condition holds, and those that a sent activity has the lead on."""
    found = _held(draft, "list:")
    for crm, desired in desire(draft).items():
        for name, one in draft.book.lists.items():
            if one.titles.get(crm) in desired.lists:
                found.setdefault(name, desired.lists[one.titles[crm]])
    return found


def _tags(draft: Draft) -> Iterator[TagExplanation]:
    for name, tag in sorted(draft.tags.items()):
        if tag.since is not None:
            yield TagExplanation(name, tag.since, tag.until)


def _explain_field(draft: Draft, computed: Computed) -> FieldExplanation:
    counting = counting_of(computed, draft.lead.mentions.get(computed.name, ()), draft.now)
    said = [] if computed.is_number else shares_of(counting)
    shares = (Share(format_value(one.value), one.weight, one.at) for one in said)
    return FieldExplanation(computed.name, format_value(draft.fields.get(computed.name)), tuple(shares))


def _writes(changes: Iterable[OutboxChange]) -> Iterator[Write]:
    for change in changes:
        yield from (
            Write(str(change.kind), what, str(change.state), change.due_at, change.words)
            for what in describe_change(change)
        )


def describe_change(change: OutboxChange) -> Iterator[str]:
    """What the change says or wants, one line a property."""
    if change.kind is ChangeKind.PROPERTIES:
        yield from (f"{name} = {value}" for name, value in sorted(change.wanted.items()) if value)
    elif change.kind is ChangeKind.MEMBERSHIP:
        yield f"{'on' if change.wanted.get('member') == 'true' else 'off'} {change.key}"
    elif change.act:
        yield change.act.subject or unescape(_TAG.sub("", change.act.body))
