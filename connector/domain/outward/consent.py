"""Who may be sent messages, and what becomes of those that were to leave.

Consent is looked at twice: when an activity is due, and again when its email is about to leave, which may be hours
later. What became of an email comes back as a fact.
"""

from __future__ import annotations

from collections.abc import Mapping

from connector.domain.book import Book
from connector.domain.draft import Draft
from connector.domain.fact import START, CommandName, Fact, FactKind, OutcomeName, Value
from connector.domain.field import FieldRole
from connector.domain.history import HistoryKind
from connector.domain.lead import Latest, Lead, Standing
from connector.domain.outward.change import Act
from connector.domain.programs.program import EmailSend, ListSend, Send

#: What became of an email for good. A failed one waits as a dead letter.
_CLOSED = frozenset({OutcomeName.SENT, OutcomeName.SUPPRESSED, OutcomeName.WITHDRAWN})


def refusal(book: Book, lead: Lead | Draft, *, needs_known: bool = False) -> str:
    """Why the lead is sent no message now; empty when it may be."""
    if lead.suppressed_by:
        return f"messages were stopped by {lead.suppressed_by}"
    name = book.roles.get(FieldRole.CONSENT)
    if name is None:
        return "no field says who opted out of email"
    opted_out = lead.fields.get(name)
    if opted_out is True:
        return "opted out of email"
    if needs_known and opted_out is None:
        return "whether it opted out of email is not known"
    return ""


def refusal_of(draft: Draft, send: Send) -> str:
    """Why this is not sent to the lead now; tasks and notes are for sales and need no consent."""
    if isinstance(send, ListSend):
        return refusal(draft.book, draft) if draft.is_opted_out else ""
    if isinstance(send, EmailSend):
        rule = draft.book.emails.get(send.email)
        return refusal(draft.book, draft, needs_known=rule is not None and rule.needs_known_consent)
    return ""


def refusal_at_the_door(book: Book, lead: Lead, act: Act) -> str:
    """Why an email that is about to leave must not; empty when it may."""
    if lead.standing is not Standing.ACTIVE:
        return "its record is deleted in the CRM"
    needs_known = act.email is not None and act.email.needs_known_consent
    return refusal(book, lead, needs_known=needs_known) or ("" if address(book, lead) else "it has no email address")


def address(book: Book, lead: Lead) -> str:
    """Where the lead's email goes now; empty where it has no address."""
    name = book.roles.get(FieldRole.IDENTITY)
    return str(lead.fields.get(name, "")) if name else ""


def take_signal(draft: Draft, name: str, attributes: Mapping[str, Value]) -> None:
    """Remember the signal for texts that look at it, and stop all messages where the mapping says so."""
    if name in draft.book.definitions.quoted:
        before = draft.latest.get(name)
        draft.latest[name] = Latest(before.times + 1 if before else 1, draft.now, dict(attributes))
    suppresses = draft.book.suppresses.get(name)
    if suppresses and any(matches(attributes) for matches in suppresses):
        _suppress(draft, name)


def is_concerned(fact: Fact) -> bool:
    """Whether the fact says what became of an email, or that a person lifts what stops messages."""
    return fact.kind is FactKind.OUTCOME or (fact.kind is FactKind.COMMAND and fact.name == CommandName.LIFT)


def take(draft: Draft, fact: Fact) -> None:
    """Take in a fact that `is_concerned`."""
    if fact.kind is FactKind.COMMAND:
        _lift(draft)
        return
    words = {"what": fact.name, "words": str(fact.data.get("words", ""))}
    draft.note(HistoryKind.EMAIL, str(fact.data.get("email", "")), words)
    if fact.name in _CLOSED:
        _close(draft, fact)
    if because := str(fact.data.get("because", "")):
        _suppress(draft, because)


def _close(draft: Draft, fact: Fact) -> None:
    """What the CRM was asked once is not asked anew when the lead is folded from its first fact.

    Where a fact that came late has changed who sends the email, the one that left stands for that of the other sender:
    nobody gets the same twice because we learn of something late.
    """
    left = [act for act in draft.acts if act.key != fact.data.get("act")]
    if len(left) == len(draft.acts) and fact.name == OutcomeName.SENT and draft.lead.position == START:
        same = (act for act in left if act.email is not None and act.email.name == fact.data.get("email"))
        stands_for = next(same, None)
        left = [act for act in left if act is not stands_for]
    draft.acts = left


def _suppress(draft: Draft, by: str) -> None:
    if not draft.suppressed_by:
        draft.suppressed_by = by
        draft.note(HistoryKind.SUPPRESSED, by)


def _lift(draft: Draft) -> None:
    if draft.suppressed_by:
        draft.note(HistoryKind.LIFTED, draft.suppressed_by)
        draft.suppressed_by = ""
