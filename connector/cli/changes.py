"""`coltiva changes`: the process that listens to what Salesforce orgs tell on their event bus."""

from __future__ import annotations

import signal
from importlib.util import find_spec

from connector.cli.options import EndsWithParent


def can_listen() -> bool:
    """Whether the packages that it needs are installed. Loads none of them."""
    try:
        return all(find_spec(name) for name in ("fastavro", "grpc", "google.protobuf"))
    except ModuleNotFoundError:  # of the package around another
        return False


def changes(end_with_parent: EndsWithParent = False) -> None:
    """Listen to change events of Salesforce orgs.

    What they tell is kept for the worker to take in. One process listens to an org at a time; further ones wait to
    take over. What an org told while nobody listened is heard afterwards, for three days. It needs the packages
    fastavro, grpcio and protobuf. `coltiva serve` starts it where they are installed and COLTIVA_SALESFORCE_CLIENT_ID
    is set.

    Stop it with Ctrl-C.
    """
    from connector.cli import processes
    from connector.cli.opening import all_connections, opened

    with opened() as services:
        # With another key tokens stay sealed: refuse to start.
        all_connections(services)
        listening = services.build_listening()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: listening.stop())
        if end_with_parent:
            processes.end_with_parent()
        listening.run()
