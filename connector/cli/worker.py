"""`coltiva worker`: the process that decides and writes."""

from __future__ import annotations

import signal


def worker() -> None:
    """Take in what came, judge leads, write to CRMs.

    At its start the mapping files are applied, if they changed. On PostgreSQL any number of workers share the work.

    Stop it with Ctrl-C; what was begun is finished or taken up again by the next.
    """
    from connector.bootstrap import compile_stored
    from connector.cli.opening import opened
    from connector.engine.apply import apply_book

    with opened() as services:
        book, stored = services.read_mapping()
        apply_book(services.store, compile_stored, book.workspace, stored)
        running = services.build_worker()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: running.stop())
        running.run()
