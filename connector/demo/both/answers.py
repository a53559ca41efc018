"""What Coltiva answered, from its own timeline of the lead, in words for marketing and sales."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from connector.domain.history import Detail, HistoryEntry, HistoryKind
from connector.ports import Given

_LABELS = {"hubspot": "HubSpot", "salesforce": "Salesforce"}
_TOLD: Mapping[HistoryKind, Callable[[str, Detail], str]] = {
    HistoryKind.KNOWN: lambda crm, _: f"finds her in {_LABELS[crm]}",
    HistoryKind.SCORED: lambda _, said: f"{said['points']:+g} points ({_spaced(said['rule'])})",
    HistoryKind.ENTERED: lambda program, said: f"begins the program “{program}”, phase “{said['phase']}”",
    HistoryKind.SENT: lambda _, said: f"has HubSpot send “{_spaced(said['activity'])}”",
    HistoryKind.PHASE: lambda _, said: f"moves her on to phase “{said['phase']}”",
    HistoryKind.MERGED: lambda _, said: _merged(said),
    HistoryKind.HANDED_OVER: lambda _, said: f"hands her over to sales ({_spaced(said['by'])})",
    HistoryKind.CLOSED: lambda _, said: f"ends the hand-over ({_spaced(said['by']).removeprefix('signal ')})",
}


def tell_new(
    before: Counter[str], history: Sequence[HistoryEntry], given: Sequence[Given]
) -> tuple[tuple[str, ...], Counter[str]]:
    """What timeline and assignments tell that they did not tell before, each thing once, and all that they tell now.

    Moments are left aside: where two records become one lead, its past is told anew.
    """
    told = [_TOLD[entry.kind](entry.subject, entry.detail) for entry in history if entry.kind in _TOLD]
    told += [f"gives her to {each.assignment.rep.title()}, with a task ({each.assignment.because})" for each in given]
    now = Counter(told)
    return tuple(dict.fromkeys(words for words in told if now[words] > before[words])), now


def _merged(said: Detail) -> str:
    because = said.get("because", "")
    return f"knows that she is the same person ({because})" if because else "lets the lead go on as the contact"


def _spaced(name: object) -> str:
    return str(name).replace("_", " ")
