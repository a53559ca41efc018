"""The commands of `coltiva`: they read arguments, call the engine and print; nothing is decided here.

This module is loaded for every command and for every `--help`, so each command imports what it needs when it runs.

Exit codes: 0 all is well; 1 something was found that needs a person; 2 the command was not understood, or names
something that is not there; 3 Coltiva is not set up as it must be.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from connector import __version__
from connector.cli import (
    apart,
    backfill,
    changes,
    check,
    connect,
    dead_letters,
    demo,
    explain,
    keys,
    leads,
    lift,
    orders,
    outbox,
    preview,
    programs,
    replay,
    rfm,
    sales,
    sandbox,
    serve,
    status,
    test,
    thaw,
    web,
    worker,
)
from connector.cli.codes import SETUP_ERROR, USAGE_ERROR
from connector.cli.light import LightCommand, set_flags
from connector.errors import SetupError, StoreUnavailableError, UnknownNameError

#: The order of the help, which is the order in which a newcomer needs them.
SECTIONS = {
    "Try it": ("demo", "sandbox"),
    "Set it up": ("check", "preview", "test", "connect", "backfill", "keys"),
    "Run it": ("serve", "web", "worker", "changes"),
    "Look": ("status", "leads", "explain", "outbox", "programs", "sales", "rfm"),
    "Decide for one lead": ("enrol", "exit", "move", "pause", "resume", "lift", "thaw", "apart"),
    "Mend": ("dead-letters", "replay"),
}


class Commands(TyperGroup):
    """The commands in sections; what keeps Coltiva from starting is told in sentences."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Its options, and the help."""
        return set_flags(super().get_params(ctx))

    def format_commands(self, _: Any, formatter: Any) -> None:
        """The sections of the help."""
        for title, names in SECTIONS.items():
            rows = [(f"{name:<13}", self.commands[name].get_short_help_str(formatter.width - 17)) for name in names]
            with formatter.section(title):
                formatter.write_dl(rows)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except (SetupError, StoreUnavailableError) as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(SETUP_ERROR) from error
        except UnknownNameError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(USAGE_ERROR) from error


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    # Rich's help is handsome and takes longer to load than everything else together.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _tell_version(asked: bool) -> None:
    if asked:
        typer.echo(f"coltiva {__version__}")
        raise typer.Exit


@app.callback(
    epilog="Settings come from the environment: see docs/settings.md. Exit codes: 0 all is well, 1 something needs a "
    "person, 2 not understood or not there, 3 not set up."
)
def coltiva(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_tell_version, is_eager=True)
    ] = False,
) -> None:
    """Nurtures leads: CRM events in; scores, lists, tasks and notes out.

    Try it without an account:  coltiva demo
    """


app.command("demo")(demo.demo)
app.command("sandbox")(sandbox.sandbox)
app.command("check")(check.check)
app.command("preview")(preview.preview)
app.command("test")(test.run_tests)
app.add_typer(connect.app, name="connect")
app.add_typer(keys.app, name="keys")
app.command("backfill")(backfill.backfill)
app.command("serve", cls=LightCommand)(serve.serve)
app.command("web", cls=LightCommand)(web.web)
app.command("worker", cls=LightCommand)(worker.worker)
app.command("changes", cls=LightCommand)(changes.changes)
app.command("status")(status.status)
app.command("leads")(leads.leads)
app.command("explain")(explain.explain)
app.command("outbox")(outbox.outbox)
app.add_typer(programs.app, name="programs")
app.add_typer(dead_letters.app, name="dead-letters")
app.command("rfm")(rfm.rfm)
app.command("sales")(sales.sales)
app.command("replay")(replay.replay)
app.command("enrol")(orders.enrol)
app.command("exit")(orders.leave)
app.command("move")(orders.move)
app.command("pause")(orders.pause)
app.command("resume")(orders.resume)
app.command("lift")(lift.lift)
app.command("thaw")(thaw.thaw)
app.command("apart")(apart.apart)
