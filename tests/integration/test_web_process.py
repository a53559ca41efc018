"""`coltiva web` as a process of its own: what the real server makes of real and of hostile requests."""

from __future__ import annotations

import http.client
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from connector.clock import SystemClock
from tests.door import SECRET, TARGET, signed
from tests.org_door import OUTBOUND, XML, message

BODY = b'[{"eventId":1,"portalId":123}]'
PATIENCE = 60.0


@dataclass(frozen=True)
class Web:
    """A running web process."""

    port: int
    database: Path
    process: subprocess.Popen[bytes]

    def post(self, body: bytes, headers: dict[str, str], path: str = TARGET) -> tuple[int, bytes]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as connection:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def send(self, raw: bytes) -> bytes:
        """The first bytes of the answer to whatever was put on the wire; empty when the server hung up."""
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as wire:
            wire.sendall(raw)
            wire.shutdown(socket.SHUT_WR)
            return wire.recv(65_536)

    def signed(self, body: bytes) -> dict[str, str]:
        return signed(body, at=SystemClock().now(), url=f"http://127.0.0.1:{self.port}{TARGET}")

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(sql).fetchall()

    def kept(self) -> int:
        (count,) = self.rows("SELECT count(*) FROM deliveries")[0]
        assert isinstance(count, int)
        return count


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("web")
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    environ = {
        **os.environ,
        "COLTIVA_DATABASE_URL": f"sqlite:///{folder / 'web.sqlite'}",
        "COLTIVA_HUBSPOT_CLIENT_SECRET": SECRET,
        "COLTIVA_PORT": str(port),
    }
    process = subprocess.Popen([sys.executable, "-m", "connector", "web"], env=environ)
    found = Web(port, folder / "web.sqlite", process)
    try:
        await_answer(found)
        yield found
    finally:
        process.terminate()
        process.wait(PATIENCE)


def await_answer(web: Web) -> None:
    clock = SystemClock()
    for _ in range(400):
        assert web.process.poll() is None, "the web process ended"
        try:
            web.post(b"", {}, "/nowhere")
        except OSError:
            clock.wait(0.05)
        else:
            return
    raise AssertionError("the web process does not answer")


def test_a_genuine_delivery_is_durable_when_it_is_acknowledged(web: Web) -> None:
    before = web.kept()

    status, body = web.post(BODY, web.signed(BODY))

    assert (status, body) == (200, b'{"status": "kept"}')
    assert web.kept() == before + 1
    assert web.rows("SELECT body FROM deliveries ORDER BY id DESC LIMIT 1") == [(BODY,)]


def test_a_genuine_delivery_may_come_in_chunks(web: Web) -> None:
    headers = {**web.signed(BODY), "Transfer-Encoding": "chunked"}
    with closing(http.client.HTTPConnection("127.0.0.1", web.port, timeout=PATIENCE)) as connection:
        connection.request("POST", TARGET, iter([BODY[:10], BODY[10:]]), headers, encode_chunked=True)

        assert connection.getresponse().status == 200


def test_a_forged_delivery_is_refused(web: Web) -> None:
    before = web.kept()

    status, _ = web.post(BODY + b" ", web.signed(BODY))

    assert (status, web.kept()) == (401, before)


def test_ten_megabytes_are_refused_by_their_declared_length(web: Web) -> None:
    head = f"POST {TARGET} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10000000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", web.port), PATIENCE) as wire:
        wire.sendall(head.encode() + b" " * 1000)

        assert wire.recv(65_536).startswith(b"HTTP/1.1 413 ")


def test_fifty_megabytes_of_xml_are_refused_before_they_are_read(web: Web) -> None:
    head = f"POST {OUTBOUND} HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: {50 * 2**20}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", web.port), PATIENCE) as wire:
        wire.sendall(head.encode() + message()[:500])

        assert wire.recv(65_536).startswith(b"HTTP/1.1 413 ")


def test_a_message_of_an_org_that_nobody_connected_is_not_kept(web: Web) -> None:
    before = web.kept()

    status, body = web.post(message(), XML, OUTBOUND)

    assert (status, web.kept()) == (403, before)
    assert b"Ack" not in body


