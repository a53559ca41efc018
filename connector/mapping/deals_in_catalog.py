"""What a mapping says of deals beside what a CRM account has: their properties, pipelines and stages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connector.domain.definitions import Definitions
from connector.domain.field import FieldType
from connector.domain.traits.deal import DealSource, Stages
from connector.mapping.places import Path, Problems
from connector.mapping.report import nearest, quoted
from connector.ports import DealCatalog

#: Key of `deals` -> the types of properties that it can be read from.
_TYPES: Mapping[str, frozenset[FieldType]] = {
    "amount": frozenset({FieldType.NUMBER}),
    "closed_at": frozenset({FieldType.DATE, FieldType.DATETIME}),
    "stage": frozenset({FieldType.TEXT}),
    "pipeline": frozenset({FieldType.TEXT}),
}
#: The properties whose values are the account's pipelines and their stages. HubSpot: Pipelines API guide.
_STAGE, _PIPELINE = "dealstage", "pipeline"


def compare_deals(definitions: Definitions, crm: str, label: str, found: DealCatalog, problems: Problems) -> None:
    """Report what the account lacks of what the mapping says of deals, or has otherwise; all of it are errors."""
    for source in definitions.deals:
        if source.crm == crm:
            _Comparison(source, label, found, problems).run(definitions)


@dataclass(frozen=True, slots=True)
class _Comparison:
    source: DealSource
    label: str
    found: DealCatalog
    problems: Problems

    def run(self, definitions: Definitions) -> None:
        path: Path = ("deals", self.source.crm)
        if self.found.problem:
            message = f"{self.label} does not let deals be read: {self.found.problem}"
            self.problems.error(path, message, "grant the app the scope to read deals, and connect again", on_key=True)
            return
        for key in _TYPES:
            self._compare_property(key, (*path, key))
        if self.source.pipeline == _PIPELINE:
            for place, names in self._named_pipelines():
                self._compare_pipelines(names, (*path, *place))
        if self.source.stage == _STAGE:
            for key, stages in (("won", self.source.won), ("lost", self.source.lost)):
                if stages is not None:
                    self._compare_stages(stages.stages, stages, (*path, key, "stage"))
            self._compare_signals(definitions)

    def _compare_property(self, key: str, path: Path) -> None:
        name = getattr(self.source, key)
        known = self.found.properties.get(name)
        if known is None:
            hint = nearest(name, self.found.properties) or "name another one"
            self.problems.error(path, f"deals in {self.label} have no property {quoted(name)}", hint)
        elif known.type not in _TYPES[key]:
            message = f"{quoted(name)} of deals in {self.label} is of type {known.type}"
            self.problems.error(path, message, f"name a property of type {min(_TYPES[key])}")

    def _named_pipelines(self) -> Iterable[tuple[Path, frozenset[str]]]:
        yield ("pipelines",), self.source.pipelines
        yield ("won", "pipeline"), self.source.won.pipelines
        if self.source.lost is not None:
            yield ("lost", "pipeline"), self.source.lost.pipelines

    def _compare_pipelines(self, names: frozenset[str], path: Path) -> None:
        for name in sorted(names - self.found.pipelines.keys()):
            message = f"{self.label} has no pipeline {quoted(name)}"
            self.problems.error(path, message, nearest(name, self.found.pipelines))

    def _compare_stages(self, names: Iterable[str], within: Stages, path: Path) -> None:
        known = self._stages_of(within.pipelines or self.source.pipelines)
        for name in sorted(frozenset(names) - known.keys()):
            message = f"no pipeline in {self.label} has a stage {quoted(name)}"
            self.problems.error(path, message, _meant(name, known))

    def _stages_of(self, pipelines: frozenset[str]) -> Mapping[str, str]:
        """The stages of these pipelines, of all if none is named or known, with what people call them."""
        asked = [self.found.pipelines[name] for name in sorted(pipelines) if name in self.found.pipelines]
        several = asked or self.found.pipelines.values()
        return {stage: label for stages in several for stage, label in stages.items()}

    @staticmethod
    def _is_alone(signal: str, definitions: Definitions) -> bool:
        """Whether the signal has no other source, so that the place of this one in the file is known."""
        of_deals = [each for each in definitions.deal_signals if each.signal == signal]
        others = {each.signal for each in definitions.signals} | {each.signal for each in definitions.feeds}
        others |= {each.signal for each in definitions.companions}
        return len(of_deals) == 1 and signal not in others

    def _compare_signals(self, definitions: Definitions) -> None:
        for signal in definitions.deal_signals:
            path: Path = (
                ("signals", signal.signal, signal.crm, 0, "to")
                if self._is_alone(signal.signal, definitions)
                else ("signals", signal.signal)
            )
            self._compare_stages(signal.to, Stages(), path)


def _meant(name: str, known: Mapping[str, str]) -> str:
    """People write what they see: its label stands for a stage's own name."""
    by_label = {label.lower(): stage for stage, label in known.items()}
    if name.lower() in by_label:
        return f"write {by_label[name.lower()]}"
    return nearest(name, known)
