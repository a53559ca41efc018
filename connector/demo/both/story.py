"""What happens to Mara Rossi, step by step, and what both CRMs must hold then.

The points and phases stand here once more, apart from `mappings/both`, so that a mistake there is seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from connector.demo.people import FIRST_DAY, ZONE

EMAIL = "mara.rossi@example.com"
FORM = "Report"
#: The portal's emails, by the lists whose members they are sent to.
EMAILS = {"Coltiva – thank you for reading": "thank you for reading", "Coltiva – welcome": "welcome"}
THANKS = "thank you for reading"
#: Users: Ben makes first calls in Salesforce; Rita sells, and is known in both CRMs.
BEN, RITA = "Ben Bianchi", "Rita Riva"
TASK = "Mara Rossi is ready for sales"
WORKED_ON, WON = "Working - Contacted", "Closed Won"


class Deed(StrEnum):
    """What somebody does in one of the CRMs."""

    ASK = "ask"
    CLICK = "click"
    NOTE_DOWN = "note down"
    CALL = "call"
    CONVERT = "convert"
    WIN = "win"


@dataclass(frozen=True, slots=True)
class Step:
    """One moment of the story."""

    #: Days after the first one, and the hour on the clock on the wall.
    day: int
    hour: time
    #: Where it happens.
    crm: str
    #: In words for people.
    what: str
    deed: Deed
    #: What it adds to the score.
    points: int
    #: Where she stands from then on.
    phase: str

    @property
    def at(self) -> datetime:
        """The moment."""
        return datetime.combine(FIRST_DAY + timedelta(days=self.day), self.hour, ZONE)


STORY = (
    Step(0, time(10), "HubSpot", "Mara Rossi, software, fills in the form “Report”", Deed.ASK, 20 + 15, "reading"),
    Step(0, time(11, 30), "HubSpot", "Mara clicks a link in the email", Deed.CLICK, 10, "deciding"),
    Step(1, time(14), "Salesforce", "Ben types in her card from a fair: a new lead", Deed.NOTE_DOWN, 0, "deciding"),
    Step(2, time(9, 30), "Salesforce", f"Ben calls her: status “{WORKED_ON}”", Deed.CALL, 20, "deciding"),
    Step(
        2,
        time(16),
        "Salesforce",
        "Rita does her task and converts the lead: contact, opportunity",
        Deed.CONVERT,
        0,
        "deciding",
    ),
    Step(17, time(15), "Salesforce", f"Rita wins the opportunity: “{WON}”", Deed.WIN, 25, "customer"),
)


@dataclass(frozen=True, slots=True)
class Held:
    """What one CRM shows of her."""

    #: `contact`, or `lead` in Salesforce until it is converted.
    record: str
    score: float | None
    phase: str
    #: The name of whoever owns the record; empty for nobody.
    owner: str
    #: Subjects.
    tasks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """Both CRMs at one moment, a record for each that there is."""

    hubspot: tuple[Held, ...]
    salesforce: tuple[Held, ...]


def expect(steps: int) -> Shown:
    """Both CRMs after so many steps."""
    done = [step.deed for step in STORY[:steps]]
    score, phase = sum(step.points for step in STORY[:steps]), STORY[steps - 1].phase
    is_sold = Deed.CALL in done
    owner = RITA if is_sold else ""
    hubspot = (Held("contact", score, phase, owner),)
    if Deed.NOTE_DOWN not in done:
        return Shown(hubspot, ())
    record = "contact" if Deed.CONVERT in done else "lead"
    return Shown(hubspot, (Held(record, score, phase, owner or BEN, (TASK,) if is_sold else ()),))
