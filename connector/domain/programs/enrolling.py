"""A lead's enrolments: the ones that go on, how one is put in the place of its former self, and how one ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from connector.domain.draft import Draft
from connector.domain.fact import Value
from connector.domain.frozen import replace
from connector.domain.history import HistoryKind
from connector.domain.outward.acts import mark
from connector.domain.programs.compiled import CompiledTrigger
from connector.domain.programs.enrolment import Enrolment, Sent, Step, to_state
from connector.domain.programs.program import Milestone


def open_enrolments(draft: Draft, program: str = "") -> list[Enrolment]:
    """The enrolments that go on; in one program, where one is named."""
    return [each for each in draft.enrolments if each.is_open and program in ("", each.program)]


def any_applies(draft: Draft, triggers: Iterable[CompiledTrigger], name: str, attributes: Mapping[str, Value]) -> bool:
    """Whether the signal sets off any of the triggers; the empty name asks the conditions."""
    for trigger in triggers:
        if trigger.signal == name and not trigger.date and trigger.matches(attributes) and trigger.test.holds(draft):
            return True
    return False


def update(draft: Draft, enrolment: Enrolment) -> Enrolment:
    """Put an enrolment in the place of its former self."""
    draft.put(enrolment)
    draft.touch(f"program:{enrolment.program}")
    return enrolment


def replace_sent(draft: Draft, enrolment: Enrolment, old: Sent, new: Sent) -> Enrolment:
    """The enrolment with one step told differently."""
    return update(draft, replace(enrolment, sent=tuple(new if each is old else each for each in enrolment.sent)))


def count_answer(enrolment: Enrolment, activity: str) -> Enrolment:
    """The enrolment, remembering that this activity of its phase was answered."""
    name = f"{enrolment.phase}.{activity}"
    return enrolment if name in enrolment.answered else replace(enrolment, answered=(*enrolment.answered, name))


def tell(draft: Draft, kind: HistoryKind, enrolment: Enrolment, **detail: str) -> None:
    """Add a line to the timeline, with where the enrolment stands."""
    draft.note(kind, enrolment.program, {"phase": enrolment.phase, **detail})


#: Why an enrolment stands still, beside what a person ordered.
BY_PROGRAM = "the program is paused"
WITH_SALES = "sales has the lead"

_ENDINGS = {
    Step.WIN: (HistoryKind.WON, Milestone.GOAL, "reached the program's goal"),
    Step.COMPLETE: (HistoryKind.COMPLETED, Milestone.COMPLETED, "completed the program"),
    Step.EXIT: (HistoryKind.EXITED, Milestone.EXITED, "left the program"),
}


def end(draft: Draft, enrolment: Enrolment, step: Step, reason: str) -> Enrolment:
    """End the enrolment wherever it stands."""
    kind, milestone, words = _ENDINGS[step]
    ended = replace(
        enrolment,
        state=to_state(enrolment.state, step),
        next_activity=None,
        send_at=None,
        move=None,
        ended_at=draft.now,
        reason=reason,
        put_off="",
    )
    tell(draft, kind, enrolment, by=reason)
    mark(draft, enrolment, milestone, f"{words} ({reason})")
    return update(draft, ended)


def pause(draft: Draft, enrolment: Enrolment, reason: str) -> None:
    """Let everything stand still; answers and goals still count.

    What stands still already does so from here on for this reason. A second time changes nothing.
    """
    if enrolment.paused_at is None or enrolment.put_off != reason:
        tell(draft, HistoryKind.PAUSED, enrolment, by=reason)
        update(draft, replace(enrolment, paused_at=enrolment.paused_at or draft.now, put_off=reason))


def resume(draft: Draft, enrolment: Enrolment) -> None:
    """Go on where it stood: what was to come in an hour comes in an hour."""
    if enrolment.paused_at is None:
        return
    late = draft.now - enrolment.paused_at
    move = enrolment.move
    resumed = replace(
        enrolment,
        paused_at=None,
        put_off="",
        send_at=enrolment.send_at and enrolment.send_at + late,
        move=move and replace(move, at=move.at + late),
        sent=tuple(_later(sent, late) for sent in enrolment.sent),
    )
    tell(draft, HistoryKind.RESUMED, enrolment)
    update(draft, resumed)


def _later(sent: Sent, late: timedelta) -> Sent:
    if sent.is_waiting and sent.answer_by is not None:
        return replace(sent, answer_by=sent.answer_by + late)
    return replace(sent, remind_at=sent.remind_at + late) if sent.remind_at is not None else sent
