"""Chapter: a busy lead's life, judged in one go, with and without fields that follow from its latest signals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import process_time

from connector.domain.book import Book, compile_book
from connector.domain.conditions.condition import SignalTest
from connector.domain.decide import fold
from connector.domain.definitions import Definitions
from connector.domain.fact import Fact, FactKind, RecordName
from connector.domain.field import Field, FieldType
from connector.domain.ids import LeadId
from connector.domain.lead import blank
from connector.domain.traits.computed import Computed, Reckoning
from connector.mapping.load import load_mapping
from tests.bench.figures import Chapter, at_most, of_rounds
from tests.bench.processes import REPOSITORY
from tests.bench.scale import Scale

_FACTS = 1_000
_BEGAN_AT = datetime(2026, 9, 7, 8, 0, tzinfo=UTC)
_STEP = timedelta(hours=2)
_HAPPENED = (
    "last_report_topic",
    "hs_email_last_open_date",
    "hs_email_last_click_date",
    "jobtitle",
    "hs_email_last_open_date",
    "hs_email_last_click_date",
    "events_attended",
    "company",
    "hs_email_last_click_date",
    "engagements_last_meeting_booked",
)


def measure_folding(scale: Scale) -> Chapter:
    """What fields over a span of time add to a fold of a thousand facts."""
    chapter = Chapter(f"{_FACTS:,} facts of one lead over 83 days (mappings/acme), folded in one go")
    definitions = load_mapping(REPOSITORY / "mappings" / "acme")
    plain, windowed = compile_book(definitions), compile_book(_with_windows(definitions))
    rounds = [(_fold_ms(plain), _fold_ms(windowed)) for _ in range(2 * scale.rounds + 1)][1:]  # in turn
    for key, title, place in (("plain", "as it is", 0), ("windowed", "with five more fields over a span of time", 1)):
        chapter.figures.append(of_rounds(f"fold.{key}_ms", title, [each[place] for each in rounds], "ms"))
    chapter.add_ratio(
        "fold.windowed_to_plain", "with them : as it is", "fold.windowed_ms", "fold.plain_ms", at_most(1.5)
    )
    return chapter


def _with_windows(definitions: Definitions) -> Definitions:
    def within(name: str, how: Reckoning, signal: str, attribute: str, days: int) -> Computed:
        type_ = FieldType.TEXT if how in (Reckoning.MOST, Reckoning.LATEST) else FieldType.NUMBER
        return Computed(Field(name, type_), how, SignalTest(signal), attribute, within=timedelta(days=days))

    more = (
        within("clicks", Reckoning.COUNT, "email_clicked", "", 30),
        within("opens", Reckoning.COUNT, "email_opened", "", 7),
        within("reads_most", Reckoning.MOST, "report_read", "topic", 60),
        within("read_last", Reckoning.LATEST, "report_read", "topic", 14),
        within("read_sum", Reckoning.SUM, "report_read", "topic", 90),
    )
    fields = (*definitions.fields, *(each.field for each in more))
    return replace(definitions, fields=fields, computed=(*definitions.computed, *more))


def _life() -> Sequence[Fact]:
    def record(name: RecordName, number: int, **properties: str) -> Fact:
        return Fact(f"{name} {number}", _BEGAN_AT + number * _STEP, FactKind.RECORD, name, "hubspot", properties)

    known = {"email": "ada@example.com", "industry": "COMPUTER_SOFTWARE", "numemployees": "100-500", "country": "Italy"}
    happened = (
        record(RecordName.CHANGED, number, **{_HAPPENED[number % len(_HAPPENED)]: str(number % 70)})
        for number in range(1, _FACTS + 1)
    )
    return [record(RecordName.BASELINE, 0, **known), *happened]


def _fold_ms(book: Book) -> float:
    facts, lead = _life(), blank(LeadId("lead"), book.version)
    started_at = process_time()
    fold(lambda version: book, lead, facts, facts[-1].at)
    return (process_time() - started_at) * 1000
