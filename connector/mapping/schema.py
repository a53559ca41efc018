"""JSON Schema of mapping files, for editors that complete and check while one types.

`python -m connector.mapping.schema > mappings/schema.json` writes it anew; a test compares.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from connector.domain.conditions.condition import Op
from connector.mapping.comparisons import UNTIL
from connector.mapping.durations import PATTERN
from connector.mapping.models import MappingFile

_SCALAR = {"type": ["string", "number", "boolean"]}
_SCALARS = {"type": "array", "items": _SCALAR, "minItems": 1}
_NAMES = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
_DURATION = {"type": "string", "pattern": PATTERN}
_UNTIL = {"type": "number", "description": "Of a score: holds until it is below, or above, so many points."}
_CONDITION = {"$ref": "#/$defs/Condition"}
_CONDITIONS = {"type": "array", "items": _CONDITION, "minItems": 1}
_VALUE_OR_COMPARISON = {"anyOf": [_SCALAR, _SCALARS, {"$ref": "#/$defs/Comparison"}]}


def _operand(op: Op) -> dict[str, Any]:
    if op in (Op.KNOWN, Op.UNKNOWN):
        return {"type": "boolean"}
    if op in (Op.IN, Op.NOT_IN):
        return _SCALARS
    if op in (Op.WITHIN_NEXT, Op.WITHIN_LAST, Op.MORE_THAN_AGO):
        return _DURATION
    return _SCALAR


#: What pydantic cannot know: conditions have the names of fields as keys.
_JUDGED_LATER: dict[str, dict[str, Any]] = {
    "Comparison": {
        "description": "How a value is compared; several comparisons mean all of them.",
        "type": "object",
        "properties": {**{op.value: _operand(op) for op in Op}, **dict.fromkeys(UNTIL, _UNTIL)},
        "additionalProperties": False,
        "minProperties": 1,
    },
    "Where": {
        "description": "What is asked of a signal's attributes.",
        "type": "object",
        "additionalProperties": _VALUE_OR_COMPARISON,
        "minProperties": 1,
    },
    "PersonaCondition": {
        "description": "Who is this persona: a condition; of the last one, otherwise.",
        "anyOf": [_CONDITION, {"const": "otherwise"}],
    },
    "Condition": {
        "description": "What must hold: fields and scores with a value, a list or a comparison; several keys mean all.",
        "type": "object",
        "properties": {
            "all": {**_CONDITIONS, "description": "Every one of these."},
            "any": {**_CONDITIONS, "description": "At least one of these."},
            "not": {**_CONDITION, "description": "Not this."},
            "segment": {**_NAMES, "description": "In one of these segments."},
            "persona": {**_NAMES, "description": "This, or one of these, is the lead's persona."},
            "tag": {**_NAMES, "description": "Has one of these tags."},
            "in_program": {
                "description": "In one of these programs; or program: phase.",
                "anyOf": [*_NAMES["anyOf"], {"type": "object", "additionalProperties": _NAMES, "minProperties": 1}],
            },
            "answered": {
                "description": "Answered one of these activities of the program; elsewhere program: activity.",
                "anyOf": [*_NAMES["anyOf"], {"type": "object", "additionalProperties": _NAMES, "minProperties": 1}],
            },
            "did": {**_NAMES, "description": "Gave one of these signals."},
            "where": {"$ref": "#/$defs/Where"},
            "at_least": {"type": "integer", "minimum": 1, "description": "So many times."},
            "within": {**_DURATION, "description": "Within the last so long."},
            "since": {
                "enum": ["entered", "phase"],
                "description": "Since the lead entered the program, or this phase.",
            },
        },
        "dependentRequired": {"where": ["did"], "at_least": ["did"], "within": ["did"], "since": ["did"]},
        "additionalProperties": _VALUE_OR_COMPARISON,
        "minProperties": 1,
    },
}


def to_schema() -> dict[str, Any]:
    """The JSON Schema of one mapping file."""
    schema = MappingFile.model_json_schema(by_alias=True)
    schema["$defs"] = dict(sorted({**schema["$defs"], **_JUDGED_LATER}.items()))
    tidied: dict[str, Any] = _tidied(schema)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Coltiva mapping file", **tidied}


def _tidied(node: Any) -> Any:
    """References put in, and what only repeats a name or says nothing taken out."""
    if isinstance(node, list):
        return [_tidied(item) for item in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("x-ref"), str):
        return {"$ref": f"#/$defs/{node['x-ref']}"}
    tidied = {key: _tidied(value) for key, value in node.items() if not _is_noise(key, value, node)}
    return {**tidied, "additionalProperties": False} if "patternProperties" in node else tidied


def _is_noise(key: str, value: Any, node: dict[str, Any]) -> bool:
    """A title that only repeats the name, and a default that is not one of a few words."""
    return (key == "title" and isinstance(value, str)) or (key == "default" and "enum" not in node)


def to_text() -> str:
    """The schema as the file in `mappings/` holds it."""
    return json.dumps(to_schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(to_text())
