"""Rolo, the address book of docs/add-a-crm.md: a CRM of our own making over real HTTP, with faults to order."""

from __future__ import annotations

import hmac
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from random import Random
from typing import Any, Literal
from urllib.request import Request, urlopen

from connector.domain.outward.change import ChangeKind
from tests.contract.crm.rules import StoredAct

Json = dict[str, Any]
#: Of every card.
_FIELDS = ("email", "firstname", "city", "rep")
#: What goes wrong: before anything is done, with a status; after half of it; after all of it.
Trouble = Literal["status", "half", "lost"]


@dataclass
class Fault:
    """Something that goes wrong, so often, of so many calls."""

    trouble: Trouble
    times: int | None
    probability: float = 1.0
    status: int = 500


class _LostError(Exception):
    """The connection is dropped without an answer."""


@dataclass
class RoloBook:
    """One customer's address book, and what its people do in it."""

    id: str = "acme"
    key: str = "the key of Coltiva"
    #: As whom whoever has the key writes.
    user: str = "coltiva"
    url: str = ""
    cards: dict[str, Json] = field(default_factory=dict)
    fields: dict[str, str] = field(
        default_factory=lambda: dict.fromkeys(("email", "firstname", "city", "rep"), "string")
    )
    labels: dict[str, set[str]] = field(default_factory=dict)
    todos: dict[str, Json] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=lambda: {"7": "rep@example.com"})
    faults: list[Fault] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    #: What is to be told, oldest first.
    untold: list[Json] = field(default_factory=list)
    now: datetime = datetime(2026, 9, 7, 8, tzinfo=UTC)

    def __post_init__(self) -> None:
        self._ids, self._events, self._random = count(17), count(1), Random(7)
        self._lock = threading.RLock()

    # --- what people do -----------------------------------------------------------------------------------------

    def add_record(self, **properties: str) -> str:
        card = str(next(self._ids))
        self.cards[card] = {"fields": dict(properties), "deleted": False, "became": ""}
        self._tell(card, "created", "rita")
        return card

    def change(self, card: str, name: str, value: str, by: str = "rita") -> None:
        if self.cards[card]["fields"].get(name, "") != value:
            self.cards[card]["fields"][name] = value
            self._tell(card, "changed", by, field=name, value=value)

    def delete_record(self, record_id: str) -> None:
        self.cards[record_id]["deleted"] = True
        self._tell(record_id, "deleted", "rita")

    def merge_records(self, primary_id: str, secondary_id: str) -> str:
        self.cards[secondary_id] |= {"deleted": True, "became": primary_id}
        self._tell(secondary_id, "merged", "rita", into=primary_id)
        return primary_id

    def delete_list(self, title: str) -> None:
        del self.labels[title]

    def complete_task(self, record_id: str) -> None:
        for todo in self.todos.values():
            todo["done"] = todo["done"] or todo["card"] == record_id

    # --- what there is ------------------------------------------------------------------------------------------

    def values(self, record_id: str) -> Mapping[str, str]:
        return dict(self.cards[record_id]["fields"])

    def property_type(self, name: str) -> str:
        return self.fields[name]

    def members(self, title: str) -> set[str]:
        return set(self.labels.get(title, ()))

    def acts(self, kind: ChangeKind, record_id: str) -> list[StoredAct]:
        found = [todo for todo in self.todos.values() if (todo["kind"], todo["card"]) == (kind.value, record_id)]
        return [
            StoredAct(one["subject"], one["body"], one["owner"], date.fromisoformat(one["due"][:10]), one["done"])
            for one in found
        ]

    def all_acts(self, kind: ChangeKind) -> int:
        return sum(todo["kind"] == kind.value for todo in self.todos.values())

    def calls(self) -> int:
        return len(self.log)

    def writes(self) -> int:
        return sum(path.endswith(("/write", "/make", "/set")) for path in self.log)

    # --- trouble ------------------------------------------------------------------------------------------------

    def break_calls(self, status: int, *, times: int | None = 1, probability: float = 1.0) -> None:
        self.faults.append(Fault("status", times, probability, status))

    def lose_answers(self, *, times: int | None = 1, probability: float = 1.0) -> None:
        self.faults.append(Fault("lost", times, probability))

    def half_do_calls(self, *, times: int | None = 1) -> None:
        self.faults.append(Fault("half", times))

    def mend(self) -> None:
        self.faults.clear()

    def revoke(self) -> None:
        self.key = "another key"

    # --- telling ------------------------------------------------------------------------------------------------

    def _tell(self, card: str, what: str, by: str, **more: str) -> None:
        at = self.now.isoformat(timespec="milliseconds")
        self.untold.append({"id": f"e{next(self._events)}", "card": card, "what": what, "by": by, "at": at, **more})

    def told(self) -> bytes:
        """What happened since, as a webhook tells it."""
        body = json.dumps({"book": self.id, "events": self.untold}).encode()
        self.untold = []
        return body

    def signed(self, body: bytes, secret: str) -> dict[str, str]:
        """The headers of a webhook with this body."""
        time = str(int(self.now.timestamp()))
        signature = hmac.new(secret.encode(), f"{time}.".encode() + body, "sha256").hexdigest()
        return {
            "Content-Type": "application/json",
            "X-Rolo-Book": self.id,
            "X-Rolo-Time": time,
            "X-Rolo-Signature": signature,
        }

    def knock(self, target: str, secret: str) -> int:
        """Tell what happened since at this address; the status that is answered."""
        body = self.told()
        with urlopen(Request(target, body, self.signed(body, secret)), timeout=60) as answer:
            return int(answer.status)

    # --- the API ------------------------------------------------------------------------------------------------

    def answer(self, path: str, key: str, body: Json) -> tuple[int, Json]:
        """What a call is answered. Raises _LostError where the connection breaks instead."""
        with self._lock:
            self.log.append(path)
            if key != self.key:
                return 401, {"words": "This key opens no book."}
            fault = self._strike(path)
            if fault and fault.trouble == "status":
                return fault.status, {"words": f"Rolo rests ({fault.status})."}
            if fault and fault.trouble == "half":
                body = {name: _half(part) if isinstance(part, dict) else part for name, part in body.items()}
            answer = getattr(self, "_" + path.strip("/").replace("/", "_"))(body)
            if fault:
                raise _LostError
            return 207 if any("words" in one for one in answer.get("results", {}).values()) else 200, answer

    def _strike(self, path: str) -> Fault | None:
        for fault in self.faults:
            is_due = fault.trouble == "status" or path.endswith("/write")
            if is_due and fault.times != 0 and self._random.random() < fault.probability:
                fault.times = None if fault.times is None else fault.times - 1
                return fault
        return None

    def _book(self, _: Json) -> Json:
        return {"id": self.id, "user": self.user}

    def _people(self, _: Json) -> Json:
        return {"people": self.people}

    def _fields_list(self, _: Json) -> Json:
        return {"fields": self.fields}

    def _fields_make(self, body: Json) -> Json:
        self.fields.setdefault(body["name"], body["type"])
        return {}

    def _cards_read(self, body: Json) -> Json:
        found = {card: self.cards[card] for card in body["ids"] if card in self.cards}
        return {
            "cards": {
                id_: {**one, "fields": {name: one["fields"].get(name, "") for name in body["fields"]}}
                for id_, one in found.items()
            }
        }

    def _cards_find(self, body: Json) -> Json:
        living = {id_: one["fields"].get("email", "") for id_, one in self.cards.items() if not one["deleted"]}
        return {"cards": {email.lower(): id_ for id_, email in living.items() if email.lower() in body["emails"]}}

    def _cards_write(self, body: Json) -> Json:
        return {"results": {card: self._write(card, changes) for card, changes in body["cards"].items()}}

    def _write(self, card: str, changes: Mapping[str, str]) -> Json:
        if words := self._why_not(card) or self._mistake_in(changes):
            return {"words": words}
        for name, value in changes.items():
            self.change(card, name, value, self.user)
        return {"id": card}

    def _why_not(self, card: str) -> str:
        if card not in self.cards:
            return f"There is no card {card}."
        became = self.cards[card]["became"]
        if became:
            return f"The card {card} was merged into {became}."
        return f"The card {card} was thrown away." if self.cards[card]["deleted"] else ""

    def _mistake_in(self, changes: Mapping[str, str]) -> str:
        for name, value in changes.items():
            if name not in self.fields:
                return f"There is no field {name}."
            if self.fields[name] == "number" and value and not value.isdigit():
                return f"{value!r} is no number."
        return ""

    def _labels_write(self, body: Json) -> Json:
        label = self.labels.setdefault(body["title"], set())
        label -= set(body["remove"])
        refused = {card: self._why_not(card) for card in body["add"]}
        label |= {card for card, words in refused.items() if not words}
        results = {card: {"words": words} if words else {"id": card} for card, words in refused.items()}
        return {"results": results | {card: {"id": card} for card in body["remove"]}}

    def _todos_write(self, body: Json) -> Json:
        return {"results": {key: self._make(key, todo) for key, todo in body["todos"].items()}}

    def _make(self, key: str, todo: Json) -> Json:
        """A to-do with a key that there is already is left as it is."""
        if key not in self.todos:
            if words := self._why_not(todo["card"]):
                return {"words": words}
            if todo["owner"] not in ("", *self.people):
                return {"words": f"There is nobody {todo['owner']}."}
            self.todos[key] = {**todo, "id": f"t{len(self.todos) + 1}"}
        return {"id": self.todos[key]["id"]}


def _half(part: Json) -> Json:
    return dict(list(part.items())[: len(part) // 2])


@contextmanager
def running(book: RoloBook) -> Iterator[str]:
    """The book over HTTP on a port of its own; its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            key = self.headers.get("Authorization", "").removeprefix("Bearer ")
            try:
                status, answer = book.answer(self.path, key, body)
            except _LostError:
                self.close_connection = True
                return
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            if status == 429:
                self.send_header("Retry-After", "30")
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        book.url = f"http://127.0.0.1:{server.server_port}"
        yield book.url
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
