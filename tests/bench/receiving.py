"""Chapter: how fast deliveries are durably acknowledged by one web process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connector.bootstrap import open_services
from connector.settings import load_settings
from tests.bench.ceilings import insert_rates, serve_ceiling
from tests.bench.deliveries import SECRET, Happening, sign, to_bodies
from tests.bench.figures import Chapter, Target, at_least, at_most, of_rounds
from tests.bench.load import Volley, fire
from tests.bench.processes import answers, free_port, running, until
from tests.bench.scale import Scale

PORTAL_ID = "62515001"


def measure_receiving(folder: Path, scale: Scale) -> Chapter:
    """Deliveries of one event and of a hundred, beside what the server and the database can do at most."""
    chapter = Chapter(
        "Receiving: one web process, 8 connections, each delivery durable before its answer",
        "An application that does nothing and raw inserts run in the same server and file system: the ceilings.",
    )
    ones, hundreds = _bodies(scale.deliveries_of_one, 1), _bodies(scale.deliveries_of_hundred, 100)
    _add_web(chapter, folder, scale, ones, hundreds)
    _add_ceilings(chapter, folder, scale, ones)
    _add_ratios(chapter)
    return chapter


def web_environ(folder: Path, port: int) -> Mapping[str, str]:
    """The settings of a web process over a database in this folder."""
    return {
        "COLTIVA_DATABASE_URL": f"sqlite:///{folder / 'coltiva.sqlite'}",
        "COLTIVA_PORT": str(port),
        "COLTIVA_HUBSPOT_CLIENT_SECRET": SECRET,
        "COLTIVA_LOG_LEVEL": "warning",
    }


def _bodies(deliveries: int, events: int) -> list[bytes]:
    at = datetime.now(UTC) - timedelta(minutes=1)
    happenings = [
        Happening(str(1000 + number), at, "hs_email_last_click_date", str(1_789_000_000_000 + number))
        for number in range(deliveries * events)
    ]
    return to_bodies(happenings, PORTAL_ID, events)


def _add_web(chapter: Chapter, folder: Path, scale: Scale, ones: Sequence[bytes], hundreds: Sequence[bytes]) -> None:
    port = free_port()
    environ = web_environ(folder, port)
    services = open_services(load_settings(environ))
    services.store.migrate()
    services.store.close()
    with running("web", "-m", "connector", "web", environ=environ) as web:
        until(lambda: answers(port, "/healthz"), "the web process answers", web)
        fire(port, sign(port, ones[: len(ones) // 4 + 1]))
        before = web.use().cpu
        volleys = [fire(port, sign(port, ones)) for _ in range(scale.rounds)]
        cpu = (web.use().cpu - before) / (len(ones) * scale.rounds)
        _add_volleys(chapter, "receive.one", "1 event a delivery", volleys, at_least(2_000), at_most(30))
        chapter.figures.append(
            of_rounds("receive.one.cpu_us", "  processor time of the web process", [cpu * 1e6], "µs")
        )
        volleys = [fire(port, sign(port, hundreds)) for _ in range(scale.rounds)]
        _add_volleys(chapter, "receive.hundred", "100 events a delivery", volleys)
        rates = [volley.per_second * 100 for volley in volleys]
        title = "  events durably accepted"
        chapter.figures.append(of_rounds("receive.hundred.events_per_second", title, rates, "/s", at_least(50_000)))


def _add_ceilings(chapter: Chapter, folder: Path, scale: Scale, ones: Sequence[bytes]) -> None:
    requests = sign(free_port(), ones)
    for kind, title in (
        ("trivial", "ceiling: the body is read and nothing done"),
        ("insert", "ceiling: one raw insert a request"),
    ):
        _add_volleys(chapter, f"ceiling.{kind}", title, serve_ceiling(kind, folder, requests, scale.rounds))
    for rows_a_commit in (1, 100):
        rates = insert_rates(
            folder, ones[0], scale.raw_rows * (1 if rows_a_commit == 1 else 10), rows_a_commit, scale.rounds
        )
        title = f"ceiling: raw rows into SQLite, {rows_a_commit} a commit"
        chapter.figures.append(of_rounds(f"ceiling.sqlite.{rows_a_commit}.rows_per_second", title, rates, "/s"))


def _add_volleys(
    chapter: Chapter,
    key: str,
    title: str,
    volleys: Sequence[Volley],
    rate: Target | None = None,
    slowest: Target | None = None,
) -> None:
    chapter.figures += (
        of_rounds(f"{key}.per_second", title, [one.per_second for one in volleys], "/s", rate),
        of_rounds(f"{key}.p50_ms", "  half are answered within", [one.p50_ms for one in volleys], "ms"),
        of_rounds(f"{key}.p95_ms", "  95 of 100 within", [one.p95_ms for one in volleys], "ms"),
        of_rounds(f"{key}.p99_ms", "  99 of 100 within", [one.p99_ms for one in volleys], "ms", slowest),
    )


def _add_ratios(chapter: Chapter) -> None:
    ratios = (
        ("receive.one.to_trivial", "1 event a delivery : nothing done", "ceiling.trivial.per_second"),
        ("receive.one.to_insert", "1 event a delivery : one raw insert a request", "ceiling.insert.per_second"),
        ("receive.one.to_sqlite", "1 event a delivery : raw rows, 1 a commit", "ceiling.sqlite.1.rows_per_second"),
    )
    for key, title, ceiling in ratios:
        chapter.add_ratio(key, title, "receive.one.per_second", ceiling)
