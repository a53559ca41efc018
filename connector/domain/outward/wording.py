"""What templates and CRM properties may say of a lead, in words and numbers."""

from __future__ import annotations

from collections.abc import Mapping

from connector.domain.draft import Draft
from connector.domain.field import FieldRole, format_moment
from connector.domain.traits import rfm
from connector.domain.traits.score import Score

#: The place in a program, or in a hand-over: known where a text belongs to one.
PLACES = ("program", "phase", "activity", "hand_over", "because", "rep", "next_step")
#: How many reasons a CRM property lists.
_MAX_REASONS = 5


def context(draft: Draft, **place: str) -> Mapping[str, object]:
    """All that message text may use.

    `lead`, `name`, `scores`, `grades`, `why`, `did`, `recent`, `segments`, `tags`, `persona`, and the place in a
    program or a hand-over.
    """
    return {
        "lead": dict(draft.fields),
        "rfm": {name.partition(".")[2]: draft.fields.get(name) for name in rfm.FIELDS},
        "name": display_name(draft),
        "scores": {name: draft.points(name) for name in draft.book.scores},
        "grades": {name: draft.grade(name) for name in draft.book.scores},
        "why": [
            {"score": score, "rule": rule, "points": points}
            for name in draft.book.scores
            if not draft.book.scores[name].sum_of
            for score, rule, points in reasons(draft, draft.book.scores[name])
        ],
        "did": {name: _quoted(draft, name) for name in draft.book.definitions.quoted},
        "segments": {
            segment.name: f"segment:{segment.name}" in draft.holding for segment in draft.book.definitions.segments
        },
        "tags": {name: draft.has_tag(name) for name in draft.book.tags},
        "persona": draft.persona,
        "recent": [
            {"signal": deed.signal, "at": format_moment(deed.at), "words": deed.words}
            for deed in reversed(draft.recent)
        ],
        **dict.fromkeys(PLACES, ""),
        **place,
    }


def _quoted(draft: Draft, signal: str) -> Mapping[str, object]:
    """What the signal said last, how often it was given, and when last; all empty for one that was never given."""
    last = draft.latest.get(signal)
    if last is None:
        return {"times": 0}
    return {**last.attributes, "times": last.times, "at": format_moment(last.at)}


def display_name(draft: Draft) -> str:
    """What a person would call the lead."""
    names = [draft.fields.get(name) for name in ("firstname", "lastname")]
    full = " ".join(str(name) for name in names if name)
    return full or str(draft.role(FieldRole.IDENTITY) or draft.lead.id)


def reasons(draft: Draft, score: Score) -> list[tuple[str, str, int]]:
    """(score, rule, whole points now) of every rule that counts, the weightiest first."""
    leaves = draft.book.leaves[score.name]
    found = [(leaf.name, rule, round(points)) for leaf in leaves for rule, points in draft.worths(leaf)]
    return sorted([reason for reason in found if reason[2]], key=lambda reason: (-abs(reason[2]), reason[1]))


def why(draft: Draft, score: Score) -> str:
    """The weightiest reasons of a score on one line: `+20 industry is software; +15 form_submitted`."""
    return "; ".join([f"{points:+d} {rule}" for _, rule, points in reasons(draft, score)[:_MAX_REASONS]])
