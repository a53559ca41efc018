"""Message texts from the file to templates, and the blocks that they share."""

from __future__ import annotations

import re
from itertools import pairwise

from connector.mapping.conditions import ConditionReader
from connector.mapping.models import MappingFile
from connector.mapping.places import Path, find
from connector.mapping.report import nearest, quoted
from connector.mapping.template_checks import check_template, quoted_signals
from connector.mapping.templates import MAX_WHOLE, Message

_BLOCK = re.compile(r"\{\{ *texts\.([A-Za-z0-9_]+) *\}\}")
#: What steers a template, and shows nothing.
_STEERING = re.compile(r"\{%.*?%\}")


def to_message(source: str, path: Path, reader: ConditionReader, *, html: bool, keeps_lines: bool = False) -> Message:
    """A text with its blocks in place; reports what the template cannot do or does not know."""
    for name in _BLOCK.findall(source):
        if name not in reader.names.texts:
            reader.problems.error(path, f"unknown text {quoted(name)}", nearest(name, reader.names.texts))
    _check(_BLOCK.sub("", source), path, reader)  # the blocks are checked where they stand
    whole = _BLOCK.sub(lambda match: reader.names.texts.get(match[1], ""), source)
    if whole != source:
        reader.wholes.append((path, whole))
    message = Message(whole, html, keeps_lines)
    if keeps_lines or (html and not message.is_markup):
        _warn_of_lost_breaks(source, path, reader)
    return message


def _warn_of_lost_breaks(source: str, path: Path, reader: ConditionReader) -> None:
    """Point at lines with words that end in `%}`: the break behind it is the template's own, and is not shown."""
    node, _ = find(reader.problems.root, path)
    lines = source.rstrip().split("\n")
    for number, (line, following) in enumerate(pairwise(lines), 1):
        if line.endswith("%}") and following.strip() and _STEERING.sub("", line).strip():
            message = "this line and the next one become one line: the break behind %} is not shown"
            hint = "put the {% ... %} at its end on a line of its own, or a blank line behind it"
            reader.problems.warn(path, message, hint, line=number if node.is_block else 0)


def check_wholes(reader: ConditionReader) -> None:
    """Report what texts and blocks, each without mistake, come to together."""
    for path, whole in reader.wholes:
        if reader.problems.touch(path) or reader.problems.touch(("texts",)):
            continue
        for mistake in check_template(whole, reader.names, MAX_WHOLE)[:1]:
            reader.problems.error(path, f"with its blocks of text: {mistake.message}", mistake.hint)


def check_blocks(mapping: MappingFile, reader: ConditionReader) -> None:
    """Report mistakes in the blocks themselves; each is a whole template, and holds no other."""
    for name, source in mapping.texts.items():
        if _BLOCK.search(source):
            message = "a text block cannot hold another one"
            reader.problems.error(("texts", name), message, "put both into the message")
        else:
            _check(source, ("texts", name), reader)


def _check(source: str, path: Path, reader: ConditionReader) -> None:
    node, _ = find(reader.problems.root, path)
    mistakes = check_template(source, reader.names)
    for mistake in mistakes:
        reader.problems.error(path, mistake.message, mistake.hint, line=mistake.line if node.is_block else 0)
    if not mistakes:
        reader.quoted.update(quoted_signals(source))
