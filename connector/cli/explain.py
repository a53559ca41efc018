"""`coltiva explain`: why a lead stands where it stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.options import AsJson, Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from connector.bootstrap import Services
    from connector.domain.history import HistoryEntry
    from connector.domain.ids import WorkspaceId
    from connector.engine.judging.shelf import Shelf
    from connector.engine.telling.explain import Explanation
    from connector.ports import LeadSummary, OutboxChange


def explain(
    who: Annotated[str, typer.Argument(metavar="WHO", help="Email address, lead id, or the CRM's record id.")],
    lines: Annotated[
        int, typer.Option("--lines", metavar="N", min=1, max=10_000, help="How much of ledger and timeline to show.")
    ] = 15,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="MOMENT", help="As it was then: 2026-11-24 (its end), or '2026-11-24 10:00'."),
    ] = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Explain one lead: score, programs, timeline, writes.

    The score comes rule by rule, each program with what it waits for, until when and why, each write with its outcome.
    Times are those of the workspace. With --at it is explained as it stood on that day, by what had happened until
    then: why was this lead not contacted on Tuesday?

    Example:  coltiva explain someone@example.com --at 2026-11-24
    """
    from connector.cli.explanation import print_explanation
    from connector.cli.opening import looking, the_workspace
    from connector.cli.printing import build_console, print_json
    from connector.errors import UnknownNameError

    with looking() as services:
        found = explain_lead(services, the_workspace(services, workspace), who, _parse_moment(at) if at else None)
        if found is None:
            raise UnknownNameError(f"There is no lead {who}. {_where_else(services)}")
    explanation, zone = found
    if as_json:
        print_json(explanation)
    else:
        print_explanation(build_console(), explanation, zone, lines)


def _parse_moment(text: str) -> datetime:
    """On the wall clock of the workspace; of a day alone its end."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is no moment; write 2026-11-24 or '2026-11-24 10:00'.") from None
    if moment.tzinfo is not None:
        raise typer.BadParameter("write the hour on the clock of the workspace, without an offset.")
    return moment + timedelta(days=1) - timedelta(milliseconds=1) if len(text) == len("2026-11-24") else moment


def explain_lead(
    services: Services, workspace: WorkspaceId, who: str, wall: datetime | None = None
) -> tuple[Explanation, ZoneInfo] | None:
    """The explanation, of now or of a moment on the workspace's clock, and its time zone; None for an unknown lead.

    Raises UnknownNameError for a moment at which the lead was not known yet.
    """
    from connector.crms import REGISTRY
    from connector.engine.telling import explain as engine
    from connector.engine.telling.records import Records
    from connector.engine.telling.selling import explain_hand_overs
    from connector.engine.telling.waiting import explain_outside

    models = services.store.read_models
    summary = models.lead(workspace, who) or models.unread(workspace, who.lower())
    if summary is None:
        return None
    shelf = services.open_shelf()
    with services.store.transaction() as transaction:
        latest = shelf.latest(transaction, workspace)
        lives_as = transaction.leads.records(workspace, [summary.id]).get(summary.id, {})
    zone = latest.definitions.zone
    if wall is not None:
        summary, history, now = _look_back(services, shelf, summary, wall.replace(tzinfo=zone))
        changes: Sequence[OutboxChange] = ()
    else:
        history, now = models.history(workspace, summary.id), services.clock.now()
        changes = models.changes(workspace, summary.id)
    book = shelf.of(workspace)(summary.lead.book) if summary.lead.book else latest
    labels = {crm.name: crm.label for crm in REGISTRY.values()}
    explanation = engine.explain(summary, history, changes, book, now, Records(lives_as, labels))
    hand_overs = explain_hand_overs(services.store, workspace, summary.lead)
    outside = explain_outside(services.store, workspace, summary.lead)
    explanation = replace(explanation, hand_overs=hand_overs, outside=outside)
    if not summary.is_read:
        explanation = replace(explanation, unread_because=_why_unread(services, summary))
    return explanation, zone


def _look_back(
    services: Services, shelf: Shelf, summary: LeadSummary, at: datetime
) -> tuple[LeadSummary, Sequence[HistoryEntry], datetime]:
    from connector.engine.telling.replay import look_back
    from connector.errors import UnknownNameError

    at = at.astimezone(UTC)
    if at > services.clock.now():
        raise UnknownNameError(f"{at:%Y-%m-%d %H:%M} UTC has not come yet. The programs of a lead say what comes next.")
    found = look_back(services.store, shelf.of(summary.workspace), summary, at)
    if found is None:
        raise UnknownNameError(f"{summary.email or summary.id} was not known yet at {at:%Y-%m-%d %H:%M} UTC.")
    return (*found, at)


def _why_unread(services: Services, summary: LeadSummary) -> str:
    """Why a lead of whom we know a record's id alone was not read from its CRM yet."""
    from connector.cli.opening import all_connections
    from connector.cli.status import find_workers, tell_pause

    ours = {f"{ref.crm}:{ref.account}" for ref in summary.refs}
    pauses = [tell_pause(one) for one in all_connections(services) if one.id in ours and one.paused_because]
    if pauses:
        return " ".join(pauses)
    if not find_workers(services):
        return "no worker is running. Start one: coltiva serve"
    return "a worker reads it as soon as the CRM answers."


def _where_else(services: Services) -> str:
    """What may have become of somebody who is looked for in vain."""
    from connector.cli.printing import plural

    unread = services.store.read_models.health(services.clock.now()).leads_unread
    waiting = (
        f"{plural(unread, 'lead')} still to be read may be it; `coltiva status` says why it waits. " if unread else ""
    )
    known = "`coltiva status` shows what waits, and up to when a CRM's records are known."
    return f"{waiting}People become leads when something happens to them in a connected CRM. {known}"
