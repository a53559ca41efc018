"""The roster: every lead with where it stands, in the order that somebody asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from connector.domain.book import Book, outermost
from connector.domain.draft import Draft
from connector.domain.ids import LeadId, WorkspaceId
from connector.domain.lead import Lead
from connector.domain.outward.wording import display_name
from connector.domain.traits.rank import latest_activity
from connector.engine.telling.order import Order
from connector.engine.telling.ranking import Ranking
from connector.errors import UnknownNameError
from connector.ports import LeadSummary, ReadModels

_PAGE = 500


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

    Raises UnknownNameError for an unknown `after`.
    """
    if order is Order.ID:
        return [to_row(summary, book, now) for summary in islice(walk(models, workspace, after), limit)]
    behind = _find(models, workspace, after) if after else None
    ids = Ranking(models, workspace, book, now, order).first(limit, behind)
    found = models.those(workspace, ids)
    return [to_row(found[id_], book, now) for id_ in ids if id_ in found]


def _find(models: ReadModels, workspace: WorkspaceId, id_: LeadId) -> Lead:
    found = models.those(workspace, [id_])
    if not found:
        raise UnknownNameError(f"There is no lead {id_} to go on from. `coltiva leads` lists those there are.")
    return found[id_].lead


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
            score.name: Points(draft.points(score.name), draft.grade(score.name))
            for score in outermost(book.definitions.scores)
        },
        active_at=latest_activity(draft.parts, draft.seen),
        programs=places(summary.lead),
        facts=summary.facts,
    )


def places(lead: Lead) -> tuple[Place, ...]:
    """The latest enrolment in each program, the program entered last first."""
    latest = {one.program: one for one in lead.enrolments}
    entered = sorted(latest.values(), key=lambda one: one.entered_at, reverse=True)
    return tuple(Place(one.program, one.phase, str(one.state)) for one in entered)
