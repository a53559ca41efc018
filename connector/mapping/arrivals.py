"""Which signals of a mapping arrive, where from, and how late."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from connector.domain.definitions import Definitions, SignalSource
from connector.domain.records.sources import FeedSource
from connector.mapping.durations import format_duration
from connector.ports import Catalog


@dataclass(frozen=True, slots=True)
class Arrival:
    """One way in which a signal arrives."""

    signal: str
    source: str
    #: How late at most, in words; why it does not arrive, where it does not.
    delay: str
    arrives: bool = True


def tell_arrivals(definitions: Definitions, interval: timedelta, census: timedelta, catalog: Catalog) -> list[Arrival]:
    """Every source of every signal, by signal, as this account offers it.

    Feeds are asked every `interval`; every `census` an account is asked for what it did not tell of itself.
    """
    return sorted(_arrivals(definitions, interval, census, catalog), key=lambda one: (one.signal, one.source))


def _arrivals(definitions: Definitions, interval: timedelta, census: timedelta, catalog: Catalog) -> Iterator[Arrival]:
    """Sources in other CRMs are left out: of those this account can say nothing."""
    for source in definitions.signals:
        if source.crm == catalog.crm:
            yield _of_property(source, catalog)
    for feed in definitions.feeds:
        if feed.crm == catalog.crm:
            yield _of_feed(feed, interval, catalog)
    for deal in definitions.deal_signals:
        if deal.crm == catalog.crm:
            to = f" to {', '.join(deal.to)}" if deal.to else ""
            yield Arrival(deal.signal, f"{deal.crm}: deal {deal.event}{to}", "at once")
    for companion in definitions.companions:
        if companion.crm == catalog.crm:
            only = f" ({', '.join(companion.only)})" if companion.only else ""
            late = f"at once if {catalog.label} tells of it, else within {format_duration(census)}"
            yield Arrival(companion.signal, f"{companion.crm}: {companion.kind}{only}", late)
    for told_source in definitions.told:
        yield Arrival(told_source.signal, "API", "at once")


def _of_property(source: SignalSource, catalog: Catalog) -> Arrival:
    found = catalog.properties.get(source.property)
    told = found is not None and found.is_told
    delay = "at once" if told else "never: no such property" if found is None else "not reliably: calculated"
    return Arrival(source.signal, f"{source.crm}: {source.property} changes", delay, told)


def _of_feed(feed: FeedSource, interval: timedelta, catalog: Catalog) -> Arrival:
    problem = catalog.feeds.get(feed.feed, "")
    words = f"{feed.crm}: {feed.feed}" + (f" ({feed.only})" if feed.only else "")
    delay = f"never: {problem}" if problem else f"within {format_duration(interval)}"
    return Arrival(feed.signal, words, delay, not problem)
