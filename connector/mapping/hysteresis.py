"""Thresholds that are easier to keep than to reach: `{gte: 70, until_below: 60}` holds from 70 on until below 60."""

from __future__ import annotations

from connector.domain.conditions.condition import Op
from connector.mapping.conditions import ConditionReader
from connector.mapping.models import MappingFile
from connector.mapping.places import Path

_REMEDY = "make it a segment of its own, and ask for that"


def check_hysteresis(mapping: MappingFile, reader: ConditionReader) -> None:
    """Report thresholds with a second one where nothing remembers whether the condition held."""
    for test, path in reader.thresholds:
        if test.until is not None and not _is_remembered(path, mapping):
            word = "until_below" if test.op in (Op.GTE, Op.GT) else "until_above"
            message = f"`{word}` cannot work here: nothing remembers whether this condition held"
            reader.problems.error((*path, word), message, _REMEDY, on_key=True)


def _is_remembered(path: Path, mapping: MappingFile) -> bool:
    """Whether the truth of the condition that the path lies in is kept on leads, and as it stands there."""
    match path:
        case ("segments", _, *within) | ("lists" | "notifications", _, "when", *within):
            return "not" not in within
        case ("scores", _, "freeze_while", *within):
            return "not" not in within
        case ("programs", str(name), "enrol", int(index), "when", *within):
            return "not" not in within and not mapping.programs[name].enrol[index].on
    return False
