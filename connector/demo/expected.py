"""What the portal must hold of each person in the end: reckoned from who they are, their script, and what they did.

This is `mappings/programs` once more, in a second and simpler hand. It shares no code with the product, so that a
mistake in the product does not excuse itself here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from connector.demo.life import TOLD, Diary
from connector.demo.people import ZONE, Person
from connector.demo.script import KEPT_DAYS, Call, Deed, Does, Gets, Message

#: A score in the CRM is written anew when it has faded by this much.
TOLERANCE = 5.0
PROGRAMS = ("new_contact", "known_contact", "lost_customer")
_HALF_LIFE = timedelta(days=60)
_NEVER_AGAIN = timedelta(days=30)
_SOFTWARE = ("COMPUTER_SOFTWARE", "INTERNET")
_FACTORY = ("MACHINERY", "Industrial Engineering")
#: When messages leave: on working days, or on any day, from when to when.
_WORKDAY, _ANY_DAY = (time(9), time(18)), (time(8), time(21))


@dataclass(frozen=True, slots=True)
class Due:
    """A message that must have been sent."""

    message: Message
    at: datetime
    #: Of those held out for comparison neither this nor what follows.
    is_sure: bool

    @property
    def day(self) -> date:
        """Where ACME is."""
        return self.at.astimezone(ZONE).date()


@dataclass(frozen=True, slots=True)
class Expected:
    """One contact as it must be."""

    #: In the order of time.
    messages: tuple[Due, ...]
    #: Program -> phase and state; empty where it was never entered.
    ends: Mapping[str, tuple[str, str]]
    #: Exact, to the tolerance.
    score: float
    interest: str
    segments: tuple[str, ...]
    lists: frozenset[str]
    calls: int
    hot_tasks: int
    notes: int


def expect(person: Person, diary: Diary, now: datetime) -> Expected:
    """The person's contact at that moment."""
    role, diary = person.role, sorted(diary, key=lambda entry: entry[0])
    messages, calls = _follow(person, diary, now)
    return Expected(
        messages=messages,
        ends={program: role.ends.get(program, ("", "")) for program in PROGRAMS},
        score=fit(person) + engagement(diary, now),
        interest=_interest(diary),
        segments=tuple(sorted(_segments(person, diary, now))),
        lists=frozenset(_awaiting(messages, diary, now)),
        calls=calls,
        hot_tasks=_hot_tasks(person, diary),
        notes=role.notes,
    )


def _follow(person: Person, diary: Diary, now: datetime) -> tuple[tuple[Due, ...], int]:
    """The script, beat by beat with its moments, as far as time and the person have come: messages, calls."""
    left, calls = list(diary), 0
    found: list[Due] = []
    at, is_sure = person.begins_at.astimezone(UTC), True
    for beat in person.role.script:
        if isinstance(beat, Does):
            done = next((entry for entry in left if entry[1] is beat.deed), None)
            if done is None:
                break
            left.remove(done)
            at = done[0]
            continue
        since = next((due.at for due in found if isinstance(beat, Gets) and due.message is beat.since), at)
        at = open_at(since + timedelta(days=beat.after), is_daily=isinstance(beat, Gets) and beat.is_daily)
        if at >= now:
            break
        if isinstance(beat, Call):
            calls += 1
        else:
            is_sure = is_sure and beat.is_sure
            found.append(Due(beat.message, at, is_sure))
    return tuple(found), calls


def open_at(moment: datetime, *, is_daily: bool = False) -> datetime:
    """The first moment from then on at which messages leave. No public holiday falls into the story."""
    begin, end = _ANY_DAY if is_daily else _WORKDAY
    local = moment.astimezone(ZONE)
    while local.time() >= end or (local.weekday() >= 5 and not is_daily):
        local = datetime.combine(local.date() + timedelta(days=1), begin, ZONE)
    if local.time() < begin:
        local = datetime.combine(local.date(), begin, ZONE)
    return local.astimezone(UTC)


