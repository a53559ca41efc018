"""The files of docs/add-a-crm.md, taken out of it to the letter, and put into a copy of the repository."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "add-a-crm.md"
#: A file's name alone on a line, and its text in a fence.
_FILE = re.compile(r"^`(?P<path>[^`\n]+)`\n\n```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_COPIED = ("connector", "webhooks", "mappings", "tests", "app.py", "pyproject.toml")
_LEFT_OUT = ("golden", "bench", "sandbox", "integration", "stories", "unit", "property", ".hypothesis", "sfdx")


def files() -> Iterator[tuple[str, str, str]]:
    """Path, kind and text of each file in the guide, in its order."""
    for found in _FILE.finditer(GUIDE.read_text("utf-8")):
        yield found["path"], found["kind"], found["text"]


def follow(folder: Path) -> None:
    """Do all that the guide says, in a copy of the repository in this folder."""
    for name in _COPIED:
        source = ROOT / name
        if source.is_dir():
            keep = shutil.ignore_patterns(*_LEFT_OUT) if name == "tests" else None
            shutil.copytree(source, folder / name, ignore=keep)
        else:
            shutil.copy2(source, folder / name)
    for path, kind, text in files():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_applied(target.read_text("utf-8"), text) if kind == "diff" else text, "utf-8")


def _applied(before: str, difference: str) -> str:
    """Each line with a `+` goes below the line that stands before it. Raises ValueError where that is not there."""
    lines, place = before.splitlines(), 0
    for line in difference.splitlines():
        sign, text = line[:1], line[1:]
        if sign == "+":
            place += 1
            lines.insert(place, text)
        else:
            place = lines.index(text, place)
    return "\n".join(lines) + "\n"
