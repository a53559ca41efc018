"""Things that depend on one another in a circle."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from connector.mapping.places import Path


def find_circle(graph: Mapping[Path, set[Path]]) -> list[Path]:
    """Some circle, from each to the next, the first once more at the end; empty where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []
