"""A lead while facts are being folded into it: the one mutable thing in the domain, never seen outside a fold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connector.domain import score as scores
from connector.domain.book import Book
from connector.domain.change import Act
from connector.domain.enrolment import Enrolment
from connector.domain.fact import START, Fact, Position, Value
from connector.domain.field import FieldRole
from connector.domain.history import Detail, HistoryEntry, HistoryKind
from connector.domain.lead import Lead, Standing
from connector.domain.score import Part, Score

#: The book of a version.
Books = Callable[[str], Book]

_NO_PARTS: dict[str, Part] = {}


class Draft:
    """One lead's state, open for change, and what came of the changes."""

    def __init__(self, lead: Lead, book: Book, now: datetime) -> None:
        self.lead = lead
        self.book = book
        #: Moment of judgement: of the fact or alarm under way.
        self.now = START[1]
        #: The real present, which acts must not precede.
        self.present = now
        self.cause = ""
        self.standing: Standing = lead.standing
        self.fields: dict[str, Value] = dict(lead.fields)
        self.seen: dict[str, tuple[datetime, ...]] = dict(lead.seen)
        self.parts: dict[str, dict[str, Part]] = {name: dict(parts) for name, parts in lead.scores.items()}
        #: Rules score -> its exact total at `now`, where it was asked for.
        self._totals: dict[str, float] = {}
        #: Score -> its whole points at `now`, where they were asked for.
        self._points: dict[str, int] = {}
        self.holding: dict[str, datetime] = dict(lead.holding)
        self.told: dict[str, tuple[int, datetime]] = dict(lead.told)
        self.enrolments: list[Enrolment] = list(lead.enrolments)
        self.position: Position = lead.position
        self.wake_at: datetime | None = lead.wake_at
        #: Whether `wake_at` is what follows from the state; a fact or an alarm unsettles it.
        self.is_settled = True
        #: Changed since conditions were last looked at: `field:x`, `signal:x`, `score:x`, `segment:x`, `program:x`.
        self.touched: set[str] = set()
        self.acts: list[Act] = []
        self.history: list[HistoryEntry] = []

    def note(self, kind: HistoryKind, subject: str = "", detail: Detail | None = None) -> None:
        """Add a line to the lead's timeline."""
        self.history.append(HistoryEntry(self.now, kind, subject, detail or {}, self.cause))

    # --- what conditions may see ----------------------------------------------------------------------------

    def points(self, score: str) -> int:
        """The score's whole points now."""
        points = self._points.get(score)
        if points is None:
            points = scores.whole(sum([self._total(leaf) for leaf in self.book.leaves[score]]))
            self._points[score] = points
        return points

    def _total(self, leaf: Score) -> float:
        """The exact total of a rules score now."""
        total = self._totals.get(leaf.name)
        if total is None:
            total = scores.total(self.parts.get(leaf.name, _NO_PARTS), leaf.half_life, self.now)
            self._totals[leaf.name] = total
        return total

    def grade(self, score: str) -> str:
        """The score's grade now; empty where it has none."""
        return scores.grade_of(self.points(score), self.book.scores[score].grades)

    def passes_at(self, score: str, threshold: float) -> datetime | None:
        """When fading alone takes the score across the threshold; None for never."""
        leaves = [(self.parts.get(leaf.name, _NO_PARTS), leaf.half_life) for leaf in self.book.leaves[score]]
        return scores.passes_at(leaves, threshold, self.now)

    def in_segment(self, segment: str) -> bool:
        """Whether the lead is in the segment."""
        return f"segment:{segment}" in self.holding

    def in_program(self, program: str, phase: str | None) -> bool:
        """Whether the lead has an open enrolment there."""
        return any(
            enrolment.program == program and enrolment.is_open and phase in (None, enrolment.phase)
            for enrolment in self.enrolments
        )

    # --- what journeys need ---------------------------------------------------------------------------------

    def role(self, role: FieldRole) -> Value | None:
        """The value of the field with this role."""
        name = self.book.roles.get(role)
        return None if name is None else self.fields.get(name)

    @property
    def is_opted_out(self) -> bool:
        """Whether the lead wants no email."""
        return self.role(FieldRole.CONSENT) is True

    @property
    def zone(self) -> ZoneInfo:
        """The lead's time zone; the workspace's where it is unknown."""
        name = self.role(FieldRole.TIMEZONE)
        return (_zone(name) if isinstance(name, str) else None) or self.book.definitions.zone

    def begin(self, fact: Fact, at: datetime) -> None:
        """Turn to a fact, judged at this moment."""
        self.turn_to(at)
        self.cause = fact.key

    def turn_to(self, moment: datetime) -> None:
        """Judge everything as of this moment."""
        self.now = moment
        self._totals.clear()
        self._points.clear()

    def set_part(self, score: Score, rule: str, part: Part | None) -> None:
        """Record what a rule has given; None: nothing any more."""
        parts = self.parts.setdefault(score.name, {})
        if part is None:
            del parts[rule]
        else:
            parts[rule] = part
        self._totals.pop(score.name, None)
        self._points.clear()
        self.touched.add(f"score:{score.name}")


@lru_cache(maxsize=1000)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
