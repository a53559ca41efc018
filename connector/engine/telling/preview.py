"""Preview: a message as one lead would get it, or with sample values, before anybody gets it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape, unescape

from connector.domain.book import Book
from connector.domain.decide import fold
from connector.domain.definitions import EmailRule
from connector.domain.draft import Draft
from connector.domain.fact import Fact, Value
from connector.domain.field import Field, FieldType, format_moment
from connector.domain.ids import LeadId
from connector.domain.lead import Lead, blank
from connector.domain.outward.acts import render_email
from connector.domain.outward.wording import context
from connector.domain.programs.program import Alert, EmailSend, Note, Post, Send, Task, Telling
from connector.domain.traits.rfm import DIMENSIONS
from connector.errors import UnknownNameError

_TAG = re.compile(r"<[^>]*>")
_BREAK = re.compile(r"<br ?/?>\n?|</p>\n?|</div>\n?|</li>\n?")
_PAGE = (
    '<!doctype html>\n<html><head><meta charset="utf-8"><title>{title}</title></head><body>\n{body}\n</body></html>\n'
)

Content = EmailRule | Telling
#: What texts may use, by name.
Words = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Preview:
    """A message as somebody would read it."""

    #: `email`, `task`, `note`, `alert` or `post`.
    kind: str
    subject: str
    #: What mail programs show beside the subject.
    preview: str
    text: str
    #: Empty where the message has no HTML.
    html: str
    #: What else the CRM's design is given, and what sending sets on the record.
    values: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def page(self) -> str:
        """The message as an HTML page; plain text keeps its lines."""
        body = self.html or f"<pre>{escape(self.text)}</pre>"
        return _PAGE.format(title=escape(self.subject), body=body)


@dataclass(frozen=True, slots=True)
class Found:
    """A message of the mapping, and the place that it would be sent from."""

    content: Content
    place: Mapping[str, str] = field(default_factory=dict)


def find_messages(book: Book, name: str) -> Sequence[Found]:
    """The email or notification of this name, or the activity `program.phase.activity`.

    Raises UnknownNameError that names those to choose from.
    """
    if name in book.emails:
        place = next((place for place, send in _sends(book) if send == EmailSend(name)), {})
        return [Found(book.emails[name], place)]
    if name in book.notifications:
        return [Found(act) for act in book.notifications[name].acts]
    found = [Found(_content(book, send), place) for place, send in _sends(book) if _path(place) == name]
    if found:
        return found
    known = [*book.emails, *book.notifications, *(_path(place) for place, _ in _sends(book))]
    raise UnknownNameError(f"There is no message {name}. Known: {', '.join(known) or 'none yet'}.")


def _sends(book: Book) -> Iterator[tuple[Mapping[str, str], Send]]:
    """Everything that activities say themselves, with its place; a list says what the CRM makes of it."""
    for name, compiled in book.programs.items():
        for phase in compiled.program.phases:
            for activity in phase.activities:
                if isinstance(activity.send, Task | Note | EmailSend):
                    yield {"program": name, "phase": phase.name, "activity": activity.name}, activity.send


def _path(place: Mapping[str, str]) -> str:
    return ".".join(place.values())


def _content(book: Book, send: Send) -> Content:
    if isinstance(send, EmailSend):
        return book.emails[send.email]
    assert isinstance(send, Task | Note), "lists are left out"
    return send


def words_of(book: Book, lead_id: LeadId, facts: Sequence[Fact], now: datetime, place: Mapping[str, str]) -> Words:
    """What texts may say of the lead, if it had been judged by this book from its first fact on."""
    lead = fold(lambda _: book, blank(lead_id, book.version), facts, now).lead
    return context(_draft(lead, book, now), **place)


def sample_words(book: Book, now: datetime, place: Mapping[str, str]) -> Words:
    """Values as some lead might have them: every field filled, in every segment, having given every signal."""
    words = context(_draft(blank(LeadId("L0"), book.version), book, now), **place)
    return {
        **words,
        "name": "Ada Example",
        "lead": {**{name: _sample(each, now) for name, each in book.fields.items()}, "firstname": "Ada"},
        "scores": dict.fromkeys(book.scores, 50),
        "why": [{"score": score, "rule": "a reason", "points": 10} for score in book.scores],
        "segments": {segment.name: True for segment in book.definitions.segments},
        "tags": {tag.name: True for tag in book.definitions.tags},
        "did": {name: _Named({"times": 2, "at": format_moment(now)}) for name in book.definitions.quoted},
        "rfm": dict(zip((*DIMENSIONS, "code"), (5.0, 4.0, 5.0, "545"), strict=True)) if book.definitions.rfm else {},
        "persona": next((persona.name for persona in book.definitions.personas), ""),
    }


class _Named(dict[str, object]):
    """An attribute that is not there shows its own name."""

    def __missing__(self, key: str) -> str:
        return key


def _sample(field_: Field, now: datetime) -> Value:
    match field_.type:
        case FieldType.NUMBER:
            return 42.0
        case FieldType.BOOLEAN:
            return False
        case FieldType.DATE:
            return now.date().isoformat()
        case FieldType.DATETIME:
            return format_moment(now)
        case FieldType.CHOICES:
            return ("one", "another")
        case FieldType.TEXT:
            return next(iter(field_.values.values()), field_.name)


def _draft(lead: Lead, book: Book, now: datetime) -> Draft:
    draft = Draft(lead, book, now)
    draft.now = now
    return draft


def render(content: Content, words: Words) -> Preview:
    """The message with these values."""
    match content:
        case Task():
            body = content.body(words)
            return Preview("task", content.subject(words), "", to_text(body), body)
        case Note():
            body = content.body(words)
            return Preview("note", "", "", to_text(body), body)
        case Alert():
            body = content.body(words)
            return Preview("alert", content.title(words), "", to_text(body), body)
        case Post():
            body = content.body(words)
            return Preview("post", "", "", to_text(body), body)
        case EmailRule():
            return _render_email(content, words)


def _render_email(rule: EmailRule, words: Words) -> Preview:
    email = render_email(rule, words)
    values = dict(email.values)
    subject, preview, html = (values.pop(name, "") for name in ("subject", "preview", "html"))
    text = values.pop("text", "") or to_text(html)
    return Preview("email", subject, preview, text, html, values, email.properties)


def to_text(html: str) -> str:
    """HTML as plain text, as far as that goes."""
    return unescape(_TAG.sub("", _BREAK.sub("\n", html))).strip()
