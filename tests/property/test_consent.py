"""No book, no life and no order of arrival ever sends an email to whom none may be sent at that moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.domain.book import Book, compile_book
from connector.domain.conditions.condition import SignalTest
from connector.domain.decide import Decision, fold, needs_refold
from connector.domain.definitions import Definitions, EmailRule
from connector.domain.fact import CommandName, Fact, FactKind, OutcomeName, RecordName
from connector.domain.history import HistoryKind
from connector.domain.lead import Lead, Standing, blank
from connector.domain.outward.change import Act, ChangeKind
from connector.domain.outward.consent import refusal_at_the_door
from connector.domain.programs.program import Activity, EmailSend
from tests.builders import CRM, LEAD, START, on
from tests.property.books import HORIZON, NUMBERS, OPTED_OUT, a_fact, a_moment, workspace

BOUNCE = "bounced"
EMAILS = (EmailRule("careful", {CRM: 1}, needs_known_consent=True), EmailRule("plain", {CRM: 2}))
SOME_BOOKS = settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60, deadline=None)


def mailing(number: int) -> Definitions:
    """A random workspace in which most of what is sent are emails; in one of five nobody says who opted out."""
    random = Random(number)
    defined = workspace(random, "v1")
    programs = tuple(
        replace(
            each,
            phases=tuple(
                replace(phase, activities=tuple(perhaps_mail(random, activity) for activity in phase.activities))
                for phase in each.phases
            ),
        )
        for each in defined.programs
    )
    easy = replace(programs[0], enrol=(on("came"),), goal=(), exit=(), again_after=timedelta(hours=1))
    is_silent = random.random() < 0.2
    fields = tuple(each for each in defined.fields if not (is_silent and each is OPTED_OUT))
    return replace(
        defined, programs=(easy, *programs[1:]), fields=fields, emails=EMAILS, suppress_on=(SignalTest(BOUNCE),)
    )


def perhaps_mail(random: Random, activity: Activity) -> Activity:
    return replace(activity, send=EmailSend(random.choice(EMAILS).name)) if random.random() < 0.7 else activity


def a_consent_fact(random: Random, key: str) -> Fact:
    """Any fact, or one that changes whether the lead may be mailed."""
    kind, moment = random.randrange(8), a_moment(random)
    if kind < 2:
        said = {"hs_email_optout": random.choice(("true", "false", ""))}
        return Fact(key, moment, FactKind.RECORD, RecordName.CHANGED, CRM, said)
    if kind == 2:
        return Fact(key, moment, FactKind.SIGNAL, BOUNCE, "api")
    if kind == 3:
        return Fact(key, moment, FactKind.COMMAND, CommandName.LIFT, "cli")
    if kind == 4:
        return Fact(
            key, moment, FactKind.RECORD, RecordName.CHANGED, CRM, {"email": random.choice(("a@example.com", ""))}
        )
    if kind == 5:
        return Fact(key, moment, FactKind.SIGNAL, "came", "api")
    return a_fact(random, key, (FactKind.SIGNAL, FactKind.SIGNAL, FactKind.COMMAND))


def lives() -> st.SearchStrategy[list[Fact]]:
    def live(numbers: list[int]) -> list[Fact]:
        known = {"email": "ada@example.com", "hs_email_optout": Random(sum(numbers)).choice(("false", "", "true"))}
        first = Fact("first", START, FactKind.RECORD, RecordName.BASELINE, CRM, known)
        return [first, *(a_consent_fact(Random(number), f"k{index}") for index, number in enumerate(numbers))]

    return st.lists(NUMBERS, min_size=3, max_size=25).map(live)


class Post:
    """Facts arrive in any order; between them emails leave through the door, as the engine lets them."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.facts: list[Fact] = []
        self.lead: Lead = blank(LEAD, "v1")
        self.waiting: dict[str, Act] = {}
        self.closed: set[str] = set()
        self.sent: list[tuple[Act, Lead, list[Fact]]] = []

    def receive(self, fact: Fact, now: datetime) -> None:
        self.facts.append(fact)
        if needs_refold(self.lead, [fact]):
            self._keep(fold(lambda _: self.book, blank(LEAD, "v1"), self.facts, now), anew=True)
        else:
            self._keep(fold(lambda _: self.book, self.lead, [fact], now))

    def let_out(self, now: datetime) -> None:
        """Every email whose time has come leaves or is withdrawn, and its lead is told."""
        self._keep(fold(lambda _: self.book, self.lead, [], now))
        due = [act for act in self.waiting.values() if act.due_at <= now]
        for act in due:
            refused = refusal_at_the_door(self.book, self.lead, act)
            name = OutcomeName.WITHDRAWN if refused else OutcomeName.SENT
            if not refused:
                self.sent.append((act, self.lead, list(self.facts)))
            self.closed.add(act.key)
            del self.waiting[act.key]
            self.receive(Fact(f"outcome:{act.key}", now, FactKind.OUTCOME, name, CRM, {"act": act.key}), now)

    def _keep(self, decision: Decision, *, anew: bool = False) -> None:
        self.lead = decision.lead
        emails = {act.key: act for act in decision.acts if act.kind is ChangeKind.EMAIL}
        if anew:
            self.waiting.clear()
        self.waiting |= {key: act for key, act in emails.items() if key not in self.closed}


