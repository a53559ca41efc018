"""An explanation as a page of text that a sales manager reads from top to bottom."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from connector.cli.deals import print_deals
from connector.cli.printing import age, build_grid, joined, local, plural
from connector.engine.telling.explain import (
    Expiry,
    Explanation,
    FieldExplanation,
    Given,
    Happening,
    LedgerLine,
    ScoreExplanation,
    ScorePart,
    Write,
)
from connector.engine.telling.selling import HandOverExplanation
from connector.engine.telling.waiting import EnrolmentExplanation, WaitOutside


def print_explanation(console: Console, lead: Explanation, zone: ZoneInfo, lines: int) -> None:
    """The whole page, `lines` bounds ledger and timeline; of a lead that was not read yet there is nothing to tell."""
    address = f" <{lead.email}>" if lead.email and lead.email != lead.name else ""
    console.print(f"[bold]{escape(lead.name)}[/]{escape(address)}")
    console.print(f"[dim]{lead.id} · {joined(lead.refs)} · {lead.standing}[/]")
    if lead.gone:
        gone = (f"{one.ref} ({one.how})" for one in lead.gone)
        console.print(f"[dim]no longer there: {escape(joined(gone))}[/]")
    console.print(f"[dim]as of {local(lead.now, zone)} ({zone.key})[/]")
    if lead.unread_because:
        console.print(f"\n[bold red]![/] Known, but not read from the CRM yet: {escape(lead.unread_because)}")
        return
    for field in lead.frozen:
        until = f"until {local(field.until, zone)}"
        console.print(f"[bold red]![/] nothing of {escape(field.name)} is written {until}: CRMs overwrite each other")
    for score in lead.scores:
        print_score(console, score, zone)
    _print_enrolments(console, lead.enrolments, lead.outside, zone)
    _print_hand_overs(console, lead.hand_overs, zone)
    _print_groups(console, lead, zone)
    print_deals(console, lead, zone, lines)
    _print_fields(console, lead.computed)
    _print_signals(console, lead.signals, zone)
    _print_ledger(console, lead.ledger, zone, lines)
    print_timeline(console, lead.timeline, zone, lines)
    _print_writes(console, lead.writes)


def print_score(console: Console, score: ScoreExplanation, zone: ZoneInfo) -> None:
    """The score as a sum of rules that adds up to the digit."""
    grade = f" · grade {score.grade}" if score.grade else ""
    _head(console, f"{score.name} {score.points}{grade}")
    table = build_grid()
    for part in score.parts:
        _add_part(table, part, zone)
    if score.parts:
        table.add_row("─────", "", "", style="dim")
        rounded = "" if score.tenths == score.points * 10 else f", rounded down {score.points}"
        table.add_row(f"{score.tenths / 10:.1f}", f"[bold]{score.name}[/]{rounded}", "")
    console.print(Padding(table, (0, 2)))


def _add_part(table: Table, part: ScorePart, zone: ZoneInfo) -> None:
    table.add_row("", f"[bold]{part.name}[/] {part.tenths / 10:.1f}", f"[dim]{_course(part, zone)}[/]")
    for reason in part.reasons:
        times = f"{reason.times} times, last " if reason.times > 1 else ""
        until = _expiry(reason.expiries, zone)
        table.add_row(f"{reason.tenths / 10:+.1f}", escape(reason.rule), f"{times}{local(reason.last_at, zone)}{until}")
    if not part.reasons:
        table.add_row("+0.0", "[dim]no rule applies[/]", "")


def _course(part: ScorePart, zone: ZoneInfo) -> str:
    """How the score goes on by itself, and since when it counts."""
    if part.frozen_since:
        course = f"frozen since {local(part.frozen_since, zone)}"
    else:
        course = f"half of it fades every {age(part.half_life)}" if part.half_life else ""
    return joined(filter(None, (course, f"reset {local(part.reset_at, zone)}" if part.reset_at else "")), "")


def _expiry(expiries: Sequence[Expiry], zone: ZoneInfo) -> str:
    if not expiries:
        return ""
    first = expiries[0]
    if len(expiries) == 1:
        return f", until {local(first.at, zone)}"
    return f", {first.points:g} of it until {local(first.at, zone)}, the last until {local(expiries[-1].at, zone)}"


def _print_enrolments(
    console: Console, enrolments: Sequence[EnrolmentExplanation], outside: Sequence[WaitOutside], zone: ZoneInfo
) -> None:
    _head(console, "Programs")
    table = build_grid()
    for place in outside:
        _add_outside(table, place, zone)
    for one in enrolments:
        reason = f": {one.reason}" if one.reason else ""
        table.add_row(
            f"[bold]{escape(one.program)}[/]", escape(f"{one.phase} · {one.state}{reason}"), _since(one, zone)
        )
        for wait in one.waits:
            until = f"until {local(wait.until, zone)}" if wait.until else "" if wait.because else "until an event"
            table.add_row("", f"waits for {escape(wait.what)}", joined(filter(None, (until, escape(wait.because)))))
    console.print(Padding(table if table.row_count else "[dim]none[/]", (0, 2)))


def _add_outside(table: Table, place: WaitOutside, zone: ZoneInfo) -> None:
    """A brake keeps the lead outside: for a moment, or until a person lets it in."""
    waits = "waits for a person" if place.needs_person else "waits for a place"
    table.add_row(f"[bold]{escape(place.program)}[/]", waits, f"since {local(place.since, zone)}")
    if place.needs_person:
        table.add_row("", escape(place.because), f"to let all in: coltiva programs admit {escape(place.program)}")


def _since(one: EnrolmentExplanation, zone: ZoneInfo) -> str:
    return f"ended {local(one.ended_at, zone)}" if one.ended_at else f"entered {local(one.entered_at, zone)}"


def _print_hand_overs(console: Console, hand_overs: Sequence[HandOverExplanation], zone: ZoneInfo) -> None:
    """To whom sales gave the lead, and why to nobody else."""
    if not hand_overs:
        return
    _head(console, "Sales")
    table = build_grid()
    for one in hand_overs:
        stands = ": ".join(filter(None, (f"{one.state} {f'· {one.rep}' if one.rep else ''}".strip(), one.reason)))
        since = f"since {local(one.began_at, zone)} ({escape(one.because)})"
        table.add_row(f"[bold]{escape(one.name)}[/]", escape(stands), since)
        for choice in one.choices:
            others = (f"{each.rep} {each.excluded}" for each in choice.candidates if each.excluded)
            given = escape(f"given to {choice.rep}: {choice.because}")
            table.add_row("", given, escape(joined([local(choice.at, zone), *others])))
        if one.due_at:
            table.add_row(
                "",
                "waits for a rep" if one.waits_because else "next escalation",
                escape(f"{local(one.due_at, zone)} {one.waits_because}".strip()),
            )
    console.print(Padding(table, (0, 2)))


def _print_groups(console: Console, lead: Explanation, zone: ZoneInfo) -> None:
    _head(console, "Segments and lists")
    table = build_grid()
    if lead.persona:
        table.add_row("persona", escape(lead.persona.name), f"since {local(lead.persona.since, zone)}")
    for kind, groups in (("segment", lead.segments), ("list", lead.lists)):
        for group in groups:
            table.add_row(kind, escape(group.name), f"since {local(group.since, zone)}")
    for tag in lead.tags:
        until = f" until {local(tag.until, zone)}" if tag.until else ""
        table.add_row("tag", escape(tag.name), f"since {local(tag.since, zone)}{until}")
    console.print(Padding(table if table.row_count else "[dim]none[/]", (0, 2)))


def _print_fields(console: Console, fields: Sequence[FieldExplanation]) -> None:
    """The fields that follow from signals, each with what its value was chosen from; nothing where there are none."""
    if not fields:
        return
    _head(console, "What the signals say")
    table = build_grid()
    for field in fields:
        shares = joined(f"{share.value} {share.amount:g}" for share in field.shares)
        table.add_row(escape(field.name), escape(field.value) or "[dim]nothing yet[/]", escape(shares))
    console.print(Padding(table, (0, 2)))


def _print_signals(console: Console, signals: Sequence[Given], zone: ZoneInfo) -> None:
    _head(console, "Signals")
    table = build_grid()
    for one in signals:
        said = joined((f"{name} {value}" for name, value in one.attributes.items()), "")
        table.add_row(escape(one.signal), plural(one.times, "time"), f"last {local(one.last_at, zone)}", escape(said))
    console.print(Padding(table if signals else "[dim]none yet[/]", (0, 2)))


def _print_ledger(console: Console, ledger: Sequence[LedgerLine], zone: ZoneInfo, lines: int) -> None:
    _head(console, "Ledger", shown=lines, of=len(ledger))
    table = build_grid()
    for line in ledger[-lines:]:
        points, total = (f"{line.points:+g}", f"→ {line.total:g}") if line.rule else ("", "")
        table.add_row(
            local(line.at, zone), points, f"{escape(line.score)} {total}", escape(line.rule), escape(line.why)
        )
    console.print(Padding(table if ledger else "[dim]no points were given yet[/]", (0, 2)))


def print_timeline(console: Console, timeline: Sequence[Happening], zone: ZoneInfo, lines: int) -> None:
    """The latest of what happened, oldest first; points have a ledger of their own."""
    told = [one for one in timeline if one.kind != "scored"]
    _head(console, "Timeline", shown=lines, of=len(told))
    table = build_grid()
    for one in told[-lines:]:
        table.add_row(local(one.at, zone), escape(one.what))
    console.print(Padding(table if told else "[dim]nothing happened yet[/]", (0, 2)))


def _print_writes(console: Console, writes: Sequence[Write]) -> None:
    _head(console, "Written to the CRM")
    table = build_grid()
    for write in writes:
        words = f"[red]» {escape(write.words)}[/]" if write.words else ""
        table.add_row(write.state, write.kind, escape(write.what), words)
    console.print(Padding(table if writes else "[dim]nothing yet[/]", (0, 2)))


def _head(console: Console, title: str, *, shown: int = 0, of: int = 0) -> None:
    part = f" [dim]the last {shown} of {of}[/]" if of > shown else ""
    console.print(f"\n[bold cyan]{escape(title)}[/]{part}")
