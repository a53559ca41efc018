"""Partings: the ways on which chance sent leads, and what came of it, for reports and contests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from connector.domain.lead import Lead
from connector.domain.programs.compiled import CompiledProgram
from connector.domain.programs.enrolment import Enrolment, EnrolmentState

#: Stands where a split would: whether a lead was held out for comparison.
HOLDOUT = ""
HELD_OUT, NURTURED = "held_out", "nurtured"


class Parting(NamedTuple):
    """One lead at one split of one enrolment."""

    program: str
    number: int
    #: `phase.activity`; `HOLDOUT` for the holdout of the program.
    fork: str
    case: str
    at: datetime
    is_answered: bool
    is_won: bool


def partings_of(lead: Lead, programs: Mapping[str, CompiledProgram]) -> list[Parting]:
    """All of a lead's, by the programs of the book that applies to it."""
    return [
        parting
        for enrolment in lead.enrolments
        if (compiled := programs.get(enrolment.program)) is not None
        for parting in _of_enrolment(enrolment, compiled)
    ]


def _of_enrolment(enrolment: Enrolment, compiled: CompiledProgram) -> Iterator[Parting]:
    is_won = enrolment.state is EnrolmentState.WON
    place = enrolment.program, enrolment.number
    if compiled.program.holdout:
        case = NURTURED if enrolment.visit else HELD_OUT
        yield Parting(*place, HOLDOUT, case, enrolment.entered_at, bool(enrolment.answered), is_won)
    for fork, parted in enrolment.parted.items():
        is_answered = bool(compiled.answers_behind(fork, parted.case) & set(enrolment.answered))
        yield Parting(*place, fork, parted.case, parted.at, is_answered, is_won)
