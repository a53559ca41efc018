"""Several calls in one. Salesforce: REST API, "Composite", "Composite Batch"."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

from connector.sandbox.exchange import Reply
from connector.sandbox.salesforce.call import Call
from connector.sandbox.salesforce.refusals import Json, RefusalError

MAX_SUBREQUESTS = 25
MAX_HEAVY = 5
_REFERENCE_ID = re.compile(r"[A-Za-z0-9_]+")
_REFERENCE = re.compile(r"@\{([^{}]+)\}")
_KEPT_HEADERS = frozenset({"accept", "authorization", "content-type"})
#: Subrequests of these resources count as queries or collections.
_COLLECTION = "/composite/sobjects"
_HEAVY = ("/query", "/queryAll", _COLLECTION)

#: Answers a subrequest: call, method, raw path. Raises RefusalError.
Answer = Callable[[Call, str, str], Reply]


class _HaltedError(Exception):
    """A subrequest of a call that takes all or none failed."""


def composite(call: Call, answer: Answer) -> Reply:
    """`POST /composite`: 200 whatever becomes of the subrequests, which may refer to earlier results."""
    body = call.json_object()
    requests = _checked(_calls_in(body, "compositeRequest"))
    results: list[Json] = []
    if not body.get("allOrNone", False):
        _run(call, answer, requests, results, halts=False)
        return Reply(body={"compositeResponse": results}, written=_written(results))
    try:
        with call.database.transaction():
            _run(call, answer, requests, results, halts=True)
    except _HaltedError:
        results = [_halted(requests[n], results[n] if n < len(results) else None) for n in range(len(requests))]
    return Reply(body={"compositeResponse": results}, written=_written(results))


def batch(call: Call, answer: Answer) -> Reply:
    """`POST /composite/batch`: subrequests that know nothing of one another."""
    asked = _calls_in(call.json_object(), "batchRequests")
    halts = call.json_object().get("haltOnError", False)
    results: list[Json] = []
    failed = False
    for one in asked:
        if failed and halts:
            error = {"errorCode": "BATCH_PROCESSING_HALTED", "message": "Batch processing halted on first error"}
            results.append({"statusCode": 412, "result": [error]})
            continue
        url = str(one.get("url", ""))
        path = f"/services/data/{url.lstrip('/')}" if not url.startswith("/services/data/") else url
        reply = _answered(call, answer, str(one.get("method", "")), path, one.get("richInput"), {})
        failed = failed or reply.status >= 400
        results.append({"statusCode": reply.status, "result": reply.body})
    return Reply(body={"hasErrors": failed, "results": results})


def _run(call: Call, answer: Answer, requests: list[Json], results: list[Json], *, halts: bool) -> None:
    known: dict[str, Any] = {}
    failed: set[str] = set()
    for one in requests:
        name = one["referenceId"]
        if _refers_to(one, failed):
            results.append(_halted(one, None))
            failed.add(name)
            continue
        headers = {str(key).lower(): str(value) for key, value in one.get("httpHeaders", {}).items()}
        if _KEPT_HEADERS & set(headers):
            raise RefusalError("INVALID_API_INPUT", "httpHeaders may not hold Accept, Authorization or Content-Type")
        filled = _filled({"url": one["url"], "body": one.get("body")}, known)
        if halts and isinstance(filled["body"], dict) and _COLLECTION in filled["url"]:
            filled["body"]["allOrNone"] = True  # overrides what the collection says
        reply = _answered(call, answer, one["method"], filled["url"], filled["body"], headers)
        told = {"body": reply.body, "httpHeaders": dict(reply.headers), "httpStatusCode": reply.status}
        results.append({**told, "referenceId": name})
        known[name] = reply.body
        if _has_failed(results[-1], halts=halts):
            failed.add(name)
            if halts:
                raise _HaltedError


def _answered(call: Call, answer: Answer, method: str, url: str, body: Any, headers: dict[str, str]) -> Reply:
    path, _, rest = url.partition("?")
    query = parse_qs(rest, keep_blank_values=True)
    inner = replace(call, query=query, headers={**call.headers, **headers}, body=body)
    try:
        return answer(inner, method, path)
    except RefusalError as refusal:
        return Reply(refusal.status, [refusal.as_call_error()])


def _checked(asked: list[Json]) -> list[Json]:
    names: set[str] = set()
    for one in asked:
        name = one.get("referenceId")
        if not isinstance(name, str) or not _REFERENCE_ID.fullmatch(name) or name in names:
            raise RefusalError("INVALID_API_INPUT", f"referenceId is missing, not alphanumeric or repeated: {name}")
        if not isinstance(one.get("url"), str) or not isinstance(one.get("method"), str):
            raise RefusalError("INVALID_API_INPUT", f"method and url are required: {name}")
        names.add(name)
    if sum(any(part in one["url"] for part in _HEAVY) for one in asked) > MAX_HEAVY:
        raise RefusalError("LIMIT_EXCEEDED", f"Cannot have more than {MAX_HEAVY} query or collection subrequests")
    return asked


def _calls_in(body: Json, name: str) -> list[Json]:
    asked = body.get(name)
    if not isinstance(asked, list) or not 0 < len(asked) <= MAX_SUBREQUESTS:
        raise RefusalError("INVALID_API_INPUT", f"{name} must be a list of 1 to {MAX_SUBREQUESTS}")
    if not all(isinstance(one, dict) and isinstance(one.get("httpHeaders", {}), dict) for one in asked):
        raise RefusalError("INVALID_API_INPUT", f"{name} must hold subrequests")
    return asked


def _refers_to(one: Json, names: set[str]) -> bool:
    found = _REFERENCE.findall(str(one["url"]) + str(one.get("body")))
    return any(re.split(r"[.\[]", path)[0] in names for path in found)


def _filled(value: Any, known: dict[str, Any]) -> Any:
    """The value with what earlier results say in place of references to them."""
    if isinstance(value, dict):
        return {key: _filled(part, known) for key, part in value.items()}
    if isinstance(value, list):
        return [_filled(part, known) for part in value]
    if isinstance(value, str) and "@{" in value:
        return _REFERENCE.sub(lambda found: str(_looked_up(found[1], known)), value)
    return value


def _looked_up(path: str, known: dict[str, Any]) -> Any:
    current: Any = known
    for step in re.findall(r"[^.\[\]]+", path):
        try:
            current = current[int(step)] if isinstance(current, list) else current[step]
        except (KeyError, IndexError, ValueError, TypeError):
            message = f"Invalid reference specified. No value for {path} found"
            raise RefusalError("PROCESSING_HALTED", message) from None
    return current


def _halted(request: Json, result: Json | None) -> Json:
    if result is not None and _has_failed(result, halts=True):
        return result
    message = "The transaction was rolled back since another operation in the same transaction failed."
    body = [{"errorCode": "PROCESSING_HALTED", "message": message}]
    return {"body": body, "httpHeaders": {}, "httpStatusCode": 400, "referenceId": request["referenceId"]}


def _has_failed(result: Json, *, halts: bool) -> bool:
    """Whether a subrequest failed; where all or none counts, also by one record of a collection."""
    if result["httpStatusCode"] >= 400:
        return True
    records = result["body"] if halts and isinstance(result["body"], list) else []
    return any(isinstance(one, dict) and one.get("success") is False for one in records)


def _written(results: list[Json]) -> int:
    return sum(1 for one in results if one["httpStatusCode"] in (201, 204))
