"""`coltiva programs`: the programs of a mapping, as people see them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli import results, standstill
from connector.cli.options import AsJson

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from connector.mapping.sketches import PhaseSketch, ProgramSketch, WaySketch

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def programs() -> None:
    """Look at programs and their results, and pause them."""


app.command("list")(standstill.list_programs)
app.command("pause")(standstill.pause)
app.command("resume")(standstill.resume)
app.command("admit")(standstill.admit)
app.command("refuse")(standstill.refuse)
app.command("results")(results.results)
app.command("split")(results.split)


@app.command("show")
def show(
    name: Annotated[
        str, typer.Argument(metavar="[NAME]", help="The program; by default all of them.", show_default=False)
    ] = "",
    mappings: Annotated[
        Path | None,
        typer.Option("--mappings", metavar="FOLDER", help="The folder of the workspace; by default COLTIVA_MAPPINGS."),
    ] = None,
    is_mermaid: Annotated[
        bool, typer.Option("--mermaid", help="Print only the flow chart, in the language of Mermaid.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show programs: who enters, what leaves when, what follows.

    With --mermaid the flow chart alone, for a page of documentation.

    Example:  coltiva programs show new_contact --mappings mappings/acme
    """
    from connector.cli.printing import build_console, print_json
    from connector.mapping.charts import chart

    chosen = _chosen(name, mappings)
    if as_json:
        print_json({program.name: {"program": program, "mermaid": chart(program)} for program in chosen})
    elif is_mermaid:
        typer.echo("\n".join(chart(program) for program in chosen), nl=False)
    else:
        console = build_console()
        for program in chosen:
            _print(console, program)


def _chosen(name: str, mappings: Path | None) -> Sequence[ProgramSketch]:
    """The programs asked for. Raises UnknownNameError that names those there are."""
    from connector.errors import UnknownNameError
    from connector.mapping.load import load_mapping
    from connector.mapping.sketches import sketch
    from connector.settings import load_settings

    known_ones = load_mapping(mappings or load_settings().mappings).programs
    chosen = [sketch(program) for program in known_ones if name in ("", program.name)]
    if name and not chosen:
        known = ", ".join(program.name for program in known_ones) or "none yet"
        raise UnknownNameError(f"There is no program {name}. Known: {known}.")
    return chosen


def _print(console: Console, program: ProgramSketch) -> None:
    from rich.markup import escape

    from connector.cli.printing import build_grid, build_table

    console.print(f"[bold]{escape(program.name)}[/]")
    head = build_grid()
    head.add_row("  enters", escape(" or ".join(program.enters) or "by hand or from another program"))
    head.add_row("  again", escape(program.again))
    for title, triggers in (("goal", program.goal), ("exit", program.exit)):
        if triggers:
            head.add_row(f"  {title}", escape(" or ".join(triggers)))
    head.add_row("  sends", escape(program.window))
    for word, said in program.terms:
        head.add_row(f"  {word}", escape(said))
    console.print(head)
    table = build_table("  phase", "activity", "leaves", "sends", "answer")
    for phase in program.phases:
        _add_phase(table, phase)
    console.print(table)
    console.print()


def _add_phase(table: Table, phase: PhaseSketch) -> None:
    """The phase's activities, and below them what follows."""
    from rich.markup import escape

    for index, step in enumerate(phase.steps):
        title = f"  [bold]{escape(phase.name)}[/]" if index == 0 else ""
        indent, only = "  " * len(step.path), f", only if {step.only}" if step.only else ""
        table.add_row(
            title, f"{indent}{escape(step.name)}", step.leaves, escape(step.sends + only), escape(step.answer)
        )
        for way in step.ways:
            _add_way(table, way, indent=f"{indent}  ")
    for index, way in enumerate(phase.ways):
        _add_way(table, way, f"  [dim]{escape(phase.stage)}[/]" if index == 0 and phase.stage else "")
    table.add_section()


def _add_way(table: Table, way: WaySketch, stage: str = "", indent: str = "") -> None:
    """Where the lead goes: from a phase, or at once from an activity."""
    from rich.markup import escape

    words = f"[dim]{indent}{escape(way.words)}[/]"
    table.add_row(stage, words, way.first or "at once", f"→ {escape(way.leads_to)}", "")
