"""The words in which a role is written: what a person does, and what the programs then owe to them, and when.

A script tells one life as beats in their order. What is done is played in the portal (`life`); what must come is held
against what came (`expected`). Both follow from the same lines, which is why these are as plain as they can be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum


class Deed(StrEnum):
    """What a person does, or what becomes of them."""

    # HubSpot's forms, which are asked for.
    ASK_REPORT = "asked for the report"
    ORDER_NEWSLETTER = "ordered the newsletter"
    # HubSpot's properties and meetings, told by webhooks.
    ATTEND = "attended an event"
    CLICK = "clicked"
    BOUNCE = "bounced"
    BOOK = "booked a meeting"
    OPT_OUT = "opted out"
    END_CONTRACT = "let the contract end"
    SIGN = "signed a contract"
    # ACME's site, shop and survey tool, told through the signals API.
    READ_ENERGY = "read about energy"
    SKIM_ENERGY = "skimmed a page on energy"
    READ_PLANNING = "read about planning"
    FOLLOW = "followed the company"
    GIVE_FEEDBACK = "gave feedback"
    BLAME_PRICE = "named the price"
    BLAME_PRODUCT = "named the product"
    LEAVE_SURVEY = "named something else"
    LEAVE_CART = "left a cart"
    ORDER = "ordered"


class Message(StrEnum):
    """The portal's marketing emails, by their names there."""

    THANKS_ENERGY = "thank you, energy"
    THANKS_PLANNING = "thank you, planning"
    THANKS_REPORT = "thank you for reading"
    SECOND_ENERGY = "second read, energy"
    SECOND_PLANNING = "second read, planning"
    SECOND_REPORT = "second read"
    NEWSLETTER = "newsletter invitation"
    FILM = "film, follow us"

    RECAP = "recap of the event, your feedback"
    THANKS_BOOKING = "thank you, book a talk"
    THANKS_EVENT = "thank you, our next event"
    REQUEST = "your feedback, once more"
    NEWS = "related news"
    INVITATION = "meeting_invitation"

    RENEW = "renew"
    BENEFITS = "what you gain"
    REMINDER = "renew, another offer"
    WHY = "why did you go"
    HEARD = "after_survey"

    HELLO = "welcome"
    BEST_ENERGY = "the best on energy"
    BEST = "the best of all"
    CART = "your cart"
    CART_HELP = "may we help"

    @property
    def list_title(self) -> str:
        """The list whose workflow sends it; empty for a single send."""
        return "" if self in SINGLE_SENDS else f"Coltiva – {self}"


#: Single send -> the number of the email in the portal.
SINGLE_SENDS: Mapping[Message, int] = {Message.INVITATION: 48211734, Message.HEARD: 48211735}
_DAY = timedelta(days=1)
_SHORT = {Message.THANKS_BOOKING: 1, Message.THANKS_EVENT: 1, Message.RENEW: 7, Message.BENEFITS: 10}
#: How many days a list keeps a reader who does nothing.
KEPT_DAYS: Mapping[Message, int] = {message: _SHORT.get(message, 14) for message in Message}


@dataclass(frozen=True, slots=True)
class Does:
    """The person acts, `after` days from the message before, or from the beginning of their story."""

    deed: Deed
    #: None: in their own time, some hours after the message.
    after: float | None = None


@dataclass(frozen=True, slots=True)
class Gets:
    """The person must be sent this, `after` days from the beat before, or from the message `since`."""

    message: Message
    after: float = 0
    since: Message | None = None
    #: Five of a hundred are held out of this program for comparison: they get neither this nor what follows.
    is_sure: bool = True
    #: Leaves on any day, a weekend too.
    is_daily: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """Sales must be asked to call, `after` days from the beat before."""

    after: float


Beat = Does | Gets | Call


@dataclass(frozen=True, slots=True)
class Role:
    """A sort of person: one way through the programs."""

    name: str
    #: For the account at the end: who ...
    story: str
    #: How many of 300.
    share: int
    script: tuple[Beat, ...]
    #: Program -> the phase and the state in which it must have left the contact.
    ends: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    notes: int = 0
    is_customer: bool = False
    #: Comes into the portal with the first form.
    is_stranger: bool = False


def clicks() -> Does:
    """The last message is clicked."""
    return Does(Deed.CLICK)
