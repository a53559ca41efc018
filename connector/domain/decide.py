"""The heart: what a lead's facts make of it.

A lead is a pure function of its facts in the order in which they happened, and of the books they name. Alarms are not
stored: time that passes between two facts rings them at their exact moments. Folding facts in one go or one after the
other gives the same bytes; a fact that comes late is folded in by folding the lead anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import itemgetter

from connector.domain.book import Book
from connector.domain.conditions.predicate import earliest
from connector.domain.derive import ask_alarms, derive, derive_quietly, pass_quietly, to_minute, watch
from connector.domain.draft import Books, Draft
from connector.domain.fact import RANK, START, Fact, FactKind, Position
from connector.domain.history import HistoryEntry, HistoryKind
from connector.domain.lead import Lead, Standing, blank
from connector.domain.outward import consent
from connector.domain.outward.acts import announce
from connector.domain.outward.change import Act
from connector.domain.outward.desire import desire
from connector.domain.override import is_same_mapping
from connector.domain.petition import PetitionKind
from connector.domain.petitioning import Grant, take_ruling
from connector.domain.programs import journey, phases
from connector.domain.programs.entry import take_waiting
from connector.domain.records import behaviour, carrying, presence
from connector.domain.sales import handback, handing
from connector.domain.traits import tagging
from connector.domain.traits.dealing import take_deal, take_edges
from connector.errors import InvariantError

#: More alarms than this between two facts mean that one of them never goes away.
_MAX_ALARMS = 10_000
#: One thing that comes to hold may bring about another; a chain is never longer than this.
_MAX_ROUNDS = 100
_MILLISECOND = timedelta(milliseconds=1)
_MINUTE = timedelta(minutes=1)
_ALARM, _BOOK, _RECORD, _MERGED = FactKind.ALARM, FactKind.BOOK, FactKind.RECORD, FactKind.MERGED
_SIGNAL, _DEAL, _EDGES = FactKind.SIGNAL, FactKind.DEAL, FactKind.EDGES
#: What says something else than that signals were given.
_ORDERS = frozenset({FactKind.COMMAND, FactKind.MERGED, FactKind.OUTCOME, FactKind.RULING, FactKind.PARTED})
_ALARM_RANK = RANK[_ALARM]
_ACTIVE = Standing.ACTIVE
_EVER = datetime.max.replace(tzinfo=UTC)
#: Who takes what was ruled.
_GRANTS: dict[PetitionKind, Grant] = {PetitionKind.ASSIGNMENT: handing.grant, PetitionKind.ADMISSION: journey.admit}


@dataclass(frozen=True, slots=True)
class Decision:
    """A lead after some facts, and what came of them."""

    lead: Lead
    acts: tuple[Act, ...]
    history: tuple[HistoryEntry, ...]


def decide(book: Book, lead: Lead, fact: Fact, now: datetime) -> Decision:
    """What one fact, and the time from the lead's last one until now, make of a lead. Pure."""
    return fold(lambda version: book, lead, [fact], now)


def needs_refold(lead: Lead, facts: Sequence[Fact]) -> bool:
    """Whether these facts can only be judged together with all the facts before them.

    True for a fact that happened before what was folded already, and for those that change the past's meaning: a
    merge and a new mapping. What is merely set on top of a mapping changes what comes, and nothing that was.
    """
    if lead.position == START:
        return False
    return any(
        fact.kind is _MERGED
        or fact.position < lead.position
        or (fact.kind is _BOOK and not is_same_mapping(fact.name, lead.book))
        for fact in facts
    )


def fold(books: Books, lead: Lead, facts: Sequence[Fact], now: datetime) -> Decision:
    """Fold facts into a lead, in the order of their positions, ringing the alarms between them and until now.

    `books` gives the book of a version: of `lead.book`, and of those that BOOK facts name. When `needs_refold`, give
    a blank lead and all its facts.
    """
    begins_at = _begins_at(facts, now)
    ordered = sorted([(fact.position, fact) for fact in facts], key=itemgetter(0))
    draft = Draft(lead, books(lead.book), now)
    for index, (place, fact) in enumerate(ordered):
        position = _effective(place, begins_at)
        _ring(draft, position)
        if fact.kind is _ALARM:  # says nothing but that time has passed
            continue
        draft.begin(fact.key, max(position[1], draft.position[1]))
        if fact.kind is _BOOK:
            _change_book(draft, books(fact.name), [earlier for _, earlier in ordered[:index]])
        else:
            _judge(draft, fact)
        draft.position = position
    _ring(draft, (1, now, _ALARM_RANK + 1, ""))
    return _finish(draft)


