"""`python -m tests.bench [--quick] [--json FILE]`."""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from tests.bench.ceilings import noise
from tests.bench.figures import Chapter, print_chapter, write_json
from tests.bench.folding import measure_folding
from tests.bench.idling import measure_starts, measure_ticks
from tests.bench.language import measure_language
from tests.bench.nurturing import measure_nurturing, prepare_stores
from tests.bench.orchard import measure_org
from tests.bench.processes import REPOSITORY
from tests.bench.receiving import measure_receiving
from tests.bench.scale import FULL, QUICK, Scale


def main() -> None:
    """Measure, print, write."""
    asked = _parse()
    # Whoever is told to stop ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    console = Console()
    about = _about(asked.quick)
    console.print(f"{about['machine']}; a busy machine is slow, so mind the ratios. This takes a few minutes.\n")
    chapters: list[Chapter] = []
    with tempfile.TemporaryDirectory(prefix="coltiva-bench-") as folder:
        for chapter in _measure(Path(folder), QUICK if asked.quick else FULL):
            print_chapter(console, chapter)
            chapters.append(chapter)
    about["noise_after"] = round(noise(), 3)
    noises = f"{about['noise_before']:.0%} before and {about['noise_after']:.0%} after"
    console.print(f"The machine ran unevenly by {noises}: equal pieces of work took so much longer than most.")
    write_json(asked.json, about, chapters)
    console.print(f"The same figures are in {asked.json}.")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="How fast is Coltiva on this machine?")
    parser.add_argument("--quick", action="store_true", help="only see that everything works; the figures mean nothing")
    parser.add_argument("--json", type=Path, default=REPOSITORY / "build" / "bench.json", help="where the figures go")
    return parser.parse_args()


def _measure(folder: Path, scale: Scale) -> Iterator[Chapter]:
    yield measure_folding(scale)
    yield measure_language(folder, scale)
    yield measure_receiving(folder, scale)
    stores = prepare_stores(folder, scale)
    yield measure_ticks(stores, scale)
    yield from measure_nurturing(stores, scale)
    yield from measure_org(folder, scale)
    yield measure_starts(stores[scale.stores[0]], scale)


def _about(quick: bool) -> dict[str, Any]:
    machine = (platform.machine(), f"{os.cpu_count()} processors", platform.system())
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": quick,
        "machine": ", ".join((*machine, f"Python {platform.python_version()}")),
        "load_before": round(os.getloadavg()[0], 2),
        "noise_before": round(noise(), 3),
    }


if __name__ == "__main__":
    main()
