"""`coltiva sandbox`: a simulated HubSpot to rehearse with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from connector.domain.book import Book


def sandbox(
    port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65535, help="Port on this machine; 0 takes a free one.")
    ] = 0,
    contacts: Annotated[int, typer.Option(metavar="N", min=0, max=100_000, help="Contacts to begin with.")] = 20,
    target_url: Annotated[
        str | None, typer.Option("--target-url", metavar="URL", help="Where webhooks go; without it none are sent.")
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--for",
            metavar="FOLDER",
            help="Prepare the portal for this mapping: its properties, forms and emails are there.",
        ),
    ] = None,
    clock_file: Annotated[
        Path | None,
        typer.Option("--clock-file", metavar="FILE", help="Share portal time with Coltiva: COLTIVA_CLOCK_FILE."),
    ] = None,
    rate: Annotated[
        float, typer.Option(metavar="N", min=0, help="Portal seconds in a real second; needs --clock-file.")
    ] = 1,
    seed: Annotated[int, typer.Option(metavar="N", help="Makes ids, faults and retries repeatable.")] = 1,
) -> None:
    """Serve a simulated HubSpot portal to rehearse with.

    It runs on this machine until Ctrl-C. Its first line is JSON: the URL, the app with its client secret, and the
    portal with its token. Point COLTIVA_HUBSPOT_BASE_URL at the URL and nothing else needs to change.

    With a clock file, weeks pass in minutes: 3600 is an hour a second. docs/rehearse.md goes through it, and
    through a Salesforce org, which `python -m connector.sandbox.salesforce` serves.

    \b
    Example:
      coltiva sandbox --port 9000 --for mappings/acme \\
        --target-url http://127.0.0.1:8000/webhooks/hubspot
    """
    from connector.cli.processes import refuse_taken_port
    from connector.sandbox.__main__ import main

    if rate != 1 and not clock_file:
        raise typer.BadParameter("Coltiva would live in another time. Share it with --clock-file.", param_hint="--rate")
    if clock_file and not clock_file.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {clock_file.absolute().parent}.", param_hint="--clock-file")
    refuse_taken_port("127.0.0.1", port, "--port")
    arguments = [f"--port={port}", f"--contacts={contacts}", f"--rate={rate}", f"--seed={seed}"]
    if mapping:
        book = _read_book(mapping)
        arguments += [f"--property={definition}" for definition in _properties_of(book)]
        arguments += [f"--email={email}" for email in _emails_of(book)]
        arguments += [f"--form={form}" for form in _forms_of(book)]
    if clock_file:
        arguments += [f"--clock-file={clock_file}"]
    if target_url:
        # Without a clock file webhooks are judged by the machine's clock.
        arguments += [f"--target-url={target_url}", "--sign-in-real-time"]
    raise typer.Exit(main(arguments))


def _read_book(folder: Path) -> Book:
    """What the mapping says. Raises MappingError."""
    from connector.domain.book import compile_book
    from connector.mapping.load import load_mapping

    return compile_book(load_mapping(folder))


def _emails_of(book: Book) -> Iterator[str]:
    """`number:kind:name` of each email that the mapping sends."""
    for rule in book.emails.values():
        kind = "transactional" if rule.is_transactional else "marketing"
        yield f"{rule.numbers['hubspot']}:{kind}:{rule.name}"


def _forms_of(book: Book) -> set[str]:
    """The forms that the mapping asks for by name."""
    return {source.only for source in book.definitions.feeds if source.feed == "form_submissions" and source.only}


def _properties_of(book: Book) -> Iterator[str]:
    """`name:type` of each contact property that the mapping reads."""
    from connector.domain.field import FieldType

    types = {
        FieldType.NUMBER: "number",
        FieldType.BOOLEAN: "bool",
        FieldType.DATE: "date",
        FieldType.DATETIME: "datetime",
    }
    fills = book.fills.get("hubspot", {})
    for name in book.properties_to_read("hubspot"):
        kinds = {types.get(field.type, "string") for field in fills.get(name, ())}
        yield f"{name}:{kinds.pop() if len(kinds) == 1 else 'string'}"
