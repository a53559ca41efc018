"""`coltiva sandbox`: a simulated HubSpot to rehearse with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer


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
            "--for", metavar="FOLDER", help="Prepare the portal for this mapping: it has the properties that are read."
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

    With a clock file, weeks pass in minutes: 3600 is an hour a second. docs/rehearse.md goes through it.

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
    arguments += [f"--property={definition}" for definition in _properties_of(mapping)] if mapping else []
    if clock_file:
        arguments += [f"--clock-file={clock_file}"]
    if target_url:
        # Without a clock file webhooks are judged by the machine's clock.
        arguments += [f"--target-url={target_url}", "--sign-in-real-time"]
    raise typer.Exit(main(arguments))


def _properties_of(folder: Path) -> Iterator[str]:
    """`name:type` of each contact property that the mapping reads. Raises MappingError."""
    from connector.domain.book import compile_book
    from connector.domain.field import FieldType
    from connector.mapping.load import load_mapping

    types = {
        FieldType.NUMBER: "number",
        FieldType.BOOLEAN: "bool",
        FieldType.DATE: "date",
        FieldType.DATETIME: "datetime",
    }
    book = compile_book(load_mapping(folder))
    fills = book.fills.get("hubspot", {})
    for name in book.properties_to_read("hubspot"):
        kinds = {types.get(field.type, "string") for field in fills.get(name, ())}
        yield f"{name}:{kinds.pop() if len(kinds) == 1 else 'string'}"
