"""The names of CRMs' properties, where a CRM's folder knows which can be none."""

from __future__ import annotations

from collections.abc import Iterator

from connector.mapping.crms import LABELS, WORDS
from connector.mapping.models import MappingFile
from connector.mapping.places import Path, Problems
from connector.mapping.report import quoted


def check_objects(mapping: MappingFile, problems: Problems) -> None:
    """Report names that are those of no property of a lead."""
    for crm, words in WORDS.items():
        written = ((("write_back", crm, name), name) for name in getattr(mapping.write_back, crm))
        for is_written, named in ((False, _read(mapping, crm)), (True, written)):
            for path, name in named:
                if mistake := words.find_mistake(name, is_written):
                    message = f"{quoted(name)} is {mistake[0]} in {LABELS[crm]}"
                    problems.error(path, message, mistake[1], on_key=is_written)


def _read(mapping: MappingFile, crm: str) -> Iterator[tuple[Path, str]]:
    for name, field in mapping.fields.items():
        for index, property_ in enumerate(getattr(field, crm)):
            yield ("fields", name, crm, index), property_
    for name, signal in mapping.signals.items():
        for index, source in enumerate(getattr(signal, crm) if signal else ()):
            if source.when_changed:
                yield ("signals", name, crm, index, "when_changed"), source.when_changed
