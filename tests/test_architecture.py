"""The walls of the house: who may import what, who may read the clock, how modules are called.

The layers themselves are the contract in pyproject.toml, which `make check` verifies. Here stand the rules
about other people's packages, the rules that no layer can say, and the proof that each rule bites.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Other people's packages, and the only modules of ours that may import them. A package that is not here
# may not be imported at all; to add one, say first in docs/dependencies.md why we need it.
ENTRY = ("connector.cli", "connector.__main__", "connector.demo")
WEB = ("app", "webhooks", "connector.console", "connector.sandbox")
THIRD_PARTY: dict[str, tuple[str, ...]] = {
    "alembic": ("connector.store",),
    "cryptography": ("connector.crms", "connector.sandbox", "connector.store"),
    "fastavro": ("connector.crms", "connector.sandbox"),
    "flask": WEB,
    "google": ("connector.protos",),  # protobuf
    "granian": ENTRY,
    "grpc": ("connector.crms", "connector.sandbox"),
    "holidays": ("connector.mapping",),
    "hubspot": ("connector.crms",),
    "jinja2": ("connector.mapping", "connector.console"),
    "msgspec": (
        "connector.crms", "connector.engine", "connector.mapping", "connector.sandbox", "connector.store",
        "webhooks",
    ),
    "psycopg": ("connector.store",),
    "pydantic": ("connector.mapping", "connector.scenario"),
    "pydantic_core": ("connector.mapping",),  # comes with pydantic: its errors and schemas
    "requests": ("connector.crms",),
    "rich": ENTRY,
    "ruamel": ("connector.mapping",),
    "yaml": ("connector.mapping",),
    "simple_salesforce": ("connector.crms",),
    "sqlalchemy": ("connector.store",),
    "structlog": ("connector.log",),
    "tenacity": ("connector.crms", "connector.engine"),
    "typer": ENTRY,
    "urllib3": ("connector.crms", "connector.sandbox"),  # the sandbox sends webhooks, as the vendor would
    "werkzeug": WEB,
}  # fmt: skip

# Modules of ours that know only these others, beyond what the layers say.
KNOWS_ONLY: dict[str, tuple[str, ...]] = {
    "connector.domain": ("connector.errors",),
    "connector.sandbox": ("connector.clock", "connector.errors", "connector.log", "connector.protos"),
    "connector.scenario": (
        "connector.domain",
        "connector.engine.telling.timeline",
        "connector.errors",
        "connector.mapping",
    ),
    "connector.settings": ("connector.clock", "connector.errors"),
    "connector.errors": (),
    "connector.clock": (),
    "connector.log": (),
    "connector.protos": (),
}

# Modules of ours that only these others (and the tests) may know.
KNOWN_ONLY_BY: dict[str, tuple[str, ...]] = {
    "connector.crms": ("app", "connector.bootstrap", "connector.cli", "connector.demo", "connector.mapping"),
    "connector.crms.hubspot": ("connector.bootstrap", "connector.crms", "connector.demo"),
    "connector.crms.salesforce": ("connector.bootstrap", "connector.crms", "connector.demo"),
    "connector.settings": ("app", "connector.bootstrap", "connector.cli", "connector.crms", "connector.demo"),
    "connector.store": ("connector.bootstrap",),
    "connector.sandbox": ("connector.cli", "connector.demo"),
    "connector.testing": (),
}

# Elsewhere time is an argument, and waiting is a row with a due time.
CLOCK: dict[str, tuple[str, ...]] = {
    "datetime.date.today": ("connector.clock",),
    "datetime.datetime.now": ("connector.clock",),
    "datetime.datetime.today": ("connector.clock",),
    "datetime.datetime.utcnow": ("connector.clock",),
    "time.time": ("connector.clock",),
    "time.time_ns": ("connector.clock",),
    "time.sleep": ("connector.clock", "connector.sandbox.clock"),
}

NAMELESS = {"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"}
OURS = {"app", "connector", "webhooks"}


def violations(module: str, code: str) -> list[str]:
    """Every rule of this file that the code of one module breaks, as sentences."""
    tree = ast.parse(code)
    return [*bad_name(module), *bad_imports(module, tree), *bad_clock(module, tree)]


def bad_name(module: str) -> Iterator[str]:
    for part in NAMELESS.intersection(module.split(".")):
        yield f"{module}: '{part}' names no subject"


def bad_imports(module: str, tree: ast.Module) -> Iterator[str]:
    for target in imports(tree):
        root = target.split(".")[0]
        if root == "":
            yield f"{module}: relative import; write the whole name"
        elif root in OURS:
            yield from bad_acquaintance(module, target)
        elif root not in sys.stdlib_module_names and not within(module, THIRD_PARTY.get(root, ())):
            yield f"{module}: may not import {root}"


def bad_acquaintance(module: str, target: str) -> Iterator[str]:
    for room, known in KNOWS_ONLY.items():
        if within(module, (room,)) and not within(target, (room, *known)):
            yield f"{module}: {room} may not know {target}"
    for room, knowers in KNOWN_ONLY_BY.items():
        if within(target, (room,)) and not within(module, (room, *knowers)):
            yield f"{module}: may not know {target}"


def bad_clock(module: str, tree: ast.Module) -> Iterator[str]:
    for name in {*imports(tree), *attributes(tree)}:
        if name in CLOCK and not within(module, CLOCK[name]):
            yield f"{module}: {name} belongs in {' or '.join(CLOCK[name])}"


def within(name: str, rooms: tuple[str, ...]) -> bool:
    return any(name == room or name.startswith(room + ".") for room in rooms)


def imports(tree: ast.Module) -> Iterator[str]:
    """Absolute names of everything imported anywhere, also inside functions; '.x' if relative."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def attributes(tree: ast.Module) -> Iterator[str]:
    """Absolute names of everything reached by dots through an import, whatever it was renamed to."""
    local = dict(local_names(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield absolute(node, local)


def local_names(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield (alias.asname, alias.name) if alias.asname else (alias.name.split(".")[0],) * 2
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def absolute(node: ast.expr, local: Mapping[str, str]) -> str:
    if isinstance(node, ast.Attribute):
        return f"{absolute(node.value, local)}.{node.attr}"
    return local.get(node.id, node.id) if isinstance(node, ast.Name) else "?"


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of the product, by its dotted name."""
    for path in [*ROOT.glob("app.py"), *ROOT.glob("connector/**/*.py"), *ROOT.glob("webhooks/**/*.py")]:
        dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        yield dotted.removesuffix(".__init__"), path


def layers() -> set[str]:
    """The modules named in the layers contract."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    lines = config["tool"]["importlinter"]["contracts"][0]["layers"]
    return {word.strip("()") for line in lines for word in line.split() if word not in "|:"}


def test_every_module_keeps_to_its_room() -> None:
    found = [text for module, path in modules() for text in violations(module, path.read_text("utf-8"))]

    assert not found, "\n".join(found)


def test_every_module_stands_in_a_layer() -> None:
    placed = (*layers(), "connector.sandbox")

    stray = [name for name, _ in modules() if name not in ("app", "connector") and not within(name, placed)]

    assert not stray, f"place them in [tool.importlinter] of pyproject.toml: {stray}"


def test_nothing_imports_the_application_but_the_commands_that_serve_it() -> None:
    importers = {
        module
        for module, path in modules()
        for target in imports(ast.parse(path.read_text("utf-8")))
        if within(target, ("app",))
    }

    assert all(within(module, ENTRY) for module in importers)


PLANTED = {
    "flask in the domain": ("connector.domain.lead", "from flask import request"),
    "sql in the engine": ("connector.engine.judging.advance", "import sqlalchemy as sa"),
    "sql inside a function": ("connector.console.leads", "def view():\n    from sqlalchemy import select"),
    "an http client in the store": ("connector.store.leads", "import urllib3.util"),
    "yaml in a crm": ("connector.crms.hubspot.writer", "from ruamel.yaml import YAML"),
    "a package nobody chose": ("connector.engine.judging.advance", "import celery"),
    "msgspec in the domain": ("connector.domain.fact", "import msgspec"),
    "the clock in the domain": ("connector.domain.traits.score", "from connector.clock import SystemClock"),
    "mapping in the domain": ("connector.domain.traits.score", "from connector import mapping"),
    "the engine in the sandbox": ("connector.sandbox.hubspot.portal", "import connector.engine.inward.intake"),
    "the store at the door": ("webhooks.receive", "from connector.store.deliveries import Deliveries"),
    "the sandbox in a crm": ("connector.crms.hubspot.writer", "from connector.sandbox.hubspot import portal"),
    "test doubles in the product": ("connector.engine.running.worker", "from connector.testing import FakeClock"),
    "the store in a scenario": ("connector.scenario.play", "from connector.ports import Store"),
    "a relative import": ("connector.engine.running.worker", "from . import advance"),
    "now": ("connector.engine.running.worker", "from datetime import datetime\nx = datetime.now()"),
    "now under another name": ("connector.engine.running.worker", "import datetime as dt\nx = dt.datetime.now"),
    "utcnow": ("connector.domain.lead", "import datetime\nx = datetime.datetime.utcnow()"),
    "today": ("connector.domain.lead", "from datetime import date as d\nx = d.today()"),
    "time.time": ("webhooks.receive", "import time\nx = time.time()"),
    "time.time by name": ("webhooks.receive", "from time import time as seconds"),
    "a sleep": ("connector.engine.running.worker", "import time\ntime.sleep(1)"),
    "a module without a subject": ("connector.engine.utils", ""),
}


@pytest.mark.parametrize(("module", "code"), PLANTED.values(), ids=PLANTED)
def test_a_planted_violation_is_found(module: str, code: str) -> None:
    assert len(violations(module, code)) == 1


ALLOWED = {
    "sql in the store": ("connector.store.leads", "from sqlalchemy import select"),
    "flask at the door": ("webhooks", "from flask import Blueprint"),
    "the standard library in the domain": ("connector.domain.lead", "import json, zoneinfo"),
    "neighbours in the domain": ("connector.domain.lead", "from connector.domain.ids import LeadId"),
    "a package whose name begins like ours": ("connector.store.leads", "import sqlalchemy.orm"),
    "the wall clock in the clock": ("connector.clock", "import datetime\nx = datetime.datetime.now()"),
    "a sleep in the clock": ("connector.clock", "from time import sleep"),
    "a stopwatch": ("connector.engine.running.worker", "import time\nx = time.monotonic()"),
    "somebody's attribute called now": ("connector.engine.running.worker", "def f(clock):\n    return clock.now()"),
    "the store in the bootstrap": ("connector.bootstrap", "import connector.store.leads"),
    "the sandbox in the demo": ("connector.demo", "from connector.sandbox.hubspot import portal"),
}


@pytest.mark.parametrize(("module", "code"), ALLOWED.values(), ids=ALLOWED)
def test_what_is_allowed_is_not_reported(module: str, code: str) -> None:
    assert violations(module, code) == []