def _begins_at(facts: Sequence[Fact], now: datetime) -> datetime:
    """The moment of the earliest fact."""
    return min([fact.at for fact in facts if fact.kind is not _ALARM], default=now)


def _effective(position: Position, begins_at: datetime) -> Position:
    """A baseline counts from the moment of the earliest fact: it says what was true when the story began."""
    epoch, at, _, key = position
    return position if epoch else (1, min(at, begins_at), -1, key)


def _ring(draft: Draft, until: Position) -> None:
    """Ring the alarms that lie before this position."""
    for _ in range(_MAX_ALARMS):
        wake_at = _next_alarm(draft, until[1])
        if wake_at is None or (1, wake_at, _ALARM_RANK, "") >= until:
            return
        draft.begin("", wake_at)
        draft.position = (1, wake_at, _ALARM_RANK, "")
        if draft.standing is _ACTIVE:
            _touch_due(draft)
            _conclude(draft, _follow(draft))
        else:
            _come_back(draft)
    raise InvariantError(f"lead {draft.lead.id}: its alarm at {draft.now} never goes away")


def _come_back(draft: Draft) -> None:
    """Nurture an archived lead again that comes to be known by another record."""
    presence.come_back(draft)
    draft.touch_all()
    _conclude(draft, _with_news(draft, _follow(draft)))


def _touch_due(draft: Draft) -> None:
    """Look at what this moment may have changed. What is due to be sent is sent only if its program still runs."""
    for id_, rings_at in draft.alarms.items():
        if rings_at <= draft.now:
            draft.rung.add(id_)
            draft.touch_node(id_)
    for enrolment in draft.enrolments:
        due_at = enrolment.due_at
        if due_at is not None and due_at <= draft.now:
            draft.touch_node(f"program:{enrolment.program}")


def _next_alarm(draft: Draft, until: datetime) -> datetime | None:
    """When the lead wakes by itself, as far as that lies before `until`."""
    if draft.standing is not _ACTIVE:
        back_at = presence.back_at(draft)
        return back_at if back_at is None or back_at > draft.now else draft.now + _MILLISECOND
    wake_at = draft.due_at
    if draft.hand_overs:
        wake_at = earliest([wake_at, handing.next_due_at(draft)])
    # The others ring on full minutes only: the next one, or this very one, if a fact happened just then.
    now = draft.now
    minute = to_minute(now)
    if until - minute >= _MINUTE or minute == now:
        ask_alarms(draft)
        wake_at = earliest([wake_at, min(draft.alarms.values(), default=None)])
    if wake_at is not None and wake_at <= now:  # overdue, after a rest: time must not stand still
        wake_at = now + _MILLISECOND
    return wake_at


def _judge(draft: Draft, fact: Fact) -> None:
    """Take a fact in and do what follows. What was so before we heard of the lead leads to nothing."""
    is_baseline = fact.is_baseline
    anew = fact.kind is _RECORD and presence.is_heard_anew(draft, fact)
    anew |= fact.kind is _MERGED and draft.standing is not _ACTIVE
    if anew or is_baseline:
        draft.touch_all()
    _take(draft, fact)
    arisen = _follow(draft)
    if draft.standing is not _ACTIVE:
        arisen = []
    elif is_baseline:
        arisen = [id_ for id_ in arisen if _takes_existing(draft.book, id_)]
    elif anew:
        arisen = _with_news(draft, arisen)
    _conclude(draft, arisen)


