"""`coltiva explain`: why a lead stands where it stands."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.options import AsJson, Workspace

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from connector.bootstrap import Services
    from connector.domain.ids import WorkspaceId
    from connector.engine.explain import Explanation
    from connector.ports import LeadSummary


def explain(
    who: Annotated[str, typer.Argument(metavar="WHO", help="Email address, lead id, or the CRM's record id.")],
    lines: Annotated[
        int, typer.Option("--lines", metavar="N", min=1, max=10_000, help="How much of ledger and timeline to show.")
    ] = 15,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Explain one lead: score, programs, timeline, writes.

    The score comes rule by rule, each program with what it waits for and until when, each write with its outcome.
    Times are those of the workspace.

    Example:  coltiva explain someone@example.com
    """
    from connector.cli.explanation import print_explanation
    from connector.cli.opening import looking, the_workspace
    from connector.cli.printing import build_console, print_json
    from connector.errors import UnknownNameError

    with looking() as services:
        found = explain_lead(services, the_workspace(services, workspace), who)
        if found is None:
            raise UnknownNameError(f"There is no lead {who}. {_where_else(services)}")
    explanation, zone = found
    if as_json:
        print_json(explanation)
    else:
        print_explanation(build_console(), explanation, zone, lines)


def explain_lead(services: Services, workspace: WorkspaceId, who: str) -> tuple[Explanation, ZoneInfo] | None:
    """The explanation and the workspace's time zone; None for an unknown lead."""
    from connector.engine import explain as engine

    models = services.store.read_models
    summary = models.lead(workspace, who) or models.unread(workspace, who.lower())
    if summary is None:
        return None
    shelf = services.open_shelf()
    with services.store.transaction() as transaction:
        latest = shelf.latest(transaction, workspace)
    book = shelf.of(workspace)(summary.lead.book) if summary.lead.book else latest
    history, changes = models.history(workspace, summary.id), models.changes(workspace, summary.id)
    explanation = engine.explain(summary, history, changes, book, services.clock.now())
    if not summary.is_read:
        explanation = replace(explanation, unread_because=_why_unread(services, summary))
    return explanation, latest.definitions.zone


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
    return f"{waiting}A contact becomes a lead when something happens to it after its portal was connected."
