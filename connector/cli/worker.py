"""`coltiva worker`: the process that decides and writes."""

from __future__ import annotations

import gc
import signal

from connector.cli.options import EndsWithParent


def worker(end_with_parent: EndsWithParent = False) -> None:
    """Take in what came, judge leads, write to CRMs.

    At its start the mapping files are applied, if they changed. On PostgreSQL any number of workers share the work.

    Stop it with Ctrl-C; what was begun is finished or taken up again by the next.
    """
    from connector.cli import processes
    from connector.cli.opening import all_connections, opened

    with opened() as services:
        # With another key tokens stay sealed, and erased people would not be known again: refuse to start.
        all_connections(services)
        services.apply_mapping()
        running = services.build_worker()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: running.stop())
        services.load_ahead()
        _collect_seldom()
        services.store.close()  # no process may use what another has open
        running.fork(processes.end_when_orphaned)
        if end_with_parent:
            processes.end_with_parent()
        running.run()


def _collect_seldom() -> None:
    """Let the garbage collector pass over what was loaded, and come by less often.

    A batch makes a hundred thousand objects, which all go when it is done; looking at them meanwhile finds nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 10, 10)
