"""The story played from an empty folder to its verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from connector.demo.both.answers import tell_new
from connector.demo.both.readback import read_both
from connector.demo.both.stage import Crms, Stage
from connector.demo.both.story import EMAIL, FORM, STORY, THANKS, WON, WORKED_ON, Deed, Shown, Step
from connector.demo.both.verdict import judge


@dataclass(frozen=True, slots=True)
class Scene:
    """One step as it was played."""

    at: datetime
    crm: str
    what: str
    #: What Coltiva did about it.
    answers: tuple[str, ...]
    #: Both CRMs afterwards.
    shown: Shown


@dataclass(frozen=True, slots=True)
class BothAccount:
    """All that is told of the story."""

    seconds: float
    scenes: tuple[Scene, ...]
    #: Everything in either CRM that is not as it must be.
    differences: tuple[str, ...]


def play_both(stage: Stage, began_at: float) -> BothAccount:
    """Play it on a stage on which nothing has happened yet. Raises StageError."""
    stage.pass_soon()
    told: Counter[str] = Counter()
    scenes: list[Scene] = []
    for step in STORY:
        scene, told = _play(stage, step, told)
        scenes.append(scene)
    differences = judge(tuple(scene.shown for scene in scenes))
    return BothAccount(monotonic() - began_at, tuple(scenes), differences)


def _play(stage: Stage, step: Step, told: Counter[str]) -> tuple[Scene, Counter[str]]:
    stage.pass_until(step.at)
    _DEEDS[step.deed](stage.crms)
    stage.pass_soon()
    answers, now = tell_new(told, *stage.told())
    return Scene(step.at, step.crm, step.what, answers, read_both(*stage.open_apis())), now


def _ask(crms: Crms) -> None:
    crms.portal.marketing.submit_form(
        EMAIL, FORM, firstname="Mara", lastname="Rossi", company="Etsch Maschinen", industry="COMPUTER_SOFTWARE"
    )


def _click(crms: Crms) -> None:
    crms.portal.marketing.click_email(crms.portal.contact_id(EMAIL) or "", THANKS)


def _note_down(crms: Crms) -> None:
    # The card has another spelling of the address, and of the company.
    crms.org.people.create_lead(
        EMAIL.title(), user=crms.ben, FirstName="Mara", LastName="Rossi", Company="Etsch Maschinen SpA"
    )


def _call(crms: Crms) -> None:
    crms.org.people.change(_lead(crms), user=crms.ben, Status=WORKED_ON)


def _convert(crms: Crms) -> None:
    people, lead = crms.org.people, _lead(crms)
    for task in people.records("Task", WhoId=lead):
        people.close_task(task["Id"], user=crms.rita)
    people.convert(lead, opportunity="Etsch Maschinen, a plan", user=crms.rita)


def _win(crms: Crms) -> None:
    for opportunity in crms.org.people.records("Opportunity"):
        crms.org.people.change(opportunity["Id"], user=crms.rita, StageName=WON, Amount=24_000)


def _lead(crms: Crms) -> str:
    return str(crms.org.people.records("Lead")[0]["Id"])


_DEEDS: Mapping[Deed, Callable[[Crms], None]] = {
    Deed.ASK: _ask,
    Deed.CLICK: _click,
    Deed.NOTE_DOWN: _note_down,
    Deed.CALL: _call,
    Deed.CONVERT: _convert,
    Deed.WIN: _win,
}
