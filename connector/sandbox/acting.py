"""Actions that a driver in another process may ask for by name: functions whose annotations say what may be given.

The first argument of an action is where it happens, a portal or an org; the others are given by name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, get_type_hints

import msgspec

from connector.sandbox.commands import WrongCommandError

Action = Callable[..., object]


def prepare(actions: Mapping[str, Action], name: str, arguments: Mapping[str, Any]) -> tuple[Action, dict[str, Any]]:
    """The action and what it is given. Raises WrongCommandError, which says what the action takes."""
    action = actions.get(name)
    if action is None:
        raise WrongCommandError(f"There is no action {name}. Choose one of {', '.join(sorted(actions))}.")
    problems = [*_missing(action, arguments), *_unknown(action, arguments)]
    values: dict[str, Any] = {}
    for argument, given in arguments.items():
        try:
            values[argument] = _read(action, argument, given)
        except msgspec.ValidationError as error:
            problems.append(f"{argument}: {str(error).partition(' - at')[0]}")
    if problems:
        raise WrongCommandError(f"{name}: {'; '.join(problems)}. It takes {usage(action)}.")
    return action, values


def usage(action: Action) -> str:
    """What an action takes, in words: `email, form, page_url (may be left out)`."""
    words = []
    for argument in _parameters(action).values():
        if _is_open(argument):
            words.append(f"any of the {argument.name}")
        else:
            words.append(argument.name + ("" if argument.default is argument.empty else " (may be left out)"))
    return ", ".join(words)


@cache
def _parameters(action: Action) -> dict[str, inspect.Parameter]:
    _place, *named = inspect.signature(action).parameters.values()
    return {one.name: one for one in named}


@cache
def _types(action: Action) -> dict[str, Any]:
    return get_type_hints(action)


def _is_open(argument: inspect.Parameter) -> bool:
    """Whether it stands for arguments of any name."""
    return argument.kind is argument.VAR_KEYWORD


def _missing(action: Action, arguments: Mapping[str, Any]) -> list[str]:
    needed = [one.name for one in _parameters(action).values() if one.default is one.empty and not _is_open(one)]
    return [f"{name} is missing" for name in needed if name not in arguments]


def _unknown(action: Action, arguments: Mapping[str, Any]) -> list[str]:
    if any(map(_is_open, _parameters(action).values())):
        return []
    return [f"it has no argument {name}" for name in arguments if name not in _parameters(action)]


def _read(action: Action, argument: str, given: Any) -> Any:
    rest = next((one.name for one in _parameters(action).values() if _is_open(one)), "")
    known = argument if argument in _parameters(action) else rest
    return msgspec.convert(given, _types(action).get(known, Any))
