"""What happened to a lead and why, for people: the timeline and the score ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from connector.domain.frozen import quick


class HistoryKind(StrEnum):
    """What an entry tells."""

    KNOWN = "known"  # subject: the CRM that we first read the lead from
    FIELD_CHANGED = "field_changed"  # subject: field; detail: was, now
    FIELD_UNREADABLE = "field_unreadable"  # subject: field; detail: text, problem
    SIGNAL = "signal"  # subject: signal; detail: its attributes
    SCORED = "scored"  # subject: score; detail: rule, points, total, book; because (expired, reset)
    RESET = "reset"  # subject: score; detail: by, book
    FROZEN = "frozen"  # subject: score; detail: total, book
    THAWED = "thawed"  # subject: score; detail: total, book
    JOINED = "joined"  # subject: segment:x or list:x
    LEFT = "left"
    PERSONA = "persona"  # subject: the persona, empty for none; detail: was
    TAGGED = "tagged"  # subject: tag; detail: by
    UNTAGGED = "untagged"  # subject: tag; detail: by
    NOTIFIED = "notified"  # subject: notification
    ENTERED = "entered"  # subject: program; detail: phase
    NOT_ENTERED = "not_entered"  # subject: program; detail: why
    PHASE = "phase"  # subject: program; detail: phase, from
    SENT = "sent"  # subject: program; detail: phase, activity, what
    ANSWERED = "answered"  # subject: program; detail: phase, activity, by
    UNANSWERED = "unanswered"  # subject: program; detail: phase, activity
    LEFT_OUT = "left_out"  # subject: program; detail: phase, activity, why
    PUT_OFF = "put_off"  # subject: program; detail: phase, activity, why, until
    CHOSE = "chose"  # subject: program; detail: phase, activity, way
    PAUSED = "paused"  # subject: program; detail: phase, by
    RESUMED = "resumed"  # subject: program; detail: phase
    SETTLED = "settled"  # subject: program; detail: phase, outcome (all, some, none), next, at
    COMPLETED = "completed"  # subject: program
    WON = "won"  # subject: program; detail: by
    EXITED = "exited"  # subject: program; detail: by
    ARCHIVED = "archived"  # subject: which of several records; detail: left (how many others are there, if any)
    RESTORED = "restored"  # subject: which of several records; detail: because (known: it had not been)
    MERGED = "merged"  # detail: lead
    DEAL = "deal"  # subject: the deal's id; detail: outcome (open, won, lost, gone), stage, amount
    BOOK = "book"  # subject: version
    EMAIL = "email"  # subject: email; detail: what (sent, failed, suppressed, withdrawn), words
    SUPPRESSED = "suppressed"  # subject: the signal, or what the CRM said; no messages from here on
    LIFTED = "lifted"  # subject: what they had been stopped by
    HANDED_OVER = "handed_over"  # subject: hand-over; detail: by
    NOT_HANDED_OVER = "not_handed_over"  # subject: hand-over; detail: why
    ASSIGNED = "assigned"  # subject: hand-over; detail: rep, team, because, turn
    TAKEN_OVER = "taken_over"  # subject: hand-over; detail: rep, owner
    TOUCHED = "touched"  # subject: hand-over; detail: by, rep
    ESCALATED = "escalated"  # subject: hand-over; detail: level, to, rep
    ACCEPTED = "accepted"  # subject: hand-over; detail: by, rep
    REJECTED = "rejected"  # subject: hand-over; detail: by, rep, next
    CLOSED = "closed"  # subject: hand-over; detail: by
    UNCLAIMED = "unclaimed"  # subject: the key of a petition; a ruling came that nothing asks for
    MEASURED = "measured"  # the edges between RFM's scores are others from here on
    WAITS = "waits"  # subject: a program with a brake, in which it waits for a place; detail: by
    FIELD_KEPT = "field_kept"  # subject: field; detail: crm, said; another CRM has the say
    FIELD_FROZEN = "field_frozen"  # subject: field; detail: times, until; its words kept being taken back
    FIELD_THAWED = "field_thawed"  # subject: field; detail: by
    PARTED = "parted"  # subject: the record that is somebody else's; detail: because, by


Detail = Mapping[str, str | float]


@quick
@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One line of a lead's timeline."""

    at: datetime
    kind: HistoryKind
    subject: str = ""
    detail: Detail = field(default_factory=dict)
    #: The key of the fact that caused it; empty for the passing of time.
    cause: str = ""
