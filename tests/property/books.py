"""Random but valid workspaces, and random lives of a lead in them.

Hypothesis draws numbers and each number makes a workspace or a fact: quick, and a life that fails is still shortened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, TypeVar

from hypothesis import strategies as st

from connector.domain.calendar import ALWAYS_OPEN, SendWindow
from connector.domain.conditions.condition import (
    AllOf,
    AnsweredTest,
    AnyOf,
    Condition,
    DidTest,
    FieldTest,
    GradeTest,
    Not,
    Op,
    PersonaTest,
    ProgramTest,
    ScoreTest,
    SegmentTest,
    SignalTest,
    Since,
    TagTest,
)
from connector.domain.definitions import (
    Definitions,
    EmailRule,
    FrequencyCap,
    ListRule,
    Notification,
    Persona,
    Segment,
    SignalSource,
    Tag,
    WriteBack,
)
from connector.domain.fact import RECORD_OF, SNAPSHOT_OF, CommandName, EdgesName, Fact, FactKind, RecordName, Value
from connector.domain.field import Field, FieldRole, FieldType
from connector.domain.programs.contest import Contest, Merit
from connector.domain.programs.program import (
    NO_REMINDERS,
    Activity,
    Alert,
    Brake,
    Case,
    Choice,
    DateRule,
    EmailSend,
    Fork,
    ListSend,
    Milestone,
    Outcome,
    Phase,
    Post,
    Program,
    Reminders,
    Send,
    Target,
    TargetKind,
    Trigger,
)
from connector.domain.traits.computed import Computed, Reckoning
from connector.domain.traits.deal import (
    DealEvent,
    DealField,
    DealNews,
    DealSignal,
    DealSource,
    Measure,
    Stages,
    type_of,
)
from connector.domain.traits.deal import (
    Outcome as DealOutcome,
)
from connector.domain.traits.quintiles import Edges, to_data
from connector.domain.traits.rfm import FIELDS as RFM
from connector.domain.traits.rfm import Rfm
from connector.domain.traits.score import Cap, EngagementRule, FitRule, Score
from tests.builders import CRM, FIELDS, START, definitions, note, task, text
from tests.property.sales_books import FIELDS as OF_SALES
from tests.property.sales_books import HAND_OVERS, a_ruling, sales, sales_test
from tests.property.sales_books import RAW as SAID_BY_SALES

#: A CRM that tells only that something changed, and whose records are of two sorts.
OTHER = "other"
#: What it holds of a lead or contact, behind the sort.
HELD_ELSEWHERE = {
    "Rating": ("Hot", "Cold", ""),
    "Status": ("New", "Working", ""),
    "OwnerId": ("005A", "005M", "005Z", ""),
    "HasOptedOutOfEmail": ("false", "false", "true", ""),
}


def of_both_sorts(name: str) -> tuple[str, str]:
    """Such a property of leads, and of contacts."""
    return f"Lead.{name}", f"Contact.{name}"


OPTED_OUT = Field(
    "opted_out",
    FieldType.BOOLEAN,
    {CRM: ("hs_email_optout",), OTHER: of_both_sorts("HasOptedOutOfEmail")},
    role=FieldRole.CONSENT,
    prefer=OTHER,  # which must not matter
)
RATING = Field("rating", properties={OTHER: of_both_sorts("Rating"), CRM: ("hs_rating",)})
OWNER = Field(
    "owner",
    properties={CRM: ("hubspot_owner_id",), OTHER: of_both_sorts("OwnerId")},
    words={OTHER: {"101": "005A", "109": "005M"}},
    values={"005A": "101", "005M": "109"},
    role=FieldRole.OWNER,
)
SIGNALS = ("came", "clicked", "read", "bought")
PROGRAMS = ("p", "q", "r")
PHASES = ("one", "two", "three", "four")
PERSONAS = ("planner", "reader", "visitor")
TAGS = ("vip", "warm")
TOPICS = ("planning", "Planning", "events")
HORIZON = timedelta(days=45)

NOTHING, MINUTE, HOUR, DAY = timedelta(), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DELAYS = (NOTHING, NOTHING, 30 * MINUTE, DAY, 36 * HOUR, 7 * DAY)
SPANS = (MINUTE, HOUR, DAY, 7 * DAY, 20 * DAY)
POINTS = (-7.5, -1.0, 0.1, 1.0, 5.0, 10.0, 20.0)

WINDOWS = (
    ALWAYS_OPEN,
    SendWindow(frozenset(range(5)), time(9), time(18)),
    SendWindow(frozenset(range(5)), time(22), time(6)),
    SendWindow(frozenset({5, 6}), time(10), time(10, 30), frozenset({date(2026, 9, 19)})),
)

Thing = TypeVar("Thing")


def some(random: Random, make: Callable[[Random], Thing], least: int, most: int) -> tuple[Thing, ...]:
    """So many of them."""
    return tuple(make(random) for _ in range(random.randint(least, most)))


def perhaps(random: Random, make: Callable[[Random], Thing]) -> Thing | None:
    """One in two times."""
    return make(random) if random.random() < 0.5 else None


# --- conditions ---------------------------------------------------------------------------------------------


def span(random: Random) -> timedelta:
    return random.choice(SPANS)


def signal_test(random: Random) -> SignalTest:
    return SignalTest(random.choice(SIGNALS))


def moment_test(random: Random) -> Condition:
    op = random.choice((Op.WITHIN_NEXT, Op.WITHIN_LAST, Op.MORE_THAN_AGO))
    return FieldTest("renewal", FieldType.DATE, op, span(random))


def did_test(random: Random) -> Condition:
    since = Since(random.choice(PROGRAMS), random.random() < 0.5) if random.random() < 0.3 else None
    return DidTest(signal_test(random), random.randint(1, 3), perhaps(random, span), since)


def answered_test(random: Random) -> Condition:
    return AnsweredTest(random.choice(PROGRAMS), "a0", perhaps(random, lambda _: random.choice(PHASES[:2])))


def program_test(random: Random) -> Condition:
    return ProgramTest(random.choice(PROGRAMS[:2]), perhaps(random, lambda _: random.choice(PHASES[:2])))


def text_test(random: Random) -> Condition:
    name, value = random.choice((("industry", "software"), ("rating", "Hot")))
    return FieldTest(name, FieldType.TEXT, random.choice((Op.EQ, Op.NE)), value)


def number_test(random: Random) -> Condition:
    return FieldTest("employees", FieldType.NUMBER, Op.GTE, 50.0)


def computed_test(random: Random) -> Condition:
    """Asks for a field that follows from signals."""
    if random.random() < 0.4:
        op = random.choice((Op.GTE, Op.LT, Op.EQ))
        return FieldTest("visits", FieldType.NUMBER, op, random.choice((1.0, 2.0, 100.0)))
    op = random.choice((Op.EQ, Op.NE, Op.KNOWN))
    return FieldTest("interest", FieldType.TEXT, op, None if op is Op.KNOWN else random.choice(TOPICS))


def persona_test(random: Random) -> Condition:
    return PersonaTest(random.choice(PERSONAS))


def tag_test(random: Random) -> Condition:
    return TagTest(random.choice(TAGS))


def deals_test(random: Random) -> Condition:
    op = random.choice((Op.GTE, Op.LT, Op.EQ))
    return FieldTest(random.choice(("purchases", "revenue")), FieldType.NUMBER, op, random.choice((0.0, 1.0, 150.0)))


def rfm_test(random: Random) -> Condition:
    if random.random() < 0.3:
        return FieldTest("rfm.code", FieldType.TEXT, random.choice((Op.NE, Op.KNOWN)), "511")
    name = random.choice(("rfm.recency", "rfm.frequency", "rfm.monetary"))
    return FieldTest(name, FieldType.NUMBER, random.choice((Op.GTE, Op.LT)), random.choice((2.0, 4.0)))


def score_test(random: Random) -> Condition:
    if random.random() < 0.2:
        return GradeTest("total", ("A", "C"))
    op = random.choice((Op.GTE, Op.GT, Op.LT, Op.LTE, Op.EQ, Op.NE))
    points = random.choice((-3.0, 0.0, 1.0, 10.0, 20.5))
    easier = {Op.GTE: -4.0, Op.GT: -4.0, Op.LT: 4.0, Op.LTE: 4.0}.get(op)
    until = None if easier is None else perhaps(random, lambda _: points + easier)
    return ScoreTest(random.choice(("fit", "engagement", "mixed", "total")), op, points, until)


def segment_test(*names: str) -> Callable[[Random], Condition]:
    return lambda random: SegmentTest(random.choice(names))


PLAIN = (
    *(text_test, number_test, deals_test, moment_test, did_test, did_test, program_test, computed_test),
    *(answered_test, rfm_test, sales_test),
)


def condition(random: Random, *more: Callable[[Random], Condition]) -> Condition:
    """One test, or two of them, or none of it."""

    def leaf() -> Condition:
        return random.choice((*PLAIN, *more))(random)

    shape = random.choice((None, None, Not, AllOf, AnyOf))
    if shape is None:
        return leaf()
    return Not(leaf()) if shape is Not else shape((leaf(), leaf()))


def late_condition(random: Random) -> Condition:
    """May look at everything that is derived."""
    return condition(random, score_test, score_test, segment_test("first", "second"), persona_test, tag_test)


# --- definitions --------------------------------------------------------------------------------------------


def cap(random: Random) -> Cap:
    return Cap(random.choice((1.0, 12.0, 25.0)), perhaps(random, span))


def rule(random: Random, name: str) -> EngagementRule:
    points = random.choice(POINTS)
    expires = random.choice((None, None, *SPANS))
    return EngagementRule(name, signal_test(random), points, perhaps(random, cap) if points > 0 else None, expires)


def scores(random: Random) -> tuple[Score, ...]:
    def early() -> Condition:
        return condition(random, segment_test("first"))

    def half_life() -> timedelta | None:
        return random.choice((None, DAY, 7 * DAY, 30 * DAY))

    def turns() -> dict[str, Any]:
        frozen = condition(random, segment_test("first")) if random.random() < 0.3 else None
        return {"reset_on": some(random, signal_test, 0, 1), "freeze_while": frozen}

    fit = Score("fit", (FitRule("f1", early(), 20.0), FitRule("f2", early(), random.choice(POINTS))), **turns())
    engagement = Score("engagement", (rule(random, "e1"), rule(random, "e2")), half_life=half_life(), **turns())
    mixed = Score("mixed", (FitRule("m1", early(), 3.0), rule(random, "m2")), half_life=half_life(), **turns())
    grades = (("A", 30.0), ("B", 10.5), ("C", 0.0))
    return fit, engagement, mixed, Score("total", sum_of=("fit", "engagement", "mixed"), grades=grades)


def answer(random: Random) -> Trigger:
    return Trigger(signal_test(random), perhaps(random, late_condition))


def entry(random: Random) -> Trigger:
    """What enrols: a trigger, a field that changes, or a day."""
    luck = random.random()
    if luck < 0.1:
        return Trigger(SignalTest("changed:industry"), perhaps(random, late_condition))
    if luck < 0.2:
        days = timedelta(days=random.choice((-7, 0, 3)))
        rule = DateRule("renewal", days, random.random() < 0.5, random.choice((time(0), time(9, 30))))
        return Trigger(None, perhaps(random, late_condition), rule)
    return trigger(random)


def trigger(random: Random) -> Trigger:
    return answer(random) if random.random() < 0.7 else Trigger(None, late_condition(random))


def early(random: Random, names: Sequence[str]) -> Outcome:
    """Where one activity leads, or on with the phase."""
    if random.random() < 0.5:
        return outcome(random, names)
    return Outcome(Target(TargetKind.ON), cases=((condition(random), outcome(random, names)),))


def activity(random: Random, name: str, names: Sequence[str]) -> Activity:
    sends: tuple[Send, ...] = (
        note("{name}"), task("{scores[total]}"), ListSend("mail"), ListSend("news"), EmailSend("plain")
    )  # fmt: skip
    send: Send | Choice = random.choice(sends)
    if random.random() < 0.1:
        send = Choice("industry", {"software": ListSend("mail")}, perhaps(random, lambda _: ListSend("news")))
    answered = some(random, answer, 0, 2)
    return Activity(
        name,
        send,
        random.choice(DELAYS),
        answered,
        span(random) if answered else None,
        at=time(9) if random.random() < 0.1 else None,
        on=date(2026, 9, 21) if random.random() < 0.1 else None,
        when=condition(random) if random.random() < 0.2 else None,
        reminders=Reminders(random.randint(1, 2), DAY) if answered and random.random() < 0.2 else NO_REMINDERS,
        on_answer=early(random, names) if answered and random.random() < 0.2 else None,
        no_answer=early(random, names) if answered and random.random() < 0.2 else None,
        again=random.random() < 0.2,
    )


def steps(random: Random, names: Sequence[str]) -> tuple[Activity, ...]:
    """Activities, and now and then something to wait for, or a fork with one of them behind it."""
    made = [activity(random, f"a{number}", names) for number in range(random.randint(1, 3))]
    if random.random() < 0.2:
        triggers = some(random, answer, 1, 2)
        made.insert(0, Activity("wait", None, answered=triggers, within=span(random), holds_up=True))
    if random.random() < 0.3:
        fork = Activity("fork", None, random.choice(DELAYS), fork=a_fork(random))
        behind = replace(activity(random, "behind", names), path=(("fork", random.choice(("left", "right"))),))
        made[-1:-1] = [fork, behind]
    return tuple(made)


def a_fork(random: Random) -> Fork:
    """By a condition or by chance; chance goes on for ever, until a contest is decided, or was decided already."""
    by_chance = random.random() < 0.5
    cases = (Case("left", None if by_chance else condition(random), 1.0), Case("right", None, 2.0))
    if not by_chance:
        return Fork(cases)
    contest = Contest(random.choice(list(Merit)), of=random.choice(("", "behind", "a0")))
    winner = random.choice(("left", "right")) if random.random() < 0.1 else ""
    return Fork(cases, by_chance=True, winner=winner, contest=random.choice((None, contest)))


def outcome(random: Random, phases: Sequence[str]) -> Outcome:
    kind = random.choice([kind for kind in TargetKind if kind is not TargetKind.ON])
    names = {TargetKind.PHASE: phases, TargetKind.PROGRAM: PROGRAMS, TargetKind.SALES: HAND_OVERS}
    target = Target(kind, random.choice(names[kind]) if kind in names else "")
    # to a phase only after a day: what goes in a circle at once is refused when a mapping is checked
    least = DAY if kind in (TargetKind.PHASE, TargetKind.PREVIOUS) else NOTHING
    times = random.choice((0, 0, 1, 2)) if least else 0
    return Outcome(target, least + random.choice(DELAYS), not times and random.random() < 0.5, times=times)


def phase(random: Random, name: str, names: Sequence[str]) -> Phase:
    way = outcome(random, names)
    if random.random() < 0.2:
        way = replace(way, cases=((condition(random), outcome(random, names)),))
    return Phase(name, steps(random, names), way, outcome(random, names), outcome(random, names))


def program(random: Random, name: str) -> Program:
    names = PHASES[: random.randint(1, 4)]
    return Program(
        name,
        tuple(phase(random, each, names) for each in names),
        enrol=some(random, entry, 1, 2),
        again_after=random.choice((None, NOTHING, 5 * DAY)),
        goal=some(random, trigger, 0, 1),
        exit=some(random, trigger, 0, 1),
        window=random.choice(WINDOWS),
        on_completed=(note("done"),),
        milestones=frozenset(Milestone),
        priority=random.randint(0, 1),
        group=random.choice(("", "", "g")),
        suppress=condition(random) if random.random() < 0.2 else None,
        takes_existing=random.random() < 0.2,
        holdout=random.choice((0.0, 0.0, 0.0, 50.0)),
        is_paused=random.random() < 0.1,
        brake=Brake(1, HOUR) if random.random() < 0.1 else None,
    )


def computed(random: Random) -> tuple[Computed, ...]:
    """A topic, and an amount."""
    how = random.choice((Reckoning.MOST, Reckoning.MOST, Reckoning.LATEST, Reckoning.FIRST))
    within = None if how is Reckoning.FIRST else perhaps(random, span)
    weight = "seconds" if how is Reckoning.MOST and random.random() < 0.5 else ""
    interest = Computed(Field("interest"), how, signal_test(random), "topic", weight, within)
    visits = Field("visits", FieldType.NUMBER)
    if random.random() < 0.5:
        return interest, Computed(visits, Reckoning.COUNT, signal_test(random), within=perhaps(random, span))
    return interest, Computed(visits, Reckoning.SUM, signal_test(random), "seconds", within=perhaps(random, span))


def personas(random: Random) -> tuple[Persona, ...]:
    """In any order; with everybody else, or without."""
    first, second, last = random.sample(PERSONAS, 3)
    fallback = AllOf(()) if random.random() < 0.5 else condition(random)
    each = tuple(Persona(name, condition(random, segment_test("first"))) for name in (first, second))
    return (*each, Persona(last, fallback))


def tag(random: Random, name: str, *more: Callable[[Random], Condition]) -> Tag:
    def rule(_: Random) -> Trigger:
        when = condition(random, score_test, segment_test("first", "second"), persona_test, *more)
        return Trigger(None, when) if random.random() < 0.5 else Trigger(signal_test(random), when)

    return Tag(name, some(random, rule, 1, 2), some(random, rule, 0, 2), perhaps(random, span))


WRITTEN = (
    WriteBack(CRM, "points", ("score", "total", "points")),
    *(WriteBack(CRM, name, (name,)) for name in ("segments", "persona", "tags")),
    WriteBack(OTHER, "Score__c", ("score", "total", "points")),
    WriteBack(OTHER, "Lead.Phase__c", ("program", "p", "phase")),
    WriteBack(OTHER, "Contact.Rating", ("field", "rating")),
)


TOTALS = (Measure.TOTAL, Measure.AVERAGE)


def deal_fields(random: Random) -> tuple[DealField, ...]:
    return (
        DealField("purchases", Measure.COUNT, DealOutcome.WON, perhaps(random, span)),
        DealField(
            "revenue", random.choice(list(Measure)[1:3]), random.choice(list(DealOutcome)), perhaps(random, span)
        ),
    )


SOME_RECENCY = (timedelta(days=2), timedelta(days=9), timedelta(days=30), timedelta(days=90))
SOME_NUMBERS = (1.0, 1.0, 2.0, 3.0), (40.0, 60.0, 100.0, 150.0)


def rfm(random: Random) -> Rfm | None:
    """None, or each by edges of its own or by quintiles."""
    if random.random() < 0.3:
        return None
    recency, (frequency, monetary) = SOME_RECENCY, SOME_NUMBERS
    parts = {"recency": recency, "frequency": frequency, "monetary": monetary}
    fixed = {name: edges for name, edges in parts.items() if random.random() < 0.3}
    return Rfm(**fixed, within=perhaps(random, span))  # type: ignore[arg-type]


def deal_signals(random: Random) -> tuple[DealSignal, ...]:
    bought = DealSignal("bought", CRM, random.choice(list(DealEvent)), attributes={"what": "amount"})
    return bought, DealSignal("came", CRM, DealEvent.MOVED, ("won",))


def workspace(random: Random, version: str) -> Definitions:
    """Two or three programs, four scores, segments, lists and notifications that look at one another."""
    second = condition(random, score_test, score_test, segment_test("first"))
    reckoned, of_deals = computed(random), deal_fields(random)
    return definitions(
        version,
        fields=(
            *(each for each in FIELDS if each.name != "owner"),
            OPTED_OUT,
            *(replace(each, prefer=random.choice(("", CRM, OTHER))) for each in (RATING, OWNER)),
            *OF_SALES,
            *(each.field for each in reckoned),
            *(Field(rule.field, type_of(rule.measure)) for rule in of_deals),
            *(Field(name, kind) for name, kind in RFM.items()),
        ),
        emails=(EmailRule("plain", {CRM: 1}, values={"subject": text("{did[read]}")}),),
        suppress_on=random.choice(((), (SignalTest("bought"),))),
        quoted=frozenset({"read"}),
        computed=reckoned,
        personas=personas(random),
        tags=(tag(random, "warm", lambda _: TagTest("vip")), tag(random, "vip")),
        deals=(
            DealSource(
                CRM,
                "amount",
                "closedate",
                "dealstage",
                "pipeline",
                won=Stages(frozenset({"won"})),
                lost=Stages(frozenset({"lost"})),
                pipelines=random.choice((frozenset(), frozenset({"sales"}))),
            ),
        ),
        deal_fields=of_deals,
        deal_signals=deal_signals(random),
        rfm=rfm(random),
        signals=(
            SignalSource("clicked", CRM, "hs_click"),
            SignalSource("read", CRM, "hs_read", ("yes",)),
            *(SignalSource("came", OTHER, name, ("Working",)) for name in of_both_sorts("Status")),
        ),
        segments=(Segment("second", second), Segment("first", condition(random))),
        scores=scores(random),
        programs=tuple(program(random, name) for name in PROGRAMS[: random.randint(2, 3)]),
        cap=random.choice((None, FrequencyCap(1, 2 * DAY), FrequencyCap(2, 7 * DAY))),
        lists=(
            ListRule("mail", {CRM: "Mail"}),
            ListRule("news", {CRM: "News"}),
            ListRule("hot", {CRM: "Hot", OTHER: "Hot"}, late_condition(random)),
        ),
        notifications=(
            Notification(
                "n",
                late_condition(random),
                (task("{why}"), Alert(text("{why}"), text("a"), "Hot", CRM), Post(text("{why}"), CRM)),
                random.choice(DELAYS),
            ),
        ),
        write_back=(
            WriteBack(CRM, "points", ("score", "total", "points")),
            WriteBack(CRM, "in", ("segments",)),
            *WRITTEN,
        ),
        settle=random.choice((NOTHING, 10 * MINUTE)),
        kept_apart=random.choice(((), ("info@*",))),
        sales=sales(random, late_condition),
    )


NUMBERS = st.integers(0, 2**32 - 1)


def workspaces(version: str = "v1") -> st.SearchStrategy[Definitions]:
    """Any workspace."""
    return NUMBERS.map(lambda number: workspace(Random(number), version))


# --- lives --------------------------------------------------------------------------------------------------

#: Often the very same moments, a millisecond or a minute before or after them.
OFFSETS_MS = (0, 0, 0, -1, 1, 500, 59_999, 60_000, 1_800_000, 86_399_999)
RAW = {
    "industry": ("software", "banking", ""),
    "numemployees": ("10", "50", "many", ""),
    "renewal": ("2026-09-20", "2026-10-01", "9999-12-31", ""),
    "hs_timezone": ("Europe/Rome", "America/New_York", "Asia/Kathmandu", "Nowhere/None", ""),
    "hs_click": ("a", ""),
    "hs_read": ("yes", "no"),
    "hs_rating": ("Hot", "Warm", ""),
    "firstname": ("Anna", "Ottó"),
    "hs_email_optout": ("true", "false", "false", ""),
    **SAID_BY_SALES,
}
DEAL = {
    "amount": ("50", "100.5", "much", ""),
    "closedate": ("2026-09-01T00:00:00Z", "2026-09-20T10:00:00.000Z", "9999-12-31T23:59:59Z", "soon", ""),
    "dealstage": ("new", "won", "won", "lost"),
    "pipeline": ("sales", "sales", "shop"),
}
ORDINARY = (
    FactKind.RULING,
    FactKind.DEAL,
    FactKind.DEAL,
    FactKind.EDGES,
    FactKind.RULING,
    FactKind.SIGNAL,
    FactKind.SIGNAL,
    FactKind.RECORD,
    FactKind.RECORD,
    FactKind.COMMAND,
)


#: What the lead is known by.
RECORDS = ("51", "00Q1", "00Q2", "0031")


def a_moment(random: Random) -> datetime:
    return START + timedelta(days=random.randint(0, 40), milliseconds=1 + random.choice(OFFSETS_MS))


def record(random: Random, key: str, name: RecordName) -> Fact:
    said = {property_: random.choice(texts) for property_, texts in RAW.items() if random.random() < 0.4}
    return Fact(key, a_moment(random), FactKind.RECORD, name, CRM, said)


def snapshot(random: Random, key: str) -> Fact:
    """What a record elsewhere holds, read for the first time or again."""
    record_id = random.choice(RECORDS[1:])
    sort = "Lead" if record_id.startswith("00Q") else "Contact"
    said = {f"{sort}.{name}": random.choice(texts) for name, texts in HELD_ELSEWHERE.items()}
    name = random.choice((RecordName.BASELINE, RecordName.READ, RecordName.READ))
    if name == RecordName.BASELINE:
        key = f"baseline:{record_id}"
    return Fact(key, a_moment(random), FactKind.RECORD, name, OTHER, {SNAPSHOT_OF: record_id, **said})


def turn(random: Random, key: str) -> Fact:
    """A record of the lead is deleted or restored: one that it is known by or not, or, as once was told, none."""
    record = random.choice((*RECORDS, *RECORDS, "unheard of", ""))
    name = random.choice((RecordName.ARCHIVED, RecordName.ARCHIVED, RecordName.RESTORED))
    data: dict[str, Value] = {RECORD_OF: record} if record else {}
    return Fact(key, a_moment(random), FactKind.RECORD, name, CRM, data)


def of_a_record(random: Random, key: str) -> Fact:
    kind = random.random()
    if kind < 0.6:
        return snapshot(random, key) if kind < 0.2 else turn(random, key)
    return record(random, key, random.choice([*[RecordName.CHANGED] * 6, *RecordName]))


def others(random: Random) -> list[Fact]:
    """Further records of the lead, known since it was or later; or none."""
    known = RECORDS[1 : random.choice((1, 2, 3, 4))]
    return [record(random, f"baseline:{record_id}", RecordName.BASELINE) for record_id in known]


def a_merge(random: Random, key: str) -> Fact:
    """A record of the lead lives on as another one, or two leads became one by an address."""
    data: dict[str, Value] = {"because": "same email"} if random.random() < 0.5 else {}
    return Fact(key, a_moment(random), FactKind.MERGED, random.choice(RECORDS), CRM, data)


def a_deal(random: Random, key: str) -> Fact:
    said = {property_: random.choice(texts) for property_, texts in DEAL.items()}
    name = f"{random.choice(list(DealNews))}:{CRM}:4711:deal:{random.randint(1, 3)}"
    return Fact(key, a_moment(random), FactKind.DEAL, name, CRM, said)


def some_edges(random: Random, key: str) -> Fact:
    """What was measured, told when it was, or with the first purchase after it."""
    at, factor = a_moment(random), random.choice((0.5, 1.0, 2.0))
    frequency, monetary = (tuple(factor * edge for edge in edges) for edges in SOME_NUMBERS)
    recency = tuple(factor * edge for edge in SOME_RECENCY) if random.random() < 0.8 else ()
    edges = Edges(at, tuple(timedelta(days=span.days) for span in recency), frequency, monetary)
    if random.random() < 0.3:
        return Fact(key, at + DAY, FactKind.EDGES, EdgesName.FIRST, "", to_data(edges))
    return Fact(key, at, FactKind.EDGES, EdgesName.ANEW, "", to_data(edges))


def an_admission(random: Random, key: str) -> Fact:
    """A person let the lead in behind a brake, or sent it away, whether it asked or not."""
    said: dict[str, Value] = {"refused": True} if random.random() < 0.3 else {}
    petition = f"admission:{random.choice(PROGRAMS)}:{random.choice((1, 1, 2))}:{random.randint(0, 1)}"
    return Fact(key, a_moment(random), FactKind.RULING, petition, "", said)


def a_fact(random: Random, key: str, kinds: Sequence[FactKind]) -> Fact:
    kind = random.choice(kinds)
    if kind is FactKind.RECORD:
        return of_a_record(random, key)
    if kind is FactKind.MERGED:
        return a_merge(random, key)
    if kind is FactKind.DEAL:
        return a_deal(random, key)
    if kind is FactKind.EDGES:
        return some_edges(random, key)
    if kind is FactKind.RULING:
        return an_admission(random, key) if random.random() < 0.3 else a_ruling(random, key, a_moment(random))
    if kind is FactKind.COMMAND:
        order = random.choice(list(CommandName))
        said: dict[str, Value] = {"program": random.choice(PROGRAMS)}
        if order == CommandName.MOVE:
            said |= {"from": random.choice(PROGRAMS), "keep": random.random() < 0.5}
        return Fact(key, a_moment(random), kind, order, "cli", said)
    if kind is FactKind.SIGNAL:
        told = {"topic": random.choice(TOPICS), "seconds": random.choice(("", "0.1", "30", 7.5))}
        return Fact(key, a_moment(random), kind, random.choice(SIGNALS), "api", told if random.random() < 0.8 else {})
    return Fact(key, a_moment(random), kind, "v2", "api")


def comings_and_goings() -> st.SearchStrategy[list[Fact]]:
    """The facts of a lead whose records are deleted, restored, merged and joined, in the order in which they count."""

    def life(numbers: list[int]) -> list[Fact]:
        randoms = [(Random(number), f"k{index}") for index, number in enumerate(numbers)]
        turns = [turn(random, key) if random.random() < 0.9 else a_merge(random, key) for random, key in randoms]
        first = record(Random(numbers[0]), f"baseline:{RECORDS[0]}", RecordName.BASELINE)
        return sorted([first, *others(Random(numbers[0])), *turns], key=lambda fact: fact.position)

    return st.lists(NUMBERS, min_size=1, max_size=12).map(life)


def lives(kinds: Sequence[FactKind] = ORDINARY, max_size: int = 20) -> st.SearchStrategy[list[Fact]]:
    """The facts of one lead, in the order in which they count; there is a baseline."""

    def live(numbers: list[int]) -> list[Fact]:
        first = record(Random(sum(numbers)), f"baseline:{RECORDS[0]}", RecordName.BASELINE)
        facts = [a_fact(Random(number), f"k{number % 97}-{index}", kinds) for index, number in enumerate(numbers)]
        ours = {fact.key: fact for fact in [first, *others(Random(numbers[0])), *facts]}  # each is told once
        return sorted(ours.values(), key=lambda fact: fact.position)

    return st.lists(NUMBERS, min_size=1, max_size=max_size).map(live)
