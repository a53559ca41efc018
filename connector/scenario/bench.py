"""Rulings in a story: what its leads ask of the workspace is given to them in turn, as the engine does it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from connector.domain.book import Book
from connector.domain.fact import Fact, FactKind
from connector.domain.lead import Lead, Standing
from connector.domain.petition import Petition, PetitionKind
from connector.domain.sales.assigning import Assignment, assign

#: When, whether it is a petition, and which lead: alarms first, then petitions in the order in which they were filed.
_Next = tuple[datetime, int, datetime, int, str, str]


class Living(Protocol):
    """A lead of the story."""

    lead: Lead

    def live(self, until: datetime, facts: tuple[Fact, ...] = ()) -> None:
        """Let time pass, and then let these facts happen."""
        ...


@dataclass(slots=True)
class Bench:
    """Whose turn it is, in one story."""

    book: Book
    #: Team -> its latest assignment.
    last: dict[str, Assignment] = field(default_factory=dict)
    #: Lead and petition -> when it is looked at again.
    put_off: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def let_pass(self, lives: Mapping[str, Living], until: datetime) -> None:
        """Let time pass for all leads together, and rule on what they ask, each at its moment."""
        if not self.book.hand_overs:
            return
        while (found := min(self._nexts(lives), default=None)) is not None and found[0] <= until:
            at, is_petition, _, _, name, key = found
            if is_petition:
                self._rule(name, lives[name], lives[name].lead.petitions[key], at)
            else:
                lives[name].live(at)

    def _nexts(self, lives: Mapping[str, Living]) -> Iterator[_Next]:
        for place, (name, life) in enumerate(lives.items()):
            if life.lead.wake_at is not None:
                yield (life.lead.wake_at, 0, life.lead.wake_at, place, name, "")
            asked = life.lead.petitions if life.lead.standing is Standing.ACTIVE else {}
            for key, petition in asked.items():
                if petition.kind is PetitionKind.ASSIGNMENT:
                    due_at = self.put_off.get((name, key), petition.due_at)
                    yield (max(due_at, petition.due_at), 1, petition.at, place, name, key)

    def _rule(self, name: str, life: Living, petition: Petition, at: datetime) -> None:
        found = assign(self.book.definitions.sales, petition, self.last, at)
        if not isinstance(found, Assignment):
            self.put_off[name, petition.key] = found.until
            return
        self.last[found.team] = found
        fact = Fact(f"ruling:{petition.key}", at, FactKind.RULING, petition.key, "", found.told)
        life.live(at, (fact,))
