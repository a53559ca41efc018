"""Sending: what stands in the way, what the lead has had already, and what leaves."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from connector.domain.draft import Draft
from connector.domain.frozen import replace
from connector.domain.history import HistoryKind
from connector.domain.lead import Had
from connector.domain.outward.acts import emit
from connector.domain.programs.enrolling import tell, update
from connector.domain.programs.enrolment import Enrolment, Sent, key_of
from connector.domain.programs.program import Activity, ListSend, Send, Task, content_of


class Obstacle(NamedTuple):
    """Why nothing may leave now, and when it may."""

    why: str
    until: datetime


def obstacle_to(draft: Draft, enrolment: Enrolment, send: Send) -> Obstacle | None:
    """What stands in the way of sending now; None where nothing does."""
    window = draft.book.programs[enrolment.program].program.window
    opens_at = window.next_open(draft.now, draft.zone)
    if opens_at > draft.now:
        return Obstacle("the send window is shut", opens_at)
    cap = draft.book.definitions.cap
    if cap is not None and content_of(send):
        free_at = cap.free_at(draft.contacted)
        if free_at is not None and free_at > draft.now:
            return Obstacle(f"no more than {cap.in_words}", window.next_open(free_at, draft.zone))
    return None


def put_off(draft: Draft, enrolment: Enrolment, activity: str, obstacle: Obstacle) -> Enrolment:
    """Let an activity wait; told once for each reason."""
    if enrolment.put_off != obstacle.why:
        when = obstacle.until.isoformat(timespec="minutes")
        tell(draft, HistoryKind.PUT_OFF, enrolment, activity=activity, why=obstacle.why, until=when)
    return update(draft, replace(enrolment, put_off=obstacle.why))


def is_old(enrolment: Enrolment, activity: Activity, had: Had) -> bool:
    """Whether the lead had the content before, and nothing says that it is sent again.

    A new enrolment in the same program says so, and so does a phase to which the lead was led back, of what it sent
    itself and was not answered.
    """
    if activity.again or enrolment.only is not None:
        return False
    if had.program != enrolment.program:
        return True
    is_its_own = had.activity in ("", f"{enrolment.phase}.{activity.name}")
    return had.number == enrolment.number and (had.is_answered or not is_its_own)


def had_before(draft: Draft, activity: Activity, content: str, had: Had) -> Sent:
    """The step of a message that was sent before: it was answered then, or its answer is waited for all the same."""
    if had.is_answered:
        return Sent(activity.name, draft.now, draft.now, answered_at=draft.now, content=content, is_old=True)
    return Sent(activity.name, draft.now, answer_by(draft, activity), content=content, is_old=True)


def answer_by(draft: Draft, activity: Activity) -> datetime | None:
    """Until when an answer counts to what is sent now; None where none is asked for."""
    return draft.now + activity.within if activity.within else None


def hand_out(draft: Draft, enrolment: Enrolment, activity: Activity, send: Send, times: int) -> str:
    """Send; a list is joined by `desire`, which reads what was sent. Returns what was sent, for people."""
    content = content_of(send)
    if content:
        sender = f"{enrolment.phase}.{activity.name}"
        draft.had[content] = Had(draft.now, enrolment.program, enrolment.number, activity=sender)
        cap = draft.book.definitions.cap
        draft.contacted = (*draft.contacted, draft.now)[-cap.messages :] if cap else ()
    return _emit_activity(draft, enrolment, activity, send, times)


def _emit_activity(draft: Draft, enrolment: Enrolment, activity: Activity, send: Send, times: int) -> str:
    if isinstance(send, ListSend):
        return f"list {send.list}"
    again = f":{times}" if times > 1 else ""
    key = f"{key_of(enrolment)}:{enrolment.visit}:{activity.name}{again}"
    emit(draft, key, send, program=enrolment.program, phase=enrolment.phase, activity=activity.name)
    return content_of(send) or ("task" if isinstance(send, Task) else "note")
