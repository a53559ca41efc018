"""Holds recorded exchanges against the published interface descriptions, where they are at hand.

The descriptions are not part of this repository. They are looked for beside it and in `COLTIVA_SPECS`.
"""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openapi_schema_validator import OAS30Validator

#: Paths that HubSpot's pages give and no description has: the status of a single send, and pipelines.
_UNDESCRIBED = re.compile(r"/marketing/v3/email/send-statuses/[^/]+|/crm/pipelines/2026-03/deals")
_ROOT = Path(__file__).parents[4]
FOLDER = Path(os.environ.get("COLTIVA_SPECS", _ROOT.parent / "shared" / "specs")) / "hubspot"
MISSING = f"no interface descriptions in {FOLDER}"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call and its answer, as they went over the wire."""

    method: str
    path: str
    request: bytes
    status: int
    reply: bytes


@dataclass(frozen=True, slots=True)
class Described:
    """One operation of a description."""

    pattern: re.Pattern[str]
    variables: int
    method: str
    operation: dict[str, Any]
    components: dict[str, Any]


def are_at_hand() -> bool:
    """Whether there is anything to hold exchanges against."""
    return FOLDER.is_dir()


def problems(exchange: Exchange) -> list[str]:
    """What in an exchange does not fit any description of its operation."""
    found = described(exchange.method, exchange.path)
    if not found and _UNDESCRIBED.fullmatch(exchange.path):
        return []
    if not found:
        return [f"{exchange.method} {exchange.path} is described nowhere"]
    return [*_request_problems(exchange, found[0]), *_reply_problems(exchange, found)]


def described(method: str, path: str) -> list[Described]:
    """The operations that a call may be, those with the fewest variable parts first."""
    found = [one for one in _operations() if one.method == method and one.pattern.fullmatch(path.rstrip("/"))]
    return sorted(found, key=lambda one: one.variables)


def _request_problems(exchange: Exchange, one: Described) -> Iterator[str]:
    schema = _json_schema(one.operation.get("requestBody"))
    if schema is None or not exchange.request or exchange.status >= 400:
        return
    lenient = _loosened({**schema, "components": one.components})
    for error in OAS30Validator(lenient).iter_errors(json.loads(exchange.request)):
        yield f"request of {exchange.method} {exchange.path}: {error.json_path} {error.message}"


def _reply_problems(exchange: Exchange, found: list[Described]) -> Iterator[str]:
    """An answer must fit one of the descriptions; 207 is declared only by the older of them."""
    if exchange.status >= 400:
        yield from _refusal_problems(exchange)
        return
    answers = [(one, one.operation["responses"].get(str(exchange.status))) for one in found]
    declared = [(one, answer) for one, answer in answers if answer is not None and one.variables <= found[0].variables]
    if not declared:
        if "2XX" not in found[0].operation["responses"] and exchange.status != 207:
            yield f"{exchange.method} {exchange.path} answered {exchange.status}, which is not described"
        return
    one, answer = declared[0]
    schema = _json_schema(answer)
    if schema is None:
        if exchange.reply:
            yield f"{exchange.method} {exchange.path} answered with a body where none is described"
        return
    validator = OAS30Validator({**schema, "components": _without_null_bans(one.components)})
    for error in validator.iter_errors(json.loads(exchange.reply)):
        yield f"reply {exchange.status} of {exchange.method} {exchange.path}: {error.json_path} {error.message}"


def _refusal_problems(exchange: Exchange) -> Iterator[str]:
    body = json.loads(exchange.reply)
    for key in ("message", "correlationId"):
        if not isinstance(body.get(key), str):
            yield f"reply {exchange.status} of {exchange.method} {exchange.path}: no {key}"


def _json_schema(part: dict[str, Any] | None) -> dict[str, Any] | None:
    content = (part or {}).get("content", {})
    schema: dict[str, Any] | None = content.get("application/json", content.get("*/*", {})).get("schema")
    return schema


@functools.cache
def _operations() -> tuple[Described, ...]:
    return tuple(one for file in sorted(FOLDER.glob("*/*.json")) for one in _operations_of(file))


def _operations_of(file: Path) -> Iterator[Described]:
    document = json.loads(file.read_text())
    for path, methods in document["paths"].items():
        pattern = re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(path.rstrip("/"))))
        for method, operation in methods.items():
            if method != "parameters":
                components = document.get("components", {})
                yield Described(pattern, path.count("{"), method.upper(), operation, components)


def _loosened(schema: Any) -> Any:
    """A request schema without `required`, which is overstated, and without room for unknown fields."""
    if isinstance(schema, list):
        return [_loosened(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if schema == {"type": "object", "properties": {}}:
        return {}  # how the descriptions spell a value of any type, such as that of a custom property
    loose = {key: _loosened(value) for key, value in schema.items() if key != "required" or isinstance(value, dict)}
    if schema.get("type") == "object" and isinstance(schema.get("properties"), dict):
        loose.setdefault("additionalProperties", False)
    return loose


def _without_null_bans(components: dict[str, Any]) -> dict[str, Any]:
    """Replies show a property that has no value as null, which older descriptions leave out."""
    text = json.dumps(components)
    values = '"additionalProperties": {"type": "string"}'
    loosened: dict[str, Any] = json.loads(text.replace(values, values[:-1] + ', "nullable": true}'))
    return loosened
