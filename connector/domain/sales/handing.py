"""Handing a lead over to sales: it asks for a rep, is given one, and nobody lets it lie.

A rep is what only the whole workspace can give: the lead files a petition, and `assigning` rules on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from connector.domain.conditions.predicate import earliest
from connector.domain.draft import Draft
from connector.domain.fact import Value
from connector.domain.field import FieldRole
from connector.domain.frozen import replace
from connector.domain.history import HistoryKind
from connector.domain.lead import Standing
from connector.domain.outward.acts import emit
from connector.domain.outward.own import set_own, to_crm
from connector.domain.petition import Petition, PetitionKind
from connector.domain.petitioning import file, withdraw
from connector.domain.programs.enrolling import BY_PROGRAM, WITH_SALES, any_applies, open_enrolments, pause, resume
from connector.domain.programs.enrolment import Enrolment, EnrolmentState
from connector.domain.programs.program import Telling
from connector.domain.sales.compiled_sales import CompiledHandOver
from connector.domain.sales.handover import HandOver, HandOverState, Turn, to_state
from connector.domain.sales.sales import Escalation, OwnerRule, Rep
from connector.domain.sales.working import WorkingHours

# --- beginning ----------------------------------------------------------------------------------------------


def begin(draft: Draft, name: str, because: str) -> None:
    """Hand the lead over, or note why not."""
    compiled = draft.book.hand_overs.get(name)
    refusal = "the mapping has no such hand-over" if compiled is None else _refusal(draft, compiled)
    if compiled is None or refusal:
        draft.note(HistoryKind.NOT_HANDED_OVER, name, {"why": refusal})
        return
    number = 1 + sum(each.name == name for each in draft.hand_overs)
    hand_over = HandOver(name, number, draft.now, because)
    draft.hand_overs.append(hand_over)
    draft.note(HistoryKind.HANDED_OVER, name, {"by": because})
    draft.touch("sales")
    if compiled.rule.pauses:
        hold_back(draft)
    _ask(draft, compiled, hand_over)


def _refusal(draft: Draft, compiled: CompiledHandOver) -> str:
    if draft.standing is not Standing.ACTIVE:
        return "its record is deleted in the CRM"
    current = open_hand_over(draft)
    if current is not None:
        return f"sales has it already, by {current.name}"
    if any(any_applies(draft, compiled.closed, *signal) for signal in draft.signals):
        return "what would close it has just happened"
    last = next((each for each in reversed(draft.hand_overs) if each.name == compiled.rule.name), None)
    if last is None or last.ended_at is None:
        return ""
    if compiled.rule.again_after is None:
        return "it was handed over before"
    if last.ended_at + compiled.rule.again_after > draft.now or last.began_at == draft.now:
        return "it was handed over too short a time ago"
    return ""


def open_hand_over(draft: Draft) -> HandOver | None:
    """The hand-over that goes on: a lead has one at a time."""
    return next((each for each in draft.hand_overs if each.is_open), None)


def _ask(draft: Draft, compiled: CompiledHandOver, hand_over: HandOver) -> None:
    """Ask the workspace for a rep; one that was given already is taken at once."""
    data = _wishes(draft, compiled, hand_over)
    petition, ruling = file(draft, hand_over.petition, PetitionKind.ASSIGNMENT, hand_over.name, data)
    if ruling is not None:
        grant(draft, petition, ruling)


def ask_anew(draft: Draft, hand_over: HandOver) -> None:
    """Ask again, by the rules of another book."""
    compiled = draft.book.hand_overs[hand_over.name]
    if hand_over.petition in draft.petitions:
        _ask(draft, compiled, hand_over)


def _wishes(draft: Draft, compiled: CompiledHandOver, hand_over: HandOver) -> dict[str, Value]:
    """What whoever rules needs to know: the team, who is named, who may be given such a lead, who had it."""
    sales = draft.book.definitions.sales
    rule = next((each for each, test in compiled.owner if test.holds(draft)), OwnerRule())
    named = sales.rep(rule.rep)
    home = next((team for team in sales.teams if named in team.reps), None) if named else sales.team(rule.team)
    data: dict[str, Value] = {"team": home.name if home else "", "had": hand_over.had}
    if named is not None:
        data["rep"] = named.name
    owner = _rep_of(draft, str(draft.role(FieldRole.OWNER) or "")) if rule.keeps else None
    if owner is not None and home is not None and owner in home.reps:
        data["keep"] = owner.name
    takes = draft.book.takes
    data["may"] = tuple(rep.name for rep in home.reps if takes[rep.name].holds(draft)) if home else ()
    return data


# --- being given a rep --------------------------------------------------------------------------------------


def grant(draft: Draft, petition: Petition, ruling: Mapping[str, Value]) -> None:
    """Give the lead to the rep who was chosen: owner, stage, status, and what the rep is told."""
    hand_over = next((each for each in draft.hand_overs if each.petition == petition.key and each.is_open), None)
    compiled = draft.book.hand_overs.get(petition.subject)
    if hand_over is None or compiled is None:
        return
    given = replace(
        hand_over,
        state=to_state(hand_over.state, Turn.ASSIGN),
        rep=str(ruling.get("rep", "")),
        owner=str(ruling.get("owner", "")),
        assigned_at=draft.now,
    )
    detail = {key: str(ruling.get(key, "")) for key in ("rep", "team", "because")}
    draft.note(HistoryKind.ASSIGNED, given.name, detail)
    _write(draft, compiled, given)
    _tell(draft, given, "told", compiled.rule.acts)
    put(draft, replace(given, due_at=_due_at(draft, compiled, given)))


def _write(draft: Draft, compiled: CompiledHandOver, given: HandOver) -> None:
    """What the CRM is to hold. The stage never goes back here."""
    sales, rule = draft.book.definitions.sales, compiled.rule
    set_own(draft, draft.book.roles.get(FieldRole.OWNER, ""), given.owner)
    set_own(draft, sales.status_field if rule.status else "", rule.status)
    if rule.lifecycle and _is_forward(draft, rule.lifecycle):
        set_own(draft, sales.lifecycle_field, rule.lifecycle)


def _is_forward(draft: Draft, stage: str) -> bool:
    """Whether the stage comes after the lead's own; one of which the order is not known does."""
    sales = draft.book.definitions.sales
    field = draft.book.fields.get(sales.lifecycle_field)
    if field is None:
        return False
    order = [to_crm(field, each) for each in sales.stages]
    now, then = (to_crm(field, each) for each in (str(draft.fields.get(field.name, "")), stage))
    return now not in order or then not in order or order.index(then) > order.index(now)


