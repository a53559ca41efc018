"""A scenario: given leads, what happens to them when, and what is expected of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from connector.domain.book import Book
from connector.domain.draft import Draft
from connector.domain.fact import Fact

#: The moment of facts whose moment `play` gives.
UNDATED = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One thing that is expected to happen, or never to happen."""

    #: As in `Event.name`, from the right: `thank_you`, `new_contact.thank_you`; `*` stands for any text.
    name: str
    #: None: at any moment.
    at: datetime | None = None

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Happenings:
    """What is expected to have happened of one kind, since that kind was last asked for."""

    #: A key of `events.KINDS`.
    kind: str
    wanted: tuple[Wanted, ...]
    #: Whether others may be among them.
    is_open: bool
    line: int


@dataclass(frozen=True, slots=True)
class State:
    """How one thing must stand."""

    #: `lead_score`, `program new_contact`.
    what: str
    #: For people.
    expected: str
    holds: Callable[[Draft], bool]
    #: How it stands, for people.
    tell: Callable[[Draft], str]
    line: int
    #: The word under which it is asked, a key of `states.READERS`.
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to these leads at a moment, and what is expected at the end of it."""

    at: datetime
    line: int
    leads: tuple[str, ...]
    #: Without their moment: `play` gives it.
    facts: tuple[Fact, ...] = ()
    happenings: tuple[Happenings, ...] = ()
    states: tuple[State, ...] = ()

    @property
    def is_asked(self) -> bool:
        """Whether anything is expected here."""
        return bool(self.happenings or self.states)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One story, ready to be played."""

    title: str
    file: str
    line: int
    book: Book = field(repr=False)
    begins_at: datetime
    #: Lead -> what its records hold when we first hear of it.
    leads: Mapping[str, tuple[Fact, ...]]
    steps: tuple[Step, ...]
    #: The leads that we first hear of when their first facts happen, and not when the story begins.
    newcomers: frozenset[str] = frozenset()
    never: tuple[Happenings, ...] = ()
    #: Version -> the book with what steps set on top of it.
    overridden: Mapping[str, Book] = field(default_factory=dict, repr=False)

    def book_of(self, version: str) -> Book:
        """The book of a version."""
        return self.overridden.get(version, self.book)

    def __str__(self) -> str:
        return f"{self.file}: {self.title}"
