"""`coltiva web`: the process that receives."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from connector.cli.options import EndsWithParent

if TYPE_CHECKING:
    from webhooks.gateway import Gateway

#: How long a connection may take over the head of a request.
_HEAD_MILLISECONDS = 10_000


def web(end_with_parent: EndsWithParent = False) -> None:
    """Receive webhooks: verify them, keep them, acknowledge them.

    One process takes thousands of webhooks a second. On PostgreSQL start as many as you like, behind a proxy that
    speaks TLS. COLTIVA_HOST and COLTIVA_PORT say where to listen.

    Stop it with Ctrl-C; what was acknowledged is kept.
    """
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from granian.server import Server

    from connector.cli import processes
    from connector.crms import settings_to_receive
    from connector.settings import load_settings

    settings = load_settings(one_of=settings_to_receive())
    if end_with_parent:
        processes.end_with_parent()
    processes.refuse_taken_port(settings.host, settings.port)
    server = Server(
        "app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=_HEAD_MILLISECONDS),
        workers=1,
        websockets=False,
        log_level=LogLevels.warning,
        workers_kill_timeout=10,
    )
    _keep_shared()
    server.serve(target_loader=load_app, wrap_loader=False)


def load_app() -> Gateway:
    """The application over a database that is up to date, in the process that serves it, behind its gateway.

    What that process counted and did not hand over yet is handed over when it ends.
    """
    from multiprocessing.util import Finalize

    from app import create_app
    from connector.cli import processes
    from webhooks.gateway import Gateway
    from webhooks.short_way import ShortWay

    processes.end_when_orphaned()

    app = create_app()
    door = app.extensions["coltiva"]
    door.store.migrate()
    Finalize(None, door.refusals.flush, exitpriority=10)
    max_body = max(endpoint.max_body for endpoint in door.endpoints.values())
    gateway = Gateway(app, max_body, short_way=ShortWay(door).take)
    _keep_shared()
    return gateway


def _keep_shared() -> None:
    """Let the garbage collector pass over what was loaded: looking marks it, and what is marked is shared no longer.

    The server's parent and the child that serves begin as one memory.
    """
    gc.collect()
    gc.freeze()