def says_no(facts: list[Fact]) -> bool:
    """Read off the facts alone: the last word on opting out is yes, or a bounce stands that nobody lifted."""
    opted_out, stopped = False, False
    for fact in sorted(facts, key=lambda fact: fact.position):
        if "hs_email_optout" in fact.data:
            opted_out = fact.data["hs_email_optout"] == "true"
        if fact.kind is FactKind.SIGNAL and fact.name == BOUNCE:
            stopped = True
        if fact.kind is FactKind.COMMAND and fact.name == CommandName.LIFT:
            stopped = False
    return opted_out or stopped


def consent_word(facts: list[Fact]) -> str:
    words = [
        fact.data["hs_email_optout"]
        for fact in sorted(facts, key=lambda f: f.position)
        if "hs_email_optout" in fact.data
    ]
    return str(words[-1])


@SOME_BOOKS
@given(number=NUMBERS, facts=lives(), order=st.randoms(use_true_random=False))
def test_nobody_is_mailed_who_may_not_be_at_that_moment(number: int, facts: list[Fact], order: Random) -> None:
    defined = mailing(number)
    has_consent_field = OPTED_OUT in defined.fields
    post = Post(compile_book(defined))
    first, *rest = facts
    order.shuffle(rest)
    now = START + timedelta(hours=1)

    post.receive(first, now)
    for fact in rest:
        now = max(now + timedelta(hours=order.choice((0, 1, 30))), fact.at)
        post.receive(fact, now)
        if order.random() < 0.6:
            post.let_out(now)
    post.let_out(START + HORIZON * 3)

    for act, lead, known in post.sent:
        assert act.email is not None
        assert has_consent_field
        assert lead.standing is Standing.ACTIVE
        assert not says_no(known)
        assert act.email.name != "careful" or consent_word(known) == "false"
    assert len({act.key for act, _, _ in post.sent}) == len(post.sent)


@SOME_BOOKS
@given(number=NUMBERS, facts=lives(), order=st.randoms(use_true_random=False))
def test_whether_messages_are_stopped_does_not_depend_on_the_order_of_arrival(
    number: int, facts: list[Fact], order: Random
) -> None:
    book, now = compile_book(mailing(number)), START + HORIZON * 2
    whole = fold(lambda _: book, blank(LEAD, "v1"), facts, now)
    shuffled = Post(book)
    order.shuffle(facts)

    for fact in facts:
        shuffled.receive(fact, now)

    assert shuffled.lead == whole.lead
    history = [entry.kind for entry in whole.history if entry.kind in (HistoryKind.SUPPRESSED, HistoryKind.LIFTED)]
    assert all(one is not other for one, other in pairwise(history))
