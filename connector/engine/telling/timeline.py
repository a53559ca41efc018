"""A lead's history in sentences that a sales rep can read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from connector.domain.history import Detail, HistoryEntry, HistoryKind


def tell(entry: HistoryEntry) -> str:
    """One line of the timeline: what happened, without when."""
    return _SENTENCES[entry.kind](entry.subject, entry.detail)


def _told_by(template: str) -> Callable[[str, Detail], str]:
    """A sentence with the subject and the details filled in; a detail that is not there leaves a gap."""

    def sentence(subject: str, detail: Detail) -> str:
        return template.format_map(_Gaps({"subject": subject, **detail}))

    return sentence


class _Gaps(dict[str, str | float]):
    def __missing__(self, key: str) -> str:
        return "?"


def _field_changed(subject: str, detail: Detail) -> str:
    was, now = detail.get("was", ""), detail.get("now", "")
    if was and now:
        return f"{subject} changed from {was} to {now}"
    return f"{subject} is now {now}" if now else f"{subject} was cleared (it was {was})"


def _signal(subject: str, detail: Detail) -> str:
    attributes = ", ".join(f"{name} {value}" for name, value in detail.items() if value != "")
    return f"{subject}: {attributes}" if attributes else subject


def _sent(subject: str, detail: Detail) -> str:
    """What left, and how: a list that sends, or what sales was given to do."""
    activity, what = detail.get("activity", "?"), str(detail.get("what", "?"))
    if what.startswith(("list ", "email ")):
        return f"{subject} sent {activity}, by {what}"
    return f"{subject} gave sales a {what}: {activity}"


def _email(subject: str, detail: Detail) -> str:
    what, words = detail.get("what", "?"), detail.get("words", "")
    return f"email {subject} was {_BECAME.get(str(what), what)}" + (f": {words}" if words else "")


_BECAME = {
    "sent": "sent",
    "failed": "refused by the CRM",
    "suppressed": "held back by the CRM",
    "withdrawn": "withdrawn",
}


def _scored(subject: str, detail: Detail) -> str:
    points = float(detail.get("points", 0.0))
    because = f" ({detail['because']})" if "because" in detail else ""
    return f"{points:+g} {subject} for {detail.get('rule', '?')}{because}, now {_total(detail)}"


def _total(detail: Detail) -> str:
    return f"{float(detail.get('total', 0.0)):g}"


def _persona(subject: str, detail: Detail) -> str:
    was = detail.get("was", "")
    if was and subject:
        return f"persona changed from {was} to {subject}"
    return f"persona is {subject}" if subject else f"has no persona any more (it was {was})"


def _deal(subject: str, detail: Detail) -> str:
    outcome, amount = detail.get("outcome", "?"), detail.get("amount")
    worth = f", {float(amount):,g}" if amount is not None else ""
    if outcome == "gone":
        return f"deal {subject} is gone"
    return f"deal {subject} is {outcome}: stage {detail.get('stage') or 'unknown'}{worth}"


def _group(subject: str) -> str:
    """`segment:x` as people say it."""
    kind, _, name = subject.partition(":")
    return f"{kind} {name}"


def _left_out(subject: str, detail: Detail) -> str:
    what, why = detail.get("activity", ""), detail.get("why", "?")
    return f"{subject} left {what} out: {why}" if what else f"{subject} sends nothing: {why}"


def _settled(subject: str, detail: Detail) -> str:
    """How a phase ended: by all that was asked in it, or by one activity that leads away."""
    phase, outcome, then = (detail.get(name, "?") for name in ("phase", "outcome", "next"))
    if outcome in ("answered", "unanswered"):
        by = "an answer" if outcome == "answered" else "an answer that did not come"
        return f"{by} leads out of phase {phase} of {subject}, next {then}"
    return f"phase {phase} of {subject} is settled: {outcome} answered, next {then}"


def _put_off(subject: str, detail: Detail) -> str:
    activity, why = detail.get("activity", "?"), detail.get("why", "?")
    return f"{subject} put {activity} off until {_moment(str(detail.get('until', '?')))}: {why}"


def _moment(text: str) -> str:
    """A moment of ours as people read it."""
    try:
        at = datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return text
    return f"{at:%a} {at.day} {at:%b %Y %H:%M} UTC"


def _chose(subject: str, detail: Detail) -> str:
    activity, way = detail.get("activity", "?"), detail.get("way", "")
    return f"{subject} at {activity}: {way}" if way else f"{subject} at {activity}: none of the ways is open"


def _field_kept(subject: str, detail: Detail) -> str:
    crm, said, prefer = detail.get("crm", "?"), detail.get("said", "?"), detail.get("prefer", "another CRM")
    return f"{subject} stays: {crm} says {said}, and {prefer} has the say"


def _merged(_: str, detail: Detail) -> str:
    if became := detail.get("became", ""):
        return f"the {detail.get('lead', '?')} was converted into the {became}"
    because = f": {detail['because']}" if "because" in detail else ""
    return f"was merged with {detail.get('lead', '?')}{because}"


def _archived(subject: str, detail: Detail) -> str:
    which, left = f" ({subject})" if subject else "", detail.get("left")
    return f"was deleted in the CRM{which}" + (f"; known by {left:g} more" if isinstance(left, int | float) else "")


def _restored(subject: str, detail: Detail) -> str:
    if detail.get("because") == "known":
        return f"is there again: became known by {subject}"
    return "was restored in the CRM" + (f" ({subject})" if subject else "")


def _field_frozen(subject: str, detail: Detail) -> str:
    times = f"{detail.get('times', 0):g}"
    return f"nothing of {subject} is written until {detail.get('until', '?')}: taken back {times} times within an hour"


def _by(detail: Detail) -> str:
    return "" if detail.get("by") == "time" else ", as a person ordered"


_SENTENCES: Mapping[HistoryKind, Callable[[str, Detail], str]] = {
    HistoryKind.KNOWN: _told_by("became known through {subject}"),
    HistoryKind.FIELD_CHANGED: _field_changed,
    HistoryKind.FIELD_UNREADABLE: _told_by("{subject} could not be read: {problem}"),
    HistoryKind.FIELD_KEPT: _field_kept,
    HistoryKind.FIELD_FROZEN: _field_frozen,
    HistoryKind.FIELD_THAWED: lambda subject, detail: f"{subject} is written to CRMs again{_by(detail)}",
    HistoryKind.PARTED: _told_by("{subject} is somebody else's: {because}"),
    HistoryKind.SIGNAL: _signal,
    HistoryKind.SCORED: _scored,
    HistoryKind.RESET: _told_by("{subject} begins anew: {by}"),
    HistoryKind.FROZEN: lambda subject, detail: f"{subject} is frozen at {_total(detail)}",
    HistoryKind.THAWED: lambda subject, detail: f"{subject} counts on from {_total(detail)}",
    HistoryKind.JOINED: lambda subject, _: f"joined {_group(subject)}",
    HistoryKind.LEFT: lambda subject, _: f"left {_group(subject)}",
    HistoryKind.PERSONA: _persona,
    HistoryKind.TAGGED: _told_by("was tagged {subject}: {by}"),
    HistoryKind.UNTAGGED: _told_by("lost the tag {subject}: {by}"),
    HistoryKind.NOTIFIED: _told_by("sales was told: {subject}"),
    HistoryKind.ENTERED: _told_by("entered {subject}, phase {phase}"),
    HistoryKind.NOT_ENTERED: _told_by("did not enter {subject}: {why}"),
    HistoryKind.PHASE: _told_by("{subject} moved on to phase {phase}"),
    HistoryKind.SENT: _sent,
    HistoryKind.ANSWERED: _told_by("{activity} of {subject} was answered by {by}"),
    HistoryKind.UNANSWERED: _told_by("{activity} of {subject} was not answered in time"),
    HistoryKind.LEFT_OUT: _left_out,
    HistoryKind.PUT_OFF: _put_off,
    HistoryKind.CHOSE: _chose,
    HistoryKind.PAUSED: _told_by("{subject} stands still: {by}"),
    HistoryKind.RESUMED: _told_by("{subject} goes on"),
    HistoryKind.SETTLED: _settled,
    HistoryKind.COMPLETED: _told_by("completed {subject}"),
    HistoryKind.WON: _told_by("reached the goal of {subject}: {by}"),
    HistoryKind.EXITED: _told_by("left {subject}: {by}"),
    HistoryKind.ARCHIVED: _archived,
    HistoryKind.RESTORED: _restored,
    HistoryKind.MERGED: _merged,
    HistoryKind.DEAL: _deal,
    HistoryKind.BOOK: _told_by("is judged by mapping {subject} from here on"),
    HistoryKind.EMAIL: _email,
    HistoryKind.SUPPRESSED: _told_by("is sent no more messages: {subject}"),
    HistoryKind.LIFTED: _told_by("may be sent messages again; they had been stopped by {subject}"),
    HistoryKind.HANDED_OVER: _told_by("is handed over to sales, {subject}: {by}"),
    HistoryKind.NOT_HANDED_OVER: _told_by("is not handed over to sales, {subject}: {why}"),
    HistoryKind.ASSIGNED: _told_by("was given to {rep} of {team}, {subject}: {because}"),
    HistoryKind.TAKEN_OVER: _told_by("was given to {rep} by a person in the CRM, {subject}"),
    HistoryKind.TOUCHED: _told_by("{rep} looks after it, {subject}: {by}"),
    HistoryKind.ESCALATED: _told_by("{rep} did not look after it in time, {subject}: {to}"),
    HistoryKind.ACCEPTED: _told_by("was accepted by sales, {subject}: {by}"),
    HistoryKind.REJECTED: _told_by("was rejected by sales, {subject}: {by}; next: {next}"),
    HistoryKind.CLOSED: _told_by("sales is done with it, {subject}: {by}"),
    HistoryKind.UNCLAIMED: _told_by("was given what it does not ask for: {subject}"),
    HistoryKind.WAITS: _told_by("waits for a place in {subject}: {by}"),
    HistoryKind.MEASURED: _told_by("RFM was measured anew among all who bought"),
}