def _tell(draft: Draft, hand_over: HandOver, what: str, acts: Iterable[Telling], owner: str | None = None) -> None:
    rule = draft.book.hand_overs[hand_over.name].rule
    for index, act in enumerate(acts):
        key = f"{hand_over.key}:{hand_over.times}:{what}:{index}"
        words = {"hand_over": hand_over.name, "because": hand_over.because, "rep": hand_over.rep}
        emit(draft, key, act, owner=owner, next_step=rule.next_step, **words)


# --- when nobody looks after it -----------------------------------------------------------------------------


def run_due(draft: Draft) -> None:
    """Escalate what was left lying for too long."""
    hand_over = open_hand_over(draft)
    while hand_over is not None and hand_over.due_at is not None and hand_over.due_at <= draft.now:
        _escalate(draft, hand_over)
        hand_over = open_hand_over(draft)


def _escalate(draft: Draft, hand_over: HandOver) -> None:
    compiled = draft.book.hand_overs[hand_over.name]
    step = compiled.rule.escalations[hand_over.level]
    to = draft.book.definitions.sales.rep(step.to)
    words = "the next rep is asked for" if step.passes_on else f"{to.name if to else hand_over.rep} is told"
    draft.note(HistoryKind.ESCALATED, hand_over.name, {"rep": hand_over.rep, "to": words})
    _tell(draft, hand_over, f"late:{hand_over.level}", step.acts, _owner_id(draft, to) if to else None)
    risen = replace(hand_over, level=hand_over.level + 1, due_at=None)
    if step.passes_on:
        _pass_on(draft, compiled, risen)
    else:
        put(draft, replace(risen, due_at=_due_at(draft, compiled, risen)))


def _pass_on(draft: Draft, compiled: CompiledHandOver, hand_over: HandOver) -> None:
    passed = replace(
        hand_over,
        state=to_state(hand_over.state, Turn.PASS_ON),
        times=hand_over.times + 1,
        had=(*(name for name in hand_over.had if name != hand_over.rep), hand_over.rep),
    )
    put(draft, passed)
    _ask(draft, compiled, passed)


def _due_at(draft: Draft, compiled: CompiledHandOver, hand_over: HandOver) -> datetime | None:
    """When the next escalation comes, in the working time of the rep; None where there is none."""
    steps: tuple[Escalation, ...] = compiled.rule.escalations
    if hand_over.level >= len(steps):
        return None
    rep = draft.book.definitions.sales.rep(hand_over.rep)
    hours = rep.hours if rep else WorkingHours(draft.book.definitions.zone)
    return hours.later(draft.now, steps[hand_over.level].after)


