"""Tasks, notes, emails, alerts and posts: rendered for one lead at one moment.

Their keys stay the same however often facts are folded.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from html import escape, unescape

from connector.domain.definitions import EmailRule, Notification
from connector.domain.draft import Draft
from connector.domain.field import FieldRole
from connector.domain.history import HistoryKind
from connector.domain.lead import Standing
from connector.domain.outward.change import Act, ChangeKind, Email
from connector.domain.outward.own import to_crm
from connector.domain.outward.wording import context
from connector.domain.programs.enrolment import Enrolment, key_of
from connector.domain.programs.program import Alert, EmailSend, Milestone, Note, Post, Task, Telling

#: An act decided later than this after its moment is put back into its send window.
_ON_TIME = timedelta(hours=1)


def emit(draft: Draft, key: str, what: Telling | EmailSend, *, owner: str | None = None, **place: str) -> None:
    """Put a task, note, email, alert or post into the outbox, rendered for this lead at this moment.

    What is for a rep is for the lead's own, unless `owner` names another.
    """
    words = context(draft, **place)
    due_at = _leaves_at(draft, place.get("program", ""))
    owned_by = str(draft.role(FieldRole.OWNER) or "") if owner is None else owner
    match what:
        case Note():
            draft.acts.append(Act(key, ChangeKind.NOTE, due_at, body=what.body(words)))
        case Task():
            draft.acts.append(_to_task_act(draft, key, what, words, due_at, owned_by))
        case Alert() | Post():
            draft.acts.append(_to_bound_act(draft, key, what, words, due_at, owned_by))
        case EmailSend():
            _emit_email(draft, key, what, words, due_at)


def _emit_email(draft: Draft, key: str, what: EmailSend, words: Mapping[str, object], due_at: datetime) -> None:
    if not _is_on_time(draft):  # after an outage the last of several copies leaves, not all of them at once
        draft.acts = [act for act in draft.acts if act.email is None or act.email.name != what.email]
    for rule in filter(None, [draft.book.emails.get(what.email)]):
        draft.acts.append(_to_email_act(key, rule, words, due_at))


def _to_task_act(
    draft: Draft, key: str, what: Task, words: Mapping[str, object], due_at: datetime, owned_by: str
) -> Act:
    task_due_at = due_at + what.due
    return Act(
        key=key,
        kind=ChangeKind.TASK,
        due_at=due_at,
        subject=what.subject(words),
        body=what.body(words),
        task_due_at=task_due_at,
        remind_at=None if what.remind is None else task_due_at - what.remind,
        priority=what.priority,
        type=what.type,
        owner=owned_by,
        owners=_owners(draft, owned_by),
        crm=_owning_crm(draft),
    )


def _to_bound_act(
    draft: Draft, key: str, what: Alert | Post, words: Mapping[str, object], due_at: datetime, owned_by: str
) -> Act:
    """What one CRM alone can make: for whoever owns the lead there, which another CRM's word says nothing of."""
    owners = _owners(draft, owned_by)
    is_known = not owners and _owning_crm(draft) in ("", what.crm)
    owner = owners.get(what.crm, owned_by if is_known else "")
    if isinstance(what, Post):
        owner = owner if what.mentions_owner else ""
        return Act(key, ChangeKind.POST, due_at, body=what.body(words), owner=owner, crm=what.crm)
    return Act(
        key,
        ChangeKind.ALERT,
        due_at,
        subject=what.title(words),
        body=what.body(words),
        type=what.type,
        owner=owner,
        crm=what.crm,
    )


def _owning_crm(draft: Draft) -> str:
    """The CRM that has the say on who owns leads; empty where several have."""
    field = draft.book.fields.get(draft.book.roles.get(FieldRole.OWNER, ""))
    if field is None:
        return ""
    return field.prefer or (next(iter(field.properties)) if len(field.properties) == 1 else "")


def _owners(draft: Draft, owner: str) -> Mapping[str, str]:
    """Who the owner is in each CRM, where several say who owns leads: a rep by its ids, another by what each says."""
    field = draft.book.fields.get(draft.book.roles.get(FieldRole.OWNER, ""))
    if field is None or len(field.properties) < 2:
        return {}
    said = draft.said.get(field.name, {})
    return {
        crm: field.words.get(crm, {}).get(owner) or to_crm(field, str(said.get(crm, "")), crm)
        for crm in field.properties
    }


def _to_email_act(key: str, rule: EmailRule, words: Mapping[str, object], due_at: datetime) -> Act:
    email = render_email(rule, words)
    subject = " ".join(unescape(email.values.get("subject", "")).split()) or rule.name
    return Act(key, ChangeKind.EMAIL, due_at, subject=subject, email=email)


def render_email(rule: EmailRule, words: Mapping[str, object]) -> Email:
    """The email as one lead gets it; its address is filled in when it leaves."""
    return Email(
        name=rule.name,
        number=next(iter(rule.numbers.values()), 0),
        is_transactional=rule.is_transactional,
        needs_known_consent=rule.needs_known_consent,
        sender=rule.sender,
        reply_to=rule.reply_to,
        values={name: text(words) for name, text in rule.values.items()},
        properties={name: text(words) for name, text in rule.properties.items()},
        crm=next(iter(rule.numbers), ""),
        is_logged=rule.is_logged,
    )


def _leaves_at(draft: Draft, program: str) -> datetime:
    settled = draft.now + draft.book.definitions.settle
    if _is_on_time(draft) or not program:
        return settled
    return draft.book.programs[program].program.window.next_open(draft.present, draft.zone)


def _is_on_time(draft: Draft) -> bool:
    return draft.present - draft.now <= _ON_TIME


def mark(draft: Draft, enrolment: Enrolment, milestone: Milestone, words: str) -> None:
    """Note a milestone on the CRM record, where the program says so and there is a record."""
    program = draft.book.programs.get(enrolment.program)
    if program is None or milestone not in program.program.milestones or draft.standing is not Standing.ACTIVE:
        return
    body = f"<b>Coltiva</b> · {escape(enrolment.program)}: {escape(words)}, phase {escape(enrolment.phase)}."
    key = f"{key_of(enrolment)}:milestone:{milestone}"
    draft.acts.append(Act(key, ChangeKind.NOTE, draft.now + draft.book.definitions.settle, body=body))


def announce(draft: Draft, notification: Notification) -> None:
    """Tell the rep that the notification's condition came to hold, unless that was told a short while ago."""
    times, last = draft.told.get(notification.name, (0, None))
    if last is not None and draft.now < last + notification.again_after:
        return
    draft.told[notification.name] = (times + 1, draft.now)
    draft.note(HistoryKind.NOTIFIED, notification.name, {"time": float(times + 1)})
    for index, act in enumerate(notification.acts):
        emit(draft, f"notification:{notification.name}:{times + 1}:{index}", act)
