"""The roles: every way through the three worked programs of `mappings/programs`, each with what it must bring.

Days are counted as the programs count them: from the message or the deed before, and on to the next working day.
"""

from __future__ import annotations

from connector.demo.script import Beat, Call, Deed, Does, Gets, Message, Role, clicks

#: In days.
_HOUR = 1 / 24
_ENERGY: tuple[Beat, ...] = (
    Does(Deed.READ_ENERGY, 0),
    Does(Deed.ASK_REPORT, 2 * _HOUR),
    Gets(Message.THANKS_ENERGY),
)
_SECOND_ENERGY = Gets(Message.SECOND_ENERGY, 7, since=Message.THANKS_ENERGY)
_NEWSLETTER = Gets(Message.NEWSLETTER, 7, since=Message.SECOND_ENERGY)
_FILM = Gets(Message.FILM, 10, since=Message.SECOND_ENERGY)
_WELCOMED: tuple[Beat, ...] = (
    Gets(Message.HELLO, is_sure=False),
    clicks(),
    Gets(Message.BEST_ENERGY, 2),
)

NEW_CONTACTS = (
    Role(
        "subscriber",
        "clicks everything and orders the newsletter",
        share=15,
        script=(
            *_ENERGY,
            clicks(),
            _SECOND_ENERGY,
            clicks(),
            _NEWSLETTER,
            clicks(),
            Does(Deed.ORDER_NEWSLETTER, 2),
            *_WELCOMED,
            clicks(),
        ),
        ends={"new_contact": ("newsletter", "completed")},
    ),
    Role(
        "late clicker",
        "skims energy often, reads planning longest, and clicks the second message alone",
        share=15,
        script=(
            Does(Deed.SKIM_ENERGY, 0),
            Does(Deed.SKIM_ENERGY, 2 * _HOUR),
            Does(Deed.SKIM_ENERGY, 4 * _HOUR),
            Does(Deed.READ_PLANNING, 4 * _HOUR),
            Does(Deed.ASK_REPORT, 6 * _HOUR),
            Gets(Message.THANKS_PLANNING),
            Gets(Message.SECOND_PLANNING, 7),
            clicks(),
            Gets(Message.NEWSLETTER, 7, since=Message.SECOND_PLANNING),
        ),
        ends={"new_contact": ("newsletter", "exited")},
    ),
    Role(
        "stranger",
        "comes by the form, clicks the first message alone",
        share=12,
        script=(
            Does(Deed.ASK_REPORT, 0),
            Gets(Message.THANKS_REPORT),
            clicks(),
            Gets(Message.SECOND_REPORT, 7, since=Message.THANKS_REPORT),
            Gets(Message.NEWSLETTER, 7),
            clicks(),
        ),
        ends={"new_contact": ("newsletter", "completed")},
        is_stranger=True,
    ),
    Role(
        "quick subscriber",
        "orders the newsletter before being asked",
        share=8,
        script=(*_ENERGY, _SECOND_ENERGY, Does(Deed.ORDER_NEWSLETTER, 2), *_WELCOMED),
        ends={"new_contact": ("reading", "won")},
    ),
    Role(
        "film goer",
        "clicks nothing but the film",
        share=10,
        script=(*_ENERGY, _SECOND_ENERGY, _FILM, clicks()),
        ends={"new_contact": ("film", "completed")},
    ),
    Role(
        "follower",
        "follows the company after the film",
        share=8,
        script=(*_ENERGY, _SECOND_ENERGY, _FILM, Does(Deed.FOLLOW, 2)),
        ends={"new_contact": ("film", "won")},
    ),
    Role(
        "silent reader",
        "clicks nothing at all",
        share=30,
        script=(*_ENERGY, _SECOND_ENERGY, _FILM),
        ends={"new_contact": ("film", "exited")},
    ),
    Role(
        "unsubscriber",
        "clicks once and opts out after five days",
        share=10,
        script=(*_ENERGY, clicks(), Does(Deed.OPT_OUT, 5)),
        ends={"new_contact": ("reading", "exited")},
    ),
    Role(
        "dead address",
        "cannot be reached: the first message bounces",
        share=6,
        script=(*_ENERGY, Does(Deed.BOUNCE, 2 * _HOUR)),
        ends={"new_contact": ("reading", "exited")},
    ),
    Role(
        "quick buyer",
        "signs a contract within the week",
        share=6,
        script=(*_ENERGY, Does(Deed.SIGN, 4)),
        ends={"new_contact": ("reading", "exited")},
    ),
)

