"""Short words for tests of the domain: moments, facts, programs, and the story of one lead as an engine tells it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connector.domain.book import Book, compile_book
from connector.domain.conditions.condition import Condition, DidTest, FieldTest, Op, Operand, ScoreTest, SignalTest
from connector.domain.decide import Decision, fold, needs_refold
from connector.domain.definitions import Definitions, SignalSource
from connector.domain.draft import Draft
from connector.domain.fact import Fact, FactKind, RecordName, Value
from connector.domain.field import Field, FieldRole, FieldType
from connector.domain.history import HistoryEntry, HistoryKind
from connector.domain.ids import LeadId, WorkspaceId
from connector.domain.lead import Lead, blank
from connector.domain.outward.change import Act
from connector.domain.programs.enrolment import Enrolment
from connector.domain.programs.program import (
    Activity,
    Note,
    Outcome,
    Phase,
    Program,
    Send,
    Target,
    TargetKind,
    Task,
    Text,
    Trigger,
)

#: A Monday morning; ten o'clock in Rome.
START = datetime(2026, 9, 7, 8, 0, tzinfo=UTC)
ROME = ZoneInfo("Europe/Rome")
CRM = "hubspot"
LEAD = LeadId("L1")

COMPLETED = Target(TargetKind.COMPLETED)
EXIT = Target(TargetKind.EXIT)
PREVIOUS = Target(TargetKind.PREVIOUS)


# --- moments ------------------------------------------------------------------------------------------------


def alarm(at: datetime) -> Fact:
    """The fact that time has come to this moment."""
    return Fact(key="", at=at, kind=FactKind.ALARM, name="alarm")


def after(days: float = 0, hours: float = 0, minutes: float = 0, ms: float = 0) -> datetime:
    """So long after the Monday morning on which all stories begin."""
    return START + timedelta(days=days, hours=hours, minutes=minutes, milliseconds=ms)


def utc(text: str) -> datetime:
    """`2026-09-07 08:00` as a moment."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# --- facts --------------------------------------------------------------------------------------------------


def record(name: RecordName, at: datetime, *, key: str = "", source: str = CRM, **properties: str) -> Fact:
    """What a CRM says of the lead's record."""
    said = ",".join(f"{property_}={text}" for property_, text in properties.items())
    return Fact(key or f"{name}({said})@{at.isoformat()}", at, FactKind.RECORD, name, source, properties)


def baseline(at: datetime = START, **properties: str) -> Fact:
    """All values, read when we first heard of the lead."""
    return record(RecordName.BASELINE, at, **properties)


def changed(at: datetime, **properties: str) -> Fact:
    """The CRM said that these values changed."""
    return record(RecordName.CHANGED, at, **properties)


def archived(at: datetime) -> Fact:
    """The record was deleted in the CRM."""
    return record(RecordName.ARCHIVED, at)


def restored(at: datetime) -> Fact:
    """The record came back."""
    return record(RecordName.RESTORED, at)


def signal(name: str, at: datetime, *, key: str = "", **attributes: Value) -> Fact:
    """Something that the lead did."""
    return Fact(key or f"{name}@{at.isoformat()}", at, FactKind.SIGNAL, name, "api", attributes)


def command(name: str, at: datetime, program: str) -> Fact:
    """A person's order."""
    return Fact(f"{name} {program}@{at.isoformat()}", at, FactKind.COMMAND, name, "cli", {"program": program})


def book_applied(at: datetime, version: str) -> Fact:
    """A new version of the mapping applies from here."""
    return Fact(f"book {version}", at, FactKind.BOOK, version, "cli")


# --- definitions --------------------------------------------------------------------------------------------


def text(source: str) -> Text:
    """Message text with `{name}` and the like."""
    return lambda values: source.format(**values)


def task(subject: str = "Call {name}", body: str = "Now", **more: Any) -> Task:
    """A task for the rep."""
    return Task(text(subject), text(body), **more)


def note(body: str = "Told {name}") -> Note:
    """A note on the record."""
    return Note(text(body))


def on(name: str, when: Condition | None = None) -> Trigger:
    """When the lead gives the signal, and the condition holds."""
    return Trigger(SignalTest(name), when)


def holds(condition: Condition) -> Trigger:
    """When the condition comes to hold."""
    return Trigger(None, condition)


def field_is(name: str, operand: Operand, op: Op = Op.EQ, type_: FieldType = FieldType.TEXT) -> FieldTest:
    """A field compared."""
    return FieldTest(name, type_, op, operand)


def score_is(name: str, op: Op, points: float) -> ScoreTest:
    """A score compared."""
    return ScoreTest(name, op, points)


def did(name: str, at_least: int = 1, within: timedelta | None = None) -> DidTest:
    """The lead gave the signal so many times."""
    return DidTest(SignalTest(name), at_least, within)


