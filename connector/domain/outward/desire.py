"""What CRMs should hold of a lead: the write-back properties and the lists, as one desired state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from connector.domain.book import Book
from connector.domain.definitions import WriteBack
from connector.domain.draft import Draft
from connector.domain.outward.change import Desired
from connector.domain.outward.own import written
from connector.domain.outward.wording import why
from connector.domain.programs.enrolment import Enrolment, EnrolmentState
from connector.domain.records.carrying import carried


def desire(draft: Draft) -> dict[str, Desired]:
    """The desired state by CRM, as of the draft's moment."""
    lists = _lists(draft)
    waiting = _waiting(draft, lists)
    return {crm: _desire_of(draft, crm, lists, waiting) for crm in draft.book.crms}


def _desire_of(draft: Draft, crm: str, lists: dict[str, datetime], waiting: dict[str, datetime]) -> Desired:
    titles = _titled(draft.book, crm, lists)
    return Desired(_properties(draft, crm), titles, tuple(_titled(draft.book, crm, waiting)))


def _waiting(draft: Draft, lists: dict[str, datetime]) -> dict[str, datetime]:
    """Those of the lists that nothing wants but programs that stand still."""
    if not any(each.paused_at for each in draft.enrolments):
        return {}
    moving = _lists(draft, are_moving=True)
    return {name: since for name, since in lists.items() if name not in moving}


def _properties(draft: Draft, crm: str) -> dict[str, str]:
    rules = draft.book.definitions.write_back
    said = ((rule.property, _say(draft, rule)) for rule in rules if rule.crm == crm)
    kept = {property_: text for property_, text in said if text is not None}
    return {**kept, **written(draft, crm)} if draft.own else kept


def _say(draft: Draft, rule: WriteBack) -> str | None:
    """What a property is to hold; None where it is left as it is."""
    kind, *path = rule.source
    return carried(draft, rule) if kind == "field" else _SAYS[kind](draft, *path)


def _of_score(draft: Draft, score: str, word: str) -> str:
    """The points of the score, its grade, or its weightiest reasons."""
    if word == "points":
        return str(draft.points(score))
    return draft.grade(score) if word == "grade" else why(draft, draft.book.scores[score])


def _of_program(draft: Draft, program: str, word: str) -> str:
    """The phase, activity or state of the lead's latest enrolment in the program; empty where there is none."""
    latest = next((each for each in reversed(draft.enrolments) if each.program == program), None)
    if latest is None:
        return ""
    if word == "state":
        return str(latest.state)
    if word == "phase":
        return latest.phase
    return latest.sent[-1].activity if latest.sent else ""


#: How a property is said, by the first word of its source; the others are told to it.
_SAYS: Mapping[str, Callable[..., str]] = {
    "score": _of_score,
    "program": _of_program,
    "segments": lambda draft: ";".join(sorted(key[8:] for key in draft.holding if key.startswith("segment:"))),
    "tags": lambda draft: ";".join(sorted(filter(draft.has_tag, draft.tags))),
    "persona": lambda draft: draft.persona,
}


def _lists(draft: Draft, *, are_moving: bool = False) -> dict[str, datetime]:
    """Our lists that should hold the lead, each with since when; or only those that want it while they move."""
    wanted = {key[5:]: since for key, since in draft.holding.items() if key.startswith("list:")}
    for enrolment in draft.enrolments:
        is_left_out = are_moving and enrolment.paused_at is not None
        if enrolment.state is EnrolmentState.RUNNING and not draft.is_opted_out and not is_left_out:
            for name, since in _filled_by(draft.book, enrolment):
                wanted.setdefault(name, since)
    return wanted


def _filled_by(book: Book, enrolment: Enrolment) -> list[tuple[str, datetime]]:
    """The lists that sent activities keep the lead on: while an answer is awaited, or until the phase is settled."""
    on_it = (sent for sent in enrolment.sent if not (sent.answered_at or sent.lapsed or sent.is_old))
    lists = [(sent.content.removeprefix("list "), sent.at) for sent in on_it if sent.content.startswith("list ")]
    return [(name, since) for name, since in lists if name in book.lists]


def _titled(book: Book, crm: str, lists: dict[str, datetime]) -> dict[str, datetime]:
    return {book.lists[name].titles[crm]: since for name, since in lists.items() if crm in book.lists[name].titles}
