"""The people of the story: made up, and the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import cycle
from zoneinfo import ZoneInfo

from connector.demo.cast import ROLES
from connector.demo.script import Role

ZONE = ZoneInfo("Europe/Rome")
#: A Monday, early enough in autumn for seven weeks without a public holiday in Italy. At their end the clocks change.
FIRST_DAY = date(2026, 9, 7)
DAYS = 49
BEGINS_AT = datetime.combine(FIRST_DAY, time(8), ZONE)
ENDS_AT = BEGINS_AT + timedelta(days=DAYS)

_FIRST_NAMES = ("Ada", "Bruno", "Chiara", "Dario", "Elena", "Franz", "Greta", "Hugo", "Ilse", "Jonas", "Katja", "Luca")
_LAST_NAMES = ("Albrecht", "Bassi", "Conti", "Danner", "Egger", "Ferrari", "Gruber", "Huber", "Kofler", "Lang", "Neri")
_COMPANIES = ("Alpen Metall", "Borea", "Cascata", "Dolomit Werke", "Etsch Maschinen", "Fonderia Nord", "Gardena")
_JOBS = ("Plant Manager", "Director of Operations", "Buyer", "Engineer", "Assistant", "Production Manager")
_COUNTRIES = ("Italy", "Germany", "Austria", "France", "Spain")
_INDUSTRIES = ("MACHINERY", "COMPUTER_SOFTWARE", "RETAIL", "INTERNET", "Industrial Engineering", "Hospitality")
_SIZES = ("1-5", "5-25", "25-50", "50-100", "100-500", "500-1000", "1000+")
#: Moments of the day at which stories begin.
_HOURS = (time(10), time(14))
#: How long after an email its reader clicks.
_DELAYS = (timedelta(hours=2), timedelta(hours=26))


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
    begins_at: datetime
    clicks_after: timedelta

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
            "contract_state": "active" if self.role.is_customer else "",
        }
        return {name: value for name, value in known.items() if value}


def invent(contacts: int, seed: int) -> Sequence[Person]:
    """So many people, each role at least once and in proportion to its share."""
    dice = random.Random(seed)
    roles = [role for role, amount in zip(ROLES, shares(contacts), strict=True) for _ in range(amount)]
    turns = cycle(_beginnings())
    return [_invent_one(number, role, next(turns), dice) for number, role in enumerate(roles, start=1)]


def shares(contacts: int) -> list[int]:
    """How many people play each role: at least one each, so that at least as many are needed as there are roles."""
    whole, free = sum(role.share for role in ROLES), contacts - len(ROLES)
    amounts = [1 + free * role.share // whole for role in ROLES]
    amounts[-1] += contacts - sum(amounts)
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
        begins_at=begins_at,
        clicks_after=dice.choice(_DELAYS),
    )