def activity(
    name: str, send: Send | None = None, *, after: timedelta = timedelta(), answered: str = "", days: float = 7
) -> Activity:
    """A note by default; answered by a signal for so many days."""
    triggers = (on(answered),) if answered else ()
    return Activity(name, send or note(name), after, triggers, timedelta(days=days) if answered else None)


def outcome(target: Target | str = COMPLETED, *, days: float = 0, repeat: bool = False) -> Outcome:
    """What follows; a text names a phase."""
    place = Target(TargetKind.PHASE, target) if isinstance(target, str) else target
    return Outcome(place, timedelta(days=days), repeat)


def phase(
    name: str, *activities: Activity, all_: Outcome | None = None, some: Outcome | None = None,
    none: Outcome | None = None,
) -> Phase:  # fmt: skip
    """Completes the program when all is answered, leaves it when nothing is."""
    return Phase(
        name, activities or (activity(f"{name}_note"),), all_ or outcome(), some or outcome(), none or outcome(EXIT)
    )


def program(name: str, *phases: Phase, enrol: str = "came", **more: Any) -> Program:
    """Entered by a signal, `came` by default."""
    return Program(name, phases, **{"enrol": (on(enrol),), **more})


FIELDS = (
    Field("email", properties={CRM: ("email",)}, role=FieldRole.IDENTITY),
    Field("firstname", properties={CRM: ("firstname",)}),
    Field("industry", properties={CRM: ("industry",)}, values={"COMPUTER_SOFTWARE": "software"}),
    Field("employees", FieldType.NUMBER, {CRM: ("numemployees",)}),
    Field("renewal", FieldType.DATE, {CRM: ("renewal",)}),
    Field("zone", properties={CRM: ("hs_timezone",)}, role=FieldRole.TIMEZONE),
    Field("owner", properties={CRM: ("hubspot_owner_id",)}, role=FieldRole.OWNER),
)


def definitions(version: str = "v1", **parts: Any) -> Definitions:
    """A workspace in Rome with a few fields, and a property `hs_click` whose change is the signal `clicked`."""
    watched = (SignalSource("clicked", CRM, "hs_click", attributes={"what": "value"}),)
    return Definitions(WorkspaceId("acme"), version, **{"zone": ROME, "fields": FIELDS, "signals": watched, **parts})


# --- one lead's story ---------------------------------------------------------------------------------------


class Story:
    """One lead under one or more books, kept as an engine keeps it: facts come in, late ones lead to a new fold."""

    def __init__(self, *versions: Definitions, **parts: Any) -> None:
        defined = versions or (definitions(**parts),)
        self._books = {each.version: compile_book(each) for each in defined}
        self._born = blank(LEAD, defined[0].version)
        self._facts: dict[str, Fact] = {}
        self.lead: Lead = self._born
        self.history: list[HistoryEntry] = []
        self.acts: dict[str, Act] = {}

    def receive(self, *facts: Fact, now: datetime | None = None) -> Story:
        """Facts arrive, each at the moment at which it happened, or all of them now."""
        for fact in facts:
            self._take([fact], now or fact.at)
        return self

    def receive_all(self, facts: list[Fact], now: datetime) -> Story:
        """Facts arrive together."""
        self._take(facts, now)
        return self

    def let_pass(self, until: datetime) -> Story:
        """Nothing happens, until then."""
        self._take([], until)
        return self

    def _take(self, facts: list[Fact], now: datetime) -> None:
        fresh = [fact for fact in facts if fact.key not in self._facts]
        self._facts |= {fact.key: fact for fact in fresh}
        if needs_refold(self.lead, fresh):
            self.history.clear()
            self._keep(fold(self.book_of, self._born, list(self._facts.values()), now))
        else:
            self._keep(fold(self.book_of, self.lead, fresh, now))

    def _keep(self, decision: Decision) -> None:
        self.lead = decision.lead
        self.history += decision.history
        for act in decision.acts:
            self.acts.setdefault(act.key, act)

    def book_of(self, version: str) -> Book:
        """The book of a version."""
        return self._books[version]

    @property
    def facts(self) -> list[Fact]:
        """All facts so far, each once, in the order of their arrival."""
        return list(self._facts.values())

    def enrolment(self, program_: str = "p") -> Enrolment:
        """The lead's latest enrolment in the program."""
        return next(each for each in reversed(self.lead.enrolments) if each.program == program_)

    def told(self, *kinds: HistoryKind) -> list[HistoryEntry]:
        """The history entries of these kinds."""
        return [entry for entry in self.history if entry.kind in kinds]

    def sent(self) -> list[tuple[datetime, str]]:
        """When which activity left."""
        return [(entry.at, str(entry.detail["activity"])) for entry in self.told(HistoryKind.SENT)]

    def points(self, score: str, at: datetime) -> int:
        """The score's whole points at a moment not before the last fact."""
        draft = Draft(self.lead, self.book_of(self.lead.book), at)
        draft.now = at
        return draft.points(score)
