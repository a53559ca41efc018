"""How a lead files petitions, and what rulings make of it.

Facts that come late may change when a petition was filed, or that it was filed at all. A ruling stays true: one that
comes before its petition waits for it, and one that nothing asks for any more changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from connector.domain.draft import Draft
from connector.domain.fact import Fact, Value
from connector.domain.history import HistoryKind
from connector.domain.petition import Petition, PetitionKind

#: Takes what was ruled on a petition.
Grant = Callable[[Draft, Petition, Mapping[str, Value]], None]


def file(
    draft: Draft, key: str, kind: PetitionKind, subject: str, data: Mapping[str, Value]
) -> tuple[Petition, Mapping[str, Value] | None]:
    """Ask for something from now on; with the ruling, where there is one already: then nothing is left to wait for.

    Filing what is filed already asks for it anew, as of now.
    """
    petition = Petition(key, kind, subject, draft.now, draft.now + draft.book.definitions.settle, data)
    ruling = draft.rulings.pop(key, None)
    if ruling is None:
        draft.petitions[key] = petition
    return petition, ruling


def withdraw(draft: Draft, key: str) -> None:
    """Ask for it no more. A second time changes nothing."""
    draft.petitions.pop(key, None)


def keep(draft: Draft, petition: Petition, ruling: Mapping[str, Value]) -> None:
    """Keep what was ruled beside its petition: the lead cannot take it yet. A second time changes nothing."""
    draft.petitions[petition.key], draft.rulings[petition.key] = petition, dict(ruling)


def take_ruling(draft: Draft, fact: Fact, grants: Mapping[PetitionKind, Grant]) -> None:
    """Let the lead have what was ruled on its petition; a ruling on none is kept in case one is filed yet."""
    petition = draft.petitions.pop(fact.name, None)
    if petition is None:
        draft.rulings[fact.name] = dict(fact.data)
        draft.note(HistoryKind.UNCLAIMED, fact.name)
    else:
        grants[petition.kind](draft, petition, fact.data)
