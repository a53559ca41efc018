"""Figures: what was measured, for people as tables and for programs as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure should reach."""

    bound: float
    #: Whether the figure should be at most the bound, rather than at least.
    is_most: bool = False

    def is_reached(self, value: float) -> bool:
        return value <= self.bound if self.is_most else value >= self.bound

    def __str__(self) -> str:
        return f"{'≤' if self.is_most else '≥'} {_show(self.bound)}"


def at_least(bound: float) -> Target:
    return Target(bound)


def at_most(bound: float) -> Target:
    return Target(bound, is_most=True)


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value: the median of its rounds."""

    #: Its name for programs: `receive.one.acks_per_second`.
    key: str
    #: What it is, for people.
    title: str
    value: float
    unit: str
    target: Target | None = None
    #: How far the rounds lie apart, as a share of the median.
    spread: float | None = None

    def to_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {"value": round(self.value, 4), "unit": self.unit}
        if self.spread is not None:
            found["spread"] = round(self.spread, 3)
        if self.target is not None:
            found["target"] = str(self.target)
            found["reached"] = self.target.is_reached(self.value)
        return found


def of_rounds(key: str, title: str, rounds: Sequence[float], unit: str, target: Target | None = None) -> Figure:
    """The median of several rounds."""
    middle = median(rounds)
    spread = (max(rounds) - min(rounds)) / middle if len(rounds) > 1 and middle else None
    return Figure(key, title, middle, unit, target, spread)


@dataclass(slots=True)
class Chapter:
    """Figures that are read together."""

    title: str
    #: What people should know to read them.
    remark: str = ""
    figures: list[Figure] = field(default_factory=list)

    def value(self, key: str) -> float:
        """The value of one of its figures."""
        return next(figure.value for figure in self.figures if figure.key == key)

    def add_ratio(self, key: str, title: str, part: str, whole: str, target: Target | None = None) -> None:
        """How one figure compares with another."""
        self.figures.append(Figure(key, title, self.value(part) / self.value(whole), "×", target))


def print_chapter(console: Console, chapter: Chapter) -> None:
    """One table."""
    table = Table(title=chapter.title, title_justify="left", title_style="bold", caption=chapter.remark or None)
    table.caption_justify = "left"
    for title in ("", "measured", "target", "rounds apart"):
        table.add_column(title, justify="left" if not title else "right")
    for figure in chapter.figures:
        table.add_row(figure.title, f"{_show(figure.value)} {figure.unit}", _verdict(figure), _show_spread(figure))
    console.print(table)
    console.print()


def write_json(path: Path, about: Mapping[str, Any], chapters: Sequence[Chapter]) -> None:
    """The same figures for programs."""
    figures = {figure.key: figure.to_json() for chapter in chapters for figure in chapter.figures}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**about, "figures": figures}, indent=2, ensure_ascii=False) + "\n")


def _verdict(figure: Figure) -> str:
    if figure.target is None:
        return ""
    colour = "green" if figure.target.is_reached(figure.value) else "red"
    return f"[{colour}]{figure.target}[/]"


def _show_spread(figure: Figure) -> str:
    return "" if figure.spread is None else f"{figure.spread:.0%}"


def _show(value: float) -> str:
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:,.2f}"
