"""The way in: files to definitions, or to a report of all that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from connector.domain.definitions import Definitions, FrequencyCap, Segment
from connector.domain.ids import WorkspaceId
from connector.errors import MappingError
from connector.mapping.acting import to_lists, to_notifications, to_write_back
from connector.mapping.against_catalog import compare
from connector.mapping.check import check_whole
from connector.mapping.conditions import ConditionReader
from connector.mapping.deals import to_deal_fields, to_deal_signals, to_deals, to_rfm
from connector.mapping.emails import to_emails, to_suppressors
from connector.mapping.fields import to_fields
from connector.mapping.fingerprint import to_plain_text, to_version
from connector.mapping.merge import parse_files
from connector.mapping.models import MappingFile
from connector.mapping.names import Names, names_of
from connector.mapping.nodes import MAX_CHARACTERS
from connector.mapping.places import MAX_PROBLEMS, Problems, TooManyProblemsError
from connector.mapping.programs import to_programs, to_workspace_window
from connector.mapping.report import Problem, Report, nearest, quoted, render
from connector.mapping.sales import to_sales
from connector.mapping.scores import to_scores
from connector.mapping.shape import check_shape
from connector.mapping.signals import to_companions, to_feeds, to_signals, to_told
from connector.mapping.texts import check_blocks
from connector.mapping.traits import to_computed, to_personas, to_tags
from connector.ports import Catalog

#: A promise is broken: nothing in the files is at fault.
_UNREADABLE = (
    "Mapping version {version}, by which leads were judged, cannot be read by this release of Coltiva, though it was "
    "accepted once. Nothing was changed: run the release that applied it, and report this.\n{problems}"
)
_SUFFIXES = (".yaml", ".yml")


def load_mapping(folder: Path) -> Definitions:
    """The definitions of the workspace in this folder.

    Raises MappingError with every mistake in the files, each with its line and a caret.
    """
    report, definitions = _check_folder(folder)
    return _accepted(report, definitions, str(folder))


def parse_mapping(files: Mapping[str, str]) -> Definitions:
    """The definitions of a workspace from its files' texts by name. Raises MappingError with every mistake."""
    report, definitions = _check(files)
    return _accepted(report, definitions, "")


def parse_kept(files: Mapping[str, str]) -> Definitions:
    """The definitions of a version that was accepted when it was applied.

    What a later Coltiva finds that cannot work as a whole is passed over: leads were judged by this version, so it
    can neither be mended nor done without (decision 0012). Raises MappingError, with the version and what to do, where
    even so it cannot be read.
    """
    report, definitions = _check(files, is_kept=True)
    try:
        return _accepted(report, definitions, "")
    except MappingError as error:
        raise MappingError(_UNREADABLE.format(version=to_version(files), problems=error)) from error


def check_mapping(files: Mapping[str, str], catalog: Catalog | None = None) -> Report:
    """All that is wrong with the files of a workspace, and beside what a CRM account has; never raises."""
    return _check(files, catalog=catalog)[0]


def check_folder(folder: Path, catalog: Catalog | None = None) -> Report:
    """All that is wrong with the workspace in this folder, and beside what a CRM account has; never raises."""
    return _check_folder(folder, catalog)[0]


def inspect_folder(folder: Path, catalog: Catalog | None = None) -> tuple[Report, Definitions | None]:
    """As `check_folder`, with the definitions as far as they can be made out; never raises."""
    return _check_folder(folder, catalog)


def read_folder(folder: Path) -> Mapping[str, str]:
    """The texts of a workspace's files by name, as versions of a mapping are kept.

    Raises MappingError where a file cannot be read as text.
    """
    files, problems = _read(folder)
    if problems:
        raise MappingError(render(Report(tuple(problems)), str(folder)))
    return files


def names_in(files: Mapping[str, str]) -> Names:
    """Everything that has a name in the files of a mapping that was accepted, for whoever writes about it."""
    problems = Problems(parse_files({name: to_plain_text(text) for name, text in files.items()}).root)
    whole = problems.root
    mapping = check_shape(problems)
    return names_of(whole, mapping, to_fields(mapping, problems))


def _accepted(report: Report, definitions: Definitions | None, folder: str) -> Definitions:
    if definitions is None or report.errors:
        raise MappingError(render(Report(report.errors, report.files), folder))
    return definitions


def _read(folder: Path) -> tuple[dict[str, str], list[Problem]]:
    files: dict[str, str] = {}
    problems: list[Problem] = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.suffix in _SUFFIXES and not path.name.startswith(".") and path.is_file():
            try:
                files[path.name] = _read_text(path)
            except UnicodeDecodeError as error:
                problems.append(_not_text(path.name, error))
            except OSError as error:
                problems.append(Problem(path.name, 1, 1, f"the file cannot be read: {error.strerror}"))
    return files, problems


