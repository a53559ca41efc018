"""A mapping beside what a CRM account has: what would be read as nothing, never be told, or could not be written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from connector.domain.definitions import Definitions, SignalSource, WriteBack
from connector.domain.field import Field, FieldType, parse_value
from connector.domain.programs.program import Alert, Telling
from connector.mapping.deals_in_catalog import compare_deals
from connector.mapping.places import Path, Problems
from connector.mapping.report import nearest, quoted
from connector.mapping.sales_catalog import compare_sales
from connector.ports import Catalog, CrmProperty

#: Type of a field -> the types of properties whose every value it can hold.
_HOLDS: Mapping[FieldType, frozenset[FieldType]] = {
    FieldType.TEXT: frozenset(FieldType) - {FieldType.CHOICES},
    FieldType.NUMBER: frozenset({FieldType.NUMBER}),
    FieldType.BOOLEAN: frozenset({FieldType.BOOLEAN, FieldType.NUMBER}),
    FieldType.DATE: frozenset({FieldType.DATE, FieldType.DATETIME}),
    FieldType.DATETIME: frozenset({FieldType.DATE, FieldType.DATETIME}),
    FieldType.CHOICES: frozenset({FieldType.CHOICES, FieldType.TEXT}),
}
#: Types of write-back -> those of properties.
_WRITTEN: Mapping[str, FieldType] = {"number": FieldType.NUMBER, "string": FieldType.TEXT}


def compare(definitions: Definitions, catalog: Catalog, problems: Problems) -> None:
    """Report what the account lacks, has otherwise, or does not let us write.

    Errors are what cannot work as it is: a property that is not there, one whose values are of a type that the field
    never holds, one that cannot be written. What may work is warned about.
    """
    for field in definitions.fields:
        _compare_field(field, catalog, problems)
    seen: Counter[str] = Counter()
    for source in definitions.signals:
        if source.crm == catalog.crm:
            path = ("signals", source.signal, source.crm, seen[source.signal])
            seen[source.signal] += 1
            _compare_signal(source, path, catalog, problems)
    for feed in definitions.feeds:
        if feed.crm == catalog.crm and catalog.feeds.get(feed.feed):
            message = f"{catalog.label} does not offer {feed.feed}: {catalog.feeds[feed.feed]}"
            hint = "grant the scope, or give the signal another source"
            problems.warn(("signals", feed.signal, feed.crm, 0, "poll"), message, hint)
    if catalog.deals is not None:
        compare_deals(definitions, catalog.crm, catalog.label, catalog.deals, problems)
    compare_sales(definitions, catalog, problems)
    _compare_alerts(definitions, catalog, problems)
    for rule in definitions.write_back:
        if rule.crm == catalog.crm and rule.property in catalog.properties:
            _compare_written(rule, catalog.properties[rule.property], catalog, problems)


# --- fields ---


def _compare_field(field: Field, catalog: Catalog, problems: Problems) -> None:
    names = field.properties.get(catalog.crm, ())
    found = [catalog.properties[name] for name in names if name in catalog.properties]
    for index, name in enumerate(names):
        path = ("fields", field.name, catalog.crm, index)
        if name in catalog.properties:
            _report_untold(catalog.properties[name], path, catalog, problems)
            _compare_type(field, catalog.properties[name], path, catalog, problems)
        else:
            _report_missing(name, path, catalog, problems, is_fatal=not found)
    _compare_values(field, found, catalog, problems)


def _compare_type(field: Field, found: CrmProperty, path: Path, catalog: Catalog, problems: Problems) -> None:
    if found.type in _HOLDS[field.type]:
        return
    here = f"{quoted(found.name)} in {catalog.label}"
    if found.type is not FieldType.TEXT and field.type is not FieldType.TEXT:
        message = f"{here} is of type {found.type}, and no value of it is a {field.type}"
        problems.error(path, message, f"write type: {found.type}")
    elif field.type is FieldType.TEXT:
        problems.warn(path, f"{here} holds several of a set at once", f"write type: {found.type}")
    elif found.options:
        _report_unheld(field, found, path, catalog, problems)
    elif not field.values:
        problems.warn(path, f"{here} is text: what is no {field.type} there is no value here")


def _report_unheld(field: Field, found: CrmProperty, path: Path, catalog: Catalog, problems: Problems) -> None:
    """Report options that the field cannot hold; `values` may say what they are."""
    unheld = [option for option in found.options if not _can_hold(field, option)]
    if unheld:
        words = ", ".join(map(quoted, unheld[:3])) + (f" and {len(unheld) - 3} more" if len(unheld) > 3 else "")
        message = f"options of {quoted(found.name)} in {catalog.label} are no {field.type}: {words}"
        problems.warn(path, message, "say in values: what each of them is")


def _can_hold(field: Field, option: str) -> bool:
    try:
        parse_value(field, option)
    except ValueError:
        return False
    return True


def _compare_values(field: Field, found: Sequence[CrmProperty], catalog: Catalog, problems: Problems) -> None:
    """Report words that none of the properties can have; where one takes any text, or they may be another CRM's
    words, nothing can be said.
    """
    if len(field.properties) > 1:
        return
    options = tuple(option for each in found for option in each.options)
    if found and all(each.options for each in found):
        for word in field.values:
            _report_no_option(word, options, ("fields", field.name, "values", word), catalog, problems)


# --- signals and write-back ---


def _compare_signal(source: SignalSource, path: Path, catalog: Catalog, problems: Problems) -> None:
    here = (*path, "when_changed")
    found = catalog.properties.get(source.property)
    if found is None:
        _report_missing(source.property, here, catalog, problems, is_fatal=True)
        return
    _report_untold(found, here, catalog, problems)
    for index, word in enumerate(source.to if found.options else ()):
        _report_no_option(word, found.options, (*path, "to", index), catalog, problems)


def _compare_written(rule: WriteBack, found: CrmProperty, catalog: Catalog, problems: Problems) -> None:
    path = ("write_back", rule.crm, rule.property)
    here = f"{quoted(rule.property)} in {catalog.label}"
    if not found.is_writable:
        problems.error(path, f"{here} cannot be written to", "write to a property of another name", on_key=True)
    elif found.type is not _WRITTEN[rule.type] or found.options:
        kind = "one of a set" if found.options else f"of type {found.type}"
        message = f"{here} is {kind}, and what is written to it is a {rule.type}"
        problems.error(path, message, "write to a property of another name", on_key=True)


# --- alerts ---


def _compare_alerts(definitions: Definitions, catalog: Catalog, problems: Problems) -> None:
    """Report alerts that the account does not know: it would refuse each of them."""
    known = frozenset(catalog.alerts or ())
    for path, acts in _told(definitions) if catalog.alerts is not None else ():
        alerts = [act for act in acts if isinstance(act, Alert)]
        for index, alert in enumerate(alerts):
            if alert.crm == catalog.crm and alert.type not in known:
                message = f"{catalog.label} has no alert {quoted(alert.type)}"
                hint = nearest(alert.type, known) or f"make it in {catalog.label}, or install the package"
                problems.error((*path, "alert", index, "type"), message, hint)


def has_alerts(definitions: Definitions) -> bool:
    """Whether sales is told anything by an alert."""
    return any(isinstance(act, Alert) for _, acts in _told(definitions) for act in acts)


def _told(definitions: Definitions) -> Iterator[tuple[Path, Sequence[Telling]]]:
    """All that sales is told, each with its place."""
    for one in definitions.notifications:
        yield ("notifications", one.name), one.acts
    for program in definitions.programs:
        yield ("programs", program.name, "completed"), program.on_completed
    for rule in definitions.sales.hand_overs:
        path = ("sales", "hand_over", rule.name)
        yield path, rule.acts
        for index, step in enumerate(rule.escalations):
            yield (*path, "untouched", "then", index), step.acts


# --- what several have in common ---


def _report_missing(name: str, path: Path, catalog: Catalog, problems: Problems, *, is_fatal: bool) -> None:
    message = f"{catalog.label} has no property {quoted(name)}"
    hint = nearest(name, catalog.properties) or f"make it in {catalog.label}, or name another one"
    report = problems.error if is_fatal else problems.warn
    report(path, message, hint)


def _report_untold(found: CrmProperty, path: Path, catalog: Catalog, problems: Problems) -> None:
    if not found.is_told:
        message = f"{catalog.label} calculates {quoted(found.name)}, and does not reliably tell of its changes"
        problems.warn(path, message, "let a form's hidden field or a workflow set a property of your own")


def _report_no_option(word: str, options: tuple[str, ...], path: Path, catalog: Catalog, problems: Problems) -> None:
    if word not in options:
        message = f"{quoted(word)} is none of the options in {catalog.label}"
        problems.warn(path, message, nearest(word, options), on_key=path[-2] == "values")
