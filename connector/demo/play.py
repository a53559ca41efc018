"""The whole demo, from an empty folder to the verdict."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import fields
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

from rich.console import Console

from connector.cli.codes import FINDINGS
from connector.cli.printing import build_console, build_progress, plural, print_json
from connector.clock import SystemClock
from connector.demo.account import Account, count_calls, count_funnel, count_messages, tell_stories
from connector.demo.both.play import play_both
from connector.demo.both.printed import print_both
from connector.demo.both.stage import Stage as BothStage
from connector.demo.both.stage import staged as staged_both
from connector.demo.both.story import EMAIL
from connector.demo.expected import expect
from connector.demo.life import Life, furnish
from connector.demo.people import BEGINS_AT, DAYS, ENDS_AT, ZONE, Person, invent
from connector.demo.printed import print_account
from connector.demo.readback import read_portal
from connector.demo.stage import Stage, staged
from connector.demo.verdict import judge

#: Enough for the rate limit to have room for reading everything back.
_A_BREATH = timedelta(seconds=15)


def play(*, contacts: int, seed: int, keep: bool, as_json: bool) -> int:
    """Play it and tell of it; the exit code. With `keep` it goes on until Ctrl-C."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)  # either way everything is stopped and tidied up
    console = build_console(stderr=as_json)
    people = invent(contacts, seed)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(_folder()))
        console.print(f"[bold]Seven weeks at ACME Planning[/], with {plural(contacts, 'contact')}.")
        console.print("A simulated HubSpot portal, a web process and a worker start on this machine ...")
        began_at = monotonic()
        stage = stack.enter_context(staged(folder, seed, furnish))
        account = _perform(stage, people, began_at)
        if not as_json:
            print_account(console, account)
            console.print("\nA simulated Salesforce org is connected beside a portal ...")
        began_at = monotonic()
        other = stack.enter_context(staged_both(Path(stack.enter_context(_folder()))))
        both = play_both(other, began_at)
        if as_json:
            print_json({field.name: getattr(account, field.name) for field in fields(account)} | {"both_crms": both})
        else:
            print_both(console, both)
        if keep:
            _keep(console, stage, people[0].email, other)
    return FINDINGS if account.differences or both.differences else 0


def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="coltiva-demo-")


def _perform(stage: Stage, people: Sequence[Person], began_at: float) -> Account:
    life = Life(stage.portal, stage.open_site(), people)
    stage.settle()
    life.begin()
    with build_progress() as progress:
        bar = progress.add_task(f"{BEGINS_AT:%a %d %b}", total=DAYS)

        def on_moment(now: datetime) -> None:
            done = (now - BEGINS_AT) / timedelta(days=1)
            progress.update(bar, completed=int(done), description=f"{now.astimezone(ZONE):%a %d %b}")

        stage.play_until(ENDS_AT, on_moment)
    calls, seconds = count_calls(stage), monotonic() - began_at
    expected = {person.email: expect(person, life.diaries[person.email], stage.now) for person in people}
    stage.sandbox.clock.set(stage.now + _A_BREATH)
    stage.settle()
    seen = read_portal(stage.connection.token, stage.sandbox.clock, stage.services.settings.hubspot_base_url)
    health = stage.services.store.read_models.health(stage.now)
    return Account(
        contacts=len(people),
        days=DAYS,
        seconds=seconds,
        facts=health.facts,
        webhooks=stage.webhooks,
        funnel=count_funnel(stage),
        leads=tell_stories(stage, people),
        messages=count_messages(seen.values()),
        tasks=tuple(subject for one in seen.values() for subject in one.tasks),
        calls=calls,
        differences=tuple(judge(expected, seen)),
    )


def _keep(console: Console, stage: Stage, address: str, other: BothStage) -> None:
    """Let everything run on in everyday time until Ctrl-C, and say how to look at it."""
    settings = stage.services.settings
    console.print(f"\nThe portal:  {settings.hubspot_base_url}/")
    console.print(f"Readiness:   {settings.public_url}/readyz")
    _print_way(console, stage.environ, ("status", "leads", f"explain {address}"))
    console.print(f"\nThe org:     {other.crms.org.instance_url}/")
    console.print(f"Its portal:  {other.services.settings.hubspot_base_url}/")
    _print_way(console, other.environ, ("status", f"explain {EMAIL}"))
    console.print("\nStop with Ctrl-C.")
    clock = SystemClock()
    try:
        while True:
            clock.wait(1)
            stage.sandbox.clock.set(stage.now + timedelta(seconds=1))
            stage.sandbox.tick()
            other.crms.sandbox.clock.set(other.now + timedelta(seconds=1))
            other.crms.tick()
    except KeyboardInterrupt:
        console.print("Stopped.")


def _print_way(console: Console, environ: Mapping[str, str], commands: Sequence[str]) -> None:
    console.print("\nIn another terminal:\n")
    for name, value in environ.items():
        console.print(f"  export {name}='{value}'", soft_wrap=True, markup=False)
    for command in commands:
        console.print(f"  .venv/bin/coltiva {command}", soft_wrap=True, markup=False)