def test_ten_undeclared_megabytes_are_refused_too(web: Web) -> None:
    headers = {**web.signed(BODY), "Transfer-Encoding": "chunked"}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    with socket.create_connection(("127.0.0.1", web.port), PATIENCE) as wire:
        wire.sendall(f"POST {TARGET} HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode())
        try:
            for _ in range(160):
                wire.sendall(chunk)
        except OSError:
            pass  # it hung up before it had read everything: so much the better

        assert wire.recv(65_536)[:13] in (b"HTTP/1.1 413 ", b"")


def test_a_short_length_beside_endless_chunks_does_not_count(web: Web) -> None:
    head = f"POST {TARGET} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
    with socket.create_connection(("127.0.0.1", web.port), PATIENCE) as wire:
        wire.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        try:
            for _ in range(160):
                wire.sendall(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
        except OSError:
            pass  # it hung up: so much the better

        assert wire.recv(65_536)[:13] in (b"HTTP/1.1 413 ", b"")


def test_deliveries_of_many_senders_at_once_are_each_durable_when_they_are_acknowledged(web: Web) -> None:
    bodies = [b'[{"eventId":%d}]' % number for number in range(200)]
    before = web.kept()

    with ThreadPoolExecutor(16) as senders:
        answers = list(senders.map(lambda body: web.post(body, web.signed(body)), bodies))

    assert set(answers) == {(200, b'{"status": "kept"}')}
    assert web.kept() == before + len(bodies)
    kept = web.rows(f"SELECT body FROM deliveries ORDER BY id DESC LIMIT {len(bodies)}")
    assert {body for (body,) in kept} == set(bodies)


def test_deliveries_one_behind_the_other_on_one_connection_are_both_kept(web: Web) -> None:
    before = web.kept()
    headers = "".join(f"{name}: {value}\r\n" for name, value in web.signed(BODY).items())
    request = f"POST {TARGET} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY

    with socket.create_connection(("127.0.0.1", web.port), PATIENCE) as wire:
        wire.sendall(request * 2)
        answered = b""
        while answered.count(b'{"status": "kept"}') < 2:
            part = wire.recv(65_536)
            assert part, answered
            answered += part

    assert web.kept() == before + 2


HEAD = f"POST {TARGET} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
HOSTILE = {
    "a body cut short": f"{HEAD}Content-Length: 100\r\n\r\n[]".encode(),
    "chunks cut short": f"{HEAD}Transfer-Encoding: chunked\r\n\r\nff\r\n[]".encode(),
    "a chunk of no size": f"{HEAD}Transfer-Encoding: chunked\r\n\r\nxyz\r\n[]\r\n0\r\n\r\n".encode(),
    "two lengths": f"{HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\n[]]".encode(),
    "a length that is no number": f"{HEAD}Content-Length: two\r\n\r\n[]".encode(),
    "a length of 5,000 digits": f"{HEAD}Content-Length: {'9' * 5_000}\r\n\r\n[]".encode(),
    "a negative length": f"{HEAD}Content-Length: -2\r\n\r\n[]".encode(),
    "length and chunks": f"{HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".encode(),
    "a header that is no ASCII": HEAD.encode() + b"X-HubSpot-Signature-v3: \xff\xfe\r\nContent-Length: 2\r\n\r\n[]",
    "a header twice": f"{HEAD}X-HubSpot-Signature-v3: a\r\nX-HubSpot-Signature-v3: b\r\n\r\n".encode(),
    "a header of 64 kB": f"{HEAD}X-Long: {'a' * 65_536}\r\nContent-Length: 2\r\n\r\n[]".encode(),
    "no host": f"POST {TARGET} HTTP/1.1\r\nContent-Length: 0\r\n\r\n".encode(),
    "a path that is no UTF-8": b"POST /webhooks/%ff%fe HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    "a path beyond Latin": b"POST /webhooks/%E2%82%AC HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    "a path with dots": b"POST /webhooks/../webhooks/hubspot HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    "a whole address": f"POST http://a.example.com{TARGET} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode(),
    "an unknown method": f"BREW {TARGET} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode(),
    "not HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100,
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_whatever_is_put_on_the_wire_the_server_neither_stumbles_nor_keeps_it(web: Web, raw: bytes) -> None:
    before = web.kept()

    answer = web.send(raw)

    assert answer == b"" or answer[9:10] == b"4", answer
    assert web.kept() == before
    assert web.post(BODY, web.signed(BODY))[0] == 200


def test_it_says_what_is_missing_while_no_worker_runs(web: Web) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", web.port, timeout=PATIENCE)) as connection:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()

        assert answer.status == 503
        assert answer.read() == b'{"status": "not ready", "database": true, "schema": true, "worker": false}'


def test_it_stops_when_asked_and_hands_over_what_it_counted(web: Web) -> None:
    web.post(BODY, {"Content-Type": "text/plain"})

    web.process.terminate()

    assert web.process.wait(PATIENCE) == 0
    counted = dict(web.rows("SELECT name, amount FROM counts WHERE name LIKE 'refused.%'"))
    assert counted.keys() >= {"refused.media_type", "refused.signature"}