_GUEST: tuple[Beat, ...] = (Does(Deed.ATTEND, 0), Does(Deed.ATTEND, 2), Gets(Message.RECAP))
_REQUEST = Gets(Message.REQUEST, 7, since=Message.RECAP)
_ASKED: tuple[Beat, ...] = (_REQUEST, Gets(Message.NEWS, 3))
_THANKED: tuple[Beat, ...] = (Does(Deed.GIVE_FEEDBACK, 1), Gets(Message.THANKS_EVENT))

KNOWN_CONTACTS = (
    Role(
        "hot guest",
        "gives feedback, opens the link and books a meeting",
        share=12,
        script=(
            *_GUEST,
            Does(Deed.ATTEND, 1),
            Does(Deed.GIVE_FEEDBACK, 2),
            Gets(Message.THANKS_BOOKING),
            Gets(Message.NEWS, 3),
            clicks(),
            Gets(Message.INVITATION, 7),
            Does(Deed.BOOK, 1),
        ),
        ends={"known_contact": ("meeting", "won")},
    ),
    Role(
        "guest",
        "gives feedback, opens the link and the invitation",
        share=10,
        script=(*_GUEST, *_THANKED, Gets(Message.NEWS, 3), clicks(), Gets(Message.INVITATION, 7), clicks()),
        ends={"known_contact": ("meeting", "completed")},
    ),
    Role(
        "brief guest",
        "gives feedback and opens nothing",
        share=8,
        script=(*_GUEST, *_THANKED, Gets(Message.NEWS, 3)),
        ends={"known_contact": ("thanks", "completed")},
    ),
    Role(
        "reminded guest",
        "gives feedback when asked again, and ignores the invitation",
        share=8,
        script=(*_GUEST, _REQUEST, *_THANKED, Gets(Message.NEWS, 3), clicks(), Gets(Message.INVITATION, 7)),
        ends={"known_contact": ("meeting", "completed")},
    ),
    Role(
        "slow guest",
        "opens the news, and only then gives feedback",
        share=6,
        script=(
            *_GUEST,
            *_ASKED,
            clicks(),
            Does(Deed.GIVE_FEEDBACK, 4),
            Gets(Message.THANKS_EVENT),
            Gets(Message.INVITATION, 8),
            clicks(),
        ),
        ends={"known_contact": ("meeting", "completed")},
    ),
    Role(
        "news reader",
        "opens the news and says nothing",
        share=6,
        script=(*_GUEST, *_ASKED, clicks()),
        ends={"known_contact": ("news", "completed")},
    ),
    Role(
        "late guest",
        "gives feedback after the news and opens nothing",
        share=4,
        script=(*_GUEST, *_ASKED, Does(Deed.GIVE_FEEDBACK, 4), Gets(Message.THANKS_EVENT)),
        ends={"known_contact": ("news", "completed")},
    ),
    Role(
        "recap reader",
        "clicks the recap and does nothing more",
        share=6,
        script=(*_GUEST, clicks(), *_ASKED),
        ends={"known_contact": ("news", "completed")},
    ),
    Role(
        "shopper",
        "reacts to nothing, had left a cart, and orders when reminded of it again",
        share=6,
        script=(
            Does(Deed.LEAVE_CART, 0),
            Gets(Message.CART, _HOUR, is_daily=True),
            Gets(Message.CART_HELP, 1, is_daily=True),
            Does(Deed.ATTEND, 2),
            Does(Deed.ATTEND, 3),
            Gets(Message.RECAP),
            *_ASKED,
            Gets(Message.CART, 7 + _HOUR, is_daily=True),
            Does(Deed.ORDER, 4 * _HOUR),
        ),
        ends={"known_contact": ("news", "completed")},
    ),
    Role(
        "browser",
        "reacts to nothing, but reads about energy",
        share=8,
        script=(
            Does(Deed.READ_ENERGY, 0),
            *_GUEST,
            *_ASKED,
            Gets(Message.THANKS_ENERGY, 7),
            clicks(),
            _SECOND_ENERGY,
            _NEWSLETTER,
            clicks(),
        ),
        ends={"known_contact": ("news", "completed"), "new_contact": ("newsletter", "completed")},
    ),
    Role(
        "silent guest",
        "reacts to nothing and does nothing else",
        share=8,
        script=(*_GUEST, *_ASKED, Gets(Message.BEST, 7, is_sure=False)),
        ends={"known_contact": ("news", "completed")},
    ),
)

