"""`coltiva explain`: why a lead stands where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.options import AsJson, Workspace

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from connector.bootstrap import Services
    from connector.domain.ids import WorkspaceId
    from connector.engine.explain import Explanation


def explain(
    who: Annotated[str, typer.Argument(metavar="WHO", help="Email address, lead id, or the CRM's record id.")],
    lines: Annotated[
        int, typer.Option("--lines", min=1, max=10_000, help="How much of ledger and timeline to show.")
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
    from connector.errors import SetupError

    with looking() as services:
        found = explain_lead(services, the_workspace(services, workspace), who)
    if found is None:
        raise SetupError(f"There is no lead {who}.")
    explanation, zone = found
    if as_json:
        print_json(explanation)
    else:
        print_explanation(build_console(), explanation, zone, lines)


def explain_lead(services: Services, workspace: WorkspaceId, who: str) -> tuple[Explanation, ZoneInfo] | None:
    """The explanation and the workspace's time zone; None for an unknown lead."""
    from connector.engine import explain as engine

    models = services.store.read_models
    summary = models.lead(workspace, who)
    if summary is None:
        return None
    shelf = services.open_shelf()
    with services.store.transaction() as transaction:
        latest = shelf.latest(transaction, workspace)
    book = shelf.of(workspace)(summary.lead.book) if summary.lead.book else latest
    history, changes = models.history(workspace, summary.id), models.changes(workspace, summary.id)
    return engine.explain(summary, history, changes, book, services.clock.now()), latest.definitions.zone