def next_due_at(draft: Draft) -> datetime | None:
    """The earliest moment at which time alone moves a hand-over."""
    return earliest(each.due_at for each in draft.hand_overs if each.is_open)


# --- what persons do in the CRM -----------------------------------------------------------------------------


def take_over(draft: Draft, hand_over: HandOver, owner: str) -> None:
    """A person set the owner in the CRM: that counts more than our turns, and as looking after the lead."""
    if owner == hand_over.owner:
        return
    if not owner:
        end(draft, hand_over, Turn.CLOSE, "its owner was removed in the CRM")
        return
    rep = _rep_of(draft, owner)
    withdraw(draft, hand_over.petition)
    name = rep.name if rep else f"owner {owner}"
    draft.note(HistoryKind.TAKEN_OVER, hand_over.name, {"rep": name, "owner": owner})
    state = to_state(hand_over.state, Turn.TOUCH)
    put(draft, replace(hand_over, state=state, rep=rep.name if rep else "", owner=owner, due_at=None))


def touch(draft: Draft, hand_over: HandOver, by: str) -> None:
    """The rep was seen to look after the lead. A second time changes nothing."""
    if hand_over.state is HandOverState.ASSIGNED:
        draft.note(HistoryKind.TOUCHED, hand_over.name, {"rep": hand_over.rep or "sales", "by": by})
        put(draft, replace(hand_over, state=to_state(hand_over.state, Turn.TOUCH), due_at=None))


def accept(draft: Draft, hand_over: HandOver, by: str) -> None:
    """Sales wants the lead. A second time changes nothing."""
    if hand_over.state is not HandOverState.ACCEPTED:
        withdraw(draft, hand_over.petition)
        draft.note(HistoryKind.ACCEPTED, hand_over.name, {"rep": hand_over.rep, "by": by})
        put(draft, replace(hand_over, state=to_state(hand_over.state, Turn.ACCEPT), due_at=None, reason=by))


def end(draft: Draft, hand_over: HandOver, turn: Turn, reason: str, **detail: str) -> None:
    """Sales has the lead no more: programs go on."""
    withdraw(draft, hand_over.petition)
    kind = HistoryKind.REJECTED if turn is Turn.REJECT else HistoryKind.CLOSED
    draft.note(kind, hand_over.name, {"by": reason, "rep": hand_over.rep, **detail})
    state = to_state(hand_over.state, turn)
    put(draft, replace(hand_over, state=state, due_at=None, ended_at=draft.now, reason=reason))
    let_go_on(draft)


def put(draft: Draft, hand_over: HandOver) -> None:
    """Put a hand-over in the place of its former self."""
    for index, each in enumerate(draft.hand_overs):
        if each.key == hand_over.key:
            draft.hand_overs[index] = hand_over
    draft.touch("sales")


# --- programs meanwhile -------------------------------------------------------------------------------------


def holds_back(draft: Draft) -> bool:
    """Whether programs stand still because sales has the lead."""
    hand_over = open_hand_over(draft) if draft.hand_overs else None
    compiled = draft.book.hand_overs.get(hand_over.name) if hand_over else None
    return compiled is not None and compiled.rule.pauses


def hold_back(draft: Draft, program: str = "") -> None:
    """Let programs stand still; one, where it is named."""
    for enrolment in open_enrolments(draft, program):
        if enrolment.state is not EnrolmentState.HELD_OUT and enrolment.paused_at is None:
            pause(draft, enrolment, WITH_SALES)


def let_go_on(draft: Draft) -> None:
    """Let the programs go on that stood still because sales had the lead."""
    for enrolment in open_enrolments(draft):
        if enrolment.put_off == WITH_SALES:
            if draft.book.programs[enrolment.program].program.is_paused:
                pause(draft, enrolment, BY_PROGRAM)
            else:
                resume(draft, enrolment)


def go_on(draft: Draft, enrolment: Enrolment) -> None:
    """Let a program go on that was paused for everybody; while sales has the lead, it goes on standing still."""
    if holds_back(draft):
        pause(draft, enrolment, WITH_SALES)
    else:
        resume(draft, enrolment)


# --- reps ---------------------------------------------------------------------------------------------------


def _crm(draft: Draft) -> str:
    """The CRM whose owners reps are."""
    field = draft.book.fields.get(draft.book.roles.get(FieldRole.OWNER, ""))
    return next(iter(field.properties), "") if field else ""


def _rep_of(draft: Draft, owner: str) -> Rep | None:
    return draft.book.definitions.sales.rep_of(_crm(draft), owner) if owner else None


def _owner_id(draft: Draft, rep: Rep) -> str:
    return rep.owners.get(_crm(draft), "")