_LOST: tuple[Beat, ...] = (Does(Deed.END_CONTRACT, 0), Gets(Message.RENEW))
_BENEFITS = Gets(Message.BENEFITS, 7, since=Message.RENEW)
_REMINDER = Gets(Message.REMINDER, 10, since=Message.BENEFITS)
_SURVEYED: tuple[Beat, ...] = (*_LOST, _BENEFITS, _REMINDER, Gets(Message.WHY, 7))


def _lost(name: str, story: str, share: int, script: tuple[Beat, ...], end: tuple[str, str], notes: int) -> Role:
    return Role(name, story, share, script, {"lost_customer": end}, notes, is_customer=True)


LOST_CUSTOMERS = (
    _lost("renewer", "clicks and renews", 8, (*_LOST, clicks(), Does(Deed.SIGN, 3)), ("renewal", "won"), 2),
    _lost(
        "doubter",
        "looks at the benefits and agrees on a meeting when called",
        8,
        (*_LOST, _BENEFITS, clicks(), Call(7), Does(Deed.BOOK, 12)),
        ("back", "completed"),
        2,
    ),
    _lost(
        "hesitant customer",
        "clicks the second offer, is called in vain and asked why",
        6,
        (*_LOST, _BENEFITS, _REMINDER, clicks(), Call(7), Gets(Message.WHY, 14)),
        ("survey", "running"),
        1,
    ),
    _lost(
        "critic of the price",
        "names the price, and clicks what answers that",
        6,
        (*_SURVEYED, Does(Deed.BLAME_PRICE, 1), Gets(Message.HEARD), clicks()),
        ("back", "completed"),
        2,
    ),
    _lost(
        "won back",
        "names the product, and renews after the answer",
        5,
        (*_SURVEYED, Does(Deed.BLAME_PRODUCT, 2), Gets(Message.HEARD), Does(Deed.SIGN, 3)),
        ("follow_up", "won"),
        2,
    ),
    _lost(
        "mover",
        "names something else and leaves it at that",
        4,
        (*_SURVEYED, Does(Deed.LEAVE_SURVEY, 1), Gets(Message.HEARD)),
        ("follow_up", "running"),
        1,
    ),
    Role(
        "lost customer",
        "answers nothing any more",
        share=10,
        script=(*_SURVEYED, Gets(Message.THANKS_REPORT, 14), Gets(Message.SECOND_REPORT, 7)),
        ends={"lost_customer": ("survey", "completed"), "new_contact": ("reading", "running")},
        notes=1,
        is_customer=True,
    ),
    _lost("late renewer", "renews in between", 6, (*_LOST, _BENEFITS, Does(Deed.SIGN, 4)), ("benefits", "won"), 2),
    _lost("leaver", "opts out", 4, (*_LOST, Does(Deed.OPT_OUT, 1)), ("renewal", "exited"), 1),
)

OTHERS = (
    Role("passer-by", "comes to one event", share=11, script=(Does(Deed.ATTEND, 3),)),
    Role("bystander", "does nothing at all", share=30, script=()),
)

ROLES = (*NEW_CONTACTS, *KNOWN_CONTACTS, *LOST_CUSTOMERS, *OTHERS)
