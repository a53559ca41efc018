"""What sales makes of a lead: looks after it, wants it, hands it back, is done with it."""

from __future__ import annotations

from connector.domain.draft import Draft
from connector.domain.field import FieldRole, format_value
from connector.domain.frozen import replace
from connector.domain.nodes import Node
from connector.domain.outward.own import set_own
from connector.domain.programs.compiled import CHANGED, CompiledTrigger
from connector.domain.programs.enrolling import any_applies
from connector.domain.programs.phases import enter
from connector.domain.records.behaviour import Signal
from connector.domain.sales.compiled_sales import CompiledHandOver
from connector.domain.sales.handing import (
    accept,
    ask_anew,
    end,
    hold_back,
    holds_back,
    let_go_on,
    open_hand_over,
    put,
    take_over,
    touch,
)
from connector.domain.sales.handover import HandOver, HandOverState, Turn
from connector.domain.sales.sales import Rejection

_NO_SIGNAL: Signal = ("", {})


def take_signal(draft: Draft, signal: Signal) -> None:
    """Let the signal end, accept or touch the hand-over that goes on, in this order."""
    hand_over = open_hand_over(draft) if draft.hand_overs else None
    if hand_over is None:
        return
    name, attributes = signal
    if name == CHANGED + draft.book.roles.get(FieldRole.OWNER, ""):
        take_over(draft, hand_over, str(attributes.get("now", "")))
        hand_over = open_hand_over(draft)
    if hand_over is not None:
        _take(draft, draft.book.hand_overs[hand_over.name], hand_over, signal)


def check_conditions(draft: Draft, node: Node) -> None:
    """Do the same where a condition of the hand-over holds by itself."""
    hand_over = open_hand_over(draft)
    if hand_over is not None and hand_over.name == node.id.removeprefix("sales:"):
        _take(draft, draft.book.hand_overs[hand_over.name], hand_over, _NO_SIGNAL)


def follow_book(draft: Draft) -> None:
    """End a hand-over that a new book does not have; ask anew by the new rules for one that waits."""
    for hand_over in [each for each in draft.hand_overs if each.is_open]:
        compiled = draft.book.hand_overs.get(hand_over.name)
        if compiled is None:
            end(draft, hand_over, Turn.WITHDRAW, "no longer in the mapping")
            continue
        if hand_over.due_at is not None and hand_over.level >= len(compiled.rule.escalations):
            put(draft, replace(hand_over, due_at=None))
        if hand_over.state is HandOverState.WAITING:
            ask_anew(draft, hand_over)
    if holds_back(draft):
        hold_back(draft)
    else:
        let_go_on(draft)


def _take(draft: Draft, compiled: CompiledHandOver, hand_over: HandOver, signal: Signal) -> None:
    by = _told(signal)
    if _applies(draft, compiled.closed, signal):
        end(draft, hand_over, Turn.CLOSE, by)
        return
    for trigger, rejection in compiled.rejected:
        if _applies(draft, (trigger,), signal):
            _hand_back(draft, hand_over, rejection, by)
            return
    if _applies(draft, compiled.accepted, signal):
        accept(draft, hand_over, by)
    elif _applies(draft, compiled.touched, signal):
        touch(draft, hand_over, by)


def _applies(draft: Draft, triggers: tuple[CompiledTrigger, ...], signal: Signal) -> bool:
    return any_applies(draft, triggers, *signal)


def _told(signal: Signal) -> str:
    """What set it off, in words."""
    name, attributes = signal
    if not name:
        return "its condition"
    if name.startswith(CHANGED):
        now = format_value(attributes.get("now"))
        return f"{name.removeprefix(CHANGED)} is now {now or 'empty'}"
    return f"signal {name}"


def _hand_back(draft: Draft, hand_over: HandOver, rejection: Rejection, by: str) -> None:
    """Nurture the lead on, in the program that the mapping names; stage and status as it says."""
    sales, target = draft.book.definitions.sales, rejection.target
    end(draft, hand_over, Turn.REJECT, by, next=target.name if target else "nothing")
    if rejection.status:
        set_own(draft, sales.status_field, rejection.status)
    if rejection.lifecycle:
        set_own(draft, sales.lifecycle_field, rejection.lifecycle, may_go_back=True)
    program = draft.book.programs.get(target.name) if target else None
    if program is not None and target is not None:
        enter(draft, program, f"handed back by sales: {by}", target.phase)
