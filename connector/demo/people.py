"""The people of the story: made up, and the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import cycle
from zoneinfo import ZoneInfo

from connector.demo.cast import ROLES, Role

ZONE = ZoneInfo("Europe/Rome")
#: A Monday, early enough in autumn for six weeks without a public holiday in Italy.
FIRST_DAY = date(2026, 9, 7)
DAYS = 42
BEGINS_AT = datetime.combine(FIRST_DAY, time(8), ZONE)
ENDS_AT = BEGINS_AT + timedelta(days=DAYS)

_FIRST_NAMES = ("Ada", "Bruno", "Chiara", "Dario", "Elena", "Franz", "Greta", "Hugo", "Ilse", "Jonas", "Katja", "Luca")
_LAST_NAMES = ("Albrecht", "Bassi", "Conti", "Danner", "Egger", "Ferrari", "Gruber", "Huber", "Kofler", "Lang", "Neri")
_COMPANIES = ("Alpen Metall", "Borea", "Cascata", "Dolomit Werke", "Etsch Maschinen", "Fonderia Nord", "Gardena")
_JOBS = ("Plant Manager", "Director of Operations", "Buyer", "Engineer", "Assistant", "Production Manager")
_COUNTRIES = ("Italy", "Germany", "Austria", "France", "Spain")
_INDUSTRIES = ("MACHINERY", "COMPUTER_SOFTWARE", "RETAIL", "INTERNET", "Industrial Engineering", "Hospitality")
_SIZES = ("1-5", "5-25", "25-50", "50-100", "100-500", "500-1000", "1000+")
_TOPICS = ("Planning with fewer people", "Energy costs", "Spare parts")
#: Moments of the day at which people find the report.
_HOURS = (time(10), time(11, 30), time(15))
#: How long after an email its reader clicks.
_DELAYS = (timedelta(hours=2), timedelta(hours=5), timedelta(hours=26))


@dataclass(frozen=True, slots=True)
class Person:
    """One contact: who they are, and when their story begins."""

    email: str
    role: Role
    firstname: str
    lastname: str
    #: Empty where the portal does not know it.
    company: str
    jobtitle: str
    country: str
    industry: str
    numemployees: str
    topic: str
    begins_at: datetime
    clicks_after: timedelta
    #: Of a customer: the day on which the contract ends.
    renewal_on: date | None

    @property
    def properties(self) -> dict[str, str]:
        """What the portal knows of them from the beginning."""
        known = {
            "firstname": self.firstname,
            "lastname": self.lastname,
            "company": self.company,
            "jobtitle": self.jobtitle,
            "country": self.country,
            "industry": self.industry,
            "numemployees": self.numemployees,
            "lifecyclestage": "customer" if self.role.is_customer else "lead",
            "renewal_date": self.renewal_on.isoformat() if self.renewal_on else "",
        }
        return {name: value for name, value in known.items() if value}


def invent(contacts: int, seed: int) -> Sequence[Person]:
    """So many people, each role at least once and in proportion to its share."""
    dice = random.Random(seed)
    roles = [role for role, amount in zip(ROLES, shares(contacts), strict=True) for _ in range(amount)]
    turns = cycle(_beginnings())
    return [_invent_one(number, role, next(turns), dice) for number, role in enumerate(roles, start=1)]


def shares(contacts: int) -> list[int]:
    """How many people play each role; at least one each."""
    whole = sum(role.share for role in ROLES)
    amounts = [max(1, contacts * role.share // whole) for role in ROLES]
    largest = max(range(len(ROLES)), key=lambda index: amounts[index])
    amounts[largest] = max(1, amounts[largest] + contacts - sum(amounts))
    return amounts


def _beginnings() -> Iterator[datetime]:
    for day in range(5):
        for hour in _HOURS:
            yield datetime.combine(FIRST_DAY + timedelta(days=day), hour, ZONE)


def _invent_one(number: int, role: Role, begins_at: datetime, dice: random.Random) -> Person:
    firstname, lastname = dice.choice(_FIRST_NAMES), dice.choice(_LAST_NAMES)
    return Person(
        email=f"{firstname}.{lastname}.{number}@example.com".lower(),
        role=role,
        firstname=firstname,
        lastname=lastname,
        company=dice.choice(_COMPANIES) if dice.random() < 0.9 else "",
        jobtitle=dice.choice(_JOBS),
        country=dice.choice(_COUNTRIES),
        industry=dice.choice(_INDUSTRIES),
        numemployees=dice.choice(_SIZES),
        topic=dice.choice(_TOPICS),
        begins_at=BEGINS_AT if role.is_customer else begins_at,
        clicks_after=dice.choice(_DELAYS),
        renewal_on=FIRST_DAY + timedelta(days=dice.randint(33, 35)) if role.is_customer else None,
    )