def _read_text(path: Path) -> str:
    """The text of a file; of one that is much too large, enough to be refused for its size."""
    with path.open("rb") as file:
        raw = file.read(4 * MAX_CHARACTERS + 1)
    return to_plain_text(raw.decode("utf-8"))


def _not_text(name: str, error: UnicodeDecodeError) -> Problem:
    before = error.object[: error.start]
    column = error.start - (before.rfind(b"\n") + 1) + 1
    return Problem(name, before.count(b"\n") + 1, column, "the file is not UTF-8", "save it as UTF-8")


def _check_folder(folder: Path, catalog: Catalog | None = None) -> tuple[Report, Definitions | None]:
    files, problems = _read(folder)
    return _check(files, problems, catalog=catalog)


def _check(
    files: Mapping[str, str],
    unread: Sequence[Problem] = (),
    *,
    is_kept: bool = False,
    catalog: Catalog | None = None,
) -> tuple[Report, Definitions | None]:
    """What is wrong, and the definitions as far as they can be made out; `unread` tells of files that are missing."""
    texts = {name: to_plain_text(text) for name, text in files.items()}
    merged = parse_files(texts)
    found = [*unread, *([] if unread and not texts else merged.problems)]
    problems, definitions = Problems(merged.root, found[:MAX_PROBLEMS]), None
    try:
        if merged.is_complete and not unread:
            definitions = _build(to_version(texts), problems, is_kept=is_kept)
            if catalog is not None:
                compare(definitions, catalog, problems)
        else:
            check_shape(problems)
    except TooManyProblemsError:
        definitions = None
    ordered = sorted(problems.found, key=lambda problem: (problem.file, problem.line, problem.column, problem.message))
    return Report(tuple(ordered), texts), definitions


def _build(version: str, problems: Problems, *, is_kept: bool) -> Definitions:
    whole = problems.root
    mapping = check_shape(problems)
    fields = to_fields(mapping, problems)
    names = names_of(whole, mapping, fields)
    reader = ConditionReader(names, problems)
    window, zone = to_workspace_window(mapping, reader), _zone(mapping, problems)
    definitions = Definitions(
        workspace=WorkspaceId(_workspace(mapping, problems)),
        version=version,
        zone=zone,
        fields=fields,
        signals=to_signals(mapping, names, problems),
        told=to_told(mapping),
        feeds=to_feeds(mapping),
        companions=to_companions(mapping),
        computed=to_computed(mapping, fields, reader),
        deals=to_deals(mapping, problems),
        deal_fields=to_deal_fields(mapping),
        rfm=to_rfm(mapping),
        deal_signals=to_deal_signals(mapping, names, problems),
        segments=_segments(mapping, reader),
        personas=to_personas(mapping, reader),
        tags=to_tags(mapping, reader),
        scores=to_scores(mapping, reader),
        programs=to_programs(mapping, window, reader),
        lists=to_lists(mapping, reader),
        notifications=to_notifications(mapping, reader),
        emails=to_emails(mapping, reader),
        suppress_on=to_suppressors(mapping, reader),
        write_back=to_write_back(mapping, reader),
        sales=to_sales(mapping, zone, reader),
        window=window,
        kept_apart=tuple(map(str.lower, mapping.same_person.kept_apart)) if mapping.same_person else (),
        cap=FrequencyCap(mapping.frequency_cap.messages, mapping.frequency_cap.per) if mapping.frequency_cap else None,
        settle=mapping.settle,
    )
    check_blocks(mapping, reader)
    definitions = replace(definitions, quoted=frozenset(reader.quoted))
    if not is_kept:
        check_whole(mapping, definitions, reader)
    return definitions


def _segments(mapping: MappingFile, reader: ConditionReader) -> tuple[Segment, ...]:
    return tuple(Segment(name, reader.read(raw, ("segments", name))) for name, raw in mapping.segments.items())


def _workspace(mapping: MappingFile, problems: Problems) -> str:
    if mapping.workspace is None and not problems.touch(("workspace",)):
        problems.error((), '"workspace" is missing', "add workspace: and a name, in one of the files")
    return mapping.workspace or ""


def _zone(mapping: MappingFile, problems: Problems) -> ZoneInfo:
    if mapping.timezone is None:
        if not problems.touch(("timezone",)):
            problems.error((), '"timezone" is missing', "add timezone: such as Europe/Rome, in one of the files")
        return ZoneInfo("UTC")
    known = available_timezones()
    if mapping.timezone not in known:
        hint = nearest(mapping.timezone, frozenset(known)) or "write a name such as Europe/Rome"
        problems.error(("timezone",), f"unknown time zone {quoted(mapping.timezone)}", hint)
        return ZoneInfo("UTC")
    return ZoneInfo(mapping.timezone)
