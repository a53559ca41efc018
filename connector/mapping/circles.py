"""Things that depend on one another in a circle."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from connector.mapping.places import Path


def find_circle(graph: Mapping[Path, set[Path]]) -> list[Path]:
    """Some circle, from each to the next, the first once more at the end; empty where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def find_knots(graph: Mapping[Path, Sequence[Path]]) -> Mapping[Path, int]:
    """Each node's knot: those of one knot are on circles with one another. Every node must be a key.

    Linear in nodes and ways (Kosaraju).
    """
    seen: set[Path] = set()
    order = [node for root in graph if root not in seen for node in _walk(graph, root, seen)]
    back: dict[Path, list[Path]] = {node: [] for node in graph}
    for node, following in graph.items():
        for each in following:
            back[each].append(node)
    seen = set()
    roots = enumerate(reversed(order))
    return {node: number for number, root in roots if root not in seen for node in _walk(back, root, seen)}


def _walk(graph: Mapping[Path, Sequence[Path]], root: Path, seen: set[Path]) -> list[Path]:
    """What was not seen yet, each after all to which it leads."""
    done: list[Path] = []
    walk = [(root, iter(graph[root]))]
    seen.add(root)
    while walk:
        node, rest = walk[-1]
        following = next((each for each in rest if each not in seen), None)
        if following is None:
            done.append(node)
            walk.pop()
        else:
            seen.add(following)
            walk.append((following, iter(graph[following])))
    return done


def find_way(graph: Mapping[Path, Sequence[Path]], begin: Path, end: Path) -> list[Path]:
    """A shortest way, both ends included; empty for none."""
    before: dict[Path, Path] = {begin: begin}
    waiting = deque([begin])
    while waiting and end not in before:
        node = waiting.popleft()
        for each in graph[node]:
            if each not in before:
                before[each] = node
                waiting.append(each)
    if end not in before:
        return []
    way = [end]
    while way[-1] != begin:
        way.append(before[way[-1]])
    return way[::-1]