def _take(draft: Draft, fact: Fact) -> None:
    """What the fact itself says, one signal after the other."""
    draft.signals = signals = _signals_of(draft, fact)
    if fact.kind in _ORDERS:
        _take_order(draft, fact)
    if not signals:
        derive(draft)
    for signal in signals:
        behaviour.take_signal(draft, signal)
        derive(draft)
        if signal[0] in draft.book.tagging:
            tagging.take_signal(draft, signal)
            derive(draft)
        if draft.standing is _ACTIVE:
            journey.take_signal(draft, signal)
            handback.take_signal(draft, signal)


def _signals_of(draft: Draft, fact: Fact) -> Sequence[behaviour.Signal]:
    """Take in what the fact says of a record, a deal, or all who bought; the signals that it gives."""
    kind = fact.kind
    if kind is _RECORD:
        return behaviour.take_record(draft, fact)
    if kind is _SIGNAL:
        return [(fact.name, fact.data)]
    if kind is _DEAL:
        return take_deal(draft, fact)
    if kind is _EDGES:
        take_edges(draft, fact)
    return ()


def _take_order(draft: Draft, fact: Fact) -> None:
    """What people ordered, what the workspace ruled, what became of an email or of another lead."""
    match fact.kind:
        case _ if consent.is_concerned(fact):
            consent.take(draft, fact)
        case _ if carrying.is_order(fact):
            carrying.take_order(draft, fact)
        case FactKind.PARTED:
            presence.part(draft, fact)
        case FactKind.COMMAND:
            journey.take_command(draft, fact)
        case FactKind.MERGED:
            because = {name: str(words) for name, words in fact.data.items()}
            draft.note(HistoryKind.MERGED, detail={"lead": fact.name, **because})
            presence.merge(draft, fact)
        case FactKind.RULING:
            take_ruling(draft, fact, _GRANTS)


def _follow(draft: Draft) -> list[str]:
    """What follows from what changed and from the time; the watchers that came to hold."""
    if draft.standing is not _ACTIVE:
        return []
    watchers_at = draft.book.nodes.watchers_at
    for _ in range(_MAX_ROUNDS):
        if draft.has_before(watchers_at):
            _look_at_journeys(draft)
        if draft.hand_overs:
            handing.run_due(draft)
        if draft.has_due:
            phases.run_due(draft)
        if not draft.has_before(watchers_at):
            break
    return watch(draft)


def _look_at_journeys(draft: Draft) -> None:
    """What follows for programs and hand-overs from what changed."""
    derive(draft)
    while (node := draft.take_before(draft.book.nodes.watchers_at)) is not None:
        looks = handback if node.id.startswith("sales:") else journey
        looks.check_conditions(draft, node)
        derive(draft)


def _with_news(draft: Draft, arisen: Sequence[str]) -> list[str]:
    """These watchers, and the others that hold and that nothing was ever done about."""
    done = {f"notification:{name}" for name in draft.told} | {f"enrol:{each.program}" for each in draft.enrolments}
    done |= {f"hand_over:{each.name}" for each in draft.hand_overs}
    return [*arisen, *(id_ for id_ in draft.holding if id_ not in done and id_ not in arisen)]


def _takes_existing(book: Book, watcher_id: str) -> bool:
    """Whether it enrols into a program that takes those of whom its condition held before."""
    kind, _, name = watcher_id.partition(":")
    return kind == "enrol" and book.programs[name].program.takes_existing


def _conclude(draft: Draft, arisen: Sequence[str]) -> None:
    """Do what belongs to watchers that came to hold, and what that brings about in turn."""
    for _ in range(_MAX_ROUNDS):
        if not arisen and draft.outside:
            arisen = take_waiting(draft)
        if not arisen:
            break
        for watcher_id in arisen:
            _act_on(draft, watcher_id)
        arisen = _follow(draft)
    draft.rest()


def _act_on(draft: Draft, watcher_id: str) -> None:
    """Segments and lists are states, which `desire` reads; the others do something."""
    kind, _, name = watcher_id.partition(":")
    if kind == "notification":
        announce(draft, draft.book.notifications[name])
    elif kind == "enrol":
        journey.enter_by_condition(draft, name)
    elif kind == "hand_over":
        handing.begin(draft, name, draft.book.hand_overs[name].rule.reason)
    elif kind == "date":
        program, _, index = name.rpartition(":")
        journey.enter_by_date(draft, program, int(index))


