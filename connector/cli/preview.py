"""`coltiva preview`: a message as a lead would get it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.options import AsJson, Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.domain.book import Book
    from connector.engine.telling.preview import Found, Preview


def preview(
    message: Annotated[
        str,
        typer.Argument(metavar="MESSAGE", help="An email, a notification, or an activity: program.phase.activity."),
    ],
    lead: Annotated[
        str | None, typer.Option("--lead", metavar="WHO", help="Email address, lead id, or the CRM's record id.")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--mappings", metavar="FOLDER", help="The folder of the workspace; by default COLTIVA_MAPPINGS."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write the HTML to this file, for a browser.")
    ] = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Show a message as a lead would get it.

    By the mapping files as they are now.

    Without a lead it shows sample values. Nothing is sent, and nothing is changed.

    Example:  coltiva preview report_followup --lead someone@example.com --html report.html
    """
    from connector.cli.printing import print_json
    from connector.domain.book import compile_book
    from connector.engine.telling.preview import find_messages
    from connector.mapping.load import load_mapping
    from connector.settings import load_settings

    book = compile_book(load_mapping(folder or load_settings().mappings))
    found = find_messages(book, message)
    previews = _for_lead(book, found, lead, workspace) if lead else _with_samples(book, found)
    if html:
        html.write_text(previews[0].page, encoding="utf-8")
    if as_json:
        print_json(previews)
    else:
        _print(previews, html)


def _for_lead(book: Book, found: Sequence[Found], who: str, workspace: str | None) -> list[Preview]:
    from connector.cli.opening import looking, the_workspace
    from connector.engine.telling.preview import render, words_of
    from connector.errors import UnknownNameError

    with looking() as services:
        models, now, space = services.store.read_models, services.clock.now(), the_workspace(services, workspace)
        summary = models.lead(space, who)
        if summary is None:
            raise UnknownNameError(f"There is no lead {who}.")
        facts = models.facts(space, summary.id)
    return [render(one.content, words_of(book, summary.id, facts, now, one.place)) for one in found]


def _with_samples(book: Book, found: Sequence[Found]) -> list[Preview]:
    from connector.clock import SystemClock
    from connector.engine.telling.preview import render, sample_words

    now = SystemClock().now()
    return [render(one.content, sample_words(book, now, one.place)) for one in found]


def _print(previews: Sequence[Preview], html: Path | None) -> None:
    for each in previews:
        more = {"subject": each.subject, "preview": each.preview, **each.values}
        heads = [f"{name}: {value}" for name, value in more.items() if value]
        heads += [f"sets {name} to {value}" for name, value in each.properties.items()]
        typer.echo("\n".join([f"── {each.kind} ──", *heads, "", each.text, ""]))
    if html:
        typer.echo(f"The HTML is in {html}.")
