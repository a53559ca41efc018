"""Emails, and what stops them: from the file to the domain's terms."""

from __future__ import annotations

from collections.abc import Iterator

from connector.domain.conditions.condition import SignalTest
from connector.domain.definitions import Definitions, EmailRule
from connector.domain.programs.program import EmailSend, Text
from connector.mapping.conditions import ConditionReader
from connector.mapping.email_models import CONTENT, EmailEntry
from connector.mapping.models import MappingFile
from connector.mapping.places import Path, Problems
from connector.mapping.report import quoted
from connector.mapping.texts import to_message

#: One line, as it stands in a header; the lines of a letter; what becomes a part of the design's HTML.
_LINE, _LINES, _HTML = {"html": False}, {"html": False, "keeps_lines": True}, {"html": True}
_FORMS = {"subject": _LINE, "preview": _LINE, "text": _LINES, "html": _HTML}


def to_emails(mapping: MappingFile, reader: ConditionReader) -> tuple[EmailRule, ...]:
    """The emails; reports what their texts cannot do or do not know."""
    return tuple(_to_email(name, entry, ("emails", name), reader) for name, entry in mapping.emails.items())


def _to_email(name: str, entry: EmailEntry, path: Path, reader: ConditionReader) -> EmailRule:
    more = {key: to_message(text, (*path, "values", key), reader, html=True) for key, text in entry.values.items()}
    properties = {
        key: to_message(text, (*path, "contact", key), reader, html=False) for key, text in entry.contact.items()
    }
    return EmailRule(
        name=name,
        numbers={"hubspot": entry.hubspot.email_id} if entry.hubspot else {"salesforce": 0},
        is_transactional=entry.hubspot is not None and entry.hubspot.transactional,
        needs_known_consent=entry.consent == "known",
        sender=entry.sender or "",
        reply_to=entry.reply_to or "",
        values={**dict(_content(entry, path, reader)), **more},
        properties=properties,
        is_logged=entry.salesforce is None or entry.salesforce.log,
    )


def _content(entry: EmailEntry, path: Path, reader: ConditionReader) -> Iterator[tuple[str, Text]]:
    for key in CONTENT:
        source = getattr(entry, key)
        if source is not None:
            yield key, to_message(source, (*path, key), reader, **_FORMS[key])


def to_suppressors(mapping: MappingFile, reader: ConditionReader) -> tuple[SignalTest, ...]:
    """The signals after which no message is sent; reports unknown ones."""
    return tuple(_suppressors(mapping, reader))


def _suppressors(mapping: MappingFile, reader: ConditionReader) -> Iterator[SignalTest]:
    for index, entry in enumerate(mapping.suppress_on):
        path: Path = ("suppress_on", index)
        for number, signal in enumerate(entry.on):
            reader.know_signal(signal, (*path, "on", number))
            yield SignalTest(signal, reader.read_where(signal, entry.where, (*path, "where")))


def report_unused_emails(definitions: Definitions, problems: Problems) -> None:
    """Warn of emails that no activity sends."""
    activities = (each for program in definitions.programs for phase in program.phases for each in phase.activities)
    sends = (send for activity in activities for send in activity.sends)
    sent = {send.email for send in sends if isinstance(send, EmailSend)}
    for rule in definitions.emails:
        if rule.name not in sent and not problems.touch(("programs",)):
            message = f"nothing sends the email {quoted(rule.name)}"
            problems.warn(("emails", rule.name), message, "send it in an activity", on_key=True)
