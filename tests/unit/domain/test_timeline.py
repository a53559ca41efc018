"""The timeline word for word: what people, `explain` and replays read of a life in which most things happen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from connector.domain.conditions.condition import Op, SignalTest
from connector.domain.definitions import Definitions, FrequencyCap, ListRule, Notification, Persona, Segment, Tag
from connector.domain.fact import CommandName, Fact, FactKind, OutcomeName
from connector.domain.field import Field, FieldRole, FieldType
from connector.domain.history import HistoryEntry
from connector.domain.programs.program import Activity, Case, Fork, ListSend, Milestone, Reminders
from connector.domain.traits.computed import Computed, Reckoning
from connector.domain.traits.score import EngagementRule, FitRule, Score
from tests.builders import (
    CRM,
    FIELDS,
    Story,
    activity,
    after,
    archived,
    baseline,
    book_applied,
    changed,
    command,
    definitions,
    field_is,
    note,
    on,
    outcome,
    phase,
    program,
    restored,
    score_is,
    signal,
    task,
)
from tests.selling import ruled, selling

DAY = timedelta(days=1)
CONSENT = Field("opted_out", FieldType.BOOLEAN, {CRM: ("hs_email_optout",)}, role=FieldRole.CONSENT)
BANKS, SOFTWARE = field_is("industry", "banking"), field_is("industry", "software")
LATEST = Computed(Field("topic"), Reckoning.LATEST, SignalTest("clicked"), "topic")
SCORE = Score(
    "s",
    (FitRule("is software", SOFTWARE, 5), EngagementRule("clicks", SignalTest("clicked"), 10, expires=2 * DAY)),
    reset_on=(SignalTest("bought"),),
    freeze_while=field_is("industry", "frozen"),
)
ASKED = replace(activity("hello", ListSend("news"), answered="clicked"), holds_up=True, reminders=Reminders(1, DAY))
STEPS = (
    Activity("way", None, fork=Fork((Case("banks", BANKS), Case("others")))),
    ASKED,
    replace(activity("for_banks", ListSend("offer")), when=BANKS),
    activity("call", task(), after=DAY),
)


def workspace(version: str = "v1") -> Definitions:
    """One of everything."""
    p = program(
        "p", phase("one", *STEPS, all_=outcome("two", days=1)), phase("two", activity("again", note())),
        again_after=10 * DAY, goal=(on("bought"),), exit=(on("left"),), milestones=frozenset(Milestone),
    )  # fmt: skip
    lists = (ListRule("news", {CRM: "News"}), ListRule("offer", {CRM: "Offer"}))
    return definitions(
        version,
        fields=(*FIELDS, CONSENT, LATEST.field),
        computed=(LATEST,),
        segments=(Segment("software", SOFTWARE),),
        scores=(SCORE,),
        personas=(Persona("maker", SOFTWARE),),
        tags=(Tag("reader", (on("clicked"),), (on("left"),)),),
        programs=(p,),
        lists=(*lists, ListRule("warm", {CRM: "Warm"}, score_is("s", Op.GTE, 10))),
        notifications=(Notification("warm", score_is("s", Op.GTE, 15), (task(),)),),
        suppress_on=(SignalTest("complained"),),
        cap=FrequencyCap(1, 3 * DAY),
    )


def order(name: CommandName, days: float) -> Fact:
    data = {} if name is CommandName.LIFT else {"program": "p"}
    return Fact(f"{name}@{days}", after(days=days), FactKind.COMMAND, name, "cli", data)


def timeline(story: Story) -> list[str]:
    """Day and hour, what, of what, and the details."""
    return [
        " ".join(filter(None, [f"{line.at:%d %H:%M}", line.kind, line.subject, *map("=".join, details(line))]))
        for line in story.history
    ]


def details(line: HistoryEntry) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, value in line.detail.items()]


def test_a_life_reads_as_it_was_lived() -> None:
    story = Story(workspace())

    story.receive(baseline(industry="software"), signal("came", after(hours=1))).let_pass(after(days=9))
    story.receive(signal("clicked", after(days=9), topic="solar"), changed(after(days=9, hours=1), numemployees="many"))
    story.receive(order(CommandName.PAUSE, 9.25), order(CommandName.RESUME, 10.25))
    story.receive(changed(after(days=11.25), industry="frozen"), changed(after(days=11.5), industry="software"))
    story.receive(signal("came", after(days=15)), signal("left", after(days=16)))

    assert timeline(story) == LIFE.splitlines()


LIFE = """\
07 08:00 known hubspot
07 08:00 persona maker was=
07 08:00 scored s rule=is software points=5 total=5.0 book=v1
07 08:00 joined segment:software
07 09:00 signal came
07 09:00 entered p phase=one by=signal came
07 09:00 chose p phase=one activity=way way=others
07 09:00 sent p phase=one activity=hello what=list news
14 09:00 unanswered p phase=one activity=hello
15 09:00 sent p phase=one activity=hello what=list news (reminder)
16 08:00 signal clicked topic=solar
16 08:00 scored s rule=clicks points=10 total=15.0 book=v1
16 08:00 field_changed topic was= now=solar
16 08:00 tagged reader by=signal clicked
16 08:00 answered p phase=one activity=hello by=clicked
16 08:00 left_out p phase=one activity=for_banks why=its condition does not hold
16 08:00 joined list:warm
16 08:00 notified warm time=1.0
16 09:00 field_unreadable employees text=many problem='many' is not a number
16 14:00 paused p phase=one by=by hand
17 14:00 resumed p phase=one
18 08:00 scored s rule=clicks points=-10.0 total=5.0 book=v1 because=expired
18 08:00 sent p phase=one activity=call what=task
18 08:00 settled p phase=one outcome=all next=two
18 08:00 left list:warm
18 14:00 field_changed industry was=software now=frozen
18 14:00 persona was=maker
18 14:00 scored s rule=is software points=-5 total=0.0 book=v1
18 14:00 frozen s total=0.0 book=v1
18 14:00 left segment:software
18 20:00 field_changed industry was=frozen now=software
18 20:00 persona maker was=
18 20:00 thawed s total=0.0 book=v1
18 20:00 scored s rule=is software points=5 total=5.0 book=v1
18 20:00 joined segment:software
19 08:00 phase p phase=two from=one
19 08:00 sent p phase=two activity=again what=note
19 08:00 settled p phase=two outcome=all next=completed
19 08:00 completed p phase=two by=phase two settled
22 08:00 signal came
22 08:00 not_entered p why=it left the program too short a time ago
23 08:00 signal left
23 08:00 untagged reader by=signal left
"""


def test_the_end_of_a_life_reads_as_it_came() -> None:
    story = Story(workspace(), workspace("v2")).receive(baseline(), signal("came", after()))

    story.receive(signal("bought", after(days=1)), signal("complained", after(days=2)), order(CommandName.LIFT, 3))
    story.receive(archived(after(days=4)), restored(after(days=5)), book_applied(after(days=6), "v2"))
    mailed = {"email": "report", "act": "p:1:1:mail", "words": "over the limit"}
    story.receive(Fact("outcome", after(days=7), FactKind.OUTCOME, OutcomeName.SUPPRESSED, CRM, mailed))
    story.receive(Fact("merged", after(days=8), FactKind.MERGED, "L2", CRM))

    assert timeline(story) == END.splitlines()
    assert [(act.key, act.body) for act in story.acts.values()] == NOTED


END = """\
07 08:00 known hubspot
07 08:00 signal came
07 08:00 entered p phase=one by=signal came
07 08:00 chose p phase=one activity=way way=others
07 08:00 sent p phase=one activity=hello what=list news
08 08:00 signal bought
08 08:00 reset s by=bought book=v1
08 08:00 won p phase=one by=signal bought
09 08:00 signal complained
09 08:00 suppressed complained
10 08:00 lifted complained
11 08:00 archived
12 08:00 restored
13 08:00 book v2 s=0.0
14 08:00 email report what=suppressed words=over the limit
15 08:00 merged lead=L2
"""

NOTED = [
    ("p:1:milestone:entered", "<b>Coltiva</b> · p: entered the program (signal came), phase one."),
    ("p:1:milestone:goal", "<b>Coltiva</b> · p: reached the program&#x27;s goal (signal bought), phase one."),
]


def clicks(**moment: float) -> list[Fact]:
    return [signal("clicked", after(**moment), what="the report")]


def with_sales(story: Story) -> list[str]:
    """The timeline from the hand-over on."""
    lines = [line.replace(story.lead.book, "VERSION") for line in timeline(story)]
    return lines[next(index for index, line in enumerate(lines) if "handed_over" in line) :]


def test_a_life_with_sales_reads_as_it_was_lived() -> None:
    story = selling(lifecyclestage="lead").receive(*clicks(minutes=1), *clicks(minutes=2), ruled(after(minutes=10)))

    story.let_pass(after(days=1, hours=2)).receive(ruled(after(days=1, hours=3), "ben", "sales:hot:1:2"))
    for days, status in ((1.25, "IN_PROGRESS"), (2, "OPEN_DEAL"), (3, "UNQUALIFIED")):
        story.receive(changed(after(days=days), hs_lead_status=status))

    assert with_sales(story) == SALES.splitlines()
    assert [(act.key, act.owner, act.subject) for act in story.acts.values()] == TASKS


SALES = """\
07 08:02 handed_over hot by=heat is at least 20
07 08:10 assigned hot rep=anna team=inbound because=the next in turn
07 08:10 field_changed owner was= now=101
07 08:10 field_changed status was= now=NEW
07 08:10 field_changed stage was=Lead now=SQL
07 12:10 escalated hot rep=anna to=maria is told
08 08:10 escalated hot rep=anna to=the next rep is asked for
08 11:00 assigned hot rep=ben team=inbound because=the next in turn
08 11:00 field_changed owner was=101 now=102
08 14:00 field_changed status was=NEW now=IN_PROGRESS
08 14:00 touched hot rep=ben by=status is now IN_PROGRESS
09 08:00 field_changed status was=IN_PROGRESS now=OPEN_DEAL
09 08:00 accepted hot rep=ben by=status is now OPEN_DEAL
10 08:00 field_changed status was=OPEN_DEAL now=UNQUALIFIED
10 08:00 rejected hot by=status is now UNQUALIFIED rep=ben next=nurture
10 08:00 field_changed status was=UNQUALIFIED now=OPEN
10 08:00 field_changed stage was=SQL now=Lead
10 08:00 entered nurture phase=long by=handed back by sales: status is now UNQUALIFIED
"""

TASKS = [
    ("sales:hot:1:1:told:0", "101", "ada@example.com is ready for sales: heat is at least 20"),
    ("sales:hot:1:1:late:0:0", "109", "ada@example.com still waits for anna"),
    ("sales:hot:1:2:told:0", "102", "ada@example.com is ready for sales: heat is at least 20"),
]


def test_what_persons_do_with_a_lead_reads_as_they_did_it() -> None:
    story = selling().receive(*clicks(minutes=1), *clicks(minutes=2), ruled(after(minutes=10)))

    story.receive(changed(after(hours=1), hubspot_owner_id="777"), changed(after(hours=2), hubspot_owner_id="102"))
    story.receive(signal("called", after(hours=3)), changed(after(days=3), lifecyclestage="customer"))

    assert with_sales(story)[5:] == PERSONS.splitlines()


PERSONS = """\
07 09:00 field_changed owner was=101 now=777
07 09:00 taken_over hot rep=owner 777 owner=777
07 10:00 field_changed owner was=777 now=102
07 10:00 taken_over hot rep=ben owner=102
07 11:00 signal called
10 08:00 field_changed stage was=SQL now=Customer
10 08:00 closed hot by=stage is now Customer rep=ben
"""


def test_a_lead_that_sales_did_not_want_reads_as_it_went_on_without() -> None:
    story = selling().receive(*clicks(minutes=1), *clicks(minutes=2), ruled(after(minutes=10)))

    story.receive(signal("called", after(hours=1)), changed(after(hours=2), hs_lead_status="BAD_TIMING"))
    story.receive(command(CommandName.ENROL, after(hours=3), "nurture")).let_pass(after(days=2))
    story.receive(*clicks(days=2, hours=1))

    assert with_sales(story)[5:] == NOT_NOW.splitlines()


NOT_NOW = """\
07 09:00 signal called
07 09:00 touched hot rep=anna by=signal called
07 10:00 field_changed status was=NEW now=BAD_TIMING
07 10:00 rejected hot by=status is now BAD_TIMING rep=anna next=nothing
07 11:00 entered nurture phase=short by=by hand
08 11:00 sent nurture phase=short activity=hello what=list greeting
09 09:00 signal clicked what=the report
09 09:00 scored heat rule=clicked points=10.0 total=30.0 book=VERSION
09 09:00 answered nurture phase=short activity=hello by=clicked
09 09:00 settled nurture phase=short outcome=all next=hot
09 09:00 completed nurture phase=short by=phase short settled
09 09:00 not_handed_over hot why=it was handed over too short a time ago
"""
