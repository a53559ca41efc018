"""The load: a few keep-alive connections over which requests, made beforehand, are fired in a process of its own.

`python -m tests.bench.load PORT CONNECTIONS` reads the requests from its standard input and writes what it saw to its
standard output. Raw sockets and one thread: it must cost less than what it measures.
"""

from __future__ import annotations

import json
import pickle
import re
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from statistics import quantiles
from typing import Any

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
#: An answer takes at most so many seconds; then the run fails instead of hanging.
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Volley:
    """What became of the requests of one run."""

    requests: int
    #: Answers that were not 200.
    refused: int
    #: By the machine's monotonic clock, which all processes share.
    began_at: float
    seconds: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    #: Processor time that the load itself took.
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


def fire(port: int, requests: Sequence[bytes], connections: int = 8) -> Volley:
    """Send all requests, each connection its next one as soon as the last is answered."""
    with start_firing(port, requests, connections) as process:
        return finish_firing(process)


def start_firing(port: int, requests: Sequence[bytes], connections: int = 8) -> subprocess.Popen[bytes]:
    """Begin to fire and return; `finish_firing` waits for the end."""
    command = [sys.executable, "-m", "tests.bench.load", str(port), str(connections)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    pickle.dump(list(requests), process.stdin)
    process.stdin.close()
    return process


def finish_firing(process: subprocess.Popen[bytes]) -> Volley:
    """What the load saw. Raises RuntimeError when it broke off or was refused."""
    assert process.stdout is not None
    told = process.stdout.read()
    if process.wait() != 0:
        raise RuntimeError("the load broke off")
    volley = Volley(**json.loads(told))
    if volley.refused:
        raise RuntimeError(f"{volley.refused} of {volley.requests} requests were refused")
    return volley


class _Connection:
    """One keep-alive connection and the answer that it waits for."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""
        self._sent_at = 0.0

    def send(self, request: bytes) -> None:
        self._received = b""
        self._sent_at = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> tuple[bool, float] | None:
        """Whether the answer is 200 and how many seconds it took; None while it is not complete."""
        part = self.socket.recv(65_536)
        if not part:
            raise ConnectionError("the server hung up")
        self._received += part
        head, separator, body = self._received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not separator or (length and len(body) < int(length[1])):
            return None
        return head.startswith(b"HTTP/1.1 200"), time.perf_counter() - self._sent_at


def _run(port: int, requests: Sequence[bytes], connections: int) -> Volley:
    waiting: Iterator[bytes] = iter(requests)
    seconds: list[float] = []
    refused = 0
    with selectors.DefaultSelector() as selector:
        began_at = time.monotonic()
        for _ in range(min(connections, len(requests))):
            connection = _Connection(port)
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send(next(waiting))
        while len(seconds) < len(requests):
            for key, _ in _ready(selector):
                connection = key.data
                answer = connection.receive()
                if answer is None:
                    continue
                refused += not answer[0]
                seconds.append(answer[1])
                request = next(waiting, None)
                if request is not None:
                    connection.send(request)
        took = time.monotonic() - began_at
        for key in list(selector.get_map().values()):
            key.data.socket.close()
    return _to_volley(seconds, refused, began_at, took)


def _ready(selector: selectors.BaseSelector) -> list[tuple[selectors.SelectorKey, Any]]:
    ready = selector.select(_PATIENCE)
    if not ready:
        raise TimeoutError("the server does not answer")
    return ready


def _to_volley(seconds: Sequence[float], refused: int, began_at: float, took: float) -> Volley:
    cuts = quantiles(seconds, n=100, method="inclusive") if len(seconds) > 1 else [seconds[0]] * 99
    p50, p95, p99 = (round(cuts[percent - 1] * 1000, 3) for percent in (50, 95, 99))
    return Volley(len(seconds), refused, began_at, took, p50, p95, p99, time.process_time())


if __name__ == "__main__":
    volley = _run(int(sys.argv[1]), pickle.load(sys.stdin.buffer), int(sys.argv[2]))
    sys.stdout.write(json.dumps(asdict(volley)))
