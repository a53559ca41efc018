"""Random hand-overs to sales, and what the workspace ruled, for random workspaces and lives."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from random import Random

from connector.domain.calendar import ALWAYS_OPEN, SendWindow
from connector.domain.conditions.condition import AttributeTest, Condition, Op, SalesTest, SignalTest
from connector.domain.fact import Fact, FactKind, Value
from connector.domain.field import Field
from connector.domain.programs.compiled import CHANGED
from connector.domain.programs.program import Target, TargetKind, Trigger
from connector.domain.sales.handover import OPEN, HandOverState
from connector.domain.sales.sales import Escalation, HandOverRule, OwnerRule, Rejection, Rep, Sales, Team
from connector.domain.sales.working import Absence, WorkingHours
from tests.builders import CRM, ROME, note, task

HAND_OVERS = ("hot", "warm")
REPS = {"anna": "101", "ben": "102", "maria": "109"}
FIELDS = (
    Field("stage", properties={CRM: ("lifecyclestage",)}),
    Field("status", properties={CRM: ("hs_lead_status",)}),
)
RAW = {
    "hubspot_owner_id": ("101", "102", "777", ""),
    "lifecyclestage": ("lead", "salesqualifiedlead", "customer", "4711", ""),
    "hs_lead_status": ("NEW", "IN_PROGRESS", "UNQUALIFIED", ""),
}
_OFFICE = SendWindow(frozenset(range(5)), time(9), time(17), frozenset({date(2026, 9, 21)}))
_AWAY = (Absence(date(2026, 9, 14), date(2026, 9, 18)),)
_STATES = (tuple(sorted(OPEN)), (HandOverState.WAITING,), (HandOverState.REJECTED, HandOverState.CLOSED))

MakeCondition = Callable[[Random], Condition]


def sales_test(random: Random) -> Condition:
    """Whether sales has the lead."""
    return SalesTest(random.choice(("", *HAND_OVERS)), random.choice(_STATES))


def sales(random: Random, condition: MakeCondition) -> Sales:
    """Two teams, and one or two ways of handing over; perhaps none."""
    if random.random() < 0.3:
        return Sales()
    reps = tuple(_rep(random, name, condition) for name in ("anna", "ben"))
    heads = Team("heads", (_rep(random, "maria", condition),))
    hand_overs = tuple(_hand_over(random, name, condition) for name in HAND_OVERS[: random.randint(1, 2)])
    return Sales((Team("inbound", reps), heads), hand_overs, "stage", "status")


def _rep(random: Random, name: str, condition: MakeCondition) -> Rep:
    hours = WorkingHours(ROME, random.choice((ALWAYS_OPEN, _OFFICE)), random.choice(((), _AWAY)))
    takes = condition(random) if random.random() < 0.3 else None
    return Rep(name, {CRM: REPS[name]}, hours, random.choice((0.5, 1.0, 3.0)), takes)


def _trigger(random: Random, condition: MakeCondition) -> Trigger:
    shape = random.random()
    if shape < 0.4:
        return Trigger(SignalTest(random.choice(("clicked", "read", "bought"))))
    if shape < 0.8:
        tests = (AttributeTest("now", Op.EQ, random.choice(RAW["hs_lead_status"][:3])),)
        return Trigger(SignalTest(f"{CHANGED}status", random.choice((tests, ()))))
    return Trigger(None, condition(random))


def _triggers(random: Random, condition: MakeCondition) -> tuple[Trigger, ...]:
    return tuple(_trigger(random, condition) for _ in range(random.randint(0, 2)))


def _hand_over(random: Random, name: str, condition: MakeCondition) -> HandOverRule:
    by_rule = OwnerRule(rep=random.choice(tuple(REPS)), when=condition(random))
    return HandOverRule(
        name=name,
        owner=random.choice(((OwnerRule("inbound"),), (by_rule, OwnerRule("inbound", keeps=True)))),
        when=condition(random) if random.random() < 0.8 else None,
        again_after=random.choice((None, timedelta(), timedelta(days=5))),
        lifecycle=random.choice(("", "salesqualifiedlead")),
        status=random.choice(("", "NEW")),
        acts=random.choice(((), (task("Call {name}: {because}"), note()))),
        touched=_triggers(random, condition),
        escalations=tuple(_escalation(random) for _ in range(random.randint(0, 3))),
        accepted=_triggers(random, condition),
        rejected=tuple(_rejection(random, condition) for _ in range(random.randint(0, 2))),
        closed=_triggers(random, condition),
        pauses=random.random() < 0.7,
    )


def _escalation(random: Random) -> Escalation:
    passes_on = random.random() < 0.5
    after = random.choice((timedelta(minutes=30), timedelta(hours=4), timedelta(hours=20)))
    return Escalation(after, () if passes_on else (task("Late {rep}"),), random.choice(("", "maria")), passes_on)


def _rejection(random: Random, condition: MakeCondition) -> Rejection:
    target = random.choice((None, Target(TargetKind.PROGRAM, "p"), Target(TargetKind.PROGRAM, "q", "one")))
    words = random.choice((("", ""), ("lead", "NEW")))
    return Rejection(_trigger(random, condition), target, *words)


def a_ruling(random: Random, key: str, at: datetime) -> Fact:
    """The workspace gave the lead to a rep, whether it asked or not."""
    petition = f"sales:{random.choice(('hot', 'hot', 'warm'))}:{random.choice((1, 1, 1, 2))}:{random.choice((1, 1, 2))}"
    rep = random.choice((*REPS, "gone"))
    data: dict[str, Value] = {
        "rep": rep,
        "team": "inbound",
        "owner": REPS.get(rep, "555"),
        "because": "the next in turn",
        "turn": 1.0,
    }
    return Fact(key, at, FactKind.RULING, petition, "", data)
