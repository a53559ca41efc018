"""The benchmark runs from end to end; how fast is no test's business."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
FIGURES = {
    "receive.one.per_second": "/s",
    "receive.one.p99_ms": "ms",
    "receive.hundred.events_per_second": "/s",
    "receive.one.to_insert": "×",
    "ceiling.trivial.per_second": "/s",
    "ceiling.insert.per_second": "/s",
    "ceiling.sqlite.100.rows_per_second": "/s",
    "language.compile_s": "s",
    "language.large_to_small": "×",
    "language.scenarios_s": "s",
    "nurture.story.per_second": "/s",
    "nurture.story.worker_cpu_us": "µs",
    "nurture.many_to_few": "×",
    "tick.many_to_few": "×",
    "org.backfill.per_second": "/s",
    "org.backfill.judged_per_second": "/s",
    "org.story.per_second": "/s",
    "org.story.worker_cpu_us": "µs",
    "ask.leads_s": "s",
    "start.help_s": "s",
    "start.worker_s": "s",
}


def test_the_benchmark_tells_every_figure_to_people_and_programs(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    command = [sys.executable, "-m", "tests.bench", "--quick", "--json", str(file)]
    environ = {**os.environ, "TMPDIR": str(tmp_path)}

    ran = subprocess.run(command, cwd=REPOSITORY, env=environ, capture_output=True, text=True, timeout=280, check=False)

    assert ran.returncode == 0, ran.stderr
    told = json.loads(file.read_text())
    assert told["quick"] is True
    assert {key: told["figures"][key]["unit"] for key in FIGURES} == FIGURES
    assert all(figure["value"] >= 0 for figure in told["figures"].values())
    assert told["figures"]["receive.one.p99_ms"]["target"] == "≤ 30"
    assert "From webhook to CRM" in ran.stdout
    assert list(tmp_path.iterdir()) == [file], "it leaves nothing behind"