def _awaiting(messages: Sequence[Due], diary: Diary, now: datetime) -> Iterator[str]:
    """Lists keep whoever did nothing after their message, while there is time."""
    last_at = diary[-1][0] if diary else None
    for due in messages:
        is_idle = last_at is None or last_at < due.at
        if is_idle and now < due.at + timedelta(days=KEPT_DAYS[due.message]) and due.message.list_title:
            yield due.message.list_title


def fit(person: Person) -> int:
    """Points for who somebody is."""
    employees = int(person.numemployees.split("-")[0].rstrip("+"))
    points = 20 if person.industry in (*_SOFTWARE, *_FACTORY) else 0
    points += 10 if employees >= 50 else 0
    points += 5 if employees >= 500 else 0
    points += 5 if person.country in ("Italy", "Germany", "Austria") else 0
    points += 10 if any(word in person.jobtitle.lower() for word in ("manager", "director")) else 0
    return points - (0 if person.company else 5)


#: Deed -> its points, at most so many within so long; deeds of one name share them.
_RULES: Mapping[Deed, tuple[str, int, int, timedelta]] = {
    Deed.ATTEND: ("event", 25, 75, timedelta(days=90)),
    Deed.ASK_REPORT: ("report", 15, 45, timedelta(days=30)),
    Deed.READ_ENERGY: ("topic", 3, 15, timedelta(days=30)),
    Deed.READ_PLANNING: ("topic", 3, 15, timedelta(days=30)),
    Deed.CLICK: ("click", 5, 20, timedelta(days=30)),
}


def engagement(diary: Diary, now: datetime) -> float:
    """Points for what somebody did, faded until now."""
    return sum(points * float(0.5 ** ((now - at) / _HALF_LIFE)) for at, points in _awards(diary) if at <= now)


def _awards(diary: Diary) -> Iterator[tuple[datetime, float]]:
    given: defaultdict[str, list[tuple[datetime, float]]] = defaultdict(list)
    for at, deed in diary:
        if deed in _RULES:
            name, points, most, within = _RULES[deed]
            recent = sum(earlier for when, earlier in given[name] if when > at - within)
            given[name].append((at, max(0.0, min(float(points), most - recent))))
            yield given[name][-1]


def _interest(diary: Diary) -> str:
    """The topic that was read longest."""
    seconds: defaultdict[str, int] = defaultdict(int)
    for _, deed in diary:
        _, said = TOLD.get(deed, ("", {}))
        if "topic" in said:
            seconds[str(said["topic"])] += int(said["seconds"])
    return max(seconds, key=lambda topic: seconds[topic], default="")


def _segments(person: Person, diary: Diary, now: datetime) -> Iterator[str]:
    if sum(deed is Deed.ATTEND for _, deed in diary) >= 2:
        yield "event_goers"
    if _is_customer(person, diary):
        yield "customers"
    if _held(diary, lambda at: engagement(diary, at), 40, 25)[1](now):
        yield "warm"


def _is_customer(person: Person, diary: Diary) -> bool:
    """By the last word on their contract."""
    words = [deed for _, deed in diary if deed in (Deed.SIGN, Deed.END_CONTRACT)]
    return words[-1] is Deed.SIGN if words else person.role.is_customer


def _held(
    diary: Diary, value: Callable[[datetime], float], least: float, until_below: float
) -> tuple[list[datetime], Callable[[datetime], bool]]:
    """When a value came to hold at its threshold, and whether it holds at a moment: it ends below another one.

    Values rise with deeds alone, and fall between them.
    """
    begun: list[datetime] = []
    is_held = False
    for at, _ in diary:
        is_held = is_held and value(at - timedelta(milliseconds=1)) >= until_below
        if not is_held and value(at) >= least:
            is_held = True
            begun.append(at)
    return begun, lambda moment: is_held and value(moment) >= until_below


def _hot_tasks(person: Person, diary: Diary) -> int:
    """How often sales must have been told that somebody has become hot: not of customers, and not twice in a month."""
    begun, _ = _held(diary, lambda at: fit(person) + engagement(diary, at), 70, 60)
    told: list[datetime] = []
    for at in begun:
        until_then = [entry for entry in diary if entry[0] <= at]
        if not _is_customer(person, until_then) and (not told or at >= told[-1] + _NEVER_AGAIN):
            told.append(at)
    return len(told)
