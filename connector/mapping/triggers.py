"""Triggers: from the file to the domain's terms."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time, timedelta
from typing import Any

from connector.domain.conditions.condition import AttributeTest, Condition, SignalTest
from connector.domain.field import FieldType
from connector.domain.programs.compiled import CHANGED
from connector.domain.programs.program import DateRule, Trigger
from connector.mapping.comparisons import OPS, Subject, read_comparisons
from connector.mapping.conditions import ConditionReader
from connector.mapping.places import Path
from connector.mapping.report import quoted
from connector.mapping.trigger_models import TriggerEntry


def to_triggers(
    entries: tuple[TriggerEntry, ...], path: Path, reader: ConditionReader, *, with_dates: bool = False
) -> Iterator[Trigger]:
    """The triggers; reports unknown signals, fields and attributes, and days where nothing begins."""
    for index, entry in enumerate(entries):
        here = (*path, index)
        when = read_when(entry.when, (*here, "when"), reader)
        if entry.date is not None:
            if with_dates:
                yield Trigger(when=when, date=_date_rule(entry, (*here, "date"), reader))
            else:
                reader.problems.error((*here, "date"), "a day enrols leads; it is no goal, exit or answer")
        elif entry.changed is not None:
            yield Trigger(_changes(entry.changed, entry, here, reader), when)
        elif not entry.on:
            yield Trigger(when=when)
        for number, signal in enumerate(entry.on):
            reader.know_signal(signal, (*here, "on", number))
            where = reader.read_where(signal, entry.where, (*here, "where"))
            yield Trigger(SignalTest(signal, where), when)


def _date_rule(entry: TriggerEntry, path: Path, reader: ConditionReader) -> DateRule:
    name = entry.date or ""
    field = reader.know_field(name, path)
    if field is not None and field.type not in (FieldType.DATE, FieldType.DATETIME):
        reader.problems.error(path, f"{quoted(name)} holds no date but {field.type}", "write type: date in its field")
    offset = entry.after or -(entry.before or timedelta())
    return DateRule(name, offset, entry.every is not None, entry.at or time())


def _changes(name: str, entry: TriggerEntry, path: Path, reader: ConditionReader) -> SignalTest:
    field = reader.know_field(name, (*path, "changed"))
    if field is None or not entry.to:
        return SignalTest(CHANGED + name)
    wanted = tuple(str(each) if isinstance(each, str) else each for each in entry.to)
    tests = read_comparisons(Subject(name, field.type, OPS[field.type]), list(wanted), (*path, "to"), reader.problems)
    return SignalTest(CHANGED + name, tuple(AttributeTest("now", each.op, each.operand) for each in tests))


def read_when(raw: Any, path: Path, reader: ConditionReader) -> Condition | None:
    """A condition that may be left out."""
    return None if raw is None else reader.read(raw, path)
