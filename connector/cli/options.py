"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Workspace = Annotated[
    str | None, typer.Option("--workspace", metavar="NAME", help="The workspace, where there are several.")
]
#: Given to the processes that `serve` starts.
EndsWithParent = Annotated[bool, typer.Option("--end-with-parent", hidden=True)]
Limit = Annotated[int, typer.Option("--limit", metavar="N", min=1, max=10_000, help="Print no more than this many.")]
