"""Commands of processes that stay: flags that nobody gave cost them nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from typer.core import TyperCommand, TyperOption


class LightCommand(TyperCommand):
    """A command whose flags are False unless they were given."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Its options, and the help."""
        return set_flags(super().get_params(ctx))


def set_flags(options: Iterable[Any]) -> list[Any]:
    """Let the flags among the options be False unless they are given.

    Typer's own, such as `--help`, are nothing, and to make nothing a truth value it loads Pydantic: 10 MB that the web
    process has no other need for.
    """
    options = list(options)
    for option in options:
        if isinstance(option, TyperOption) and option.is_flag and option.default is None:
            option.default = False
    return options
