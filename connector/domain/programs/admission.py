"""Admission: where a program has a brake, a lead asks for a place, and enters when it is given one.

How many entered this hour is known by nobody who looks at one lead alone: the workspace rules on it, in turn.
"""

from __future__ import annotations

from collections.abc import Mapping

from connector.domain.draft import Draft
from connector.domain.fact import Value
from connector.domain.history import HistoryKind
from connector.domain.petition import Petition, PetitionKind
from connector.domain.petitioning import file

#: In a ruling: a person said no.
REFUSED = "refused"


def has_place(draft: Draft, program: str, because: str, phase: str) -> bool:
    """Whether the lead may enter at once, because it was given a place already. Otherwise it asks, once."""
    key = _key_of(draft, program)
    if key in draft.petitions:
        return False
    petition, ruling = file(draft, key, PetitionKind.ADMISSION, program, {"because": because, "phase": phase})
    if ruling is None:
        draft.note(HistoryKind.WAITS, program, {"by": because})
        return False
    return is_given(draft, petition, ruling)


def is_given(draft: Draft, petition: Petition, ruling: Mapping[str, Value]) -> bool:
    """Whether the ruling gives a place; of one that does not it is told."""
    if ruling.get(REFUSED) is not True:
        return True
    turn_away(draft, petition.subject, "a person refused it")
    return False


def turn_away(draft: Draft, program: str, why: str) -> None:
    """Note that the lead does not enter after all; if it asks again, that is another petition."""
    draft.turned_away = {**draft.turned_away, program: draft.turned_away.get(program, 0) + 1}
    draft.note(HistoryKind.NOT_ENTERED, program, {"why": why})


def _key_of(draft: Draft, program: str) -> str:
    number = 1 + sum(enrolment.program == program for enrolment in draft.enrolments)
    return f"admission:{program}:{number}:{draft.turned_away.get(program, 0)}"
