"""Programs as Mermaid flow charts, which repositories, wikis and editors draw."""

from __future__ import annotations

import re
from collections.abc import Iterator

from connector.domain.programs.program import Target, TargetKind
from connector.mapping.report import printable
from connector.mapping.sketches import PhaseSketch, ProgramSketch, StepSketch, WaySketch

#: What means something to Mermaid inside quotation marks.
_MAGIC = re.compile(r"[^\w \-.,:;·?!/()=+%*'–…→äöüÄÖÜßàèéìòù]")
_WIDEST_LABEL = 200


def chart(program: ProgramSketch) -> str:
    """The program as the text of a Mermaid flow chart. Names are labels alone, so that none can change the chart."""
    return "\n".join(["flowchart TD", *(f"    {line}" for line in _lines(program))]) + "\n"


def _lines(program: ProgramSketch) -> Iterator[str]:
    places = {phase.name: f"phase{index}" for index, phase in enumerate(program.phases)}
    yield f"enter([{label('enters', *program.enters or ('by hand or from another program',))}])"
    for phase in program.phases:
        yield from _phase(phase, places[phase.name])
    yield f"enter --> {places[program.phases[0].name]}"
    others: dict[Target, str] = {}
    for phase in program.phases:
        for index, step in enumerate(phase.steps):
            for way in step.ways:
                yield from _way(way, places, f"{places[phase.name]}_{index}", others)
        for way in phase.ways:
            yield from _way(way, places, places[phase.name], others)
    yield from _ends(program)
    yield from _terms(program)


#: An arrow that still has no head: from which step, and what it says.
_Loose = tuple[str, str]


def _phase(phase: PhaseSketch, id_: str) -> Iterator[str]:
    yield f"subgraph {id_}[{label(f'{phase.name} · {phase.stage}' if phase.stage else phase.name)}]"
    lines: list[str] = []
    _draw(phase, id_, (), [], lines)
    yield from (f"    {line}" for line in lines)
    yield "end"


def _draw(
    phase: PhaseSketch, id_: str, path: tuple[tuple[str, str], ...], loose: list[_Loose], lines: list[str]
) -> list[_Loose]:
    """Draw the steps behind these forks, joined to the loose arrows; returns the arrows that are loose after them."""
    for index, step in enumerate(phase.steps):
        if step.path != path:
            continue
        here = f"{id_}_{index}"
        lines.append(_node(here, step, is_first=not loose))
        for from_, words in loose:
            leaves = "" if words and step.leaves == "at once" else step.leaves
            lines.append(f"{from_} -->|{label(', '.join(filter(None, (words, leaves))))}| {here}")
        loose = _parted(phase, id_, here, step, lines) if step.cases else [(here, "")]
    return loose


def _parted(phase: PhaseSketch, id_: str, here: str, step: StepSketch, lines: list[str]) -> list[_Loose]:
    """Draw the ways of a fork; they join again in what comes next."""
    loose: list[_Loose] = [(here, "else")] if step.is_open else []
    for name, who in step.cases:
        loose += _draw(phase, id_, (*step.path, (step.name, name)), [(here, f"{name}: {who}")], lines)
    return loose


def _node(id_: str, step: StepSketch, *, is_first: bool) -> str:
    leaves = step.leaves if is_first and step.leaves != "at once" else ""
    only = f"only if {step.only}" if step.only else ""
    if step.cases:
        return f"{id_}{{{label(step.name, leaves, only)}}}"
    answer = f"answer: {step.answer}" if step.answer else ""
    return f"{id_}[{label(step.name, leaves, step.sends, only, answer)}]"


def _way(way: WaySketch, places: dict[str, str], from_: str, others: dict[Target, str]) -> Iterator[str]:
    if way.target.kind is TargetKind.PHASE:
        to = places.get(way.target.name, "exit")
    else:
        if way.target not in others:
            others[way.target] = f"stop{len(others)}"
            yield f"{others[way.target]}([{label(way.leads_to)}])"
        to = others[way.target]
    yield f"{from_} -->|{label(', '.join(filter(None, (way.words, way.first))))}| {to}"


def _ends(program: ProgramSketch) -> Iterator[str]:
    """What ends the program from anywhere."""
    for id_, title, triggers in (("won", "goal", program.goal), ("left", "exit", program.exit)):
        if triggers:
            yield f"{id_}{{{{{label(f'{title}, at any moment', *triggers)}}}}}"


def _terms(program: ProgramSketch) -> Iterator[str]:
    """On what terms it runs beside other programs."""
    if program.terms:
        yield f"terms[/{label(*(f'{word}: {said}' for word, said in program.terms))}/]"


def label(*lines: str) -> str:
    """Lines of text as a quoted label; whatever could end it or mean something is written by its number."""
    return '"' + "<br/>".join(_escaped(line) for line in lines if line) + '"'


def _escaped(line: str) -> str:
    words = printable(line)
    words = f"{words[: _WIDEST_LABEL - 1]}…" if len(words) > _WIDEST_LABEL else words
    return _MAGIC.sub(lambda found: f"#{ord(found[0])};", words)
