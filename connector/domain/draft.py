"""A lead while facts are being folded into it: the one mutable thing in the domain, never seen outside a fold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from heapq import heappop, heappush
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connector.domain.book import Book
from connector.domain.conditions.predicate import earliest
from connector.domain.fact import Position, Value
from connector.domain.field import FieldRole
from connector.domain.history import Detail, HistoryEntry, HistoryKind
from connector.domain.lead import Deed, Had, Latest, Lead, Own, Standing, Tagging, Turn
from connector.domain.nodes import Node
from connector.domain.outward.change import Act
from connector.domain.petition import Petition
from connector.domain.programs.enrolment import Enrolment
from connector.domain.sales.handover import HandOver, HandOverState
from connector.domain.traits import score as scores
from connector.domain.traits.deal import Deal
from connector.domain.traits.memory import Memory
from connector.domain.traits.quintiles import Edges
from connector.domain.traits.score import Blend, Outlook, Part, Score

#: The book of a version.
Books = Callable[[str], Book]

_NO_PARTS: dict[str, Part] = {}


# With slots: an instance with so many attributes would else look each of them up by its name.
@dataclass(slots=True, init=False, eq=False)
class Draft:
    """One lead's state, open for change, and what came of the changes."""

    lead: Lead
    book: Book
    #: Moment of judgement: of the fact or alarm under way.
    now: datetime
    #: The real present, which acts must not precede.
    present: datetime
    cause: str
    standing: Standing
    fields: dict[str, Value]
    seen: dict[str, tuple[datetime, ...]]
    parts: dict[str, dict[str, Part]]
    #: Rules score, and any score -> what it will do by itself, where that was asked for since parts changed.
    _outlooks: dict[str, Outlook]
    _blends: dict[str, Blend]
    holding: dict[str, datetime]
    mentions: dict[str, Memory]
    tags: dict[str, Tagging]
    persona: str
    persona_since: datetime | None
    turned_away: Mapping[str, int]
    outside: Mapping[str, datetime]
    told: dict[str, tuple[int, datetime]]
    #: Changed by `put` alone.
    enrolments: list[Enrolment]
    #: Whether an enrolment changed since all were gone through.
    is_astir: bool
    #: When the first of them is due, where that was asked for since one changed.
    _due_at: tuple[datetime | None] | None
    had: dict[str, Had]
    contacted: tuple[datetime, ...]
    suppressed_by: str
    latest: dict[str, Latest]
    deals: dict[str, Deal]
    held: dict[str, Mapping[str, str]]
    said: dict[str, Mapping[str, Value]]
    records: Mapping[str, datetime]
    gone: frozenset[str]
    deleted: dict[str, datetime]
    turns: dict[str, tuple[Turn, ...]]
    frozen_until: dict[str, datetime]
    petitions: dict[str, Petition]
    rulings: dict[str, Mapping[str, Value]]
    hand_overs: list[HandOver]
    own: dict[str, Own]
    recent: tuple[Deed, ...]
    rfm_edges: Edges | None
    position: Position
    #: Node -> when time alone may change it.
    alarms: dict[str, datetime]
    #: The nodes whose alarm was not asked for since they were last looked at.
    unasked: dict[str, Node]
    #: The nodes whose alarm rings now.
    rung: set[str]
    #: The places of the nodes to look at, the first ahead: each of them once.
    _agenda: list[int]
    acts: list[Act]
    history: list[HistoryEntry]

    def __init__(self, lead: Lead, book: Book, now: datetime) -> None:
        self.lead, self.book = lead, book
        self.now, self.present, self.cause = lead.position[1], now, ""
        self.standing, self.fields, self.seen = lead.standing, dict(lead.fields), dict(lead.seen)
        self.parts = {name: dict(parts) for name, parts in lead.scores.items()}
        self._outlooks, self._blends = {}, {}
        self.holding, self.tags = dict(lead.holding), dict(lead.tags)
        self.mentions = {name: Memory(kept) for name, kept in lead.mentions.items()}
        self.persona, self.persona_since = lead.persona, lead.persona_since
        self.turned_away, self.outside, self.told = lead.turned_away, lead.outside, dict(lead.told)
        self.enrolments, self.is_astir, self._due_at = list(lead.enrolments), False, None
        self.had, self.latest, self.deals = dict(lead.had), dict(lead.latest), dict(lead.deals)
        self.contacted, self.suppressed_by = lead.contacted, lead.suppressed_by
        self.held, self.said = dict(lead.held), dict(lead.said)
        self.records, self.gone, self.deleted = lead.records, frozenset(lead.gone), dict(lead.deleted)
        self.turns, self.frozen_until = dict(lead.turns), dict(lead.frozen_until)
        self.petitions, self.rulings = dict(lead.petitions), dict(lead.rulings)
        self.hand_overs, self.own, self.recent = list(lead.hand_overs), dict(lead.own), lead.recent
        self.rfm_edges, self.position = lead.rfm_edges, lead.position
        self.alarms, self.unasked, self.rung, self._agenda = dict(lead.alarms), {}, set(), []
        self.acts, self.history = [], []

    def note(self, kind: HistoryKind, subject: str = "", detail: Detail | None = None) -> None:
        """Add a line to the lead's timeline."""
        self.history.append(HistoryEntry(self.now, kind, subject, detail or {}, self.cause))

    # --- what conditions may see ----------------------------------------------------------------------------

    def points(self, score: str) -> int:
        """The score's whole points now."""
        now, known = self.now, self._outlooks
        leaves = self.book.leaves[score]
        if len(leaves) == 1:
            return scores.whole(scores.total(known.get(leaves[0].name) or self._look_ahead(leaves[0]), now))
        return scores.whole(sum([scores.total(known.get(leaf.name) or self._look_ahead(leaf), now) for leaf in leaves]))

    def _look_ahead(self, leaf: Score) -> Outlook:
        """What this rules score will do by itself."""
        parts = self.parts.get(leaf.name, _NO_PARTS)
        outlook = self._outlooks[leaf.name] = scores.outlook_of(leaf, parts, self.frozen_since(leaf))
        return outlook

    def frozen_since(self, score: Score) -> datetime | None:
        """Since when the rules score stands still; None while it does not."""
        return self.holding.get(f"freeze:{score.name}") if score.freeze_while else None

    def worths(self, score: Score) -> list[tuple[str, float]]:
        """What each rule of a rules score has given is worth now."""
        at = self.frozen_since(score) or self.now
        parts = self.parts.get(score.name, _NO_PARTS)
        return [(rule, scores.worth(part, score.half_life, at)) for rule, part in parts.items()]

    def grade(self, score: str) -> str:
        """The score's grade now; empty where it has none."""
        return scores.grade_of(self.points(score), self.book.scores[score].grades)

    def passes_at(self, score: str, threshold: float) -> datetime | None:
        """When fading alone takes the score across the threshold; None for never."""
        together = self._blends.get(score)
        if together is None:
            together = self._blends[score] = scores.blend(
                [self._outlooks.get(leaf.name) or self._look_ahead(leaf) for leaf in self.book.leaves[score]]
            )
        return scores.passes_at(together, threshold, self.now)

    def expires_at(self, score: str) -> datetime | None:
        """When the next points of the rules score expire; None for never."""
        if self.frozen_since(self.book.scores[score]) is not None:
            return None
        return earliest([part.lots[0][0] for part in self.parts.get(score, _NO_PARTS).values() if part.lots])

    def has_tag(self, tag: str) -> bool:
        """Whether the lead has the tag."""
        return tag in self.tags and self.tags[tag].since is not None

    def loses_tag_at(self, tag: str) -> datetime | None:
        """When the tag comes off by itself; None for never, or where the lead does not have it."""
        return self.tags[tag].until if tag in self.tags else None

    def in_program(self, program: str, phase: str | None) -> bool:
        """Whether the lead has an open enrolment there."""
        return any(
            enrolment.program == program and enrolment.is_open and phase in (None, enrolment.phase)
            for enrolment in self.enrolments
        )

    def in_sales(self, hand_over: str, states: frozenset[HandOverState]) -> bool:
        """Whether the latest hand-over of that name, or of any where none is named, stands so."""
        latest = {each.name: each for each in self.hand_overs if hand_over in ("", each.name)}
        return any(each.state in states for each in latest.values())

    def has_answered(self, program: str, phase: str | None, activity: str) -> bool:
        """Whether the lead answered the activity in its latest enrolment in the program."""
        latest = self._latest(program)
        if latest is None:
            return False
        if phase is not None:
            return f"{phase}.{activity}" in latest.answered
        return any(each.partition(".")[2] == activity for each in latest.answered)

    def began_at(self, program: str, *, of_phase: bool) -> datetime | None:
        """When the latest enrolment in the program, or its latest phase, began; None where there was none."""
        latest = self._latest(program)
        return None if latest is None else latest.phase_at if of_phase else latest.entered_at

    def _latest(self, program: str) -> Enrolment | None:
        return next((each for each in reversed(self.enrolments) if each.program == program), None)

    # --- what journeys need ---------------------------------------------------------------------------------

    def put(self, enrolment: Enrolment) -> None:
        """Put an enrolment in the place of its former self, or add it."""
        self.is_astir, self._due_at = True, None
        for index, each in enumerate(self.enrolments):
            if each.program == enrolment.program and each.number == enrolment.number:
                self.enrolments[index] = enrolment
                return
        self.enrolments.append(enrolment)

    @property
    def due_at(self) -> datetime | None:
        """The earliest moment at which time alone moves an enrolment; None for never."""
        if self._due_at is None:
            self._due_at = (earliest([enrolment.due_at for enrolment in self.enrolments]),)
        return self._due_at[0]

    @property
    def has_due(self) -> bool:
        """Whether there may be anything to do in an enrolment now."""
        return self.is_astir or (self.due_at is not None and self.due_at <= self.now)

    def role(self, role: FieldRole) -> Value | None:
        """The value of the field with this role."""
        name = self.book.roles.get(role)
        return None if name is None else self.fields.get(name)

    @property
    def is_opted_out(self) -> bool:
        """Whether the lead is to be sent no messages: it wants none, or its address bounced, or it complained."""
        return self.role(FieldRole.CONSENT) is True or bool(self.suppressed_by)

    @property
    def zone(self) -> ZoneInfo:
        """The lead's time zone; the workspace's where it is unknown."""
        name = self.role(FieldRole.TIMEZONE)
        return (_zone(name) if isinstance(name, str) else None) or self.book.definitions.zone

    def begin(self, cause: str, at: datetime) -> None:
        """Turn to the fact with this key, judged at this moment."""
        self.now, self.cause = at, cause

    def turn_over(self, book: Book, knowledge: Draft) -> None:
        """Judge by another book, which makes this of all that is known of the lead."""
        if not book.definitions.personas:
            self.persona, self.persona_since = "", None
        self.book, self.mentions = book, knowledge.mentions
        self.fields, self.seen, self.parts = knowledge.fields, knowledge.seen, knowledge.parts
        self.holding = knowledge.holding
        self.suppressed_by, self.latest = knowledge.suppressed_by, knowledge.latest
        self.deals, self.recent = knowledge.deals, knowledge.recent
        self.own = {name: own for name, own in self.own.items() if name in book.fields}
        self.fields.update({name: own.value for name, own in self.own.items()})
        self.rfm_edges, self.held, self.said = knowledge.rfm_edges, knowledge.held, knowledge.said
        self.turns, self.frozen_until = knowledge.turns, knowledge.frozen_until
        self.alarms.clear()
        self.unasked.clear()
        self._outlooks.clear()
        self._blends.clear()

    # --- what is to be looked at again ----------------------------------------------------------------------

    def touch(self, key: str) -> None:
        """Something changed (`field:x`, `signal:x`, `score:x`, `segment:x`, `program:x`): look at what reads it."""
        agenda = self._agenda
        for place in self.book.nodes.concerned.get(key, ()):
            if place not in agenda:
                heappush(agenda, place)

    def touch_node(self, id_: str) -> None:
        """Look at this node again."""
        place = self.book.nodes.places.get(id_)
        if place is not None and place not in self._agenda:
            heappush(self._agenda, place)

    def touch_all(self) -> None:
        """Look at everything again."""
        self._agenda = list(range(len(self.book.nodes.ordered)))

    def has_before(self, end: int) -> bool:
        """Whether any node whose place lies before `end` is to be looked at."""
        return bool(self._agenda) and self._agenda[0] < end

    def take_before(self, end: int) -> Node | None:
        """The first node that is to be looked at, if its place lies before `end`; it is looked at with that."""
        if not self._agenda or self._agenda[0] >= end:
            return None
        node = self.book.nodes.ordered[heappop(self._agenda)]
        if node.flips_at is not None:
            self.unasked[node.id] = node
        return node

    def rest(self) -> None:
        """Look at nothing more."""
        self._agenda.clear()
        self.rung.clear()

    def set_part(self, score: Score, rule: str, part: Part | None) -> None:
        """Record what a rule has given; None: nothing any more."""
        parts = self.parts.setdefault(score.name, {})
        if part is None:
            del parts[rule]
        else:
            parts[rule] = part
        self.revalue(score)

    def revalue(self, score: Score) -> None:
        """The rules score may be worth something else from here on: look at what reads it."""
        self._outlooks.pop(score.name, None)
        self._blends.clear()
        self.touch(f"score:{score.name}")


@lru_cache(maxsize=1000)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
