"""Chapter: a large mapping and many scenarios: what it costs to read them, and to judge by many programs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time

from connector.domain.book import Book, compile_book
from connector.domain.decide import fold
from connector.domain.fact import Fact, FactKind, RecordName
from connector.domain.ids import LeadId
from connector.domain.lead import blank
from connector.mapping.load import parse_mapping
from connector.scenario import load_scenarios, run
from tests.bench.figures import Chapter, at_most, of_rounds
from tests.bench.processes import REPOSITORY
from tests.bench.scale import Scale

_PROGRAMS, _PHASES, _ACTIVITIES, _RULES = 50, 6, 5, 200
_SIGNALS = 50
_FACTS = 400
_BEGAN_AT = datetime(2026, 9, 7, 8, 0, tzinfo=UTC)
_HEAD = """format: 1
workspace: large
timezone: Europe/Rome
fields:
  email:     {hubspot: email, identity: true}
  opted_out: {hubspot: hs_email_optout, type: boolean, consent: email}
  industry:  {hubspot: industry}
  other:     {hubspot: other}
lists: {mail: Mail}
"""


def measure_language(folder: Path, scale: Scale) -> Chapter:
    """What 50 programs cost beside one, and 1,000 scenarios."""
    chapter = Chapter(f"a mapping of {_PROGRAMS} programs with {_PHASES} phases of {_ACTIVITIES}, {_RULES} score rules")
    large, small = _files(_PROGRAMS, _RULES), _files(1, 1)
    compiled = [_compile_s(large) for _ in range(scale.rounds)]
    chapter.figures.append(of_rounds("language.compile_s", "read, checked and compiled", compiled, "s", at_most(1)))
    books = _book(large), _book(small)
    rounds = [(_fact_us(books[0]), _fact_us(books[1])) for _ in range(scale.rounds + 1)][1:]  # in turn
    for place, (key, title) in enumerate((("large", "of this mapping"), ("small", "of one with one program and rule"))):
        title = f"a fact that concerns nothing {title}"
        chapter.figures.append(of_rounds(f"language.{key}_us", title, [each[place] for each in rounds], "µs"))
    chapter.add_ratio(
        "language.large_to_small", "the one : the other", "language.large_us", "language.small_us", at_most(2)
    )
    played = [_scenarios_s(folder, scale.scenarios) for _ in range(scale.rounds)]
    title = f"{scale.scenarios:,} scenarios of mappings/acme, read and played"
    chapter.figures.append(of_rounds("language.scenarios_s", title, played, "s", at_most(10)))
    chapter.remark = "All in processor time."
    return chapter


# --- a large mapping ---


def _files(programs: int, rules: int) -> Mapping[str, str]:
    """The mapping by file: a workspace with so many score rules, and so many programs in files of ten."""
    every = [_program(number) for number in range(programs)]
    parts = {f"programs_{at}.yaml": every[at : at + 10] for at in range(0, programs, 10)}
    return {
        "workspace.yaml": _HEAD + "".join(_signals()) + "".join(_score(rules)),
        **{name: "format: 1\nprograms:\n" + "".join(part) for name, part in parts.items()},
    }


def _signals() -> Iterator[str]:
    yield "signals:\n  clicked: {hubspot: {when_changed: click}}\n"
    yield from (f"  s{number}: {{attributes: [x]}}\n" for number in range(_SIGNALS))


def _score(rules: int) -> Iterator[str]:
    yield "scores:\n  interest:\n    rules:\n"
    for number in range(rules):
        asks = f"on: s{number % _SIGNALS}, where: {{x: v{number}}}"
        yield f"      - {{{asks}, points: {1 + number % 9}, id: r{number}}}\n"


def _program(number: int) -> str:
    activities = "".join(map(_activity, range(_ACTIVITIES)))
    body = f"        activities:\n{activities}        none_answered: exit\n"
    phases = "".join(f"      f{phase}:\n{body}" for phase in range(_PHASES))
    return (
        f"  p{number}:\n    enrol: s{number}\n    goal: {{on: s{number}, where: {{x: won}}}}\n"
        f"    exit: {{when: {{opted_out: true}}}}\n    phases:\n{phases}"
    )


def _activity(number: int) -> str:
    answered = f"answered: {{on: clicked, when: {{industry: i{number}}}}}, within: 7d"
    return f"          a{number}: {{after: 1d, send: {{list: mail}}, again: true, {answered}}}\n"


def _book(files: Mapping[str, str]) -> Book:
    return compile_book(parse_mapping(files))


def _compile_s(files: Mapping[str, str]) -> float:
    started_at = process_time()
    _book(files)
    return process_time() - started_at


# --- judging by it ---


def _fact_us(book: Book) -> float:
    """What each of some facts costs that change a field that nothing looks at."""

    def fact(number: int, name: RecordName, **said: str) -> Fact:
        return Fact(f"k{number}", _BEGAN_AT + timedelta(minutes=number), FactKind.RECORD, name, "hubspot", said)

    known = fact(0, RecordName.BASELINE, email="ada@example.com")
    lead = fold(lambda version: book, blank(LeadId("lead"), book.version), [known], known.at).lead
    facts = [fact(number, RecordName.CHANGED, other=str(number)) for number in range(1, _FACTS + 1)]
    started_at = process_time()
    for each in facts:
        lead = fold(lambda version: book, lead, [each], each.at).lead
    return (process_time() - started_at) / _FACTS * 1_000_000


# --- scenarios ---


def _scenarios_s(folder: Path, many: int) -> float:
    """Reads and plays the scenarios of a copy of the workspace that has each of them many times."""
    workspace = REPOSITORY / "mappings" / "acme"
    copied = folder / "many_scenarios"
    shutil.copytree(workspace, copied, dirs_exist_ok=True)
    copies = -(-many // len(load_scenarios(workspace)))
    for file in (workspace / "tests").glob("*.yaml"):
        for number in range(1, copies):
            shutil.copy(file, copied / "tests" / f"{file.stem}_{number}.yaml")
    started_at = process_time()
    scenarios = load_scenarios(copied)[:many]
    wrong = [scenario for scenario in scenarios if not run(scenario).is_right]
    spent = process_time() - started_at
    if len(scenarios) != many or wrong:
        raise RuntimeError(f"{len(scenarios)} scenarios were played, and of these {len(wrong)} failed")
    return spent
