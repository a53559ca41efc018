from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
import structlog

from connector import log


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    log.configure("info", stream)
    yield stream
    structlog.reset_defaults()


def test_a_line_is_one_json_object_with_name_level_and_moment(stream: io.StringIO) -> None:
    log.get_logger().info("change.settled", change=7, state="done")

    line = json.loads(stream.getvalue())
    assert line["event"] == "change.settled"
    assert (line["level"], line["change"], line["state"]) == ("info", 7, "done")
    assert line["at"].endswith("Z")


def test_what_is_less_than_asked_for_is_not_written(stream: io.StringIO) -> None:
    log.get_logger().debug("tick.finished")

    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    "text",
    [
        "no record of mara.o'neil+news@mail.example.com here",
        "sent Authorization: Bearer abc.def-ghi",
        "the key pat-eu1-0000-1111 expired",
        "postgresql://coltiva?password=hunter2",
        "postgresql://coltiva:hunter2@localhost/coltiva",
    ],
)
def test_addresses_and_secrets_in_texts_are_blotted_out(stream: io.StringIO, text: str) -> None:
    log.get_logger().warning("call.failed", problem=text)

    line = json.loads(stream.getvalue())
    for private in ("example.com", "abc.def", "pat-eu1", "hunter2"):
        assert private not in line["problem"]
    assert "[" in line["problem"]


def test_private_keys_are_blotted_out_whatever_they_hold(stream: io.StringIO) -> None:
    log.get_logger().info("delivery.kept", body={"email": "mara@example.com"}, token="abc", delivery=3)

    line = json.loads(stream.getvalue())
    assert (line["body"], line["token"], line["delivery"]) == ("[private]", "[private]", 3)


def test_the_words_of_an_error_are_blotted_out_too(stream: io.StringIO) -> None:
    try:
        raise ValueError("mara@example.com is not a number")
    except ValueError:
        log.get_logger().exception("lead.parked", lead="L1")

    line = json.loads(stream.getvalue())
    assert "ValueError" in line["exception"]
    assert "mara" not in line["exception"]


def test_the_log_loads_no_library_for_colours() -> None:
    script = (
        "import sys; from connector import log; log.get_logger(); print('rich' in sys.modules); import rich.console"
    )

    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)

    assert told.stdout == "False\n"
