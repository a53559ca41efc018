"""What happens in a step: from the words of a scenario to facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from connector.domain.fact import CommandName, Fact, FactKind, RecordName, Value
from connector.mapping.places import Path
from connector.mapping.report import is_near, kind_of, quoted
from connector.scenario.models import StepEntry
from connector.scenario.scenario import UNDATED
from connector.scenario.states import Reading
from connector.scenario.values import read_values, to_value

#: Where records come from that name no CRM.
_CRM = "hubspot"
_RECORDS = {"created": RecordName.CREATED, "deleted": RecordName.ARCHIVED, "restored": RecordName.RESTORED}


def read_facts(step: StepEntry, path: Path, key: str, reading: Reading) -> tuple[Fact, ...]:
    """The facts of a step, in the order in which facts of one moment count; `key` begins their keys."""
    found = [fact for read in READERS for fact in read(step, path, reading)]
    return tuple(fact._replace(key=f"{key}:{index:02}") for index, fact in enumerate(found))


def _fact(kind: FactKind, name: str, source: str, data: Mapping[str, Value] | None = None) -> Fact:
    return Fact("", UNDATED, kind, name, source, data or {})


def baseline(values: Mapping[str, Mapping[str, str]]) -> tuple[Fact, ...]:
    """What CRMs hold of a lead when we first hear of it."""
    told = values or {_CRM: {}}
    return tuple(
        _fact(FactKind.RECORD, RecordName.BASELINE, crm, dict(texts))._replace(key=f"given:{crm}")
        for crm, texts in told.items()
    )


def _contact(step: StepEntry, _: Path, __: Reading) -> Iterator[Fact]:
    if step.contact is not None:
        yield _fact(FactKind.RECORD, _RECORDS[step.contact], _CRM)


def _set(step: StepEntry, path: Path, reading: Reading) -> Iterator[Fact]:
    for crm, texts in read_values(step.set_, (*path, "set"), reading).items():
        yield _fact(FactKind.RECORD, RecordName.CHANGED, crm, dict(texts))


def _did(step: StepEntry, path: Path, reading: Reading) -> Iterator[Fact]:
    attributes = dict(_attributes(step, path, reading))
    for index, name in enumerate(step.did):
        if reading.is_known(name, tuple(reading.names.signals), "signal", (*path, "did", index)):
            yield _fact(FactKind.SIGNAL, name, "api", attributes)


def _attributes(step: StepEntry, path: Path, reading: Reading) -> Iterator[tuple[str, Value]]:
    known = {each for name in step.did if name in reading.names.signals for each in reading.names.signals[name].known}
    for name, value in step.with_.items():
        here = (*path, "with", name)
        meant = next((each for each in sorted(known) if is_near(name, each)), "")
        if name not in known and meant:
            reading.problems.error(
                here, f"unknown attribute {quoted(name)}", f"did you mean {quoted(meant)}?", on_key=True
            )
        elif isinstance(value, dict | list):
            reading.problems.error(here, f"expected a value, found {kind_of(value)}")
        else:
            yield name, to_value(value)


def _enrol(step: StepEntry, path: Path, reading: Reading) -> Iterator[Fact]:
    yield from _commands(CommandName.ENROL, step.enrol, (*path, "enrol"), reading)


def _exit(step: StepEntry, path: Path, reading: Reading) -> Iterator[Fact]:
    yield from _commands(CommandName.EXIT, step.exit, (*path, "exit"), reading)


def _pause(step: StepEntry, path: Path, reading: Reading) -> Iterator[Fact]:
    yield from _commands(CommandName.PAUSE, step.pause, (*path, "pause"), reading)


def _resume(step: StepEntry, path: Path, reading: Reading) -> Iterator[Fact]:
    yield from _commands(CommandName.RESUME, step.resume, (*path, "resume"), reading)


def _move(step: StepEntry, path: Path, reading: Reading) -> Iterator[Fact]:
    move, here = step.move, (*path, "move")
    if move is None or not reading.is_known(move.to, tuple(reading.names.programs), "program", (*here, "to")):
        return
    data: dict[str, Value] = {"program": move.to, "keep": move.keep}
    if move.from_ and reading.is_known(move.from_, tuple(reading.names.programs), "program", (*here, "from")):
        data["from"] = move.from_
    if move.phase and reading.is_known(move.phase, reading.names.programs[move.to], "phase", (*here, "phase")):
        data["phase"] = move.phase
    yield _fact(FactKind.COMMAND, CommandName.MOVE, "cli", data)


def _lift(step: StepEntry, _: Path, __: Reading) -> Iterator[Fact]:
    if step.lift:
        yield _fact(FactKind.COMMAND, CommandName.LIFT, "cli")


def _commands(command: CommandName, programs: tuple[str, ...], path: Path, reading: Reading) -> Iterator[Fact]:
    for index, name in enumerate(programs):
        if reading.is_known(name, tuple(reading.names.programs), "program", (*path, index)):
            yield _fact(FactKind.COMMAND, command, "cli", {"program": name})


#: What a step may say happens, in the order in which facts of one moment count.
READERS: tuple[Callable[[StepEntry, Path, Reading], Iterator[Fact]], ...] = (
    _contact,
    _set,
    _did,
    _enrol,
    _exit,
    _move,
    _pause,
    _resume,
    _lift,
)
