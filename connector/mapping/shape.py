"""Judges the shape of a mapping: known keys, kinds of values; every mistake in our own words, at its place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import ValidationError

from connector.mapping.crms import LABELS
from connector.mapping.forms import BRANCHES, Entry
from connector.mapping.models import MappingFile
from connector.mapping.nodes import to_plain
from connector.mapping.places import Path, Problems, without
from connector.mapping.report import is_near, kind_of, nearest, quoted

_ROUNDS = 25
#: The model of a whole file.
FileModel = TypeVar("FileModel", bound=Entry)
#: Words of the language to come, so that nobody thinks they are misspelt.
NOT_YET = {
    "track": "tracking web pages",
    "sms": "SMS",
    "slack": "Slack",
    "webhook": "outgoing webhooks",
}


def check_shape(problems: Problems) -> MappingFile:
    """The mapping as models; everything misshapen is reported and left out, so that the rest can be judged, too.

    Leaves in `problems.root` the tree without what was left out.
    """
    return check_shape_of(MappingFile, problems) or MappingFile(format=1)


def check_shape_of(model: type[FileModel], problems: Problems) -> FileModel | None:
    """As `check_shape`, for a file of another kind; None where nothing well shaped is left."""
    for attempt in range(_ROUNDS):
        known: dict[int, type[Entry]] = {}
        data = to_plain(problems.root)
        whole, mistakes = _validate(model, data, known)
        if attempt == 0:
            _report_empty(data, (), known, problems)
            for mistake in mistakes:
                _report(mistake, data, known, problems)
        if whole is not None:
            return whole
        for path in sorted({_to_prune(mistake) for mistake in mistakes}, key=_backwards, reverse=True):
            problems.root = without(problems.root, path)
    return None


def _validate(model: type[FileModel], data: Any, known: dict[int, type[Entry]]) -> tuple[FileModel | None, list[Any]]:
    try:
        return model.model_validate(data, context=known), []
    except ValidationError as error:
        return None, list(error.errors(include_url=False))


def _report_empty(data: Any, path: Path, known: dict[int, type[Entry]], problems: Problems) -> None:
    """Report keys whose value was forgotten."""
    parts = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in parts:
        here = (*path, key)
        if value is None and id(data) in known and key in known[id(data)].known_keys() and not problems.touch(here):
            _report_nothing(here, problems)
        _report_empty(value, here, known, problems)


def _report_nothing(path: Path, problems: Problems) -> None:
    problems.error(path, f"nothing stands after {quoted(path[-1])}", "write a value, or remove the key", on_key=True)


def _backwards(path: Path) -> tuple[tuple[str, int], ...]:
    """Sorts list positions as numbers: the last of a list is to go first."""
    return tuple(("", part) if isinstance(part, int) else (part, 0) for part in path)


def _path(mistake: Any) -> Path:
    return tuple(part for part in mistake["loc"] if part not in BRANCHES)


def _to_prune(mistake: Any) -> Path:
    path, at = _path(mistake), mistake.get("ctx", {}).get("at")
    if mistake["type"] == "missing":
        return path[:-1]
    return (*path, at) if at else path


def _report(mistake: Any, data: Any, known: dict[int, type[Entry]], problems: Problems) -> None:
    path, kind = _path(mistake), mistake["type"]
    context = mistake.get("ctx", {})
    if kind == "extra_forbidden":
        _report_unknown_key(path, data, known, problems)
    elif kind == "missing":
        _report_missing_key(path, known.get(id(mistake["input"])), mistake["input"], problems)
    elif kind == "ours" and None in _values(mistake["input"]):
        return  # that nothing stands after a key was told already, and explains this
    elif kind == "ours":
        at = (*path, context["at"]) if context["at"] else path
        problems.error(at, context["message"], context["hint"], on_key=bool(context["at"]))
    elif mistake["input"] is None:
        _report_nothing(path, problems)
    elif mistake["loc"][-1] == "[key]":
        problems.error(path, f"{quoted(path[-1])} cannot be a name", _NAME_RULE, on_key=True)
    else:
        problems.error(path, *_describe(kind, context, mistake["input"]))


def _values(data: Any) -> Iterable[Any]:
    return data.values() if isinstance(data, dict) else ()


def _report_missing_key(path: Path, model: type[Entry] | None, data: Any, problems: Problems) -> None:
    """A key that is there in another spelling is reported as unknown alone."""
    key, known = str(path[-1]), model.known_keys() if model else ()
    misspelt = (word for word in data if word not in known) if isinstance(data, dict) else ()
    if not any(is_near(word, key) for word in misspelt):
        place = f" in {model.what}" if model else ""
        problems.error(path[:-1], f"{quoted(key)} is missing{place}", f"add {key}:", on_key=True)


_NAME_RULE = "names begin with a small letter and have small letters, digits and _, at most 60"


def _report_unknown_key(path: Path, data: Any, known: dict[int, type[Entry]], problems: Problems) -> None:
    model = known.get(id(_look_up(data, path[:-1])), MappingFile)
    key = str(path[-1]) if path else ""
    hint = nearest(key, model.known_keys())
    if key in NOT_YET:
        problems.error(path, f"{NOT_YET[key]} ({quoted(key)}) is not supported yet", on_key=True)
    elif key in LABELS:
        problems.error(path, f"{LABELS[key]} is not supported yet in {model.what}", on_key=True)
    elif key == "<<":
        problems.error(path, "merge keys (<<) are not part of the mapping language", on_key=True)
    else:
        problems.error(path, f"unknown key {quoted(key)} in {model.what}", hint, on_key=True)


def _look_up(data: Any, path: Path) -> Any:
    for part in path:
        has_part = part in data if isinstance(data, dict) else isinstance(data, list) and isinstance(part, int)
        data = data[part] if has_part else data
    return data


def _describe(kind: str, context: Any, value: Any) -> tuple[str, str]:
    """What is wrong with a value, and what would help."""
    found = f"found {kind_of(value)}"
    if kind == "literal_error":
        words = tuple(word.strip("'") for word in context["expected"].replace(" or ", ", ").split(", "))
        return f"{quoted(value)} is not possible here", nearest(value, words)
    if kind == "string_pattern_mismatch":
        return f"{quoted(value)} cannot be a name", "it must have no blanks" if " " in str(value) else _NAME_RULE
    if kind in _KINDS:
        expected, hint = _KINDS[kind]
        return f"expected {expected}, {found}", hint if kind != "string_type" else _quoting(value)
    if kind in ("too_short", "string_too_short"):
        return "there is nothing here", "write something, or remove the key"
    if kind in _BOUNDS:
        verdict, bound, hint = _BOUNDS[kind]
        return f"{quoted(value)} is too {verdict}", hint.format(context[bound])
    return f"{quoted(value)} is not possible here", ""


#: What is out of bounds: too what, where pydantic says the bound, what would help.
_BOUNDS = {
    "greater_than": ("small", "gt", "write more than {:.15g}"),
    "greater_than_equal": ("small", "ge", "write {:.15g} or more"),
    "less_than_equal": ("large", "le", "write {:.15g} or less"),
    "string_too_long": ("large", "max_length", "write {} characters at most"),
}
_KINDS = {
    "string_type": ("text", ""),
    "float_type": ("a number", "write it without quotation marks"),
    "bool_type": ("true or false", "write true or false without quotation marks"),
    "model_type": ("a mapping", "write key: value lines, indented"),
    "dict_type": ("a mapping", "write key: value lines, indented"),
    "list_type": ("a list", "write [one, two]"),
}


def _quoting(value: Any) -> str:
    is_scalar = isinstance(value, int | float) and not isinstance(value, bool)
    return f'write it in quotation marks: "{value}"' if is_scalar else ""
