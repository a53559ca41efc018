"""Comparisons of one value, of a field or of a signal's attribute, compiled to functions."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from connector.domain.conditions.condition import Op, Operand, SignalTest
from connector.domain.fact import Value

Comparison = Callable[[Value | None], bool]

_ORDERINGS: Mapping[Op, Callable[[Any, Any], bool]] = {
    Op.GT: operator.gt,
    Op.GTE: operator.ge,
    Op.LT: operator.lt,
    Op.LTE: operator.le,
    Op.BEFORE: operator.lt,
    Op.AFTER: operator.gt,
}


def compile_comparison(op: Op, operand: Operand) -> Comparison:
    """A function from a value (None: there is none) to whether the comparison holds.

    Text compares without regard to case. A value of several choices satisfies `eq`, `in` and the text
    comparisons when any of its choices does, `ne` and `not_in` when none does.
    """
    if op is Op.KNOWN:
        return lambda value: value is not None
    if op is Op.UNKNOWN:
        return lambda value: value is None
    if op in (Op.NE, Op.NOT_IN):
        positive = compile_comparison(Op.EQ if op is Op.NE else Op.IN, operand)
        return lambda value: not positive(value)
    if op in _ORDERINGS:
        order, edge = _ORDERINGS[op], _fold_case(operand)
        return lambda value: type(value) is type(operand) and order(_fold_case(value), edge)
    return _any_choice(_compile_text_or_equality(op, operand))


def _any_choice(single: Callable[[Value], bool]) -> Comparison:
    def compare(value: Value | None) -> bool:
        if value is None:
            return False
        if isinstance(value, tuple):
            return any(single(choice) for choice in value)
        return single(value)

    return compare


def _compile_text_or_equality(op: Op, operand: Operand) -> Callable[[Value], bool]:
    if op is Op.EQ:
        wanted = _fold_case(operand)
        return lambda value: _fold_case(value) == wanted
    if op is Op.IN:
        members = frozenset(_fold_case(member) for member in _as_tuple(operand))
        return lambda value: _fold_case(value) in members
    part = str(operand).casefold()
    match op:
        case Op.CONTAINS:
            return lambda value: part in str(value).casefold()
        case Op.STARTS_WITH:
            return lambda value: str(value).casefold().startswith(part)
        case Op.ENDS_WITH:
            return lambda value: str(value).casefold().endswith(part)
    raise ValueError(f"{op} does not compare single values")


def _fold_case(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _as_tuple(operand: Operand) -> tuple[Any, ...]:
    return operand if isinstance(operand, tuple) else (operand,)


def compile_signal_test(test: SignalTest) -> Callable[[Mapping[str, Value]], bool]:
    """A function from a signal's attributes to whether the test's conditions on them hold."""
    if not test.where:
        return lambda attributes: True
    checks = [(part.attribute, _compile_attribute(part.op, part.operand)) for part in test.where]
    return lambda attributes: all(compare(attributes.get(name)) for name, compare in checks)


def _compile_attribute(op: Op, operand: Operand) -> Comparison:
    """Attributes have no declared type: text that should compare with a number is read as one."""
    compare = compile_comparison(op, operand)
    if not isinstance(operand, float):
        return compare
    return lambda value: compare(_as_number(value))


def _as_number(value: Value | None) -> Value | None:
    if not isinstance(value, str):
        return value
    try:
        return float(value)
    except ValueError:
        return None
