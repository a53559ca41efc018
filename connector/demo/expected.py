"""What the portal must hold of each person in the end: reckoned from who they are and what they did.

This is `mappings/acme` once more, in a second and simpler hand. It shares no code with the product, so that a mistake
in the product does not excuse itself here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.demo.cast import LISTS, Deed
from connector.demo.life import Diary
from connector.demo.people import Person

HOT, WARM = "Coltiva – hot leads", "Coltiva – warm leads"
#: A score in the CRM is written anew when it has faded by this much.
TOLERANCE = 5.0
_HALF_LIFE = timedelta(days=30)
_NEVER_AGAIN = timedelta(days=30)
_SOFTWARE = ("COMPUTER_SOFTWARE", "INTERNET")
_FACTORY = ("MACHINERY", "Industrial Engineering")


@dataclass(frozen=True, slots=True)
class Expected:
    """One contact as it must be."""

    phase: str
    renewal_phase: str
    #: Exact, to the tolerance.
    score: float
    segments: tuple[str, ...]
    lists: frozenset[str]
    #: Lists of which we cannot tell, for the score is too near to their bound.
    uncertain_lists: frozenset[str]
    calls: int
    offers: int
    comebacks: int
    hot_tasks: int
    notes: int


def expect(person: Person, diary: Diary, now: datetime) -> Expected:
    """The person's contact at that moment."""
    ending = person.role.ending
    score = fit(person) + engagement(diary, now)
    segments = tuple(sorted(_segments(person, diary, now)))
    lists = {title for title, email in LISTS.items() if email in ending.awaiting}
    opted_out = any(deed is Deed.OPT_OUT for _, deed in diary)
    lists |= {HOT} if score >= 70 and not opted_out and "customers" not in segments else set()
    lists |= {WARM} if "warm" in segments else set()
    return Expected(
        phase=ending.phase,
        renewal_phase=ending.renewal_phase,
        score=score,
        segments=segments,
        lists=frozenset(lists),
        uncertain_lists=frozenset({HOT} if abs(score - 70) < 0.1 else ()),
        calls=ending.calls,
        offers=ending.offers,
        comebacks=ending.comebacks,
        hot_tasks=_hot_tasks(person, diary),
        notes=ending.notes,
    )


def fit(person: Person) -> int:
    """Points for who somebody is."""
    employees = int(person.numemployees.split("-")[0].rstrip("+"))
    points = 20 if person.industry in (*_SOFTWARE, *_FACTORY) else 0
    points += 15 if employees >= 50 else 0
    points += 10 if employees >= 500 else 0
    points += 5 if person.country in ("Italy", "Germany", "Austria") else 0
    points += 10 if any(word in person.jobtitle.lower() for word in ("manager", "director")) else 0
    return points - (0 if person.company else 5)


#: Deed -> (points, at most, within so long) for each rule it concerns. A click opens the email, too.
_RULES: dict[Deed, tuple[tuple[int, int | None, timedelta | None], ...]] = {
    Deed.READ_REPORT: ((15, 45, timedelta(days=30)),),
    Deed.ATTEND_EVENT: ((20, 40, timedelta(days=90)),),
    Deed.CLICK: ((1, 5, timedelta(days=30)), (8, 32, timedelta(days=30))),
    Deed.BOOK_MEETING: ((40, 40, timedelta(days=30)),),
    Deed.BOUNCE: ((-20, None, None),),
}


def engagement(diary: Diary, now: datetime) -> float:
    """Points for what somebody did, faded until now."""
    faded = (points * float(0.5 ** ((now - at) / _HALF_LIFE)) for at, points in _awards(diary) if at <= now)
    return sum(faded)


def _awards(diary: Diary) -> Iterator[tuple[datetime, float]]:
    given: defaultdict[tuple[Deed, int], list[tuple[datetime, float]]] = defaultdict(list)
    for at, deed in sorted(diary, key=lambda entry: entry[0]):
        for index, (points, most, within) in enumerate(_RULES.get(deed, ())):
            rule = given[deed, index]
            recent = sum(earlier for when, earlier in rule if within is None or when > at - within)
            award = float(points) if most is None else max(0.0, min(points, most - recent))
            rule.append((at, award))
            yield at, award


def _segments(person: Person, diary: Diary, now: datetime) -> Iterator[str]:
    events = _count(diary, Deed.ATTEND_EVENT, now - timedelta(days=365))
    clicks = _count(diary, Deed.CLICK, now - timedelta(days=90))
    if person.industry in _FACTORY and int(person.numemployees.split("-")[0].rstrip("+")) >= 50:
        yield "factories"
    if events >= 2:
        yield "event_goers"
    if person.role.is_customer or _count(diary, Deed.BUY, datetime.min.replace(tzinfo=now.tzinfo)):
        yield "customers"
    if events >= 2 or clicks >= 3:
        yield "warm"


def _count(diary: Diary, deed: Deed, since: datetime) -> int:
    return sum(each is deed and at >= since for at, each in diary)


def _hot_tasks(person: Person, diary: Diary) -> int:
    """How often sales must have been told that somebody has become hot: not of customers, and not twice in a month."""
    if person.role.is_customer:
        return 0
    told: list[datetime] = []
    is_hot = False
    for at, deed in sorted(diary, key=lambda entry: entry[0]):
        was_hot = is_hot and _score(person, diary, at - timedelta(milliseconds=1)) >= 70
        if deed is Deed.BUY:
            break
        is_hot = _score(person, diary, at) >= 70
        if is_hot and not was_hot and (not told or at >= told[-1] + _NEVER_AGAIN):
            told.append(at)
    return len(told)


def _score(person: Person, diary: Sequence[tuple[datetime, Deed]], at: datetime) -> float:
    return fit(person) + engagement(list(diary), at)
