"""Programs as Mermaid flow charts, which repositories, wikis and editors draw."""

from __future__ import annotations

import re
from collections.abc import Iterator

from connector.domain.program import Target, TargetKind
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
        for way in phase.ways:
            yield from _way(way, places, places[phase.name], others)
    yield from _ends(program)


def _phase(phase: PhaseSketch, id_: str) -> Iterator[str]:
    yield f"subgraph {id_}[{label(f'{phase.name} · {phase.stage}' if phase.stage else phase.name)}]"
    for index, step in enumerate(phase.steps):
        yield f"    {id_}_{index}[{_step(step)}]"
        if index:
            yield f"    {id_}_{index - 1} -->|{label(step.leaves)}| {id_}_{index}"
    yield "end"


def _step(step: StepSketch) -> str:
    return label(step.name, step.sends, f"answer: {step.answer}" if step.answer else "")


def _way(way: WaySketch, places: dict[str, str], from_: str, others: dict[Target, str]) -> Iterator[str]:
    if way.target.kind is TargetKind.PHASE:
        to = places.get(way.target.name, "exit")
    else:
        if way.target not in others:
            others[way.target] = f"stop{len(others)}"
            yield f"{others[way.target]}([{label(way.leads_to)}])"
        to = others[way.target]
    yield f"{from_} -->|{label(', '.join(filter(None, (way.when, way.first))))}| {to}"


def _ends(program: ProgramSketch) -> Iterator[str]:
    """What ends the program from anywhere."""
    for id_, title, triggers in (("won", "goal", program.goal), ("left", "exit", program.exit)):
        if triggers:
            yield f"{id_}{{{{{label(f'{title}, at any moment', *triggers)}}}}}"


def label(*lines: str) -> str:
    """Lines of text as a quoted label; whatever could end it or mean something is written by its number."""
    return '"' + "<br/>".join(_escaped(line) for line in lines if line) + '"'


def _escaped(line: str) -> str:
    words = printable(line)
    words = f"{words[: _WIDEST_LABEL - 1]}…" if len(words) > _WIDEST_LABEL else words
    return _MAGIC.sub(lambda found: f"#{ord(found[0])};", words)
