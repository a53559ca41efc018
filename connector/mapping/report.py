"""What is wrong with mapping files, and how it is told: as compilers do, with the line and a caret."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from heapq import nlargest
from itertools import pairwise
from typing import Any, NamedTuple

_WIDEST_LINE = 120
_LONGEST_QUOTE = 60
#: How alike two words must be for one to be a misspelling of the other.
_NEAR = 0.6
_MANY = 50
_LONGEST_WAY = 12


class Severity(StrEnum):
    """Whether a mapping with this problem may be applied."""

    ERROR = "error"
    WARNING = "warning"


class Place(NamedTuple):
    """Where something stands in a file; lines and columns count from 1."""

    file: str
    line: int
    column: int
    #: How many characters the caret underlines.
    length: int = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: where it is, what is wrong, and what would help."""

    file: str
    line: int
    column: int
    message: str
    #: A remedy, as the end of the sentence: `did you mean "industry"?`.
    hint: str = ""
    severity: Severity = Severity.ERROR
    #: How many characters the caret underlines.
    length: int = 1

    def __str__(self) -> str:
        level = "warning: " if self.severity is Severity.WARNING else ""
        text = f"{self.message}; {self.hint}" if self.hint else self.message
        where = f"{self.file}:{self.line}:{self.column}: " if self.file else ""
        return f"{where}{level}{text}"


@dataclass(frozen=True, slots=True)
class Report:
    """Everything found in the files of one mapping, in the order of the files and lines."""

    problems: tuple[Problem, ...] = ()
    #: The texts that were checked, by name.
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What must be mended before the mapping can be applied."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What is allowed and probably not meant."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.WARNING)


def render(report: Report, folder: str = "") -> str:
    """The report for a terminal: each problem with its source line and a caret; `folder` goes before file names."""
    return "\n".join(
        f"{_prefix(problem, folder)}{problem}{_excerpt(problem, report.files)}" for problem in report.problems
    )


def _prefix(problem: Problem, folder: str) -> str:
    if not folder:
        return ""
    return f"{folder.rstrip('/')}/" if problem.file else f"{folder}: "


def _excerpt(problem: Problem, files: Mapping[str, str]) -> str:
    lines = files.get(problem.file, "").splitlines()
    if not 0 < problem.line <= len(lines):
        return ""
    line = lines[problem.line - 1].replace("\t", " ")
    start = max(0, problem.column - _WIDEST_LINE + 40) if len(line) > _WIDEST_LINE else 0
    shown = printable(line[start : start + _WIDEST_LINE])
    column = problem.column - 1 - start
    length = max(1, min(problem.length, len(shown) - column))
    gutter = f"{problem.line:>5} | "
    return f"\n{gutter}{shown}\n{'|':>{len(gutter) - 1}} {' ' * column}{'^' * length}"


def printable(text: str) -> str:
    """The text without characters that would move a terminal's cursor."""
    return "".join(char if char.isprintable() else "?" for char in text)


def quoted(text: object) -> str:
    """Somebody's words inside a message: in quotation marks, of bearable length."""
    words = printable(str(text))
    return f'"{words[: _LONGEST_QUOTE - 1]}…"' if len(words) > _LONGEST_QUOTE else f'"{words}"'


#: Words that there are.
Known = Mapping[str, object] | tuple[str, ...] | frozenset[str]


def nearest(word: object, known: Known) -> str:
    """A hint at the known word that was probably meant; else, where there are few, all of them; else nothing."""
    words = sorted(known)
    by_lower_case = {each.lower(): each for each in words}
    meant = str(word)[:100].lower()
    matches = get_close_matches(meant, _alike(meant, by_lower_case), n=1, cutoff=_NEAR)
    if matches:
        return f"did you mean {quoted(by_lower_case[matches[0]])}?"
    return f"known: {', '.join(words)}" if 0 < len(words) <= 12 else ""


def _alike(word: str, words: Collection[str]) -> Collection[str]:
    """Of very many words those that have the most pairs of letters in common with this one.

    Comparing all of them closely would take longer than reading the files.
    """
    if len(words) <= _MANY:
        return words
    pairs = set(pairwise(word))
    return nlargest(_MANY, words, key=lambda each: len(pairs.intersection(pairwise(each))))


def arrows(names: Sequence[str]) -> str:
    """The way from name to name; of a long one, both ends."""
    shown = names if len(names) <= _LONGEST_WAY else [*names[:6], "…", *names[-5:]]
    return " → ".join(shown)


def is_near(word: str, known: str) -> bool:
    """Whether the word was probably meant to be the known one."""
    return bool(get_close_matches(word[:100].lower(), [known.lower()], cutoff=_NEAR))


def kind_of(value: Any) -> str:
    """What a value is, in words."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the text {quoted(value)}"
        case list():
            return "a list"
        case _:
            return "a mapping"
