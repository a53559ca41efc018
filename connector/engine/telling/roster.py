"""The roster: every lead with where it stands, in the order that somebody asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from connector.domain.book import Book
from connector.domain.draft import Draft
from connector.domain.ids import LeadId, WorkspaceId
from connector.domain.lead import Lead
from connector.domain.outward.wording import display_name
from connector.engine.telling.explain import outermost_scores
from connector.engine.telling.order import Order
from connector.errors import UnknownNameError
from connector.ports import LeadSummary, ReadModels

_PAGE = 500
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Points:
    """A score as of now."""

    points: int
    grade: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where the lead stands in a program, or how its last way through it ended."""

    program: str
    phase: str
    state: str


@dataclass(frozen=True, slots=True)
class Row:
    """One lead of the roster."""

    id: LeadId
    email: str
    name: str
    standing: str
    #: False for a lead whose record was not read from its CRM yet.
    is_read: bool
    scores: Mapping[str, Points]
    #: When it last did something that a score or a condition asks for.
    active_at: datetime | None
    programs: tuple[Place, ...]
    facts: int


def list_leads(
    models: ReadModels,
    workspace: WorkspaceId,
    book: Book,
    now: datetime,
    *,
    order: Order,
    limit: int,
    after: LeadId | None = None,
) -> Sequence[Row]:
    """The first leads in the order given, behind the lead `after` if one is named.

    Scores fade, so all leads are looked at unless they come by id. Raises UnknownNameError for an unknown `after`.
    """
    if order is Order.ID:
        return [to_row(summary, book, now) for summary in islice(walk(models, workspace, after), limit)]
    rows = [to_row(summary, book, now) for summary in walk(models, workspace)]
    rows.sort(key=_by_score if order is Order.SCORE else _by_activity)
    begin = _place_of(rows, after) + 1 if after else 0
    return rows[begin : begin + limit]


def _place_of(rows: Sequence[Row], id_: LeadId) -> int:
    for place, row in enumerate(rows):
        if row.id == id_:
            return place
    raise UnknownNameError(f"There is no lead {id_} to go on from. `coltiva leads` lists those there are.")


def walk(models: ReadModels, workspace: WorkspaceId, after: LeadId | None = None) -> Iterator[LeadSummary]:
    """Every lead behind one, by id, read page by page as they are asked for."""
    while page := models.leads(workspace, _PAGE, after):
        yield from page
        after = page[-1].id


def to_row(summary: LeadSummary, book: Book, now: datetime) -> Row:
    """One lead as of now: the outermost scores, the last activity, its place in each program."""
    draft = Draft(summary.lead, book, now)
    draft.now = now
    return Row(
        id=summary.id,
        email=summary.email,
        name=display_name(draft),
        standing=str(summary.lead.standing),
        is_read=summary.is_read,
        scores={
            score.name: Points(draft.points(score.name), draft.grade(score.name)) for score in outermost_scores(book)
        },
        active_at=latest_activity(draft),
        programs=places(summary.lead),
        facts=summary.facts,
    )


def latest_activity(draft: Draft) -> datetime | None:
    """When the lead last gave a signal that earned points or that a condition counts; None for never."""
    # Only what signals gave fades: points for who somebody is are no activity.
    earned = (part.at for parts in draft.parts.values() for part in parts.values() if part.fades)
    counted = (moments[-1] for moments in draft.seen.values() if moments)
    return max((*earned, *counted), default=None)


def places(lead: Lead) -> tuple[Place, ...]:
    """The latest enrolment in each program, the program entered last first."""
    latest = {one.program: one for one in lead.enrolments}
    entered = sorted(latest.values(), key=lambda one: one.entered_at, reverse=True)
    return tuple(Place(one.program, one.phase, str(one.state)) for one in entered)


def _by_score(row: Row) -> tuple[float, float, str]:
    points = next(iter(row.scores.values()), Points(0, "")).points
    return -points, *_by_activity(row)


def _by_activity(row: Row) -> tuple[float, str]:
    return -((row.active_at or _LONG_AGO) - _LONG_AGO).total_seconds(), row.id
