"""The first leads of an order, found without looking at those that cannot be among them."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from connector.domain.book import Book
from connector.domain.ids import LeadId, WorkspaceId
from connector.domain.lead import Lead
from connector.domain.traits.rank import points_of, rank_of
from connector.engine.telling.order import Order
from connector.ports import RankedLead, ReadModels

_PAGE = 500

#: By what leads are sorted, the smallest first; the last is the id.
Key = tuple[int, int, LeadId]


@dataclass(frozen=True, slots=True)
class Ranking:
    """The leads of a workspace in an order by what they do or did, as of now."""

    models: ReadModels
    workspace: WorkspaceId
    book: Book
    now: datetime
    order: Order

    def first(self, limit: int, after: Lead | None = None) -> Sequence[LeadId]:
        """The first leads, or those behind one. Holds a page and them in memory, however many leads there are."""
        best = _Best(limit, None if after is None else self._key_of(after))
        for is_foretold, pages in self._walks():
            for page in pages:
                # No lead comes before its place.
                if is_foretold and best.is_settled(page[0].place):
                    break
                for key in self._keys(page, is_foretold):
                    best.offer(key)
        return [id_ for _, _, id_ in best.keys]

    def _walks(self) -> Iterator[tuple[bool, Iterator[Sequence[RankedLead]]]]:
        """Ways through all leads by place, and whether the places are those of the order asked for."""
        if self.order is Order.ACTIVITY:
            yield True, _pages(partial(self.models.recent, self.workspace))
            return
        for version in self.models.versions_told(self.workspace):
            yield version == self.book.version, _pages(partial(self.models.ranked, self.workspace, version))

    def _keys(self, page: Sequence[RankedLead], is_foretold: bool) -> Iterator[Key]:
        unknown = [one.place[2] for one in page if one.outlooks is None or not is_foretold]
        looked_at = self.models.those(self.workspace, unknown) if unknown else {}
        for (_, idle, id_), outlooks in page:
            if id_ in looked_at:
                yield self._key_of(looked_at[id_].lead)
            elif outlooks is not None:
                yield (-points_of(outlooks, self.now) if self.order is Order.SCORE else 0), idle, id_

    def _key_of(self, lead: Lead) -> Key:
        rank = rank_of(self.book.leading, lead.scores, lead.holding, lead.seen, self.now)
        return (-points_of(rank.outlooks, self.now) if self.order is Order.SCORE else 0), rank.idle, lead.id


def _pages(read: Callable[..., Sequence[RankedLead]]) -> Iterator[Sequence[RankedLead]]:
    place = None
    while page := read(_PAGE, place):
        yield page
        place = page[-1].place


@dataclass(slots=True)
class _Best:
    """The smallest keys of those that were offered, of those behind one."""

    limit: int
    after: Key | None
    keys: list[Key] = field(default_factory=list)

    def is_settled(self, key: Key) -> bool:
        """Whether neither this key nor a greater one can be among them."""
        return len(self.keys) >= self.limit and (not self.keys or self.keys[-1] <= key)

    def offer(self, key: Key) -> None:
        """Keep it if it is one of them."""
        if self.is_settled(key) or (self.after is not None and key <= self.after):
            return
        insort(self.keys, key)
        del self.keys[self.limit :]
