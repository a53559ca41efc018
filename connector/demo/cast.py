"""The roles: how each sort of person behaves for six weeks, and where `mappings/acme` must have led them.

Moments are counted from the person's own beginning: for a prospect the moment of reading the report, in the first
five days; for a customer the first day of the story.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum


class Deed(StrEnum):
    """What a person does, or what sales does with the person."""

    READ_REPORT = "read a report"
    ATTEND_EVENT = "attended an event"
    BOOK_MEETING = "booked a meeting"
    OPT_OUT = "opted out"
    BUY = "bought"
    RENEW = "renewed"
    CLICK = "clicked"
    BOUNCE = "bounced"


class Email(StrEnum):
    """The marketing emails that the portal's own workflows send to whoever joins a list."""

    THANK_YOU = "Thank you for reading"
    SECOND_READ = "Second read"
    SHORT_FILM = "Short film"
    CASE_STUDY = "Case study"
    WEBINAR = "Webinar invitation"
    NEWSLETTER = "Newsletter"
    RENEWAL_REMINDER = "Renewal reminder"
    RENEWAL_BENEFITS = "Renewal benefits"
    EXIT_SURVEY = "Exit survey"
    WIN_BACK = "Win-back"


#: The list that each email is sent to, as `mappings/acme/lists.yaml` names it.
LISTS: Mapping[str, Email] = {
    "Coltiva – thank you for reading": Email.THANK_YOU,
    "Coltiva – second read": Email.SECOND_READ,
    "Coltiva – short film": Email.SHORT_FILM,
    "Coltiva – case study": Email.CASE_STUDY,
    "Coltiva – webinar invitation": Email.WEBINAR,
    "Coltiva – newsletter": Email.NEWSLETTER,
    "Coltiva – renewal reminder": Email.RENEWAL_REMINDER,
    "Coltiva – renewal benefits": Email.RENEWAL_BENEFITS,
    "Coltiva – exit survey": Email.EXIT_SURVEY,
    "Coltiva – win-back": Email.WIN_BACK,
}


@dataclass(frozen=True, slots=True)
class Ending:
    """Where a role must have led, in the CRM."""

    #: `coltiva_phase` and `coltiva_renewal_phase`; empty where the person never entered the program.
    phase: str = ""
    renewal_phase: str = ""
    #: The emails whose lists still hold the person.
    awaiting: tuple[Email, ...] = ()
    #: How many tasks ask to call an interested reader, to offer a renewal, to talk to somebody who may come back.
    calls: int = 0
    offers: int = 0
    comebacks: int = 0
    notes: int = 0


@dataclass(frozen=True, slots=True)
class Role:
    """A sort of person."""

    name: str
    #: For the account at the end.
    story: str
    #: How many of 300.
    share: int
    ending: Ending
    is_customer: bool = False
    #: Email -> which of its sendings are clicked: the first, the second.
    clicks: Mapping[Email, tuple[int, ...]] = field(default_factory=dict)
    #: The email whose address turns out to be dead.
    bounces: Email | None = None
    #: What happens so long after the person's beginning.
    deeds: tuple[tuple[timedelta, Deed], ...] = ()


def _days(number: float) -> timedelta:
    return timedelta(days=number)


_NOW = timedelta()
_AWARENESS = {Email.THANK_YOU: (1,), Email.SECOND_READ: (1,)}
_CONSIDERATION = {Email.CASE_STUDY: (1,), Email.WEBINAR: (1,)}

ROLES = (
    Role(
        "convinced reader",
        "clicks everything and books a meeting",
        share=30,
        clicks={**_AWARENESS, **_CONSIDERATION},
        deeds=((_NOW, Deed.READ_REPORT), (_days(22), Deed.BOOK_MEETING)),
        ending=Ending(phase="decision", calls=1, notes=1),
    ),
    Role(
        "slow reader",
        "clicks the second email only when it comes again, takes the webinar, skips the case study",
        share=30,
        clicks={Email.THANK_YOU: (1,), Email.SECOND_READ: (2,), Email.WEBINAR: (1,)},
        deeds=((_NOW, Deed.READ_REPORT),),
        ending=Ending(phase="decision", calls=1),
    ),
    Role(
        "silent reader",
        "reads the report and nothing else",
        share=60,
        deeds=((_NOW, Deed.READ_REPORT),),
        ending=Ending(phase="newsletter", awaiting=(Email.NEWSLETTER,)),
    ),
    Role(
        "late reader",
        "wakes up at the short film and then clicks everything",
        share=20,
        clicks={Email.SHORT_FILM: (1,), Email.THANK_YOU: (2,), Email.SECOND_READ: (2,), **_CONSIDERATION},
        deeds=((_NOW, Deed.READ_REPORT),),
        ending=Ending(phase="decision", calls=1),
    ),
    Role(
        "unsubscriber",
        "clicks once and opts out after five days",
        share=15,
        clicks={Email.THANK_YOU: (1,)},
        deeds=((_NOW, Deed.READ_REPORT), (_days(5), Deed.OPT_OUT)),
        ending=Ending(phase="awareness"),
    ),
    Role(
        "dead address",
        "the first email bounces",
        share=10,
        bounces=Email.THANK_YOU,
        deeds=((_NOW, Deed.READ_REPORT),),
        ending=Ending(phase="awareness"),
    ),
    Role(
        "quick buyer",
        "clicks, and buys after eight days",
        share=15,
        clicks={**_AWARENESS, Email.CASE_STUDY: (1,)},
        deeds=((_NOW, Deed.READ_REPORT), (_days(8), Deed.BUY)),
        ending=Ending(phase="consideration"),
    ),
    Role(
        "event goer",
        "attends two events and reads nothing",
        share=30,
        deeds=((_days(3), Deed.ATTEND_EVENT), (_days(20), Deed.ATTEND_EVENT)),
        ending=Ending(),
    ),
    Role("bystander", "does nothing at all", share=40, ending=Ending()),
    Role(
        "loyal customer",
        "clicks the renewal reminder and renews",
        share=15,
        is_customer=True,
        clicks={Email.RENEWAL_REMINDER: (1,)},
        deeds=((_days(17), Deed.RENEW),),
        ending=Ending(renewal_phase="offer", offers=1, notes=2),
    ),
    Role(
        "doubting customer",
        "misses the reminder, looks at the benefits, meets sales",
        share=15,
        is_customer=True,
        clicks={Email.RENEWAL_BENEFITS: (1,)},
        deeds=((_days(20), Deed.BOOK_MEETING),),
        ending=Ending(renewal_phase="offer", offers=1, comebacks=1, notes=1),
    ),
    Role(
        "lost customer",
        "answers nothing any more",
        share=20,
        is_customer=True,
        ending=Ending(renewal_phase="survey", notes=1),
    ),
)