def _change_book(draft: Draft, book: Book, earlier: Sequence[Fact]) -> None:
    """Judge the lead by another book from here on.

    Fields, memory and scores become what the new book makes of everything known so far. Enrolments go on where the new
    book still has their place. Nobody is notified: only what happens from here on does that. A new program that takes
    existing leads enrols those of whom its condition holds. Where something else is set on top of the same mapping,
    all that is known stays as it is.
    """
    if is_same_mapping(book.version, draft.book.version):
        draft.book = book
        journey.follow_book(draft)
        _conclude(draft, _follow(draft))
        return
    knowledge, former = _know(draft, book, earlier), draft.book
    draft.turn_over(book, knowledge)
    totals = {name: float(draft.points(name)) for name in book.scores}
    draft.note(HistoryKind.BOOK, book.version, totals)
    tagging.turn_over(draft, former, knowledge.tags)
    journey.follow_book(draft)
    handback.follow_book(draft)
    draft.touch_all()
    new = {f"enrol:{name}" for name in book.programs.keys() - former.programs.keys()}
    _conclude(draft, [id_ for id_ in _follow(draft) if id_ in new and _takes_existing(book, id_)])


def _know(draft: Draft, book: Book, facts: Sequence[Fact]) -> Draft:
    """Fields, memory and scores that the book makes of these facts, without any program."""
    quiet = Draft(blank(draft.lead.id, book.version), book, draft.present)
    begins_at = _begins_at(facts, draft.now)
    for fact in facts:
        at = max(_effective(fact.position, begins_at)[1], quiet.now)
        pass_quietly(quiet, at)
        quiet.begin(fact.key, at)
        if consent.is_concerned(fact):
            consent.take(quiet, fact)
        elif carrying.is_order(fact):
            carrying.take_order(quiet, fact)
        elif fact.kind is _MERGED:
            presence.merge(quiet, fact)
        for signal in _signals_of(quiet, fact):
            behaviour.take_signal(quiet, signal)
            derive(quiet)
            tagging.take_signal(quiet, signal)
        if fact.is_baseline:
            quiet.touch_all()
        derive_quietly(quiet)
    pass_quietly(quiet, draft.now)
    return quiet


def _finish(draft: Draft) -> Decision:
    draft.now = draft.position[1]
    wake_at = _next_alarm(draft, _EVER)
    is_active = draft.standing is Standing.ACTIVE
    lead = Lead(
        id=draft.lead.id,
        born_under=draft.lead.born_under,
        book=draft.book.version,
        standing=draft.standing,
        fields=draft.fields,
        seen=draft.seen,
        scores=draft.parts,
        holding=draft.holding,
        told=draft.told,
        deals=draft.deals,
        enrolments=tuple(draft.enrolments),
        had=draft.had,
        contacted=draft.contacted,
        desired=desire(draft) if is_active else {},
        position=draft.position,
        alarms=dict(sorted(draft.alarms.items())) if is_active else {},
        wake_at=wake_at,
        mentions={name: memory.kept for name, memory in draft.mentions.items()},
        tags=draft.tags,
        persona=draft.persona,
        persona_since=draft.persona_since,
        suppressed_by=draft.suppressed_by,
        latest=draft.latest,
        paused=tuple(sorted({each.program for each in draft.enrolments} & draft.book.paused)),
        petitions=draft.petitions,
        turned_away=draft.turned_away,
        outside=draft.outside,
        rulings=draft.rulings,
        hand_overs=tuple(draft.hand_overs),
        own=draft.own,
        recent=draft.recent,
        rfm_edges=draft.rfm_edges,
        held=draft.held,
        said=draft.said,
        records=draft.records if len(draft.records) > 1 else {},
        gone=tuple(sorted(draft.gone)),
        deleted=dict(sorted(draft.deleted.items())),
        turns=draft.turns,
        frozen_until=draft.frozen_until,
    )
    return Decision(lead, tuple(draft.acts), tuple(draft.history))
