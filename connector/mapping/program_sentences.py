"""What programs say, in words: what sets something off, when it leaves, what is sent, what counts as the answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import time, timedelta

from connector.domain.calendar import ALWAYS_OPEN, SendWindow
from connector.domain.programs.compiled import CHANGED
from connector.domain.programs.contest import Merit
from connector.domain.programs.program import (
    Activity,
    Case,
    Choice,
    DateRule,
    EmailSend,
    Fork,
    ListSend,
    Note,
    Program,
    Send,
    Task,
    Trigger,
)
from connector.mapping.durations import format_duration
from connector.mapping.sentences import signal_sentence, to_phrase, to_sentence

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def tell_trigger(trigger: Trigger) -> str:
    """A trigger as a sentence: `report_read, when employees is at least 10`."""
    on = _tell_date(trigger.date) if trigger.date else _tell_signal(trigger)
    when = to_sentence(trigger.when) if trigger.when else ""
    return f"{on}, when {when}" if on and when else on or when


def _tell_signal(trigger: Trigger) -> str:
    """A signal, or the change of a field: `contract changes to ended`."""
    if trigger.on is None:
        return ""
    if not trigger.on.signal.startswith(CHANGED):
        return signal_sentence(trigger.on)
    to = " and ".join(to_phrase(test.op, test.operand).removeprefix("is ") for test in trigger.on.where)
    return f"{trigger.on.signal.removeprefix(CHANGED)} changes{f' to {to}' if to else ''}"


def _tell_date(rule: DateRule) -> str:
    """A day: `30d before renewal, every year, at 09:00`."""
    day = f"the day of {rule.field}"
    if rule.offset:
        day = f"{format_duration(abs(rule.offset))} {'before' if rule.offset < timedelta() else 'after'} {rule.field}"
    parts = (day, "every year" if rule.every_year else "", f"at {rule.at:%H:%M}" if rule.at != time(0) else "")
    return ", ".join(filter(None, parts))


def tell_again(program: Program) -> str:
    """Who may enter once more: `after 30d, if it ended as won`."""
    if program.again_after is None:
        return "never"
    ended = f", if it ended by {' or '.join(sorted(program.again_if))}" if program.again_if else ""
    return f"after {format_duration(program.again_after)}{ended}"


def tell_terms(program: Program) -> Iterator[tuple[str, str]]:
    """On what terms it runs beside other programs: a word, and what is said under it."""
    if program.is_paused:
        yield "paused", "everything stands still, and nobody enters"
    if program.brake is not None:
        most = f"{program.brake.enrolments:,} in {format_duration(program.brake.per)}"
        yield "brake", f"{most}, the others wait for a person"
    if program.priority:
        yield "priority", f"{program.priority}"
    if program.group:
        yield "group", f"{program.group}: in one program of it at a time"
    if program.suppress is not None:
        yield "suppressed", to_sentence(program.suppress)
    if program.takes_existing:
        yield "existing", "also those of whom it held before"
    if program.holdout:
        yield "held out", f"{program.holdout:g} of 100, for comparison"


def tell_window(window: SendWindow) -> str:
    """When messages may leave: `mon-fri 09:00-18:00, not on holidays`."""
    if window == ALWAYS_OPEN:
        return "at any time"
    hours = f"{window.opens:%H:%M}-{window.closes:%H:%M}" if window.opens != window.closes else "at any hour"
    return f"{_days(window.days)} {hours}{', not on holidays' if window.holidays else ''}"


def _days(days: Iterable[int]) -> str:
    numbers = sorted(days)
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{_DAYS[numbers[0]]}-{_DAYS[numbers[-1]]}"
    return ", ".join(_DAYS[number] for number in numbers)


def tell_leaving(activity: Activity) -> str:
    """When its turn comes: `after 3d, at 09:00`."""
    after = f"after {format_duration(activity.after)}" if activity.after else ""
    on = f"not before {activity.on}" if activity.on else ""
    at = f"at {activity.at:%H:%M}" if activity.at else ""
    return ", ".join(filter(None, (after, on, at))) or "at once"


def tell_activity(activity: Activity) -> str:
    """What it does: sends something, waits, or parts the ways."""
    if activity.send is not None:
        return tell_send(activity.send)
    if activity.fork is not None:
        return _tell_fork(activity.fork)
    most = f", at most {format_duration(activity.within)}" if activity.within else ""
    return f"wait for {' or '.join(map(tell_trigger, activity.answered))}{most}"


def _tell_fork(fork: Fork) -> str:
    ways = ", ".join(f"{case.name} {tell_case(case, fork)}" for case in fork.cases)
    best = (
        f"; the best by {'answers' if fork.contest.by is Merit.ANSWERED else 'the goal'} wins" if fork.contest else ""
    )
    return f"{'split' if fork.by_chance else 'choose'}: {ways}{best}"


def tell_case(case: Case, fork: Fork) -> str:
    """Who goes this way: `if employees is at least 250`, `else`, `50 of 100`."""
    if fork.by_chance:
        return f"{case.weight:g} of {sum(each.weight for each in fork.cases):g}"
    return f"if {to_sentence(case.when)}" if case.when else "else"


def tell_answer(activity: Activity) -> str:
    """What counts as the answer, and what is done for one: `email_clicked within 7d, else again after 1d`."""
    if activity.send is None or not activity.answered:
        return ""
    within = f" within {format_duration(activity.within)}" if activity.within else ""
    return " or ".join(map(tell_trigger, activity.answered)) + within + _tell_reminders(activity)


def _tell_reminders(activity: Activity) -> str:
    times, after = activity.reminders
    if not times:
        return ""
    return f", else again {f'{format_duration(after)} later' if after else 'at once'}{f', {times} times' * (times > 1)}"


def tell_send(send: Send | Choice) -> str:
    """What leaves, for people: `list thank_you`, `by topic: energy list a, else list b`."""
    match send:
        case Choice(by, cases, otherwise):
            told = [f"{value} {tell_send(what)}" for value, what in cases.items()]
            rest = tell_send(otherwise) if otherwise else "nothing"
            return f"by {by}: {', '.join([*told, f'else {rest}'])}"
        case ListSend(name):
            return f"list {name}"
        case EmailSend(name):
            return f"email {name}"
        case Task():
            return "a task for sales"
        case Note():
            return "a note"
